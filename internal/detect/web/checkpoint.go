package web

import (
	"slices"
	"time"

	"downpour"
	"downpour/internal/detect/state"
)

// What survives a restart: what is usual of each host, and, of those that are watched,
// what their attacks and the clients of late are. So an attack goes on as the same.

func stateKind() state.Kind { return state.Kind{Mark: "downpour requests\n", Version: 1} }

// Bounds of a state.
const (
	keptClients = 1 << 14 // of all watches together, fewestKept of one or more
	fewestKept  = 256
	longestText = 1 << 10
	mostSites   = 1 << 16
	mostWatches = 1 << 8
)

// State is what the detector knows, for Resume after a restart: up to some 5 MB, where
// 32 busy hosts are watched. Of clients it holds a part of the sample.
func (d *Detector) State() []byte {
	return stateKind().Seal(d.now, func(c *state.Coder) {
		c.Length(len(d.sites.list), len(d.sites.list))
		for _, s := range d.sites.list {
			s.code(c)
		}
		c.Length(len(d.watches), len(d.watches))
		most := max(keptClients/max(len(d.watches), 1), fewestKept)
		for _, w := range d.watches {
			number := slices.Index(d.sites.list, w.site)
			c.Length(number, number)
			kept := *w
			kept.sample = w.sample.part(most)
			kept.code(c)
		}
	})
}

// Resume takes over what an earlier run knew, by the time now, and returns the IDs of
// the attacks that may go on: under these, if what comes bears them out within the
// hold. Where the state is not what it should be nothing of it is taken. It comes
// before the first request.
func (d *Detector) Resume(data []byte, now time.Time) (open []string, err error) {
	var list []*site
	var as int64
	err = stateKind().Unseal(data, func(c *state.Coder, at int64) {
		as = state.AsOf(at, now)
		for range c.Length(0, mostSites) {
			s := &site{}
			s.code(c)
			if inOrder(c, as, s.born, s.now); c.Err() != nil {
				return
			}
			list = append(list, s)
		}
		for range c.Length(0, mostWatches) {
			number := c.Length(0, len(list))
			if number >= len(list) || list[number].watch != nil {
				c.Refuse("a host is watched that is none, or twice")
				return
			}
			w := newWatch(list[number], &d.cfg, 0, 0)
			w.code(c)
			if w.check(c, as); c.Err() != nil {
				return
			}
			list[number].watch = w
		}
	})
	if err != nil {
		return nil, err
	}
	d.now = as
	for _, s := range list {
		open = append(open, d.resume(s, as, now.UnixNano())...)
	}
	return open, nil
}

// resume goes on with a site as it was at a time.
func (d *Detector) resume(was *site, at, now int64) (open []string) {
	s := d.sites.of(was.service, was.host, was.now)
	if s == nil || s.host != was.host {
		return nil
	}
	w := was.watch
	was.hash, was.watch = s.hash, nil
	if *s = *was; w == nil || len(d.watches) >= d.cfg.Watches {
		return nil
	}
	w.site, s.watch = s, w
	d.watches = append(d.watches, w)
	w.blind = now / second
	w.learnt = w.blind // nobody knows what came meanwhile
	if now-at > int64(d.cfg.Blind) {
		w.episode, w.idle.episode, w.rise, w.swarmed = nil, nil, 0, false
	}
	if e := w.episode; e != nil {
		open = append(open, e.id)
	}
	if e := w.idle.episode; e != nil {
		open = append(open, e.id)
	}
	return open
}

func (s *site) code(c *state.Coder) {
	c.Text(&s.service, longestText)
	c.Text(&s.host, longestHost)
	state.Number(c, &s.born)
	state.Number(c, &s.now)
	state.Float(c, &s.usual)
	state.Float(c, &s.mean)
}

func (w *watch) code(c *state.Coder) {
	for _, at := range [...]*int64{&w.since, &w.last, &w.latest, &w.filled, &w.mixed, &w.rise, &w.above} {
		state.Number(c, at)
	}
	for _, ring := range [...]*[ringLength]uint32{&w.ring, &w.parts, &w.naming, &w.taking, &w.idle.open, &w.idle.ended} {
		for i := range ring {
			state.Number(c, &ring[i])
		}
	}
	c.Flag(&w.swarmed)
	w.sample.code(c)
	for _, of := range [...]*cells{&w.paths, &w.nets, &w.agents, &w.answers} {
		of.code(c)
	}
	w.mix.code(c)
	w.showing.code(c)
	state.Float(c, &w.idle.usual)
	state.Number(c, &w.idle.latest)
	flood, slow := w.episode != nil, w.idle.episode != nil
	if c.Flag(&flood); flood {
		if c.Reads() {
			w.episode = &episode{}
		}
		w.episode.code(c)
	}
	if c.Flag(&slow); slow {
		if c.Reads() {
			w.idle.episode = &slowEpisode{}
		}
		w.idle.episode.code(c)
	}
}

// inOrder refuses seconds that are not in order, or lie ahead of an event time.
func inOrder(c *state.Coder, now int64, seconds ...int64) {
	const ahead = 3600 // by which a log's clock may be
	if !slices.IsSorted(seconds) || seconds[0] < 0 || seconds[len(seconds)-1] > now/second+ahead {
		c.Refuse("times that are not in order")
	}
}

