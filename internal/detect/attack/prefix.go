package attack

import (
	"math"
	"slices"

	"downpour"
)

// Prefixes finds carpet bombing: floods of a prefix of which no address stands out.
// It sees, each second, a bounded draw of the flows of all partitions, and is asked
// when none of them works, so that it needs no lock and its findings depend on
// neither shards nor their number.
//
//  1. The draw is counted for the prefixes of some lengths that each target lies in,
//     in a table of targets like that of addresses; so what is usual of a prefix is
//     learned as that of an address is.
//  2. Where a class passes half of a prefix's limit the part that is to blame is
//     sought (prefix_blame.go), and whether its traffic is spread as that of a carpet
//     (prefix_spread.go).
//  3. Then all flows of that part are followed by a suspect, both ways, beginning
//     with those that the engine remembers, and judged as those of an address are.
//
// It meets engine.Joint.
type Prefixes struct {
	cfg      Config    // of addresses
	base     *Detector // its targets are prefixes, its suspects those followed
	parts    []*Detector
	began    int64 // event time of the first flow
	touched  []*target
	drawn    drawing           // of this second
	recalled []flowEnd         // scratch of lookBack
	refused  map[refusal]int64 // until when
	absorbed absorbed
}

// prefixLengths are those that are counted, in bits of 128: /24, /20, /16, /12 and
// /64, /56, /48, /40, /32.
var prefixLengths = [2][]uint8{{120, 116, 112, 108}, {64, 56, 48, 40, 32}}

func lengthsOf(a downpour.Address) []uint8 {
	if a.Is4() {
		return prefixLengths[0]
	}
	return prefixLengths[1]
}

// NewPrefixes returns one for the partitions whose detectors its Partition makes.
func NewPrefixes(cfg Config) *Prefixes {
	wide := cfg
	wide.Targets, wide.Suspects, wide.Sources = cfg.Prefixes, cfg.WatchedPrefixes, 4*cfg.Sample
	wide.Floors = cfg.Floors.times(cfg.PrefixFloor)
	wide.Groups = nil
	for _, g := range cfg.Groups {
		wide.Groups = append(wide.Groups, g.times(cfg.PrefixFloor))
	}
	base := New(wide, -2)
	base.wide = true
	return &Prefixes{
		cfg: cfg, base: base, refused: map[refusal]int64{},
		absorbed: absorbed{told: map[string]*downpour.Attack{}, into: map[string]string{}, as: map[string]string{}, first: map[string]*downpour.Attack{}},
	}
}

// Partition makes the detector of a partition. All are made before the first flow.
func (p *Prefixes) Partition(partition int) *Detector {
	d := New(p.cfg, partition)
	d.sample, d.closer = newThinner(takenOfAll), newThinner(takenOfWatched)
	p.parts = append(p.parts, d)
	return d
}

// Shed is how many prefixes were not counted, or not followed, because others were
// busier.
func (p *Prefixes) Shed() uint64 {
	s := p.base.Stats()
	return s.ShedTargets + s.ShedSuspects
}

// Turn says that event time has reached now, or that the input ends then, and what
// the partitions have to say. It returns that without what belongs to a carpet, and
// with what it has to say itself.
func (p *Prefixes) Turn(now int64, finish bool, events []downpour.Event) []downpour.Event {
	last := p.drawn.gather(p.parts)
	if whole := last - last%second + second; last > 0 && whole < now { // it was silent since
		p.step(whole, false)
		p.drawn.forget()
	}
	p.step(now, finish)
	p.watch()
	p.release()
	return p.absorb(events)
}

// step judges what has come up to a moment.
func (p *Prefixes) step(now int64, finish bool) {
	p.count(now)
	for _, s := range p.base.suspects {
		p.feed(s, p.drawn.closely, now)
	}
	for _, s := range p.suspected(now, finish) {
		p.feed(s, p.lookBack(&s.wide.span, now), now)
	}
	p.learn(now)
	for _, s := range p.base.suspects {
		if t := p.base.targets.lookUp(s.wide.key); t != nil {
			s.target.usual = t.usual
		}
	}
	if finish {
		p.finish(now)
	} else {
		p.base.Tick(now)
	}
}

// release lets the partitions draw anew.
func (p *Prefixes) release() {
	p.drawn.forget()
	for _, d := range p.parts {
		d.sample.tick()
		d.closer.tick()
	}
}

// ofOurs marks the prefixes of addresses that are ours in a key of the table.
const ofOurs = 1 << 7

// keyOf is under what a prefix of our addresses, or of others', is in the table: the
// lowest bits of its base are free.
func keyOf(p *span, ours bool) downpour.Address {
	a := p.base
	a.Lo |= uint64(p.bits)
	if ours {
		a.Lo |= ofOurs
	}
	return a
}

// spanOfKey is the prefix of a key.
func spanOfKey(a downpour.Address) span { return spanOf(a, uint8(a.Lo&(ofOurs-1))) }

// ours tells whose an address is.
func (p *Prefixes) ours(a downpour.Address) bool {
	if p.cfg.Service == nil {
		return true
	}
	_, ours := p.cfg.Service(a)
	return ours
}

