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
	// Requests owns the series of requests; nil if there are none.
	Requests RequestDetector
	// Emit receives every event, in order of event time and then of subject. It
	// is called from Feed and Finish.
	Emit func(downpour.Event)
}

// Engine routes observations to detectors and their events to Emit. Feed and
// Finish are called from one goroutine.
type Engine struct {
	cfg        Config
	partitions []FlowDetector
	dealt      dealt // of the flows at hand, where there are no shards
	shards     []*shard
	pending    *batch      // being filled for the shards
	spare      chan *batch // to be filled next
	done       chan []downpour.Event
	running    sync.WaitGroup
	now        int64 // whole second of event time that has been ticked
	last       int64 // latest event time seen
	late       uint64
	leaps      uint64
	held       []downpour.Flow // after a leap in time that is in doubt
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

// batches is how many batches are on their way at most: the shards work on some
// while the next are filled.
const batches = 6

func (e *Engine) start(n int) {
	e.done = make(chan []downpour.Event)
	e.spare = make(chan *batch, batches)
	for range batches {
		e.spare <- &batch{flows: make([]downpour.Flow, 0, batchSize)}
	}
	e.pending = <-e.spare
	for i := range n {
		s := &shard{
			partitions: e.partitions, first: i, n: n,
			in: make(chan work, batches), spare: e.spare,
		}
		e.shards = append(e.shards, s)
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
	for i := range b.Requests {
		r := &b.Requests[i]
		e.advance(r.Time)
		if e.cfg.Requests != nil {
			e.cfg.Requests.Request(r)
		}
	}
	flows := b.Flows
	if len(e.held) > 0 {
		flows = append(e.held, flows...)
		e.held = nil
	}
	e.feed(flows, b.Now != 0)
	if b.Now != 0 {
		e.advance(b.Now)
	}
}

// feed takes flows in, in turn. Those after a leap that is still in doubt are
// held for the next batch unless the moment is final.
func (e *Engine) feed(flows []downpour.Flow, final bool) {
	e.first(flows)
	from := 0
	for i := range flows {
		t := flows[i].Time
		if t < e.now+second {
			e.last = max(e.last, t)
			if t < e.now-second {
				e.late++
			}
			continue
		}
		if e.last != 0 && t > e.last+leapLength {
			switch b := witness(flows[i:], e.last); {
			case b == refuted:
				flows[i].Time = e.last
				e.leaps++
				continue
			case b == waiting && !final:
				e.take(flows[from:i])
				e.held = slices.Clone(flows[i:])
				return
			}
		}
		e.take(flows[from:i])
		from = i
		e.advance(t)
	}
	e.take(flows[from:])
}

// Late is how many flows came more than a second after their time.
func (e *Engine) Late() uint64 { return e.late }

// Now is the latest event time that was seen, nanoseconds since the epoch.
func (e *Engine) Now() int64 { return e.last }

// Finish ends the input: detectors say what they still have to say, and the
// engine's goroutines end. The engine can't be fed afterwards.
func (e *Engine) Finish() {
	e.feed(e.held, true)
	e.held = nil
	e.turn(e.last, true)
	for _, s := range e.shards {
		close(s.in)
	}
	e.running.Wait()
}

// take deals flows of one second out to the partitions.
func (e *Engine) take(flows []downpour.Flow) {
	for len(flows) > 0 {
		if e.shards == nil {
			n := min(len(flows), batchSize)
			e.dealt.deal(flows[:n])
			e.dealt.deliver(e.partitions, flows[:n], 0, 1)
			flows = flows[n:]
			continue
		}
		p := e.pending
		n := min(len(flows), batchSize-len(p.flows))
		p.flows = append(p.flows, flows[:n]...)
		flows = flows[n:]
		if len(p.flows) == batchSize {
			e.send(work{})
		}
	}
}

// send hands the pending flows over to all shards, with what is to be done
// after them.
func (e *Engine) send(w work) {
	if p := e.pending; len(p.flows) > 0 {
		p.deal(p.flows)
		p.using.Store(int32(len(e.shards)))
		w.batch = p
	}
	for _, s := range e.shards {
		s.in <- w
	}
	if w.batch != nil {
		e.pending = <-e.spare
		e.pending.flows = e.pending.flows[:0]
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
		e.events = turn(e.events, e.partitions, 0, 1, now, finish)
	} else {
		e.send(work{tick: now, finish: finish, done: e.done})
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
	if r := e.cfg.Requests; r != nil {
		if finish {
			r.Finish(now)
		} else {
			r.Tick(now)
		}
		e.events = r.Events(e.events)
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
