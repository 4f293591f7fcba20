package engine

import (
	"testing"

	"downpour"
)

// BenchmarkHeldOf collects one target's flows out of a full hold.
func BenchmarkHeldOf(b *testing.B) {
	e := &Engine{cfg: Config{Hold: defaultHold}, hold: &hold{first: 1000, latest: 1000}}
	for i := range defaultHold {
		f := downpour.Flow{Time: (1000 + int64(i%60)) * second, Packets: 1, Destination: downpour.AddressFrom4(uint32(i % 2000))}
		e.hold.put(&f, f.Time/second)
	}
	for b.Loop() {
		if got := e.heldOf([]downpour.Address{downpour.AddressFrom4(7)}); len(got[0]) != defaultHold/2000 {
			b.Fatal(len(got[0]))
		}
	}
}

// TestHeldOfIsBounded: neither many flows toward a target in one second nor many
// that have a packet now and then make more work than is meant.
func TestHeldOfIsBounded(t *testing.T) {
	target := downpour.AddressFrom4(7)
	for name, f := range map[string]downpour.Flow{
		"short":  {Packets: 1},
		"sparse": {Packets: 2, Duration: 600_000},
		"empty":  {Bytes: 1000, Duration: 600_000}, // of exporters that tell no packets
	} {
		e := &Engine{cfg: Config{Hold: defaultHold}, hold: &hold{first: 1000, latest: 1000}}
		f.Destination = target
		f.Time = 1000 * second
		e.believe(&f, 1600*second)
		for range 2 * aheadFlows {
			e.hold.put(&f, 1000)
		}
		if got := e.heldOf([]downpour.Address{target}); len(got[0]) > aheadFlows+1 || len(got[0]) < aheadFlows/2 {
			t.Errorf("%s: %d flows", name, len(got[0]))
		}
	}
	room, sparse := aheadFlows, downpour.Flow{Time: 1000 * second, Packets: 3, Duration: 600_000}
	if got := appendParts(nil, &sparse, 1000, 1600, &room); len(got) != 3 || room != aheadFlows-3 {
		t.Errorf("%d parts, %d of the room used", len(got), aheadFlows-room)
	}
}
