package engine

import (
	"downpour"
)

// handOver is how many flows are collected for a shard before they are handed
// over: enough to make the channel's cost vanish, few enough to stay in cache.
const handOver = 512

// routed is a flow on its way to the partition of one of its two ends.
type routed struct {
	flow      downpour.Flow
	partition uint8
	outgoing  bool
}

// work is what a shard does next: the flows, then the tick or the finish.
type work struct {
	flows  []routed
	tick   int64 // event time reached; 0 if none
	finish bool
	// done receives the shard's events after a tick or a finish.
	done chan<- []downpour.Event
}

// shard serves every n-th partition in its own goroutine.
type shard struct {
	partitions []FlowDetector // indexed by partition; nil where another shard's
	in         chan work
	spare      chan []routed // emptied buffers on their way back
	events     []downpour.Event
}

func (s *shard) run() {
	for w := range s.in {
		for i := range w.flows {
			r := &w.flows[i]
			deliver(s.partitions[r.partition], &r.flow, r.outgoing)
		}
		if w.flows != nil {
			select {
			case s.spare <- w.flows[:0]:
			default:
			}
		}
		if w.done == nil {
			continue
		}
		s.events = turn(s.events[:0], s.partitions, w.tick, w.finish)
		w.done <- s.events
	}
}

// buffer returns an empty buffer, a used one if there is any.
func (s *shard) buffer() []routed {
	select {
	case b := <-s.spare:
		return b
	default:
		return make([]routed, 0, handOver)
	}
}

func deliver(d FlowDetector, f *downpour.Flow, outgoing bool) {
	if outgoing {
		d.Outgoing(f)
	} else {
		d.Incoming(f)
	}
}

// turn ticks (or finishes) partitions in order and collects what they say.
func turn(dst []downpour.Event, partitions []FlowDetector, now int64, finish bool) []downpour.Event {
	for _, d := range partitions {
		if d == nil {
			continue
		}
		if finish {
			d.Finish(now)
		} else {
			d.Tick(now)
		}
		dst = d.Events(dst)
	}
	return dst
}
