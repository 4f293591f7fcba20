package attack

import (
	"slices"
	"time"

	"downpour"
	"downpour/internal/detect/state"
)

// learned is what is known of a target beside its traffic of the moment.
type learned struct {
	address downpour.Address
	first   int64
	usual   [classes]usualRate
	seasons []season
}

// Learned is what is known of what is usual, of addresses and of prefixes: a checkpoint
// for Relearn, of at most some 15 MB for full tables. No detector may be at work.
func (p *Prefixes) Learned() []byte {
	all := p.all()
	return learnedState().Seal(latestOf(all), func(c *state.Coder) {
		for _, d := range all {
			d.writeLearned(c)
		}
	})
}

// all are the detectors of the partitions, and that of prefixes.
func (p *Prefixes) all() []*Detector { return append(slices.Clone(p.parts), p.base) }

// latestOf is the event time that detectors have reached.
func latestOf(detectors []*Detector) (now int64) {
	for _, d := range detectors {
		now = max(now, d.now)
	}
	return now
}

// writeLearned writes the targets that are known for long enough, or well enough, to
// be worth it: a sweep over many addresses leaves none.
func (d *Detector) writeLearned(c *state.Coder) {
	worth := func(t *target) bool {
		return t.season != 0 || t.suspect != nil || t.start-t.first >= int64(d.cfg.Acquaintance)
	}
	n := 0
	for i := range d.targets.used {
		if worth(d.targets.entry(i)) {
			n++
		}
	}
	c.Length(n, n)
	for i := range d.targets.used {
		if t := d.targets.entry(i); worth(t) {
			l := learned{address: t.address, first: t.first, usual: t.usual}
			for s := t.season; s != 0; s = d.seasons.list[s-1].next {
				l.seasons = append(l.seasons, *d.seasons.list[s-1])
			}
			l.code(c)
		}
	}
}

// Relearn takes over what an earlier run had learned by the time now. Where the
// checkpoint is not what it should be nothing of it is.
func (p *Prefixes) Relearn(data []byte, now time.Time) error {
	all := p.all()
	known := make([][]learned, len(all))
	var as int64
	err := learnedState().Unseal(data, func(c *state.Coder, at int64) {
		as = state.AsOf(at, now)
		for i, d := range all {
			for range c.Length(0, d.cfg.Targets) {
				var l learned
				if l.code(c); c.Err() != nil {
					return
				}
				known[i] = append(known[i], l)
			}
		}
	})
	if err != nil {
		return err
	}
	for i, d := range all {
		d.now = max(d.now, as)
		for n := range known[i] {
			l := &known[i][n]
			d.relearn(l, as)
			if d.wide && (p.began == 0 || l.first < p.began) {
				p.began = l.first
			}
		}
	}
	return nil
}

// relearn gives the detector back what it knew of a target at a time.
func (d *Detector) relearn(l *learned, at int64) *target {
	t := d.targets.find(l.address)
	if t == nil {
		if t = d.readmit(l.address, at); t == nil {
			return nil
		}
	}
	t.first, t.usual = min(l.first, at), l.usual
	for i := len(l.seasons) - 1; i >= 0; i-- { // each is put before those that are there
		known := &l.seasons[i]
		if d.seasons.of(t, known.class) != nil {
			continue
		}
		if s := d.seasons.admit(t, known.class, at); s != nil {
			next := s.next
			*s = *known
			s.owner, s.next = t, next
			s.reopen()
		}
	}
	return t
}

// readmit makes an entry of an address, or of the key of a prefix.
func (d *Detector) readmit(a downpour.Address, at int64) *target {
	if !d.wide {
		return d.admit(a, at)
	}
	t := d.targets.admit(a, at)
	if t != nil {
		t.ours = a.Lo&ofOurs != 0
		if d.cfg.GroupOf != nil {
			t.group = uint8(d.cfg.GroupOf(spanOfKey(a).base))
		}
	}
	return t
}

func (l *learned) code(c *state.Coder) {
	c.Address(&l.address)
	state.Number(c, &l.first)
	known := uint16(0)
	for i, u := range l.usual {
		if u != (usualRate{}) {
			known |= 1 << i
		}
	}
	state.Number(c, &known)
	for i := range l.usual {
		if known>>i&1 != 0 {
			codeUsual(c, &l.usual[i])
		}
	}
	n := c.Length(len(l.seasons), classes)
	if c.Reads() {
		l.seasons = make([]season, n)
	}
	for i := range l.seasons {
		l.seasons[i].code(c)
	}
}

func (s *season) code(c *state.Coder) {
	codeClass(c, &s.class)
	state.Number(c, &s.hour)
	state.Number(c, &s.day)
	state.Number(c, &s.days)
	s.packets.code(c)
	s.bits.code(c)
	if s.hour < 0 {
		c.Refuse("hour %d", s.hour)
		s.hour = 0
	}
}

func (t *track) code(c *state.Coder) {
	for i := range t.highest {
		codeLevel(c, &t.highest[i])
	}
	for i := range t.hours {
		state.Octet(c, &t.hours[i])
	}
}

// reopen finds again what follows from the hours of a season.
func (s *season) reopen() {
	for _, t := range [...]*track{&s.packets, &s.bits} {
		for _, l := range t.hours {
			t.most = max(t.most, l)
		}
	}
	if s.hour != 0 {
		known := s.packets.open(s.hour)
		s.warm = s.bits.open(s.hour) || known
	}
}
