package engine

import (
	"sync/atomic"

	"downpour"
)

// batch is a copy of flows that all shards read, and how they are dealt out.
type batch struct {
	dealt
	flows []downpour.Flow
	using atomic.Int32 // shards that are not done with it
}

// work is what a shard does next: the flows, then the tick or the finish.
type work struct {
	batch  *batch // nil if there are no flows
	tick   int64  // event time reached; 0 if none
	finish bool
	// done receives the shard's events after a tick or a finish.
	done chan<- []downpour.Event
}

// shard serves every n-th partition in its own goroutine.
type shard struct {
	partitions []FlowDetector // all; it serves those from first on, of every n
	first, n   int
	in         chan work
	spare      chan<- *batch // batches that no shard uses any more
	events     []downpour.Event
}

func (s *shard) run() {
	for w := range s.in {
		if b := w.batch; b != nil {
			b.deliver(s.partitions, b.flows, s.first, s.n)
			if b.using.Add(-1) == 0 {
				s.spare <- b
			}
		}
		if w.done == nil {
			continue
		}
		s.events = turn(s.events[:0], s.partitions, s.first, s.n, w.tick, w.finish)
		w.done <- s.events
	}
}

// turn ticks (or finishes) every n-th partition from first on, in order, and
// collects what they say.
func turn(dst []downpour.Event, partitions []FlowDetector, first, n int, now int64, finish bool) []downpour.Event {
	for p := first; p < len(partitions); p += n {
		d := partitions[p]
		if finish {
			d.Finish(now)
		} else {
			d.Tick(now)
		}
		dst = d.Events(dst)
	}
	return dst
}
