package attack

import (
	"fmt"
	"slices"
	"time"

	"downpour"
)

// Bounds of a checkpoint of open attacks.
const (
	keptBytes   = 8 << 20 // of all attacks; those beyond it are left out
	keptSources = 1 << 14 // of all attacks, at least fewestKept and at most mostKept of one
	fewestKept  = 64
	mostKept    = 1024
	longestText = 256 // of an ID, and of a service's name
)

// Told says under which ID an attack was told of, and when its alarm was; see
// engine.Engine.Told.
type Told func(id string) (as string, alarm int64, ok bool)

// Open is what is known of the attacks that are open: a checkpoint for Resume, of at
// most 8 MB and what one attack takes. nil: none is. It holds of each all that its
// figures need, but a part of the sample of sources, and not by where it came in. No
// detector may be at work.
func (p *Prefixes) Open(told Told) []byte {
	all, attacks := p.all(), 0
	for _, d := range all {
		for _, s := range d.suspects {
			if s.open() {
				attacks++
			}
		}
	}
	if attacks == 0 {
		return nil
	}
	named := func(id string) (string, int64, bool) {
		if as := p.absorbed.as[id]; as != "" {
			id = as
		}
		return told(id)
	}
	sources := min(max(keptSources/attacks, fewestKept), mostKept)
	return seal(openMark, latestOf(all), func(c *coder) {
		for _, d := range all {
			d.writeOpen(c, named, sources)
		}
	})
}

func (d *Detector) writeOpen(c *coder, told Told, sources int) {
	more := true
	for _, s := range d.suspects {
		if !s.open() || len(c.data) > keptBytes {
			continue
		}
		kept := *s // what it is called outside is what it is called afterwards
		episode := *s.attack
		id, alarm, ok := told(episode.id)
		if episode.id = id; ok {
			episode.alarmAt = alarm
		}
		kept.attack = &episode
		kept.sources = s.sources.part(sources)
		c.flag(&more)
		l := learned{address: s.address, first: s.target.first, usual: s.target.usual}
		l.code(c)
		kept.code(c)
	}
	more = false
	c.flag(&more)
}