// count adds the draw to the prefixes that its targets lie in.
func (p *Prefixes) count(now int64) {
	flows := p.drawn.flows
	if p.began == 0 && len(flows) > 0 {
		p.began = flows[0].Time
		for i := range flows {
			p.began = min(p.began, flows[i].Time)
		}
	}
	p.touched = p.touched[:0]
	for i := range flows {
		f := &flows[i]
		v, c, ours := volumeOf(f), kindClasses[classify(f)], p.ours(f.Destination)
		p.drawn.note(i, v, c, ours)
		for _, bits := range lengthsOf(f.Destination) {
			at := spanOf(f.Destination, bits)
			if t := p.entry(keyOf(&at, ours), f.Destination, now); t != nil {
				if t.load == 0 {
					p.touched = append(p.touched, t)
				}
				t.count(c, v)
			}
		}
	}
	slices.SortFunc(p.touched, func(a, b *target) int { return a.address.Compare(b.address) })
	p.touched = slices.Compact(p.touched) // one that gave way to another within the second
}

// entry is the one of a key, new if need be; nil if there is no room.
func (p *Prefixes) entry(key, member downpour.Address, now int64) *target {
	t := p.base.targets.find(key)
	if t != nil {
		return t
	}
	if t = p.base.targets.admit(key, now); t != nil {
		t.ours = key.Lo&ofOurs != 0
		if p.cfg.GroupOf != nil {
			t.group = uint8(p.cfg.GroupOf(member))
		}
	}
	return t
}

// learn closes the second of the prefixes that were counted: what it held teaches
// what is usual, but where a carpet lies.
func (p *Prefixes) learn(now int64) {
	for _, t := range p.touched {
		p.base.note(t, now)
		at := spanOfKey(t.address)
		attacked := slices.ContainsFunc(p.base.suspects, func(s *suspect) bool { return s.open() && s.wide.span.meets(&at) })
		switch {
		case !attacked:
			p.base.learn(t, now)
		case t.season != 0:
			p.base.spoil(t)
		}
		t.current = [classes]struct{ packets, bytes uint32 }{}
		t.before, t.start, t.load = t.load, now, 0
	}
}

// feed gives a suspect the flows from and to its prefix, in the order of time.
func (p *Prefixes) feed(s *suspect, flows []flowEnd, now int64) {
	w := s.wide
	for c := range w.flows {
		w.flows[c] = w.flows[c][:0]
	}
	for _, t := range flows {
		f := t.flow
		switch {
		case t.outgoing:
			if w.span.has(f.Source) {
				s.outgoingFlow(f)
			}
		case w.span.has(f.Destination) && p.ours(f.Destination) == s.target.ours:
			k := classify(f)
			s.incoming(f, k, volumeOf(f))
			w.flows[kindClasses[k]] = append(w.flows[kindClasses[k]], f)
		}
	}
	w.judge(s, now)
	for c := range w.flows {
		clear(w.flows[c])
	}
}

// lookBack is what is known of the flows from and to a prefix lately, by time: all that
// the engine remembers, or where that is less than a second the draw of this one. It is
// valid until the next call.
func (p *Prefixes) lookBack(at *span, now int64) []flowEnd {
	list, from := p.remembered(at, now-2*second, p.recalled[:0])
	if from > max(now-second, p.began) {
		list = list[:0]
		for i := range p.drawn.flows {
			if f := &p.drawn.flows[i]; at.has(f.Destination) {
				list = append(list, flowEnd{flow: f})
			}
		}
	}
	list, p.recalled = byTime(list, nil)
	return list
}

// remembered appends the flows from and to a prefix that the engine remembers since a
// time, and returns from when on those are all.
func (p *Prefixes) remembered(at *span, since int64, list []flowEnd) (_ []flowEnd, from int64) {
	from = math.MaxInt64
	for _, d := range p.parts {
		if d.past == nil {
			continue
		}
		for flows, ends := range d.past {
			from = min(from, flows[0].Time)
			if flows[len(flows)-1].Time < since {
				break
			}
			for _, e := range ends {
				f := &flows[e.Flow()]
				out := e.IsSource()
				if f.Time >= since && (!out && at.has(f.Destination) || out && at.has(f.Source) && !at.has(f.Destination)) {
					list = append(list, flowEnd{f, out})
				}
			}
		}
	}
	return list, from
}

// finish judges what is followed at the end of the input.
func (p *Prefixes) finish(now int64) {
	p.base.finishing = true
	for _, s := range p.base.suspects {
		for c := range Class(classes) {
			p.base.weigh(s, c)
		}
		s.closeSlot()
		p.base.judgeShort(s, now)
	}
	for _, s := range p.base.suspects {
		if s.open() {
			p.base.finish(s, now)
		}
	}
}

// watch lets the partitions know what is followed.
func (p *Prefixes) watch() {
	var list []span
	for _, s := range p.base.suspects {
		list = append(list, s.wide.span)
	}
	others := slices.ContainsFunc(p.base.suspects, func(s *suspect) bool { return !s.target.ours })
	for _, d := range p.parts {
		d.watched, d.watchedOthers = list, others
	}
}
