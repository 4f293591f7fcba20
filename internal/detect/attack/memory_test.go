package attack

import (
	"runtime"
	"testing"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/testenv"
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
	prefixes := NewPrefixes(Default())
	e := engine.New(engine.Config{
		Joint: prefixes,
		Flows: func(p int) engine.FlowDetector {
			d := prefixes.Partition(p)
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

// TestMemoryOverAnHour sends ever new forged sources to 2,000 targets, 10,000
// packets a second sampled 1:1000, for 40 seconds and in a long run for an hour; then
// it is quiet. What is kept stays below the bound all the while, doesn't grow once
// the tables are full, and is given back.
func TestMemoryOverAnHour(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of thousands of flows")
	}
	const perSecond, every = 10_000, 20 // seconds between two looks
	seconds := testenv.Rounds(40, 3600)
	before := liveHeap()
	prefixes := NewPrefixes(Default())
	e := engine.New(engine.Config{
		Joint: prefixes,
		Flows: func(p int) engine.FlowDetector { return prefixes.Partition(p) },
		Emit:  func(downpour.Event) {},
	})
	flood := newStream(2000, 1<<32-1, downpour.SYN)
	flood.step = second / perSecond
	for i := range flood.batch.Flows {
		flood.batch.Flows[i].Sampling = 1000
	}
	var most, early, during uint64
	for n, next := 0, every; n < seconds; n = int((flood.now - morning) / second) {
		flood.next()
		e.Feed(&flood.batch)
		if n < next {
			continue
		}
		next += every
		if during = liveHeap() - before; most < during {
			most = during
		}
		if early == 0 && n >= seconds/2 {
			early = during
		}
	}
	quiet := newStream(1, 1, downpour.ACK)
	quiet.now, quiet.step = flood.now, second
	quiet.batch.Flows = quiet.batch.Flows[:600] // ten minutes
	quiet.next()
	e.Feed(&quiet.batch)
	after := liveHeap() - before
	t.Logf("%d s: at most %d MiB, %d MiB half way, %d MiB at the end, %d MiB after", seconds, most>>20, early>>20, during>>20, after>>20)
	if most > mostMemory || during > early*11/10 || after > during*9/10 {
		t.Errorf("at most %d MiB, %d are promised; %d MiB half way and %d at the end; %d MiB after it",
			most>>20, mostMemory>>20, early>>20, during>>20, after>>20)
	}
	e.Finish()
}
