package attack

import (
	"slices"

	"downpour"
)

// Detector owns the targets of one partition. It is used by one goroutine at a
// time and meets engine.FlowDetector.
type Detector struct {
	cfg      Config
	targets  table
	recent   recent
	suspects []*suspect // being followed, in the order in which they began
	idle     []*suspect // to be used again
	events   []downpour.Event
	stats    Stats
	made     uint64 // suspects made, so that each has keys of its own
}

// Stats counts what the detector holds and what it had to give up.
type Stats struct {
	Targets      int    // in the table
	Suspects     int    // followed closely
	ShedTargets  uint64 // dropped from a full table, or not admitted
	ShedSuspects uint64 // not followed, or no longer, because others were stronger
	LateFlows    uint64 // older than the second that their target is in
}

// New makes the detector of a partition.
func New(cfg Config, partition int) *Detector {
	key := cfg.Seed ^ uint64(partition+1)*0x9e3779b97f4a7c15
	return &Detector{
		cfg:     cfg,
		targets: newTable(downpour.Address{Lo: 1}.Hash(key), cfg.Targets),
		recent:  recent{limit: max(cfg.Recent, 1)},
	}
}

// Stats returns the counters as they stand.
func (d *Detector) Stats() Stats {
	s := d.stats
	s.Targets, s.Suspects = d.targets.used, len(d.suspects)
	s.ShedTargets += d.targets.shed
	return s
}

// Events appends the events since the last call and forgets them.
func (d *Detector) Events(dst []downpour.Event) []downpour.Event {
	dst = append(dst, d.events...)
	clear(d.events)
	d.events = d.events[:0]
	return dst
}

// Incoming sees a flow toward one of the partition's addresses.
func (d *Detector) Incoming(f *downpour.Flow) {
	t := d.targets.find(f.Destination)
	if t == nil {
		if t = d.admit(f.Destination, f.Time); t == nil {
			return
		}
	}
	k, v := classify(f), volumeOf(f)
	c := kindClasses[k]
	if f.Time-t.start >= second {
		t.roll(f.Time, &d.cfg)
	} else if f.Time < t.start {
		d.stats.LateFlows++
	}
	packets, bytes := t.count(c, v)
	if t.suspect != nil {
		t.suspect.incoming(f, k)
		d.weigh(t.suspect, c)
		return
	}
	d.recent.push(f, false)
	if t.suspicious(c, v, packets, bytes, &d.cfg) && f.Time >= t.refused {
		if s := d.follow(t, f.Time); s != nil {
			d.weigh(s, c)
		}
	}
}

// Outgoing sees a flow that one of the partition's addresses sent.
func (d *Detector) Outgoing(f *downpour.Flow) {
	if len(d.suspects) > 0 {
		if t := d.targets.find(f.Source); t != nil && t.suspect != nil {
			t.suspect.outgoingFlow(f)
			return
		}
	}
	d.recent.push(f, true)
}

// admit makes a target of an address. Addresses that are not ours are watched as
// what ours may attack, while there is room.
func (d *Detector) admit(a downpour.Address, now int64) *target {
	ours := true
	if d.cfg.Service != nil {
		if _, ours = d.cfg.Service(a); !ours && 2*d.targets.used >= d.targets.limit {
			d.stats.ShedTargets++
			return nil
		}
	}
	t := d.targets.admit(a, now)
	if t != nil {
		t.ours = ours
	}
	return t
}

// follow begins to follow a target closely and gives its heavy counters what the
// latest flows hold of it. Where all places are taken the weakest without an
// attack gives way to a stronger one; nil if there is none.
func (d *Detector) follow(t *target, now int64) *suspect {
	if len(d.suspects) >= d.cfg.Suspects && !d.displace(t) {
		t.refused = now + second
		d.stats.ShedSuspects++
		return nil
	}
	s := d.place()
	d.suspects = append(d.suspects, s)
	t.suspect = s
	s.follow(t, now)
	d.recent.replay(t.address,
		func(f *downpour.Flow) { s.incoming(f, classify(f)) },
		s.outgoingFlow)
	d.share()
	return s
}

// place returns a suspect to use, one used before if there is one.
func (d *Detector) place() *suspect {
	if n := len(d.idle); n > 0 {
		s := d.idle[n-1]
		d.idle = d.idle[:n-1]
		return s
	}
	d.made++
	key := d.targets.key ^ d.made*0xbf58476d1ce4e5b9
	return &suspect{
		cfg: &d.cfg, sources: newSources(key, d.cfg.Sample),
		heavy: heavySources{key: downpour.Address{Lo: 2}.Hash(key)},
	}
}

// share divides the budget of sources among the suspects.
func (d *Detector) share() {
	const fewest = 256
	limit := min(d.cfg.Sample, max(fewest, d.cfg.Sources/max(1, len(d.suspects))))
	for _, s := range d.suspects {
		s.sources.resize(limit)
	}
}

