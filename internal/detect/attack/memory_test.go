package attack

import (
	"runtime"
	"testing"

	"downpour"
	"downpour/internal/engine"
)

// mostMemory is what docs and config.go promise of detection at its defaults,
// in bytes: the tables of targets, suspects, their sources, and the engine's
// ring of flows.
const mostMemory = 160 << 20

// liveHeap is what is reachable, in bytes.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemoryIsBounded sends five seconds of SYNs from forged sources to 2,000
// targets, each source once, and as many tables of other
// targets beside them as to fill all; then the flood ends.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("two million flows")
	}
	const seconds, perSecond = 5, 400_000
	before := liveHeap()
	var stats Stats
	detectors := []*Detector{}
	e := engine.New(engine.Config{
		Flows: func(p int) engine.FlowDetector {
			d := New(Default(), p)
			detectors = append(detectors, d)
			return d
		},
		Emit: func(downpour.Event) {},
	})
	flood := newStream(2000, 1<<32-1, downpour.SYN)
	flood.step = second / perSecond
	for range seconds * perSecond / len(flood.batch.Flows) {
		flood.next()
		for i := range flood.batch.Flows { // a fifth goes anywhere
			if f := &flood.batch.Flows[i]; i%5 == 0 {
				f.Destination = downpour.AddressFrom4(f.Source.V4() * 2654435761)
			}
		}
		e.Feed(&flood.batch)
	}
	during := liveHeap() - before
	for _, d := range detectors {
		s := d.Stats() // nothing works on it between two calls of Feed
		stats.ShedTargets, stats.ShedSuspects = stats.ShedTargets+s.ShedTargets, stats.ShedSuspects+s.ShedSuspects
	}
	quiet := newStream(1, 1, downpour.ACK)
	quiet.now, quiet.step = flood.now, second
	quiet.batch.Flows = quiet.batch.Flows[:400] // over six minutes
	quiet.next()
	e.Feed(&quiet.batch)
	after := liveHeap() - before
	t.Logf("%d MiB in the flood, %d MiB after; %+v", during>>20, after>>20, stats)
	if during > mostMemory || after > during*3/4 {
		t.Errorf("%d MiB in the flood, at most %d are promised; %d MiB after it, want less", during>>20, mostMemory>>20, after>>20)
	}
	if stats.ShedTargets == 0 || stats.ShedSuspects == 0 {
		t.Errorf("nothing was shed, so no bound was reached: %+v", stats)
	}
	e.Finish()
}
