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

// The odd numbers that spread addresses over partitions (multiplicative hashing;
// Knuth, TAOCP 3, 6.4). They are fixed, since the partition of a target must not
// depend on the run; detectors key their own tables with a secret where that matters.
const spreadHi, spreadLo = 0x9e3779b97f4a7c15, 0xc4ceb9fe1a85ec53

// Config says how an engine is put together.
type Config struct {
	// Shards is how many goroutines serve the partitions; below 2 there is
	// none and Feed does the work itself.
	Shards int
	// Flows makes the detector of one partition.
	Flows func(partition int) FlowDetector
	// Joint owns what spans partitions; nil if there is nothing.
	Joint Joint
	// Ours tells whether an address is one of ours. Detectors then see flows to
	// ours, and both ends of flows from ours. nil: every end is seen.
	Ours func(downpour.Address) bool
	// Counts owns the series of reports; nil if there are none.
	Counts CountDetector
	// Requests owns the series of requests; nil if there are none.
	Requests RequestDetector
	// Hold is how many flows are held at most until their second is complete, 88
	// bytes each; 4,000,000 by default.
	Hold int
	// Emit receives every event, those of one tick in order of event time and
	// then of subject. It is called from Feed and Finish.
	Emit func(downpour.Event)
	// Ticked, if not nil, is called when all detectors have been ticked and none
	// works: then their state may be read. It is called from Feed and Finish.
	Ticked func()
}

// Engine routes observations to detectors and their events to Emit. Feed and
// Finish are called from one goroutine.
type Engine struct {
	cfg        Config
	partitions []FlowDetector
	others     []Detector // those of other observations than flows
	past       *past
	alone      *worker // of all partitions, where there are no shards
	shards     []*shard
	spare      chan struct{} // for each piece that may be made
	done       chan []downpour.Event
	ticks      int  // so far, up to ticksWide
	abroad     bool // targets outside our networks are followed
	running    sync.WaitGroup
	clock
	late    uint64
	leaps   uint64
	doubted int64           // time of the request that was not believed last
	held    []downpour.Flow // after a leap in time that is in doubt
	delay   delay
	hold    *hold // nil as long as no flow had to wait
	counts  HoldStats
	live    bool // the batch at hand was told when it arrived
	releasing
	ahead  *foresight       // nil as long as no flow had to wait
	alarms map[string]int64 // when attacks were first told of, where flows wait
	events []downpour.Event
}

// New returns an engine that is ready to be fed. Its goroutines, if any, end
// with Finish.
func New(cfg Config) *Engine {
	if cfg.Hold <= 0 {
		cfg.Hold = defaultHold
	}
	e := &Engine{cfg: cfg, partitions: make([]FlowDetector, Partitions), past: newPast()}
	for p := range e.partitions {
		e.partitions[p] = cfg.Flows(p)
	}
	if cfg.Counts != nil {
		e.others = append(e.others, cfg.Counts)
	}
	if cfg.Requests != nil {
		e.others = append(e.others, cfg.Requests)
	}
	if cfg.Shards > 1 {
		e.start(min(cfg.Shards, Partitions))
	} else {
		e.alone = e.worker(0, 1)
	}
	return e
}

// worker makes the one of every n-th partition from first on, and lets their
// detectors look back.
func (e *Engine) worker(first, n int) *worker {
	w := &worker{partitions: e.partitions, first: first, n: n, past: e.past}
	for p := first; p < Partitions; p += n {
		if d, ok := e.partitions[p].(Rememberer); ok {
			d.Remember(e.past.before(p, w))
		}
	}
	return w
}

// ticksWide is for how many ticks all ends of flows to ours are seen, followed or
// not: a short capture is seen whole.
const ticksWide = 3

// heed asks after a tick whether others than ours are followed.
func (e *Engine) heed() {
	e.ticks = min(e.ticks+1, ticksWide)
	e.abroad = false
	for _, d := range e.partitions {
		if f, ok := d.(Follower); ok && f.FollowsOthers() {
			e.abroad = true
			return
		}
	}
}

// pieces is how many pieces of flows are on their way at most: the shards work on
// some while the next are filled.
const pieces = 6

func (e *Engine) start(n int) {
	e.done = make(chan []downpour.Event)
	e.spare = make(chan struct{}, pieces)
	for range pieces {
		e.spare <- struct{}{}
	}
	for i := range n {
		s := &shard{worker: e.worker(i, n), in: make(chan work, pieces), spare: e.spare}
		e.shards = append(e.shards, s)
		e.running.Go(s.run)
	}
}

