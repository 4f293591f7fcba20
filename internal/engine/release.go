package engine

import "math"

// Once a second, a second or more of the input is complete and is let go: with much
// traffic that takes a good part of a second. Where input waits meanwhile it would
// be thrown away, so it is then let go in portions, between batches.

const (
	// promptly is how many flows are let go at once all the same.
	promptly = 1 << 15
	// portions is the part of a second, of the input's time, within which all is
	// let go.
	portions = 4
	// atOnce is how many slots are let go between two batches at most: who is late
	// makes up for it beside what comes in, not instead of it.
	atOnce = 4
	all    = math.MaxInt // slots
)

// releasing is how far complete seconds were let go.
type releasing struct {
	due   int64 // what ends by then is complete; 0 if all that was is let go
	since int64 // when it became so, in the input's time
	of    int   // slots to let go
	done  int   // of which so many are
}

// release begins to let go of all seconds that are complete: those that end by a
// moment.
func (e *Engine) release(complete int64) {
	e.proceed(all)
	h := e.hold
	if h.first == 0 {
		return // no flow has come
	}
	n := min(complete/second, h.latest+1) - h.first
	e.releasing = releasing{due: complete, since: e.last, of: int(max(n, 0)) * slots}
	if !e.live || h.used < promptly || n <= 0 || complete == never {
		e.proceed(all)
	}
}

// portion is how many slots are to be let go now.
func (e *Engine) portion() int {
	r := &e.releasing
	passed := min(portions*(e.last-r.since), second)
	return min(int(int64(r.of)*passed/second)-r.done, atOnce)
}

// proceed lets some slots go of the seconds that are complete.
func (e *Engine) proceed(n int) {
	r := &e.releasing
	if r.due == 0 {
		return
	}
	h := e.hold
	for n > 0 {
		some := h.letGo(min(n, slots), e.letGo)
		n -= some
		r.done += some
		if h.closing != nil {
			continue
		}
		if !e.more() {
			e.caughtUp()
			return
		}
		e.close()
	}
}

// more tells whether a second that is not closed is complete.
func (e *Engine) more() bool {
	h := e.hold
	return h.used > 0 && h.first <= h.latest && (h.first+1)*second <= e.releasing.due
}

// caughtUp ends a release. Time that passes without a flow is one tick.
func (e *Engine) caughtUp() {
	h, complete := e.hold, e.releasing.due
	e.releasing = releasing{}
	if complete == never {
		return
	}
	h.first = max(h.first, complete/second)
	h.latest = max(h.latest, h.first)
	e.tickFlows(h.first * second)
	if e.delay.current == 0 {
		// Nobody holds anything back any longer: the second at hand goes on as
		// it comes, unless a flow waits that is dated later.
		if h.used > 0 {
			e.close()
			h.letGo(slots, e.letGo)
		}
		e.waiting = h.used > 0
	}
	e.lookAhead()
}

// close begins to let the earliest open second go.
func (e *Engine) close() {
	h := e.hold
	if h.seconds[h.first&(holdSpan-1)] == nil {
		h.first++
		return
	}
	e.tickFlows(h.first * second)
	h.close()
}
