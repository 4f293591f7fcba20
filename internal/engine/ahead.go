package engine

import (
	"cmp"
	"slices"

	"downpour"
)

// Flow export tells of an attack when it holds a minute of it back no longer, but
// of whole seconds only when the last exporter has told of them. What has come by
// then may be enough to say that there is one. So once a second of the input the
// targets toward which the most has just come are judged ahead, by what is held of
// them, on a copy of their detector's state; the attack is told of as provisional,
// and the detector's own takes its place under the same ID.

// Forerunner is a FlowDetector that can judge what is not complete yet.
type Forerunner interface {
	// Worth tells whether a rate toward one of the partition's addresses, in
	// packets/s, is worth judging ahead.
	Worth(a downpour.Address, packets uint64) bool
	// Ahead judges flows from and to an address, in the order of time, without
	// changing what the detector knows; nil if they show no attack.
	Ahead(a downpour.Address, flows []downpour.Flow) *downpour.Attack
}

// The bounds of what is judged ahead, each second of the input.
const (
	aheadTargets = 16 // targets
	// aheadDelay is how long the definite verdict is waited for without one ahead.
	aheadDelay = 2 * second
	aheadFlows = 1 << 16 // flows, or parts of flows, of all of them
	aheadSlots = 1 << 10 // targets whose rate is counted, the busiest of those that share a slot
	// aheadGrace is for how long complete seconds may fail to bear an attack out.
	aheadGrace = 5 * second
)

// foresight is what has come of each target in this second of the input, and what
// was said of them.
type foresight struct {
	slots [aheadSlots]struct {
		target downpour.Address
		rate   uint64 // packets/s
	}
	told    map[downpour.Address]*provisional
	renamed map[string]*provisional // by the definite attack's ID
}

// provisional is an attack that was told of ahead.
type provisional struct {
	attack downpour.Attack
	until  int64 // event time by which complete seconds must bear it out
}

// count adds a flow that has just come to its target's rate. Of the targets that
// share a slot the one with the most stays (Boyer and Moore's vote).
func (a *foresight) count(f *downpour.Flow) {
	rate := uint64(f.Packets) * uint64(max(f.Sampling, 1))
	if f.Duration > long {
		rate = rate * 1000 / uint64(f.Duration)
	}
	s := &a.slots[(f.Destination.Lo^f.Destination.Hi*spreadHi)*spreadLo>>54]
	switch {
	case s.target == f.Destination:
		s.rate += rate
	case s.rate < rate:
		s.target, s.rate = f.Destination, rate-s.rate
	default:
		s.rate -= rate
	}
}

// lookAhead judges the targets that are worth it. All detectors are at rest.
func (e *Engine) lookAhead() {
	a := e.ahead
	if a == nil {
		return
	}
	if e.delay.current <= aheadDelay && len(a.told) == 0 {
		clear(a.slots[:])
		return
	}
	targets := e.worth()
	clear(a.slots[:])
	if len(targets) > 0 {
		for i, flows := range e.heldOf(targets) {
			if len(flows) > 0 {
				e.foretell(targets[i], flows)
			}
		}
	}
	e.withdraw(e.now)
}

// worth picks the targets to judge: those that were told of, and the busiest of
// those that their detector deems worth it.
func (e *Engine) worth() (targets []downpour.Address) {
	a := e.ahead
	type candidate struct {
		target downpour.Address
		rate   uint64
	}
	var found []candidate
	for target := range a.told {
		found = append(found, candidate{target, ^uint64(0)})
	}
	for i := range a.slots {
		s := &a.slots[i]
		if s.rate == 0 || a.told[s.target] != nil {
			continue
		}
		if d, ok := e.partitions[partitionOf(s.target)].(Forerunner); ok && d.Worth(s.target, s.rate) {
			found = append(found, candidate{s.target, s.rate})
		}
	}
	slices.SortFunc(found, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.rate, x.rate), x.target.Compare(y.target))
	})
	for _, c := range found[:min(len(found), aheadTargets)] {
		targets = append(targets, c.target)
	}
	return targets
}