// displace frees the place of the weakest suspect, if it is weaker than t.
func (d *Detector) displace(t *target) bool {
	const clearly = 2
	weakest := -1
	for i, s := range d.suspects {
		if !s.open() && (weakest < 0 || s.target.load < d.suspects[weakest].target.load) {
			weakest = i
		}
	}
	if weakest < 0 || uint64(t.load) < clearly*uint64(d.suspects[weakest].target.load) {
		return false
	}
	d.stats.ShedSuspects++
	d.suspects[weakest].target.refused = d.suspects[weakest].now + second
	d.release(weakest)
	return true
}

// release ends the close following of a target.
func (d *Detector) release(i int) {
	s := d.suspects[i]
	s.target.suspect, s.target = nil, nil
	s.attack = nil
	s.sources.reset()
	d.suspects = slices.Delete(d.suspects, i, i+1)
	d.idle = append(d.idle, s)
	d.share()
}

// weigh judges a class if its window has passed the limit, and opens the attack
// or widens it.
func (d *Detector) weigh(s *suspect, c Class) {
	if !s.due(c) || !s.judge(c) {
		return
	}
	d.alarm(s, c, nil)
}

// alarm opens an attack because of class c, or takes the class into an open one.
// short is how it was judged if the input was too short for a second, else nil.
func (d *Detector) alarm(s *suspect, c Class, short *shortVerdict) {
	if s.open() {
		s.classes[c].alarmed = true
		s.widen()
		return
	}
	service, direction, ok := d.side(s)
	if !ok {
		return
	}
	s.begin(c, service, direction)
	s.attack.short = short
	d.events = append(d.events, s.snapshot(s.now, true, true))
}

// side tells whose attack it is: on our service, or by one of our hosts on
// another's. Between others it is none of ours.
func (d *Detector) side(s *suspect) (string, downpour.AttackDirection, bool) {
	if d.cfg.Service == nil {
		return downpour.DefaultService, downpour.Inbound, true
	}
	if s.target.ours {
		service, _ := d.cfg.Service(s.target.address)
		return service, downpour.Inbound, true
	}
	for _, source := range s.heavy.list() {
		if service, ours := d.cfg.Service(source.Address); ours {
			return service, downpour.Outbound, true
		}
	}
	return "", "", false
}

// Tick says that event time has reached now: attacks are told of, held or ended,
// and who is not suspicious any more is let go.
func (d *Detector) Tick(now int64) {
	for i := 0; i < len(d.suspects); {
		s := d.suspects[i]
		s.advance(now)
		for c := range Class(classes) {
			if s.due(c) && s.judge(c) || s.judgeRun(c) {
				d.alarm(s, c, nil)
			}
		}
		if d.settle(s, now) {
			d.release(i)
			continue
		}
		i++
	}
}

// settle does what is due for a suspect each second and tells whether it is done with.
func (d *Detector) settle(s *suspect, now int64) bool {
	if !s.open() {
		s.limits()
		if now-s.stirred > int64(d.cfg.Idle) {
			return true
		}
		if now-s.since > int64(d.cfg.Idle) && !s.rising(now) {
			s.collect(now)
		}
		return false
	}
	if s.over(now) {
		d.events = append(d.events, s.snapshot(now, false, true))
		s.attack = nil
		for c := range s.classes {
			s.classes[c].alarmed = false
		}
		s.collect(now)
		return false
	}
	s.widen()
	if s.attack.changed {
		d.events = append(d.events, s.snapshot(now, true, s.footprintDue(now)))
	}
	return false
}

// Finish says that the input has ended: what was seen for less than a second is
// judged on that, and each open attack is told of a last time.
func (d *Detector) Finish(now int64) {
	for _, s := range d.suspects {
		for c := range Class(classes) {
			d.weigh(s, c)
		}
		s.closeSlot()
		d.judgeShort(s, now)
	}
	d.judgeUnsuspected(now)
	for _, s := range d.suspects {
		if s.open() {
			d.finish(s, now)
		}
	}
}

// finish tells the last of an attack; it is ongoing if its hold is not over.
func (d *Detector) finish(s *suspect, now int64) {
	s.widen()
	if s.goesOn() {
		s.stretch(s.now)
	}
	d.events = append(d.events, s.snapshot(now, !s.over(now), true))
}

// judgeShort judges a target that was seen for less than a second.
func (d *Detector) judgeShort(s *suspect, now int64) {
	if now-s.target.first > second {
		return
	}
	for c := range Class(classes) {
		if s.classes[c].alarmed {
			continue
		}
		if verdict := s.judgeShort(c); verdict != nil {
			d.alarm(s, c, verdict)
		}
	}
}

// judgeUnsuspected does the same for targets that were not suspected: their few
// packets may still have come at a great rate.
func (d *Detector) judgeUnsuspected(now int64) {
	for i := range d.targets.used {
		t := d.targets.entry(i)
		if t.suspect != nil || now-t.first > second || uint64(t.load) < d.cfg.ShortPackets {
			continue
		}
		s := d.follow(t, now)
		if s == nil {
			continue
		}
		s.closeSlot()
		if d.judgeShort(s, now); !s.open() {
			d.release(len(d.suspects) - 1)
		}
	}
}
