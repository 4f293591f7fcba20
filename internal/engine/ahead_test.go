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