// Feed takes in one batch. Its flows are in the order of their source. Where no
// input holds flows back (no batch bears a Delay, no flow lasts a second) they go
// straight to the detectors; time that runs backwards by more than a second is
// counted as late, and what is late counts for the current second. Otherwise they
// wait until their second is complete.
func (e *Engine) Feed(b *observe.Batch) {
	e.live = b.Now != 0
	e.delay.tell(b.Delay, max(e.last, b.Now))
	for i := range b.Counts {
		c := &b.Counts[i]
		e.advance(c.Time.UnixNano())
		if e.cfg.Counts != nil {
			e.cfg.Counts.Count(c)
		}
	}
	e.requests(b.Requests)
	flows := b.Flows
	if len(e.held) > 0 {
		flows = append(e.held, flows...)
		e.held = nil
	}
	e.feed(flows, b.Now, false)
	if b.Now != 0 {
		e.advance(b.Now)
		e.proceed(e.portion())
	}
}

// feed takes flows in, in turn; now is when they arrived, 0 if that is their own
// time. Those after a leap that is still in doubt are held for the next batch
// unless the moment is final.
func (e *Engine) feed(flows []downpour.Flow, now int64, final bool) {
	if len(flows) == 0 {
		return
	}
	e.flowing = true
	if e.delay.current > 0 {
		e.wait()
	}
	if e.waiting && now != 0 {
		e.advance(now)
	}
	if e.waiting {
		e.keep(flows, now, final)
		return
	}
	e.first(flows)
	from := 0
	for i := range flows {
		t := flows[i].Time
		if flows[i].Duration >= long {
			e.take(flows[from:i])
			e.wait()
			e.keep(flows[i:], now, final)
			return
		}
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
			case b == waiting && now == 0 && !final:
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

// Late is how many flows came more than a second after their time where none
// wait; what is too late where flows wait is in Hold.
func (e *Engine) Late() uint64 { return e.late }

// Now is the latest event time that was seen, nanoseconds since the epoch.
func (e *Engine) Now() int64 { return e.last }

// Finish ends the input: what is held is let go, detectors say what they still
// have to say, and the engine's goroutines end. The engine can't be fed
// afterwards.
func (e *Engine) Finish() {
	flows := e.held
	e.held = nil
	e.feed(flows, 0, true)
	end := e.last
	if e.waiting {
		e.release(never)
		end = max(e.now, e.shown)
	}
	e.turn(end, e.last, true)
	if e.ahead != nil {
		e.withdraw(never)
	}
	for _, s := range e.shards {
		close(s.in)
	}
	e.running.Wait()
}

// take deals flows of one second out to the partitions.
func (e *Engine) take(flows []downpour.Flow) {
	for len(flows) > 0 {
		n := e.past.add(flows)
		flows = flows[n:]
		if e.past.full() {
			e.send(work{})
		}
	}
}

// send delivers the flows at hand, and to shards what is to be done after them.
func (e *Engine) send(w work) {
	w.piece = e.past.cut(e.cfg.Ours, e.abroad || e.ticks < ticksWide)
	if e.shards == nil {
		if w.piece >= 0 {
			e.alone.deliver(w.piece)
		}
		return
	}
	if w.piece >= 0 {
		e.past.pieces[w.piece%piecesMade].using.Store(int32(len(e.shards)))
		<-e.spare
	}
	for _, s := range e.shards {
		s.in <- w
	}
}

func partitionOf(a downpour.Address) uint8 {
	return uint8((a.Hi*spreadHi ^ a.Lo) * spreadLo >> 58)
}

// turn ticks or finishes the detectors of flows and those of the rest, each at
// its moment (unset: not at all), waits for them and emits what they say.
func (e *Engine) turn(flows, rest int64, finish bool) {
	e.events = e.events[:0]
	if flows != unset {
		e.turnFlows(flows, finish)
	}
	if rest != unset {
		for _, d := range e.others {
			e.events = tell(d, rest, finish, e.events)
		}
	}
	slices.SortStableFunc(e.events, compareEvents)
	for i := range e.events {
		e.date(&e.events[i])
		e.cfg.Emit(e.events[i])
	}
}

func (e *Engine) turnFlows(now int64, finish bool) {
	if e.shards == nil {
		e.send(work{})
		e.events = append(e.events, e.alone.turn(now, finish)...)
	} else {
		e.send(work{tick: now, finish: finish, done: e.done})
		for range e.shards {
			e.events = append(e.events, <-e.done...)
		}
	}
	if e.cfg.Joint != nil {
		e.events = e.cfg.Joint.Turn(now, finish, e.events)
	}
	e.heed()
	if e.cfg.Ticked != nil {
		e.cfg.Ticked()
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
