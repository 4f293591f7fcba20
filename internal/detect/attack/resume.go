package attack

import (
	"fmt"
	"slices"
	"time"

	"downpour"
	"downpour/internal/detect/state"
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
	return openState().Seal(latestOf(all), func(c *state.Coder) {
		for _, d := range all {
			d.writeOpen(c, named, sources)
		}
	})
}

func (d *Detector) writeOpen(c *state.Coder, told Told, sources int) {
	more := true
	for _, s := range d.suspects {
		if !s.open() || c.Len() > keptBytes {
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
		c.Flag(&more)
		l := learned{address: s.address, first: s.target.first, usual: s.target.usual}
		l.code(c)
		kept.code(c)
	}
	more = false
	c.Flag(&more)
}

// Resume lets the attacks go on that were open when a checkpoint was made, at the time
// now: under their IDs, if what comes bears them out within the hold. Where the
// checkpoint is not what it should be, or so old that another attack is likelier than
// the same one, nothing goes on. Of those that do it returns the ID and the time of the
// alarm.
func (p *Prefixes) Resume(data []byte, now time.Time) ([]downpour.Attack, error) {
	all := p.all()
	var list []resumable
	var as int64
	err := openState().Unseal(data, func(c *state.Coder, at int64) {
		as = state.AsOf(at, now)
		for _, d := range all {
			for more := false; ; {
				if c.Flag(&more); !more || c.Err() != nil {
					break
				}
				r := resumable{detector: d, suspect: &suspect{cfg: &d.cfg, sources: newSources(0, d.cfg.Sample)}}
				r.learned.code(c)
				r.suspect.code(c)
				if d.wide != (r.suspect.wide != nil) {
					c.Refuse("a prefix among addresses, or an address among prefixes")
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
	s.records.key = s.sources.key
	s.records.reset()
	for c := range s.classes {
		s.classes[c].judged = -1
	}
	d.suspects = append(d.suspects, s)
	d.share()
	return true
}

func (s *suspect) code(c *state.Coder) {
	isWide := s.wide != nil
	if c.Flag(&isWide); isWide {
		if c.Reads() {
			s.wide, s.target = &wide{}, &target{}
		}
		s.wide.code(c)
		c.Flag(&s.target.ours)
	}
	for _, at := range [...]*int64{&s.now, &s.since, &s.stirred, &s.followed, &s.known, &s.clock.start} {
		state.Number(c, at)
	}
	state.Number(c, &s.clock.doublings)
	if most := uint8(40); s.clock.doublings > most {
		c.Refuse("a timeline's step was doubled %d times", s.clock.doublings)
		s.clock.doublings = most
	}
	for i := range s.classes {
		s.classes[i].code(c)
	}
	for i := range s.quoted {
		state.Number(c, &s.quoted[i])
	}
	s.quotedTCP.code(c)
	state.Number(c, &s.outgoing)
	state.Number(c, &s.asks)
	state.Number(c, &s.answers)
	if c.Reads() {
		s.attack = &episode{}
	}
	s.attack.code(c)
	if s.attack.onset > s.attack.end || s.clock.stepOf(s.attack.end) >= downpour.TimelineSteps {
		c.Refuse("an attack from %d to %d is not within its timeline", s.attack.onset, s.attack.end)
	}
	s.codeRows(c)
	s.sources.code(c)
	s.heavy.code(c)
}

func (w *wide) code(c *state.Coder) {
	c.Address(&w.span.base)
	state.Number(c, &w.span.bits)
	c.Address(&w.key)
	codeClass(c, &w.class)
	state.Number(c, &w.began)
	c.Text(&w.service, longestText)
	for i := range w.allowed {
		c.Flag(&w.allowed[i])
	}
	if whole := spanOf(w.span.base, min(w.span.bits, 128)); c.Reads() && whole.base == w.span.base && w.span.bits <= 128 {
		w.span = whole
	} else if c.Reads() {
		c.Refuse("a prefix of %d bits that is none", w.span.bits)
		w.span = span{}
	}
}

func (st *classState) code(c *state.Coder) {
	state.Float(c, &st.limit.Packets)
	state.Float(c, &st.limit.Bits)
	codeUsual(c, &st.usual)
	c.Flag(&st.alarmed)
	codeVolume(c, &st.peak)
}

// codeRows codes the rows of the attack's kinds, and of those that are shared among
// its vectors (see fold.go).
func (s *suspect) codeRows(c *state.Coder) {
	list := slices.Clone(s.active)
	list = slices.DeleteFunc(list, func(k kind) bool {
		return !(s.attack.reach | s.attack.kinds | setOf(kindICMPError, kindRST, kindUDPFragment, kindIPFragment)).has(k)
	})
	n := c.Length(len(list), int(kinds))
	for i := range n {
		var k kind
		if !c.Reads() {
			k = list[i]
		}
		if state.Number(c, &k); k >= kinds || c.Reads() && s.rows[k] != nil {
			c.Refuse("a kind %d that cannot be", k)
			return
		}
		s.row(k).gathered.code(c)
	}
}

func (g *gathered) code(c *state.Coder) {
	codeVolume(c, &g.total)
	codeVolume(c, &g.before)
	codeVolume(c, &g.settled)
	for _, at := range [...]*int64{&g.first, &g.last, &g.from} {
		state.Number(c, at)
	}
	for _, n := range [...]*uint64{&g.firstFragments, &g.marked, &g.payloads, &g.headers, &g.fields} {
		state.Number(c, n)
	}
	for i := range g.ttls {
		state.Number(c, &g.ttls[i])
	}
	for i := range g.ports {
		state.Number(c, &g.ports[i])
	}
	g.sourcePorts.code(c)
	for _, v := range [...]*vote{&g.sourcePort, &g.destinationPort, &g.proto, &g.id, &g.sequence, &g.window_, &g.length} {
		state.Number(c, &v.value)
		state.Number(c, &v.lead)
		state.Number(c, &v.hits)
	}
	n := c.Length(len(g.steps), downpour.TimelineSteps)
	if c.Reads() {
		g.steps = make([]stepVolume, n)
	}
	for i := range g.steps {
		state.Number(c, &g.steps[i].packets)
		state.Number(c, &g.steps[i].bytes)
	}
	state.Float(c, &g.chance.packets)
	state.Float(c, &g.chance.bytes)
}

func (t *topPorts) code(c *state.Coder) {
	for i := range t {
		state.Number(c, &t[i].port)
		state.Number(c, &t[i].packets)
	}
}

func (a *episode) code(c *state.Coder) {
	direction := string(a.direction)
	c.Text(&a.id, longestText)
	c.Text(&a.service, longestText)
	c.Text(&direction, longestText)
	a.direction = downpour.AttackDirection(direction)
	codeClass(c, &a.lead)
	for _, at := range [...]*int64{&a.alarmAt, &a.onset, &a.end, &a.peakAt} {
		state.Number(c, at)
	}
	for _, set := range [...]*kindSet{&a.kinds, &a.reach, &a.dated} {
		state.Number(c, set)
		*set &= 1<<kinds - 1
	}
	state.Float(c, &a.levels.usual)
	state.Float(c, &a.levels.limit)
	codeVolume(c, &a.peak)
	state.Number(c, &a.peakBytes)
	n := c.Length(len(a.pulses), pulseMost)
	if c.Reads() {
		a.pulses = make([]pulse, max(n, 1))
	}
	for i := range a.pulses {
		state.Number(c, &a.pulses[i].start)
		state.Number(c, &a.pulses[i].end)
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

func (s *sources) code(c *state.Coder) {
	state.Number(c, &s.key)
	state.Number(c, &s.threshold)
	n := c.Length(len(s.entries), mostKept)
	if c.Reads() {
		s.entries = make([]source, n)
		s.index = make([]uint64, 4*mostKept)
	}
	for i := range s.entries {
		e := &s.entries[i]
		codeSource(c, &e.Source)
		state.Number(c, &e.kinds)
		e.kinds &= 1<<kinds - 1
		state.Octet(c, &e.pending)
		state.Octet(c, &e.asked)
		state.Octet(c, &e.answers)
		if state.Octet(c, &e.latest); e.latest >= kinds {
			c.Refuse("there is no kind %d", e.latest)
			e.latest = 0
		}
	}
	if c.Reads() {
		s.reindex()
	}
}

func codeSource(c *state.Coder, s *downpour.Source) {
	c.Address(&s.Address)
	state.Number(c, &s.Packets)
	state.Number(c, &s.Bytes)
	state.Number(c, &s.First)
	state.Number(c, &s.Last)
	state.Octet(c, &s.TTLMin)
	state.Octet(c, &s.TTLMax)
	c.Flag(&s.Established)
}

func (h *heavySources) code(c *state.Coder) {
	for i := range h.buckets {
		b := &h.buckets[i]
		state.Number(c, &b.lead)
		if b.lead > 0 {
			codeSource(c, &b.Source)
		}
	}
}
