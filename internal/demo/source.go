package demo

import (
	"io"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"downpour"
	"downpour/internal/observe"
)

// The synthetic traffic. One record stands for Sampling packets.
const (
	sampling = 10_000
	// floodPeak is the flood's rate at the highest wave, packets/s: a size that
	// fills a 10 Gbit/s link with SYN packets at a seventh of its capacity.
	floodPeak = 2_100_000
	// audience is the usual rate of the service's clients, packets/s.
	audience = 120_000
	// lead is by how much the flood runs ahead of the reports: people need a
	// moment to notice and to complain.
	lead = 2 * time.Minute
	// quietBelow is the count of reports under which no flood is made.
	quietBelow = 2 * usual
)

// Source makes the day from a seed, minute by minute: one count of reports and
// the sampled traffic of that minute. The same seed gives the same day.
type Source struct {
	knots   []knot
	rng     *rand.Rand
	src     *rand.PCG
	next    time.Time // start of the minute that comes next
	pending []downpour.Flow
	input   downpour.Input
}

// NewSource returns the day as made from seed.
func NewSource(seed uint64) *Source {
	src := rand.NewPCG(seed, 0x2025_03_10)
	start := Start()
	return &Source{
		knots: knots(), rng: rand.New(src), src: src, next: start,
		input: downpour.Input{Name: "founding case (traffic synthetic)", Kind: "reports", Start: &start, End: &start},
	}
}

// Next gives a minute's count, or a part of a minute's flows.
func (s *Source) Next(b *observe.Batch) error {
	b.Reset()
	if len(s.pending) > 0 {
		n := min(len(s.pending), observe.BatchSize)
		b.Flows = append(b.Flows, s.pending[:n]...)
		s.pending = s.pending[n:]
		s.input.Packets += uint64(n)
		return nil
	}
	if !s.next.Before(End()) {
		return io.EOF
	}
	b.Counts = append(b.Counts, s.count())
	s.flows()
	s.next = s.next.Add(time.Minute)
	s.input.Records++
	end := s.next
	s.input.End = &end
	return nil
}

// Input accounts for what was made so far.
func (s *Source) Input() downpour.Input { return s.input }

// Close does nothing; a made-up day holds no resource.
func (s *Source) Close() error { return nil }

// count is the minute's count of reports. Published figures stand as they are;
// the made-up level gets the noise that counts have.
func (s *Source) count() downpour.ReportCount {
	v, origin := curve(s.knots, s.next)
	if origin == downpour.Synthetic {
		v = s.poisson(v)
	}
	return downpour.ReportCount{Service: Service, Time: s.next, Bucket: time.Minute, Count: math.Round(v), Origin: origin}
}

// flows makes the sampled traffic of the minute that begins at s.next.
func (s *Source) flows() {
	s.pending = s.pending[:0]
	ahead, _ := curve(s.knots, s.next.Add(lead))
	flood := 0.0
	if ahead > quietBelow {
		flood = floodPeak * ahead / 41143
	}
	kinds := [...]struct {
		left int
		make func(*downpour.Flow)
	}{
		{int(s.poisson(60 * audience / sampling)), s.client},
		{int(s.poisson(60 * audience / sampling)), s.answer},
		{int(s.poisson(60 * flood / sampling)), s.forged},
	}
	total := kinds[0].left + kinds[1].left + kinds[2].left
	for i := range total {
		f := downpour.Flow{
			Time:    s.next.Add(time.Minute / time.Duration(total) * time.Duration(i)).UnixNano(),
			Packets: 1, Sampling: sampling, Protocol: downpour.ProtocolTCP,
		}
		// Which of the minute's packets is which is drawn, so that they mix.
		draw, k := s.rng.IntN(total-i), 0
		for draw >= kinds[k].left {
			draw -= kinds[k].left
			k++
		}
		kinds[k].left--
		kinds[k].make(&f)
		s.pending = append(s.pending, f)
	}
}

// client makes a packet of the usual audience: established, of a few networks,
// with the spread of TTLs that real paths have.
func (s *Source) client(f *downpour.Flow) {
	f.Source, f.SourcePort = s.person(), uint16(32768+s.rng.IntN(28000))
	f.Destination, f.DestinationPort = downpour.AddressFrom(Target), 443
	f.TCPFlags = downpour.ACK | downpour.PSH
	f.TTL = uint8(64 - 5 - s.rng.IntN(20))
	f.Bytes = uint64(60 + s.rng.IntN(900))
	f.Window, f.Sequence, f.IPID = uint16(s.rng.IntN(65536)), s.rng.Uint32(), uint16(s.rng.IntN(65536))
}

// answer makes a packet of the service to one of its clients.
func (s *Source) answer(f *downpour.Flow) {
	f.Source, f.SourcePort = downpour.AddressFrom(Target), 443
	f.Destination, f.DestinationPort = s.person(), uint16(32768+s.rng.IntN(28000))
	f.TCPFlags, f.TTL, f.Bytes = downpour.ACK|downpour.PSH, 64, uint64(500+s.rng.IntN(1000))
	f.Window, f.Sequence, f.IPID = 501, s.rng.Uint32(), uint16(s.rng.IntN(65536))
}

// person is the address of one of the audience.
func (s *Source) person() downpour.Address {
	return downpour.AddressFrom4(clientNetworks[s.rng.IntN(len(clientNetworks))] | uint32(s.rng.IntN(1<<12)))
}

// clientNetworks are /20s that stand for the audience: addresses of large
// access networks in a few countries, chosen for the demo alone.
var clientNetworks = [...]uint32{
	0x18000000, 0x47000000, 0x62a80000, // United States
	0x7a1c0000, 0x85c80000, // Japan
	0x51020000, 0x569a0000, // United Kingdom
	0xbb040000, 0xb1000000, // Brazil
}

// forged makes a SYN of the flood: a source drawn from all of unicast IPv4, two
// TTLs, as one or two machines that forge addresses would send.
func (s *Source) forged(f *downpour.Flow) {
	f.Source = downpour.AddressFrom4(0x01000000 + uint32(s.rng.Int64N(0xdf000000-0x01000000)))
	f.Destination, f.DestinationPort = downpour.AddressFrom(Target), 443
	f.SourcePort = uint16(1024 + s.rng.IntN(64511))
	f.TCPFlags = downpour.SYN
	f.TTL = [...]uint8{242, 244}[s.rng.IntN(2)]
	f.Bytes = 60
	f.Window, f.Sequence, f.IPID = 64240, s.rng.Uint32(), uint16(s.rng.IntN(65536))
}

func (s *Source) poisson(mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: mean, Src: s.src}.Rand()
}