// Resume lets the attacks go on that were open when a checkpoint was made, at the time
// now: under their IDs, if what comes bears them out within the hold. Where the
// checkpoint is not what it should be, or so old that another attack is likelier than
// the same one, nothing goes on. Of those that do it returns the ID and the time of the
// alarm.
func (p *Prefixes) Resume(state []byte, now time.Time) ([]downpour.Attack, error) {
	all := p.all()
	var list []resumable
	var as int64
	err := unseal(openMark, state, func(c *coder, at int64) {
		as = asOf(at, now)
		for _, d := range all {
			for more := false; ; {
				if c.flag(&more); !more || c.err != nil {
					break
				}
				r := resumable{detector: d, suspect: &suspect{cfg: &d.cfg, sources: newSources(0, d.cfg.Sample)}}
				r.learned.code(c)
				r.suspect.code(c)
				if d.wide != (r.suspect.wide != nil) {
					c.refuse("a prefix among addresses, or an address among prefixes")
				}
				list = append(list, r)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if age := time.Duration(now.UnixNano() - as); age > p.cfg.Blind {
		return nil, fmt.Errorf("it is %v old", age.Round(time.Second))
	}
	for _, d := range all {
		d.now = max(d.now, as)
	}
	return p.resume(list, as), nil
}

// resumable is an attack as it was read, with what is known of its target.
type resumable struct {
	detector *Detector
	learned  learned
	suspect  *suspect
}

// resume lets attacks go on that were open at a time.
func (p *Prefixes) resume(list []resumable, at int64) (resumed []downpour.Attack) {
	for i := range list {
		r := &list[i]
		var t *target
		if w := r.suspect.wide; w != nil {
			t = r.suspect.target
			t.address, t.first, t.start, t.usual = w.span.base, min(r.learned.first, at), at, r.learned.usual
			if p.cfg.GroupOf != nil {
				t.group = uint8(p.cfg.GroupOf(w.span.base))
			}
		} else {
			t = r.detector.relearn(&r.learned, at)
		}
		if !r.detector.resume(r.suspect, t) {
			continue
		}
		a := r.suspect.attack
		if r.suspect.wide != nil {
			p.absorbed.carry(a.id)
		}
		resumed = append(resumed, downpour.Attack{ID: a.id, AlarmAt: instant(a.alarmAt)})
	}
	p.watch()
	return resumed
}

// carry lets a carpet of an earlier run keep its ID.
func (a *absorbed) carry(id string) {
	if a.as == nil {
		a.as = map[string]string{}
	}
	a.as[id] = id
}

// resume follows a suspect as before. Where its target or itself finds no place, its
// attack is over.
func (d *Detector) resume(s *suspect, t *target) bool {
	if t == nil || t.suspect != nil || len(d.suspects) >= d.cfg.Suspects {
		d.stats.ShedSuspects++
		return false
	}
	s.target, s.address, t.suspect = t, t.address, s
	s.slot, s.attack.blind = slotOf(s.now), true
	for c := range s.classes {
		s.classes[c].judged = -1
	}
	d.suspects = append(d.suspects, s)
	d.share()
	return true
}

func (s *suspect) code(c *coder) {
	isWide := s.wide != nil
	if c.flag(&isWide); isWide {
		if c.reads {
			s.wide, s.target = &wide{}, &target{}
		}
		s.wide.code(c)
		c.flag(&s.target.ours)
	}
	for _, at := range [...]*int64{&s.now, &s.since, &s.stirred, &s.followed, &s.known, &s.clock.start} {
		number(c, at)
	}
	number(c, &s.clock.doublings)
	if most := uint8(40); s.clock.doublings > most {
		c.refuse("a timeline's step was doubled %d times", s.clock.doublings)
		s.clock.doublings = most
	}
	for i := range s.classes {
		s.classes[i].code(c)
	}
	for i := range s.quoted {
		number(c, &s.quoted[i])
	}
	s.quotedTCP.code(c)
	number(c, &s.outgoing)
	number(c, &s.asks)
	number(c, &s.answers)
	if c.reads {
		s.attack = &episode{}
	}
	s.attack.code(c)
	if s.attack.onset > s.attack.end || s.clock.stepOf(s.attack.end) >= downpour.TimelineSteps {
		c.refuse("an attack from %d to %d is not within its timeline", s.attack.onset, s.attack.end)
	}
	s.codeRows(c)
	s.sources.code(c)
	s.heavy.code(c)
}

func (w *wide) code(c *coder) {
	c.address(&w.span.base)
	number(c, &w.span.bits)
	c.address(&w.key)
	c.class(&w.class)
	number(c, &w.began)
	c.text(&w.service)
	for i := range w.allowed {
		c.flag(&w.allowed[i])
	}
	if whole := spanOf(w.span.base, min(w.span.bits, 128)); c.reads && whole.base == w.span.base && w.span.bits <= 128 {
		w.span = whole
	} else if c.reads {
		c.refuse("a prefix of %d bits that is none", w.span.bits)
		w.span = span{}
	}
}

func (st *classState) code(c *coder) {
	float(c, &st.limit.Packets)
	float(c, &st.limit.Bits)
	c.usual(&st.usual)
	c.flag(&st.alarmed)
	c.volume(&st.peak)
}

// codeRows codes the rows of the attack's kinds, and of those that are shared among
// its vectors (see fold.go).
func (s *suspect) codeRows(c *coder) {
	list := slices.Clone(s.active)
	list = slices.DeleteFunc(list, func(k kind) bool {
		return !(s.attack.reach | s.attack.kinds | setOf(kindICMPError, kindRST, kindUDPFragment, kindIPFragment)).has(k)
	})
	n := c.length(len(list), int(kinds))
	for i := range n {
		var k kind
		if !c.reads {
			k = list[i]
		}
		if number(c, &k); k >= kinds || c.reads && s.rows[k] != nil {
			c.refuse("a kind %d that cannot be", k)
			return
		}
		s.row(k).gathered.code(c)
	}
}

func (g *gathered) code(c *coder) {
	c.volume(&g.total)
	c.volume(&g.before)
	c.volume(&g.settled)
	for _, at := range [...]*int64{&g.first, &g.last, &g.from} {
		number(c, at)
	}
	for _, n := range [...]*uint64{&g.firstFragments, &g.marked, &g.payloads, &g.headers, &g.fields} {
		number(c, n)
	}
	for i := range g.ttls {
		number(c, &g.ttls[i])
	}
	for i := range g.ports {
		number(c, &g.ports[i])
	}
	g.sourcePorts.code(c)
	for _, v := range [...]*vote{&g.sourcePort, &g.destinationPort, &g.proto, &g.id, &g.sequence, &g.window_, &g.length} {
		number(c, &v.value)
		number(c, &v.lead)
		number(c, &v.hits)
	}
	n := c.length(len(g.steps), downpour.TimelineSteps)
	if c.reads {
		g.steps = make([]stepVolume, n)
	}
	for i := range g.steps {
		number(c, &g.steps[i].packets)
		number(c, &g.steps[i].bytes)
	}
	float(c, &g.chance.packets)
	float(c, &g.chance.bytes)
}

func (t *topPorts) code(c *coder) {
	for i := range t {
		number(c, &t[i].port)
		number(c, &t[i].packets)
	}
}

func (a *episode) code(c *coder) {
	direction := string(a.direction)
	c.text(&a.id)
	c.text(&a.service)
	c.text(&direction)
	a.direction = downpour.AttackDirection(direction)
	c.class(&a.lead)
	for _, at := range [...]*int64{&a.alarmAt, &a.onset, &a.end, &a.peakAt} {
		number(c, at)
	}
	for _, set := range [...]*kindSet{&a.kinds, &a.reach, &a.dated} {
		number(c, set)
		*set &= 1<<kinds - 1
	}
	float(c, &a.levels.usual)
	float(c, &a.levels.limit)
	c.volume(&a.peak)
	number(c, &a.peakBytes)
	n := c.length(len(a.pulses), pulseMost)
	if c.reads {
		a.pulses = make([]pulse, max(n, 1))
	}
	for i := range a.pulses {
		number(c, &a.pulses[i].start)
		number(c, &a.pulses[i].end)
	}
}

// part is the sample cut to so many sources at most; a sample cut is a sample still.
func (s *sources) part(most int) sources {
	if len(s.entries) <= most {
		return *s
	}
	cut := sources{key: s.key, limit: s.limit, threshold: s.threshold, entries: slices.Clone(s.entries), index: make([]uint64, len(s.index))}
	cut.prune(most)
	return cut
}

func (s *sources) code(c *coder) {
	number(c, &s.key)
	number(c, &s.threshold)
	n := c.length(len(s.entries), mostKept)
	if c.reads {
		s.entries = make([]source, n)
		s.index = make([]uint64, 4*mostKept)
	}
	for i := range s.entries {
		e := &s.entries[i]
		codeSource(c, &e.Source)
		number(c, &e.kinds)
		e.kinds &= 1<<kinds - 1
		octet(c, &e.pending)
		octet(c, &e.asked)
		octet(c, &e.answers)
		if octet(c, &e.latest); e.latest >= kinds {
			c.refuse("there is no kind %d", e.latest)
			e.latest = 0
		}
	}
	if c.reads {
		s.reindex()
	}
}

func codeSource(c *coder, s *downpour.Source) {
	c.address(&s.Address)
	number(c, &s.Packets)
	number(c, &s.Bytes)
	number(c, &s.First)
	number(c, &s.Last)
	octet(c, &s.TTLMin)
	octet(c, &s.TTLMax)
	c.flag(&s.Established)
}

func (h *heavySources) code(c *coder) {
	for i := range h.buckets {
		b := &h.buckets[i]
		number(c, &b.lead)
		if b.lead > 0 {
			codeSource(c, &b.Source)
		}
	}
}
