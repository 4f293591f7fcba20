package attack

import (
	"net/netip"
	"testing"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/testenv"
)

// network is 198.18.0.0/15, all of it ours.
const network = 198<<24 | 18<<16

// newNetwork is detection for it, with the partitions' detectors.
func newNetwork(service string) (*engine.Engine, *seen) {
	cfg, s := Default(), &seen{}
	ours := func(a downpour.Address) (string, bool) { return service, a.Is4() && a.V4()>>17 == network>>17 }
	cfg.Service = ours
	prefixes := NewPrefixes(cfg)
	return engine.New(engine.Config{
		Joint: prefixes,
		Ours:  func(a downpour.Address) bool { _, is := ours(a); return is },
		Flows: func(p int) engine.FlowDetector {
			d := prefixes.Partition(p)
			s.parts = append(s.parts, d)
			return d
		},
		Emit: func(e downpour.Event) {
			if e.Attack != nil {
				s.attacks = append(s.attacks, e.Attack)
			}
		},
	}), s
}

// seen are the partitions' detectors, and what was told.
type seen struct {
	parts   []*Detector
	attacks []*downpour.Attack
}

// target is what is known of an address; nil if nothing is.
func (s *seen) target(a downpour.Address) *target {
	for _, d := range s.parts {
		if t := d.targets.lookUp(a); t != nil {
			return t
		}
	}
	return nil
}

// TestFloodOfANetwork floods 100,000 random addresses of a /15 from forged sources, each
// used once, ten million in a long run, while 200 of its addresses do their business: what
// is known of those stays, memory stays below the bound, and the flood is told as one
// attack on the network.
func TestFloodOfANetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("millions of flows")
	}
	const busy, usually, flooded = 200, 100_000, 500_000 // records a second in the latter two
	seconds := testenv.Rounds(4, 20)
	before := liveHeap()
	e, s := newNetwork(downpour.DefaultService)
	business := newStream(busy, 1000, downpour.ACK)
	business.first, business.step = network+500, second/usually
	work := func() {
		business.next()
		for i := 1; i < len(business.batch.Flows); i += 2 { // every other is an answer
			f, asked := &business.batch.Flows[i], &business.batch.Flows[i-1]
			f.Source, f.Destination, f.SourcePort, f.DestinationPort = asked.Destination, asked.Source, asked.DestinationPort, asked.SourcePort
		}
	}
	for range 70 * usually / len(business.batch.Flows) {
		work()
		e.Feed(&business.batch)
	}
	known := map[uint32]int64{}
	for i := range uint32(busy) {
		known[i] = s.target(downpour.AddressFrom4(network + 500 + i)).first
	}
	flood := newStream(100_000, 1<<32-1, downpour.SYN)
	flood.first, flood.now, flood.step = network, business.now, second/flooded
	for range seconds * flooded / len(flood.batch.Flows) {
		flood.next()
		work()
		for i := 0; i < len(flood.batch.Flows); i += flooded / usually {
			f, usual := &flood.batch.Flows[i], &business.batch.Flows[i]
			usual.Time = f.Time
			*f = *usual
		}
		e.Feed(&flood.batch)
	}
	during := liveHeap() - before
	for i, first := range known {
		a := downpour.AddressFrom4(network + 500 + i)
		if now := s.target(a); now == nil || now.first != first {
			t.Errorf("%s gave way to the flood's targets", a)
		}
	}
	t.Logf("%d million records, %d MiB", seconds*flooded/1e6, during>>20)
	if during > mostMemory {
		t.Errorf("%d MiB, %d are promised", during>>20, mostMemory>>20)
	}
	e.Finish()
	whole := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18}), 15)
	found := map[string]*downpour.Attack{}
	for _, a := range s.attacks {
		found[a.ID] = a
	}
	if len(found) != 1 {
		t.Errorf("%d attacks are told, want one", len(found))
	}
	for _, a := range found {
		if a.Target.Prefix != whole || len(a.Vectors) != 1 || a.Vectors[0].Name != "SYN flood" {
			t.Errorf("%v of %v, want a SYN flood of %v", a.Vectors, a.Target, whole)
		}
	}
}
