package attack

import (
	"iter"
	"math"

	"downpour"
)

// Detector owns the targets of one partition. It is used by one goroutine at a
// time and meets engine.FlowDetector.
type Detector struct {
	cfg      Config
	targets  table
	past     iter.Seq2[[]downpour.Flow, []downpour.FlowEnd] // nil: nothing is remembered
	flows    []downpour.Flow                                // at hand
	ends     []downpour.FlowEnd                             // of which: up to the one that is looked at
	suspects []*suspect                                     // being followed, in the order in which they began
	idle     []*suspect                                     // to be used again
	pieces   []piece                                        // for lookBack to use again
	events   []downpour.Event
	stats    Stats
	levels   []thresholds // by group
	seasons  seasons
	history  history
	sample   thinner // of all flows toward the partition's addresses, for Prefixes
	closer   thinner // of those from and to prefixes that are watched
	watched  []span
	wide     bool // its targets are prefixes
	// watchedOthers tells that some of them are not ours.
	watchedOthers bool
	now           int64  // when it was last ticked
	displaced     int64  // when a suspect last gave way to another
	finishing     bool   // no more will come
	made          uint64 // suspects made, so that each has keys of its own
}

// Stats counts what the detector holds and what it had to give up.
type Stats struct {
	Targets      int    // in the table
	Suspects     int    // followed closely
	ShedTargets  uint64 // dropped from a full table, or not admitted
	ShedSuspects uint64 // not followed, or no longer, because others were stronger
	LateFlows    uint64 // older than the second that their target is in
	Seasons      int    // of the busiest targets' classes
	ShedSeasons  uint64 // dropped because none was free
	ShedMinutes  uint64 // of classes of targets that are not told of, because others were busier
}

// New makes the detector of a partition.
func New(cfg Config, partition int) *Detector {
	key := cfg.Seed ^ uint64(partition+1)*0x9e3779b97f4a7c15
	d := &Detector{
		cfg:     cfg,
		targets: newTable(downpour.Address{Lo: 1}.Hash(key), cfg.Targets),
		seasons: seasons{limit: cfg.Seasons},
		levels:  cfg.thresholds(),
		sample:  thinner{every: math.MaxUint64}, // nobody asks, see Prefixes
	}
	return d
}

// Stats returns the counters as they stand.
func (d *Detector) Stats() Stats {
	s := d.stats
	s.Targets, s.Suspects = d.targets.used, len(d.suspects)
	s.ShedTargets += d.targets.shed
	s.Seasons, s.ShedSeasons, s.ShedMinutes = len(d.seasons.list), d.seasons.shed, d.history.shed
	return s
}

// Events appends the events since the last call and forgets them.
func (d *Detector) Events(dst []downpour.Event) []downpour.Event {
	dst = append(dst, d.events...)
	clear(d.events)
	d.events = d.events[:0]
	return dst
}

// Remember gives the detector what it may look back on: see engine.Past.
func (d *Detector) Remember(past iter.Seq2[[]downpour.Flow, []downpour.FlowEnd]) { d.past = past }

// FollowsOthers tells whether what targets outside our networks send is wanted.
func (d *Detector) FollowsOthers() bool {
	for _, s := range d.suspects {
		if !s.target.ours {
			return true
		}
	}
	return d.watchedOthers
}

// lookAhead is how many targets are looked up before the first is counted for:
// their memory is then fetched together, not one after the other.
const lookAhead = 32

// Flows sees the ends of flows that are of the partition.
func (d *Detector) Flows(flows []downpour.Flow, ends []downpour.FlowEnd) {
	var found [lookAhead]*target
	d.flows = flows
	for from := 0; from < len(ends); from += lookAhead {
		some := ends[from:min(from+lookAhead, len(ends))]
		for i, e := range some {
			if !e.IsSource() {
				found[i] = d.targets.find(flows[e.Flow()].Destination)
			}
		}
		for i, e := range some {
			f := &flows[e.Flow()]
			if e.IsSource() {
				d.outgoing(f)
				continue
			}
			d.ends = ends[:from+i+1]
			d.incoming(found[i], f)
		}
	}
	d.flows, d.ends = nil, nil
}

// incoming sees a flow toward one of the partition's addresses, whose target may
// have been found before others came and went.
func (d *Detector) incoming(t *target, f *downpour.Flow) {
	v := volumeOf(f)
	if d.sample.credit += v.packets; d.sample.credit >= d.sample.every || len(d.watched) > 0 {
		d.take(f, v)
	}
	if t == nil || t.address != f.Destination {
		if t = d.targets.find(f.Destination); t == nil {
			if t = d.admit(f.Destination, f.Time); t == nil {
				return
			}
		}
	}
	k := classify(f)
	c := kindClasses[k]
	if f.Time-t.start >= second {
		d.roll(t, f.Time)
	} else if f.Time < t.start {
		d.stats.LateFlows++
	}
	t.thinned(f.Sampling)
	packets, bytes := t.count(c, v)
	if t.suspect != nil {
		d.ripen(t.suspect, f.Time)
		t.suspect.incoming(f, k, v)
		d.weigh(t.suspect, c)
		return
	}
	if d.levels[t.group].stirring[c].reached(packets, bytes) &&
		t.suspicious(c, v, packets, bytes, &d.cfg) && f.Time >= t.refused {
		if s := d.follow(t, f.Time); s != nil {
			d.weigh(s, c)
		}
	}
}

// outgoing sees a flow that one of the partition's addresses sent.
func (d *Detector) outgoing(f *downpour.Flow) {
	if len(d.watched) > 0 {
		d.takeOutgoing(f)
	}
	for _, s := range d.suspects {
		if s.address == f.Source {
			d.ripen(s, f.Time)
			s.outgoingFlow(f)
			return
		}
	}
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
		if d.cfg.GroupOf != nil {
			t.group = uint8(d.cfg.GroupOf(a))
		}
	}
	return t
}

// weigh judges a class if its window has passed the limit, and opens the attack
// or widens it.
func (d *Detector) weigh(s *suspect, c Class) {
	if !s.due(c) || s.putOff(c) && !d.finishing || !s.judge(c) {
		return
	}
	d.alarm(s, c, nil)
}

// alarm opens an attack because of class c, or takes the class into an open one.
// short is how it was judged if the input was too short for a second, else nil.
func (d *Detector) alarm(s *suspect, c Class, short *shortVerdict) {
	if s.wide != nil && (!s.wide.allowed[c] || d.heldByWider(s, c)) {
		return
	}
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
	s.attack.short, s.attack.before = short, d.before(s)
	d.events = append(d.events, s.snapshot(s.now, true, true))
}

// unheard is for how long a target outside our networks must be followed before
// it counts that nothing is heard from it: what it sends is seen from the next
// tick on.
const unheard = 2 * second

// side tells whose attack it is: on our service, or by one of our hosts on
// another's. Between others it is none of ours.
func (d *Detector) side(s *suspect) (string, downpour.AttackDirection, bool) {
	if d.cfg.Service == nil {
		return downpour.DefaultService, downpour.Inbound, true
	}
	if !s.target.ours && s.now-s.followed < unheard && !d.finishing {
		return "", "", false // it may yet be seen to answer
	}
	if s.target.ours && s.wide != nil {
		return s.wide.service, downpour.Inbound, true
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
	d.now = now
	d.closeMinute(now)
	for i := 0; i < len(d.suspects); {
		s := d.suspects[i]
		d.ripen(s, now)
		if s.advance(now); s.ripe == 0 {
			d.judge(s)
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
		if now-s.followed > int64(d.cfg.Idle) && s.acquitted() {
			return true
		}
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
