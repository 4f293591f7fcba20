package engine

import (
	"math"

	"downpour"
)

// clock is where the engine's times stand, nanoseconds since the epoch. As long
// as no flow waits there is one time; where flows wait their detectors' time
// stays behind by the delay.
type clock struct {
	now     int64 // whole second that detectors of flows were ticked at
	rest    int64 // whole second that the other detectors were ticked at
	last    int64 // latest event time seen: of the input
	shown   int64 // latest time of a flow that was let go
	flowing bool  // a flow has come
	silent  int64 // when detectors are ticked though none has; 0: never
	waiting bool  // flows wait for their second to be complete
	dice    uint64
	came    int64 // flows that had to wait in the second of the input at hand
	pace    int64 // and in the one before
}

const (
	unset = math.MinInt64
	never = math.MaxInt64
)

// advance ticks the detectors if the input has reached a later second. Before
// the first flow those of flows are not ticked: there is nothing to tell them,
// and the first flows may belong to seconds that have passed.
func (e *Engine) advance(t int64) {
	e.last = max(e.last, t)
	e.flowing = e.flowing || e.silent != 0 && t >= e.silent
	flows, rest := int64(unset), int64(unset)
	if at := t - t%second; t >= e.rest+second {
		e.rest, rest = at, at
	}
	if at := t - t%second; e.flowing && !e.waiting && t >= e.now+second {
		e.now, flows = at, at
	}
	if flows != unset || rest != unset {
		e.turn(flows, rest, false)
	}
	if !e.waiting {
		if e.ahead != nil && rest != unset {
			e.withdraw(e.rest) // what an earlier run told of ahead, where flows no longer wait
		}
		return
	}
	if rest != unset {
		e.pace, e.came = e.came, 0
	}
	complete := e.last - e.delay.at(e.last)
	if e.releasing.due == 0 && (rest != unset || complete >= (e.hold.first+1)*second) {
		e.release(complete)
	}
}

// delay is how long flows may lag behind the input: the longest that was told
// lately, since inputs tell different ones and the longest counts.
type delay struct {
	current, next int64
	since         int64 // when next began to be collected; 0 if not yet
	told          bool  // by an input; else it is taken from what flows last
}

// mostDelay bounds what is believed of a delay: no router holds a flow back for
// longer than half an hour.
const mostDelay = 3600 * second

// tell takes in the delay of a batch at event time now.
func (d *delay) tell(told, now int64) {
	if told <= 0 {
		return
	}
	d.told = true
	d.raise(min(told, mostDelay), now)
}

func (d *delay) raise(to, now int64) {
	d.next = max(d.next, to)
	if to >= d.current {
		d.current, d.next, d.since = to, 0, now
	}
}

// infer takes the delay from a flow where no input tells one: it came once it
// had ended.
func (d *delay) infer(f *downpour.Flow, now int64) {
	if !d.told && int64(f.Duration)*1e6 > d.current {
		d.raise(min(int64(f.Duration)*1e6, mostDelay), now)
	}
}

// at is the delay at event time now. What was not told for two of its own
// lengths and ten minutes is not due any more: quiet exporters pause.
func (d *delay) at(now int64) int64 {
	if d.since == 0 {
		d.since = now
	}
	if d.current > 0 && now-d.since > 2*d.current+600*second {
		d.current, d.next, d.since = d.next, 0, now
	}
	return d.current
}

// date dates the alarm of an attack whose flows had to wait: it was raised when
// the input had got so far, not in the second that was looked at; or earlier, if
// it was told of ahead.
func (e *Engine) date(ev *downpour.Event) {
	if ev.Attack != nil && (e.waiting || len(e.alarms) > 0) {
		e.stamp(ev)
		e.ahead.confirm(ev)
	}
}

func (e *Engine) stamp(ev *downpour.Event) {
	a := ev.Attack
	at, known := e.alarms[a.ID]
	if !known {
		at = a.AlarmAt.UnixNano()
		if e.waiting {
			at = max(at, e.last)
		}
	}
	if at != a.AlarmAt.UnixNano() {
		stamped := *a
		stamped.AlarmAt = instant(at)
		ev.Attack = &stamped
	}
	if !a.Ongoing {
		delete(e.alarms, a.ID)
	} else if !known {
		if e.alarms == nil {
			e.alarms = map[string]int64{}
		}
		e.alarms[a.ID] = at
	}
}
