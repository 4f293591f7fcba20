package attack

import "downpour"

// worthRate is the least that is looked at ahead of time, in packets/s: the
// lowest floor.
const worthRate = 200

// Worth tells whether flows toward an address that are not complete yet are worth
// judging ahead, at so many packets/s: what is thrice the usual, and not under
// attack already.
func (d *Detector) Worth(a downpour.Address, packets uint64) bool {
	if packets < worthRate {
		return false
	}
	t := d.targets.lookUp(a)
	if t == nil {
		return true
	}
	if t.suspect != nil && t.suspect.open() {
		return false
	}
	usual := 0.0
	for c := range t.usual {
		usual += float64(t.usual[c].packets)
	}
	return float64(packets) >= d.cfg.Rise*usual
}

// Ahead judges flows from and to an address, in the order of time, as if no more
// were to come of their seconds, on a detector of its own that knows what is usual
// there. nil: there is no attack (yet).
func (d *Detector) Ahead(a downpour.Address, flows []downpour.Flow) *downpour.Attack {
	if len(flows) == 0 {
		return nil
	}
	cfg := d.cfg
	cfg.Targets, cfg.Suspects = 1, 1
	scratch := &Detector{cfg: cfg, targets: newTable(d.targets.key, 1), levels: d.levels}
	t := scratch.admit(a, flows[0].Time)
	if known := d.targets.lookUp(a); known != nil {
		t.usual, t.ours, t.first = known.usual, known.ours, known.first
	}
	var found *downpour.Attack
	now := flows[0].Time - flows[0].Time%second
	for i := range flows {
		f := &flows[i]
		if f.Time-now >= second {
			now = f.Time - f.Time%second
			found = scratch.aheadTick(now, found)
		}
		if f.Destination == a {
			scratch.flows, scratch.ends = flows[:i+1], nil
			scratch.incoming(t, f)
		} else {
			scratch.outgoing(f)
		}
	}
	return scratch.aheadTick(now+second, found)
}

// aheadTick ticks a scratch detector and keeps the latest of what it says.
func (d *Detector) aheadTick(now int64, found *downpour.Attack) *downpour.Attack {
	d.Tick(now)
	for _, e := range d.events {
		found = e.Attack
	}
	d.events = d.events[:0]
	return found
}
