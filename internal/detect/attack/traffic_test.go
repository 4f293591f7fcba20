package attack

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

// victim is the address that the tests attack, on a morning of no meaning.
var (
	victim  = address(203, 0, 113, 7)
	morning = time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC).UnixNano()
)

func address(a, b, c, d byte) downpour.Address {
	return downpour.AddressFrom4(uint32(a)<<24 | uint32(b)<<16 | uint32(c)<<8 | uint32(d))
}

// traffic makes flows of tests from a seed.
type traffic struct {
	random *rand.Rand
	flows  []downpour.Flow
}

func newTraffic(seed uint64) *traffic { return &traffic{random: rand.New(rand.NewPCG(seed, 1))} }

// anyone is a random unicast address.
func (t *traffic) anyone() downpour.Address {
	return address(byte(1+t.random.IntN(222)), byte(t.random.IntN(256)), byte(t.random.IntN(256)), byte(t.random.IntN(256)))
}

// some returns n distinct addresses.
func (t *traffic) some(n int) []downpour.Address {
	list := make([]downpour.Address, 0, n)
	known := map[downpour.Address]bool{}
	for len(list) < n {
		if a := t.anyone(); !known[a] {
			known[a] = true
			list = append(list, a)
		}
	}
	return list
}

// send adds count packets to the victim, evenly over a time, each shaped by f.
func (t *traffic) send(from, over time.Duration, count int, shape func(i int, f *downpour.Flow)) {
	for i := range count {
		f := downpour.Flow{
			Time:        morning + int64(from) + int64(over)*int64(i)/int64(max(count-1, 1)),
			Source:      t.anyone(),
			Destination: victim,
			Bytes:       60, Packets: 1, Sampling: 1, TTL: 50,
			SourcePort:      uint16(1024 + t.random.IntN(64000)),
			DestinationPort: uint16(1024 + t.random.IntN(64000)),
			IPID:            uint16(t.random.IntN(1 << 16)), Sequence: t.random.Uint32(), Window: uint16(t.random.IntN(1 << 16)),
		}
		shape(i, &f)
		t.flows = append(t.flows, f)
	}
}

// exchange adds a conversation: in packets to the victim and back, n times.
func (t *traffic) exchange(from, over time.Duration, n int, peer downpour.Address, in, back func(f *downpour.Flow)) {
	port := uint16(32768 + t.random.IntN(20000))
	for i := range n {
		at := morning + int64(from) + int64(over)*int64(i)/int64(n)
		f := downpour.Flow{
			Time: at, Source: peer, Destination: victim, Packets: 1, Sampling: 1, TTL: 55,
			SourcePort: 443, DestinationPort: port, Bytes: 1500,
		}
		g := downpour.Flow{
			Time: at + 1000, Source: victim, Destination: peer, Packets: 1, Sampling: 1, TTL: 64,
			SourcePort: port, DestinationPort: 443, Bytes: 52,
		}
		in(&f)
		t.flows = append(t.flows, f)
		if back != nil {
			back(&g)
			t.flows = append(t.flows, g)
		}
	}
}

// find runs flows, sorted by time, through the detectors of all partitions as
// the engine does and returns the last state of each attack with its events.
func find(cfg Config, flows []downpour.Flow) ([]downpour.Attack, []downpour.Event) {
	flows = slices.Clone(flows)
	slices.SortStableFunc(flows, func(a, b downpour.Flow) int { return int(a.Time - b.Time) })
	return latest(runAll(cfg, flows))
}

// runAll feeds flows in their order to an engine and returns all events.
func runAll(cfg Config, flows []downpour.Flow) []downpour.Event { return runOn(1, cfg, flows) }

// runOn is runAll with so many shards.
func runOn(shards int, cfg Config, flows []downpour.Flow) []downpour.Event {
	var events []downpour.Event
	prefixes := NewPrefixes(cfg)
	ec := engine.Config{
		Flows:  func(partition int) engine.FlowDetector { return prefixes.Partition(partition) },
		Joint:  prefixes,
		Shards: shards,
		Emit:   func(e downpour.Event) { events = append(events, e) },
	}
	if cfg.Service != nil {
		ec.Ours = func(a downpour.Address) bool { _, ours := cfg.Service(a); return ours }
	}
	e := engine.New(ec)
	for part := range slices.Chunk(flows, observe.BatchSize) {
		e.Feed(&observe.Batch{Flows: part})
	}
	e.Finish()
	return events
}

// show lets one detector see both ends of flows.
func show(d *Detector, flows ...downpour.Flow) {
	for part := range slices.Chunk(flows, observe.BatchSize) {
		var ends []downpour.FlowEnd
		for i := range part {
			ends = append(ends, downpour.DestinationOf(i), downpour.SourceOf(i))
		}
		d.Flows(part, ends)
	}
}

// latest is the last state of each attack, in the order in which they opened.
func latest(events []downpour.Event) ([]downpour.Attack, []downpour.Event) {
	var list []downpour.Attack
	for _, e := range events {
		i := slices.IndexFunc(list, func(a downpour.Attack) bool { return a.ID == e.Attack.ID })
		if i < 0 {
			list = append(list, *e.Attack)
			continue
		}
		last := list[i].Footprint
		if list[i] = *e.Attack; list[i].Footprint == nil {
			list[i].Footprint = last
		}
	}
	return list, events
}

// one expects a single attack on the victim.
func one(t testing.TB, cfg Config, flows []downpour.Flow) downpour.Attack {
	t.Helper()
	list, _ := find(cfg, flows)
	if len(list) != 1 {
		for _, a := range list {
			t.Logf("%s %v %s", a.Target, a.Vectors, a.Why)
		}
		t.Fatalf("found %d attacks, want 1", len(list))
	}
	if list[0].Target.Prefix != victim.Prefix() {
		t.Fatalf("the target is %s, want %s", list[0].Target, victim.Prefix())
	}
	return list[0]
}

// shareOf is the share of a vector, 0 if the attack has no such.
func shareOf(a downpour.Attack, name string) float64 {
	for _, v := range a.Vectors {
		if v.Name == name {
			return v.Share
		}
	}
	return 0
}