// heldOf collects what is held of each of some targets, both ways, in the order of
// time, with long flows in parts.
func (e *Engine) heldOf(targets []downpour.Address) [][]downpour.Flow {
	var near [256]bool // what a byte of the targets' hashes can be
	hash := func(x downpour.Address) uint8 { return uint8((x.Lo ^ x.Hi*spreadHi) * spreadLo >> 56) }
	for _, t := range targets {
		near[hash(t)] = true
	}
	out := make([][]downpour.Flow, len(targets))
	room := aheadFlows
	h := e.hold
	for at := h.first; at <= h.latest && room > 0; at++ {
		for f := range h.seconds[at&(holdSpan-1)].all() {
			if room <= 0 {
				break
			}
			for _, end := range [2]downpour.Address{f.Destination, f.Source} {
				if !near[hash(end)] {
					continue
				}
				if n := slices.Index(targets, end); n >= 0 {
					out[n] = appendParts(out[n], f, at, h.latest, &room)
				}
			}
		}
	}
	for _, flows := range out {
		slices.SortStableFunc(flows, func(x, y downpour.Flow) int { return cmp.Compare(x.Time, y.Time) })
	}
	return out
}

// appendParts appends a flow, or its parts from a second on; seconds without any of
// its packets are passed over, so that a few packets over minutes cost no more
// than as many parts.
func appendParts(dst []downpour.Flow, f *downpour.Flow, from, to int64, room *int) []downpour.Flow {
	if f.Duration < long {
		*room--
		return append(dst, *f)
	}
	for at := from; at*second < endOf(f) && at <= to+int64(f.Duration)/1000 && *room > 0; at = max(at+1, next(f, (at+1)*second)) {
		*room--
		if p, ok := part(f, at*second); ok {
			dst = append(dst, p)
		}
	}
	return dst
}

// foretell judges a target ahead and says what it finds.
func (e *Engine) foretell(target downpour.Address, flows []downpour.Flow) {
	a := e.ahead
	found := e.partitions[partitionOf(target)].(Forerunner).Ahead(target, flows)
	if found == nil {
		return
	}
	p := a.told[target]
	if p == nil {
		if len(a.told) == aheadTargets {
			return
		}
		p = &provisional{until: found.End.UnixNano() + aheadGrace}
		if a.told == nil {
			a.told, a.renamed = map[downpour.Address]*provisional{}, map[string]*provisional{}
		}
		a.told[target] = p
		p.attack.ID, p.attack.AlarmAt = found.ID, instant(e.last)
	}
	id, alarm := p.attack.ID, p.attack.AlarmAt
	p.attack = *found
	p.attack.ID, p.attack.AlarmAt = id, alarm
	p.attack.Provisional, p.attack.Ongoing = true, true
	said := p.attack
	e.cfg.Emit(downpour.Event{At: instant(e.last), Attack: &said})
}

// confirm gives a definite attack the ID and the alarm of the one that was told of
// ahead.
func (a *foresight) confirm(ev *downpour.Event) {
	if a == nil || len(a.told)+len(a.renamed) == 0 {
		return
	}
	attack := *ev.Attack
	p := a.renamed[attack.ID]
	if p == nil {
		target := downpour.AddressFrom(attack.Target.Prefix.Addr())
		if p = a.told[target]; p == nil || p.attack.Direction != attack.Direction {
			return
		}
		delete(a.told, target)
		a.renamed[attack.ID] = p
	}
	if !attack.Ongoing {
		delete(a.renamed, attack.ID)
	}
	attack.ID, attack.AlarmAt = p.attack.ID, p.attack.AlarmAt
	ev.Attack = &attack
}

// withdraw ends what complete seconds up to a moment have not borne out.
func (e *Engine) withdraw(complete int64) {
	var over []downpour.Address
	for target, p := range e.ahead.told {
		if complete > p.until {
			over = append(over, target)
		}
	}
	slices.SortFunc(over, downpour.Address.Compare)
	for _, target := range over {
		said := e.ahead.told[target].attack
		delete(e.ahead.told, target)
		said.Ongoing = false
		said.Why = "Not borne out: what had come showed an attack, and the complete seconds do not. It was: " + said.Why
		e.cfg.Emit(downpour.Event{At: instant(e.last), Attack: &said})
	}
}
