package attack

import (
	"testing"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

// stream writes batches of single packets as a decoder does, a million a second
// of event time: from so many sources to so many targets.
type stream struct {
	batch            observe.Batch
	state            uint64
	targets, sources uint64
	first            uint32 // of the targets
	now, step        int64
}

func newStream(targets, sources uint64, flags uint8) *stream {
	s := &stream{state: 1, targets: targets, sources: sources, first: 0xc6336400, now: morning, step: 1000}
	for range observe.BatchSize {
		s.batch.Flows = append(s.batch.Flows, downpour.Flow{
			Bytes: 60, Packets: 1, Sampling: 1, TTL: 57, Protocol: downpour.ProtocolTCP, TCPFlags: flags, DestinationPort: 443,
		})
	}
	return s
}

func (s *stream) next() {
	for i := range s.batch.Flows {
		s.state = s.state*6364136223846793005 + 1442695040888963407
		r := s.state >> 16
		f := &s.batch.Flows[i]
		f.Time = s.now
		f.Source = downpour.AddressFrom4(0x18000000 + uint32(r>>24*s.sources>>24))
		f.Destination = downpour.AddressFrom4(s.first + uint32(r&0xffffff*s.targets>>24))
		f.SourcePort, f.Sequence = uint16(r), uint32(r>>8)
		s.now += s.step
	}
}

// BenchmarkEngine is the way of flows through the engine to the detectors' state.
func BenchmarkEngine(b *testing.B) {
	ours := func(a downpour.Address) (string, bool) { return downpour.DefaultService, a.V4()>>12 == 0xc6336000>>12 }
	for _, c := range []struct {
		name             string
		targets, sources uint64
		flags            uint8
		owned            bool
	}{
		{"quiet, 100,000 sources", 2000, 100_000, downpour.ACK, false},
		{"quiet, 1,000,000 sources", 2000, 1_000_000, downpour.ACK, false},
		{"quiet, own networks, 100,000 sources", 2000, 100_000, downpour.ACK, true},
		{"quiet, own networks, 1,000,000 sources", 2000, 1_000_000, downpour.ACK, true},
		{"flood, 100,000 sources", 1, 100_000, downpour.SYN, false},
		{"flood, 1,000,000 sources", 1, 1_000_000, downpour.SYN, false},
		{"flood, own networks, 1,000,000 sources", 1, 1_000_000, downpour.SYN, true},
		{"flood of 2000, own networks, 1,000,000 sources", 2000, 1_000_000, downpour.SYN, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := Default()
			ec := engine.Config{Emit: func(downpour.Event) {}}
			if c.owned {
				cfg.Service = ours
				ec.Ours = func(a downpour.Address) bool { _, ours := ours(a); return ours }
			}
			prefixes := NewPrefixes(cfg)
			ec.Joint, ec.Flows = prefixes, func(p int) engine.FlowDetector { return prefixes.Partition(p) }
			e := engine.New(ec)
			s := newStream(c.targets, c.sources, c.flags)
			for range 2000 {
				s.next()
				e.Feed(&s.batch)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += len(s.batch.Flows) {
				s.next()
				e.Feed(&s.batch)
			}
		})
	}
	b.Run("the stream alone", func(b *testing.B) {
		s := newStream(2000, 100_000, downpour.ACK)
		for n := 0; n < b.N; n += len(s.batch.Flows) {
			s.next()
		}
	})
}

// BenchmarkFloodOfANetwork is what a record costs that goes to one of 100,000 targets of
// a /15: usual ones, and those of a flood that takes ten million sources in turn.
func BenchmarkFloodOfANetwork(b *testing.B) {
	for _, c := range []struct {
		name    string
		sources uint64
		flags   uint8
	}{
		{"usual", 100_000, downpour.ACK},
		{"flood", 10_000_000, downpour.SYN},
	} {
		b.Run(c.name, func(b *testing.B) {
			e, _ := newNetwork(downpour.DefaultService)
			s := newStream(100_000, c.sources, c.flags)
			s.first = network
			feed := func(flows int) {
				for range flows / len(s.batch.Flows) {
					s.next()
					e.Feed(&s.batch)
				}
			}
			feed(3_000_000)
			b.ReportAllocs()
			b.ResetTimer()
			feed(b.N)
		})
	}
}
