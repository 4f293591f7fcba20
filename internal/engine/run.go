package engine

import (
	"cmp"
	"slices"
	"sync"

	"downpour"
	"downpour/internal/observe"
)

// second is the engine's tick in nanoseconds of event time.
const second = int64(1e9)

// partitionKey spreads addresses over partitions. It is fixed, since the
// partition of a target must not depend on the run; detectors key their own
// tables with a secret where that matters.
const partitionKey = 0x5bd1e995a7c15d3f

// Config says how an engine is put together.
type Config struct {
	// Shards is how many goroutines serve the partitions; below 2 there is
	// none and Feed does the work itself.
	Shards int
	// Flows makes the detector of one partition.
	Flows func(partition int) FlowDetector
	// Counts owns the series of reports; nil if there are none.
	Counts CountDetector
	// Emit receives every event, in order of event time and then of subject. It
	// is called from Feed and Finish.
	Emit func(downpour.Event)
}

// Engine routes observations to detectors and their events to Emit. Feed and
// Finish are called from one goroutine.
type Engine struct {
	cfg        Config
	partitions []FlowDetector
	shards     []*shard
	pending    [][]routed // by shard
	done       chan []downpour.Event
	running    sync.WaitGroup
	now        int64 // whole second of event time that has been ticked
	last       int64 // latest event time seen
	late       uint64
	events     []downpour.Event
}

// New returns an engine that is ready to be fed. Its goroutines, if any, end
// with Finish.
func New(cfg Config) *Engine {
	e := &Engine{cfg: cfg, partitions: make([]FlowDetector, Partitions)}
	for p := range e.partitions {
		e.partitions[p] = cfg.Flows(p)
	}
	if cfg.Shards > 1 {
		e.start(min(cfg.Shards, Partitions))
	}
	return e
}

func (e *Engine) start(n int) {
	e.done = make(chan []downpour.Event)
	e.pending = make([][]routed, n)
	for i := range n {
		s := &shard{
			partitions: make([]FlowDetector, Partitions),
			in:         make(chan work, 4),
			spare:      make(chan []routed, 8),
		}
		for p := i; p < Partitions; p += n {
			s.partitions[p] = e.partitions[p]
		}
		e.shards = append(e.shards, s)
		e.pending[i] = s.buffer()
		e.running.Go(s.run)
	}
}

// Feed takes in one batch. Its flows are in the order of their source; time
// that runs backwards by more than a second is counted as late, and what is
// late counts for the current second.
func (e *Engine) Feed(b *observe.Batch) {
	for i := range b.Counts {
		c := &b.Counts[i]
		e.advance(c.Time.UnixNano())
		if e.cfg.Counts != nil {
			e.cfg.Counts.Count(c)
		}
	}
	for i := range b.Flows {
		f := &b.Flows[i]
		if f.Time >= e.now+second {
			e.advance(f.Time)
		} else {
			e.last = max(e.last, f.Time)
			if f.Time < e.now-second {
				e.late++
			}
		}
		e.route(f, f.Destination, false)
		e.route(f, f.Source, true)
	}
	if b.Now != 0 {
		e.advance(b.Now)
	}
}

// Late is how many flows came more than a second after their time.
func (e *Engine) Late() uint64 { return e.late }

// Now is the latest event time that was seen, nanoseconds since the epoch.
func (e *Engine) Now() int64 { return e.last }

// Finish ends the input: detectors say what they still have to say, and the
// engine's goroutines end. The engine can't be fed afterwards.
func (e *Engine) Finish() {
	e.turn(e.last, true)
	for _, s := range e.shards {
		close(s.in)
	}
	e.running.Wait()
}

func (e *Engine) route(f *downpour.Flow, owner downpour.Address, outgoing bool) {
	p := partitionOf(owner)
	if e.shards == nil {
		deliver(e.partitions[p], f, outgoing)
		return
	}
	i := int(p) % len(e.shards)
	e.pending[i] = append(e.pending[i], routed{flow: *f, partition: p, outgoing: outgoing})
	if len(e.pending[i]) == handOver {
		e.shards[i].in <- work{flows: e.pending[i]}
		e.pending[i] = e.shards[i].buffer()
	}
}

func partitionOf(a downpour.Address) uint8 {
	return uint8(a.Hash(partitionKey) >> 58)
}

// advance ticks the detectors if t lies in a later second than the last tick.
func (e *Engine) advance(t int64) {
	e.last = max(e.last, t)
	if t < e.now+second {
		return
	}
	e.now = t - t%second
	e.turn(e.now, false)
}

// turn ticks or finishes all detectors, waits for them and emits what they say.
func (e *Engine) turn(now int64, finish bool) {
	e.events = e.events[:0]
	if e.shards == nil {
		e.events = turn(e.events, e.partitions, now, finish)
	} else {
		for i, s := range e.shards {
			s.in <- work{flows: e.pending[i], tick: now, finish: finish, done: e.done}
			e.pending[i] = s.buffer()
		}
		for range e.shards {
			e.events = append(e.events, <-e.done...)
		}
	}
	if c := e.cfg.Counts; c != nil {
		if finish {
			c.Finish(now)
		} else {
			c.Tick(now)
		}
		e.events = c.Events(e.events)
	}
	slices.SortStableFunc(e.events, compareEvents)
	for i := range e.events {
		e.cfg.Emit(e.events[i])
	}
}

// compareEvents orders events by event time and then by subject, which is
// independent of the order in which partitions were asked.
func compareEvents(a, b downpour.Event) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	ak, ai := subject(&a)
	bk, bi := subject(&b)
	return cmp.Or(cmp.Compare(ak, bk), cmp.Compare(ai, bi))
}

func subject(e *downpour.Event) (kind int, id string) {
	switch {
	case e.Attack != nil:
		return 0, e.Attack.ID
	case e.Outage != nil:
		return 1, e.Outage.ID
	default:
		return 2, ""
	}
}