// check refuses what was read if its times are not in order.
func (w *watch) check(c *state.Coder, now int64) {
	inOrder(c, now, w.since, w.last)
	inOrder(c, now, w.filled)
	if e := w.episode; e != nil {
		inOrder(c, now, e.first, e.settled)
		inOrder(c, now, e.first, e.end)
		inOrder(c, now, e.onset/second, e.alarmAt/second)
		inOrder(c, now, e.peakAt)
	}
	if e := w.idle.episode; e != nil {
		inOrder(c, now, e.first, e.settled)
		inOrder(c, now, e.first, e.end)
		inOrder(c, now, e.onset/second, e.alarmAt/second)
		inOrder(c, now, e.peakAt)
	}
}

// part is the sample cut to so many clients at most; a sample cut is a sample still.
func (t *clients) part(most int) clients {
	if len(t.entries) <= most {
		return *t
	}
	cut := *t
	cut.entries, cut.index = slices.Clone(t.entries), nil
	cut.cut(most)
	return cut
}

func (t *clients) code(c *state.Coder) {
	state.Number(c, &t.key)
	state.Number(c, &t.threshold)
	n := c.Length(len(t.entries), keptClients)
	if c.Reads() {
		t.entries = make([]client, n)
	}
	for i := range t.entries {
		t.entries[i].code(c)
	}
	if c.Reads() {
		t.fit()
	}
}

func (c *client) code(to *state.Coder) {
	to.Address(&c.Address)
	for _, at := range [...]*int64{&c.first, &c.last, &c.slowFirst, &c.slowLast} {
		state.Number(to, at)
	}
	for _, n := range [...]*uint64{&c.bytes, &c.paths[0], &c.paths[1], &c.paths[2], &c.paths[3], &c.agent, &c.main} {
		state.Number(to, n)
	}
	c.halves.code(to)
	for _, n := range [...]*uint32{&c.requests, &c.repeats, &c.assets, &c.referred, &c.missing, &c.unchanged, &c.slow, &c.inVain, &c.closed} {
		state.Number(to, n)
	}
	state.Number(to, &c.lead)
	to.Flag(&c.announced)
	to.Flag(&c.shown)
}

func (h *halves) code(c *state.Coder) {
	state.Number(c, &h.span)
	state.Number(c, &h.recent)
	state.Number(c, &h.earlier)
}

func (c *cells) code(to *state.Coder) {
	for i := range c.buckets {
		b := &c.buckets[i]
		state.Number(to, &b.hash)
		if b.hash == 0 {
			continue
		}
		b.halves.code(to)
		state.Number(to, &b.lead)
		state.Number(to, &b.since)
		state.Float(to, &b.usual)
		if c.networks != nil {
			to.Address(&c.networks[i])
			continue
		}
		text := c.names[i].String()
		to.Text(&text, len(name{}.text))
		c.names[i].set(text)
	}
}

func (m *mix) code(c *state.Coder) {
	state.Float(c, &m.requests)
	state.Float(c, &m.parts)
	state.Float(c, &m.naming)
	for k := range m.fresh {
		state.Float(c, &m.fresh[k])
		state.Float(c, &m.alike[k])
	}
}

func (e *episode) code(c *state.Coder) {
	c.Text(&e.id, longestText)
	c.Text(&e.why, longestText)
	for _, at := range [...]*int64{&e.alarmAt, &e.first, &e.onset, &e.settled, &e.end, &e.peakAt} {
		state.Number(c, at)
	}
	pending := max(e.pending, 0)
	for _, n := range [...]*float64{&e.rate, &e.limit, &e.enough, &e.total, &pending, &e.peak} {
		state.Float(c, n)
	}
	if c.Reads() {
		e.pending = pending
	}
	e.sign.code(c)
	e.line.start = e.first
	e.line.code(c)
	n := c.Length(len(e.pulses), pulseMost)
	if c.Reads() {
		e.pulses = make([]int64, n)
	}
	for i := range e.pulses {
		state.Number(c, &e.pulses[i])
	}
}

func (g *signature) code(c *state.Coder) {
	state.Number(c, &g.from)
	c.Flag(&g.paths)
	c.Flag(&g.nets)
	c.Flag(&g.agents)
	state.Number(c, &g.path)
	state.Number(c, &g.net)
	state.Number(c, &g.agt)
	state.Float(c, &g.usual)
}

func (l *line) code(c *state.Coder) {
	state.Number(c, &l.doublings)
	if most := uint8(40); l.doublings > most {
		c.Refuse("a timeline's step was doubled %d times", l.doublings)
		l.doublings = most
	}
	n := c.Length(len(l.requests), downpour.TimelineSteps)
	if c.Reads() {
		l.requests = make([]float64, n)
	}
	for i := range l.requests {
		state.Float(c, &l.requests[i])
	}
}

func (e *slowEpisode) code(c *state.Coder) {
	c.Text(&e.id, longestText)
	c.Text(&e.reasons, longestText)
	for _, at := range [...]*int64{&e.alarmAt, &e.rise, &e.onset, &e.first, &e.end, &e.settled, &e.peakAt} {
		state.Number(c, at)
	}
	for _, n := range [...]*float64{&e.most, &e.limit, &e.total, &e.peak, &e.usual} {
		state.Float(c, n)
	}
	e.ends.start = e.first
	e.ends.code(c)
}
