package month

import (
	"math"
	"math/rand/v2"
	"time"

	"downpour"
)

// shape is what packets of a habit look like.
type shape struct {
	protocol uint8
	port     uint16 // of the server's side
	server   bool   // the target is the server
	peers    int    // so many others at a time
	in       float64
	inBytes  int // mean size of what comes in, and of what goes out
	outBytes int
	opens    float64 // share of the client's packets that open a connection; as many close one
	icmp     uint8   // type, of ICMP
}

// season is how much of its most a habit has at a moment, [0, 1].
type season func(t time.Time) float64

// wave is a day that is fullest at an hour and has a share low at its lowest.
func wave(peak, low float64) season {
	return func(t time.Time) float64 {
		hour := float64(t.Hour()) + float64(t.Minute())/60
		return low + (1-low)*math.Pow((1+math.Cos((hour-peak)/24*2*math.Pi))/2, 2)
	}
}

// office is a day's work from Monday to Friday.
func office(t time.Time) float64 {
	if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		return 0.05
	}
	return wave(13, 0.05)(t)
}

// weekend is an evening's play, more on Saturdays and Sundays.
func weekend(t time.Time) float64 {
	level := wave(20.5, 0.05)(t)
	if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		return level
	}
	return 0.6 * level
}

func always(time.Time) float64 { return 1 }

// habit is a part of a target's traffic.
type habit struct {
	shape
	most   float64 // packets/s both ways, when the season is at its fullest
	season season
	// on is the share of the time in which it comes at all (a film is watched or
	// not), in stretches of half an hour; 0 and 1: all the time.
	on float64
	// bursts is by what law seconds differ: the standard deviation of their log.
	bursts float64

	level float64 // wanders about 1
	until int64   // the stretch at hand
	runs  bool
	peer  uint64 // where the peers of the stretch are drawn from
}

// stretch is how long a habit stays on or off.
const stretch = 30 * time.Minute

// rate is the packets/s of the habit in a step of time.
func (h *habit) rate(t time.Time, r *rand.Rand) float64 {
	now := t.UnixNano()
	if now >= h.until {
		h.runs = h.on == 0 || r.Float64() < h.on*2*h.season(t)
		h.until = now + int64(float64(stretch)*(0.5+r.Float64()))
		h.peer = r.Uint64()
		if h.level == 0 {
			h.level = 1
		}
		// A log-normal level that keeps four fifths of itself from stretch to stretch.
		h.level = math.Exp(0.8*math.Log(h.level) + 0.2*r.NormFloat64())
	}
	if !h.runs {
		return 0
	}
	return h.most * h.season(t) * h.level
}

// drawn is what is sampled in a step, by second.
type drawn struct {
	seconds [seconds][]downpour.Flow
	r       *rand.Rand
}

// samples adds those of a step of time in which a host has something of a shape at
// a rate, and returns how many there are.
func (d *drawn) samples(s *shape, rate, bursts float64, peer uint64, at time.Time, h *host) (n uint64) {
	count := poisson(rate*step.Seconds()/float64(h.sampling), d.r)
	if count == 0 {
		return 0
	}
	var reached [seconds]float64 // by the sum of the weights up to a second
	sum := 0.0
	for i := range reached {
		weight := 1.0
		if bursts > 0 && count > 1 { // of one sample no second is likelier than another
			weight = math.Exp(bursts * d.r.NormFloat64())
		}
		sum += weight
		reached[i] = sum
	}
	for range count {
		x, in := d.r.Float64()*sum, 0
		for in < seconds-1 && x > reached[in] {
			in++
		}
		when := at.UnixNano() + int64(in)*int64(time.Second) + d.r.Int64N(int64(time.Second))
		if f := s.sample(when, h.address, h.sampling, peer, d.r); !h.ingress || f.Source != h.address {
			d.seconds[in] = append(d.seconds[in], f)
			n++
		}
	}
	return n
}

// sample is one sampled packet.
func (s *shape) sample(at int64, target downpour.Address, n uint32, peer uint64, r *rand.Rand) downpour.Flow {
	i := uint64(float64(max(s.peers, 1)) * r.Float64() * r.Float64()) // some do more than others
	far := mix(peer + i)
	f := downpour.Flow{
		Time: at, Packets: 1, Sampling: n, Protocol: s.protocol, TTL: uint8(44 + far%20), ICMPType: s.icmp,
		Source: address(far), Destination: target, SourcePort: uint16(32768 + far>>32%28000), DestinationPort: s.port,
	}
	byServer := !s.server
	size := s.inBytes
	if !s.server {
		f.SourcePort, f.DestinationPort = s.port, uint16(32768+far>>32%28000)
	}
	if s.protocol != downpour.ProtocolTCP && s.protocol != downpour.ProtocolUDP {
		f.SourcePort, f.DestinationPort = 0, 0
	}
	if r.Float64() >= s.in {
		f.Source, f.Destination = f.Destination, f.Source
		f.SourcePort, f.DestinationPort = f.DestinationPort, f.SourcePort
		f.TTL, byServer, size = 64, s.server, s.outBytes
	}
	f.Bytes = uint64(max(40, min(1500, float64(size)*(0.8+0.4*r.Float64()))))
	if s.protocol == downpour.ProtocolTCP {
		f.TCPFlags = s.flags(byServer, r.Float64())
	}
	return f
}

func (s *shape) flags(byServer bool, x float64) uint8 {
	switch {
	case x < s.opens && byServer:
		return downpour.SYN | downpour.ACK
	case x < s.opens:
		return downpour.SYN
	case x < 2*s.opens:
		return downpour.FIN | downpour.ACK
	}
	return downpour.ACK
}

// address is an address of the unicast space outside of what we take for our own.
func address(v uint64) downpour.Address {
	return downpour.AddressFrom4(uint32(11+v%180)<<24 | uint32(v>>8)&0xffffff)
}

// mix spreads a number's bits (Steele, Lea and Flood 2014, SplitMix64).
func mix(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}

// poisson draws a Poisson number: by its definition where the mean is small, else
// rounded from a normal one.
func poisson(mean float64, r *rand.Rand) int {
	const small = 30
	if mean > small {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n, p, limit := 0, r.Float64(), math.Exp(-mean)
	for ; p > limit; n++ {
		p *= r.Float64()
	}
	return n
}
