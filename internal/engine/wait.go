package engine

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"downpour"
)

// defaultHold is how many flows are held by default: 352 MB where so many wait. An
// exporter with an active timeout of a minute reaches three quarters of it, from
// where on flows are thinned, at some 45,000 records a second.
const defaultHold = 4_000_000

// HoldStats counts what became of flows that had to wait for their second to be
// complete.
type HoldStats struct {
	Held int // that wait now
	// Late is what came after its second was closed: flows or parts of them. It is
	// judged nowhere. Parts of long records would all fall into the same open
	// second and look like an attack.
	Late Volume
	// Thinned is what was left out because too many flows had to wait; those like
	// it that were kept count for it, as sampled ones do.
	Thinned Volume
	// EarlySeconds were closed before they were complete because even so there was
	// no room, with EarlyFlows in them.
	EarlySeconds, EarlyFlows uint64
}

// Volume is an amount of flows, sampling accounted for.
type Volume struct{ Flows, Packets, Bytes uint64 }

func (v *Volume) count(f *downpour.Flow, packets uint32, bytes uint64) {
	sampling := uint64(max(f.Sampling, 1))
	v.Flows++
	v.Packets += uint64(packets) * sampling
	v.Bytes += bytes * sampling
}

// Hold is what became of flows that had to wait.
func (e *Engine) Hold() HoldStats {
	s := e.counts
	if e.hold != nil {
		s.Held = e.hold.used
	}
	return s
}

// Complete is the event time up to which all is judged, nanoseconds since the
// epoch; what is later is provisional.
func (e *Engine) Complete() int64 { return e.now }

// wait begins to hold flows back.
func (e *Engine) wait() {
	if e.waiting {
		return
	}
	e.waiting = true
	if e.hold == nil {
		e.hold = &hold{}
	}
	if e.ahead == nil {
		e.ahead = &foresight{}
	}
	e.hold.first = e.now / second // 0 before the first flow, see open
	e.hold.latest = e.hold.first
}

// keep takes in flows that have to wait. Where their arrival is known it is
// believed, and a flow can't have ended after it; else their own ends are the
// time of the input, with the same caution toward leaps as elsewhere.
func (e *Engine) keep(flows []downpour.Flow, now int64, final bool) {
	if now != 0 {
		for i := range flows {
			e.keepOne(&flows[i], now)
		}
		return
	}
	for i := range flows {
		end := endOf(&flows[i])
		if e.last != 0 && end > e.last+leapLength {
			switch b := witness(flows[i:], e.last); {
			case b == refuted:
				flows[i].Time, flows[i].Duration = e.last, 0
				end = e.last
				e.leaps++
			case b == waiting && !final:
				e.held = slices.Clone(flows[i:])
				return
			}
		}
		e.delay.infer(&flows[i], end)
		e.advance(end)
		e.wait() // should the delay have lapsed by then
		e.keepOne(&flows[i], max(end, e.last))
	}
}

// open sets the first second that is open, where no flow has come before.
func (e *Engine) open(now int64) {
	if h := e.hold; h.first == 0 {
		h.first = max(1, (now-e.delay.current)/second)
		h.latest = h.first
	}
}

// keepOne holds a flow that arrived at a time, from the earliest second that it
// has a part in and that is open.
func (e *Engine) keepOne(f *downpour.Flow, now int64) {
	h := e.hold
	e.delay.infer(f, now)
	e.open(now)
	e.believe(f, now)
	at := f.Time / second
	if at < h.first {
		if at = h.first; !e.lateBy(f) {
			return
		}
	}
	e.came++
	if e.delay.current > aheadDelay {
		e.ahead.count(f)
	}
	if 4*h.used >= 3*e.cfg.Hold {
		if !e.thin(f) {
			return
		}
		if h.used >= e.cfg.Hold {
			e.makeRoom()
			at = max(at, h.first)
		}
	}
	h.put(f, at)
}

// believe corrects what can't be: a flow that came far ahead of its time, or
// before it had ended. It then counts when it came.
func (e *Engine) believe(f *downpour.Flow, now int64) {
	if f.Time > now+leapLength {
		f.Time, f.Duration = now, 0
		e.leaps++
	}
	if endOf(f) > now+leapLength {
		f.Duration = uint32((max(now, f.Time) - f.Time) / 1e6)
		e.leaps++
	}
	if f.Packets < 2 {
		f.Duration = 0 // one packet lasts no time
	}
}

// thin tells whether a flow may wait although three quarters of the room are taken. Of flows
// of few packets one of k is kept and stands for k; flows of k packets and more
// are always kept (in the manner of threshold sampling: Duffield, Lund, Thorup
// 2005). So sums stay right on average, what can't be held is told as a sampling
// rate, and a flood of forged sources fills no memory.
func (e *Engine) thin(f *downpour.Flow) bool {
	level := e.level()
	if k := uint32(1) << level; f.Packets >= k || f.Sampling > math.MaxUint32>>level {
		return true
	}
	// The bits of a Weyl sequence would do for flows in random order; mixing keeps
	// it from beating with an order that is not.
	e.dice += 0x9e3779b97f4a7c15
	x := (e.dice ^ e.dice>>32) * 0xd6e8feb86659fd93
	if x>>(64-level) != 0 {
		e.counts.Thinned.count(f, f.Packets, f.Bytes)
		return false
	}
	f.Sampling = max(f.Sampling, 1) << level
	return true
}

// level is the binary logarithm of the k that thin keeps one of: it grows by one
// whenever the room that is left halves, and is at least what lets the flows of
// the whole delay find room if they go on to come as in the last second.
func (e *Engine) level() int {
	const most = 16
	left := max(1, e.cfg.Hold-e.hold.used)
	byRoom := bits.Len(uint(e.cfg.Hold/(2*left))) - 1
	due := e.pace * (e.delay.current/second + 1)
	byPace := bits.Len(uint(2*due/int64(e.cfg.Hold))) - 1
	return min(max(byRoom, byPace, 0), most)
}

// lateBy counts what of a flow is late and tells whether anything else is left.
func (e *Engine) lateBy(f *downpour.Flow) bool {
	closed := e.hold.first * second
	if f.Duration < long || endOf(f) <= closed {
		e.counts.Late.count(f, f.Packets, f.Bytes)
		return false
	}
	packets, bytes := cut(f, f.Time, closed)
	if packets > 0 {
		e.counts.Late.count(f, packets, bytes)
	}
	return packets < f.Packets
}

// makeRoom closes the earliest seconds until a sixteenth of the room is free.
func (e *Engine) makeRoom() {
	h := e.hold
	h.letGo(slots, e.letGo)
	for h.used > e.cfg.Hold-e.cfg.Hold/16 && h.first <= h.latest {
		used := h.used
		e.close()
		h.letGo(slots, e.letGo)
		e.counts.EarlySeconds++
		e.counts.EarlyFlows += uint64(used - h.used)
	}
}

func (e *Engine) letGo(flows []downpour.Flow) {
	for i := range flows {
		e.shown = max(e.shown, flows[i].Time)
	}
	e.take(flows)
}

// tickFlows ticks the detectors of flows at a whole second that they have not
// been ticked at.
func (e *Engine) tickFlows(at int64) {
	if at >= e.now+second {
		e.now = at
		e.turn(at, unset, false)
	}
}

func instant(t int64) time.Time { return time.Unix(0, t).UTC() }
