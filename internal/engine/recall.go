package engine

import "downpour"

// Rest waits until no detector works, so that their state may be read until the
// next call of Feed or Finish. What was fed last may still wait for its turn.
func (e *Engine) Rest() {
	for _, s := range e.shards {
		s.in <- work{piece: -1, rest: e.done}
	}
	for range e.shards {
		<-e.done
	}
}

// Told says under which ID an attack of a detector was told of, and when its alarm
// was: an attack that was told of ahead keeps what it was first called.
func (e *Engine) Told(id string) (as string, alarm int64, ok bool) {
	if e.ahead != nil {
		if p := e.ahead.renamed[id]; p != nil {
			return p.attack.ID, p.attack.AlarmAt.UnixNano(), true
		}
	}
	alarm, ok = e.alarms[id]
	return id, alarm, ok
}

// recallGrace is for how long what an earlier run told of ahead may still be borne
// out: exporters take that long to tell of what goes on.
const recallGrace = 60 * second

// silence is after how long without any flow the detectors of an earlier run's attacks
// are ticked all the same: nothing may come any more, and the attacks are over then.
const silence = 300 * second

// Recall says that an attack of an earlier run may go on: its alarm stays what it
// was. One that was told of ahead has a while from now on in which what comes may
// bear it out under its ID. It is called before anything is fed.
func (e *Engine) Recall(a downpour.Attack, now int64) {
	e.silent = now + silence
	if !a.Provisional {
		if e.alarms == nil {
			e.alarms = map[string]int64{}
		}
		e.alarms[a.ID] = a.AlarmAt.UnixNano()
		return
	}
	if e.ahead == nil {
		e.ahead = &foresight{}
	}
	if e.ahead.told == nil {
		e.ahead.told, e.ahead.renamed = map[downpour.Address]*provisional{}, map[string]*provisional{}
	}
	if len(e.ahead.told) < aheadTargets {
		target := downpour.AddressFrom(a.Target.Prefix.Addr())
		e.ahead.told[target] = &provisional{attack: a, until: now + recallGrace}
	}
}
