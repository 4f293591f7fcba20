package attack

import (
	"cmp"
	"maps"
	"slices"

	"downpour"
)

// Figures of carpets.
const (
	carpetTargets = 8    // over which its packets are spread at least, as if evenly
	carpetSources = 8    // from fewer come backscatter, scans and downloads
	explains      = 0.8  // share of the excess that the prefix to blame holds
	evenShare     = 0.25 // of a prefix's addresses, from which on its traffic is even
	evenTargets   = 32   // of an IPv4 prefix that is even, at least
	evenTargets6  = 256  // of an IPv6 one, of whose addresses most are used by nobody
	// acquaintedPrefix is after how long what is usual of a prefix is known well enough: of
	// many targets together it is far steadier than of one.
	acquaintedPrefix = 60 * second
	candidates       = 64 // looked at in a tick
	again            = 2 * second
)

// wide is what a suspect that is a prefix has beside.
type wide struct {
	span    span
	key     downpour.Address          // of the prefix in the table whose usual traffic counts
	class   Class                     // for which it is followed
	began   int64                     // when the first flow of all was seen
	service string                    // of most of its traffic
	flows   [classes][]*downpour.Flow // of the last second
	allowed [classes]bool             // those that are spread as a carpet is
}

// judge tells for each class that matters whether its last second was spread as a
// carpet is.
func (w *wide) judge(s *suspect, now int64) {
	s.advance(now)
	var all uint64
	for c := range s.classes {
		all += s.classes[c].window.packets
	}
	for c := range Class(classes) {
		st := &s.classes[c]
		high := st.limit.exceeds(float64(st.window.packets), float64(st.window.bytes)*8, halfway)
		if !high && float64(st.window.packets) < joiningShare*float64(all) {
			continue
		}
		w.allowed[c] = w.carpet(spreadOf(w.flows[c]), c, now)
	}
}

// halfway is the share of its limit from which on a prefix is looked at.
const halfway = 0.5

// carpet tells whether a class's traffic is spread as that of a carpet: over many
// targets, and not from so few sources that it is a scan, somebody else's backscatter
// or a download. Where what is usual isn't known yet it must be spread over the
// prefix more evenly than any customers' is.
func (w *wide) carpet(s spread, c Class, now int64) bool {
	const small, perPair = 100, scanPackets
	if s.targets < carpetTargets || s.samples < carpetTargets {
		return false
	}
	if s.sources < carpetSources {
		switch c {
		case ClassAnswers, ClassSYNACK, ClassErrors, ClassClose, ClassTCP:
			return false
		}
		if s.size <= small && s.pairs*perPair >= float64(s.samples) {
			return false // few sources knock once or twice at each of many doors
		}
	}
	if now-w.began >= acquaintedPrefix {
		return true
	}
	if !w.span.base.Is4() {
		return s.targets >= evenTargets6
	}
	return s.targets >= max(evenTargets, evenShare*float64(uint64(1)<<(128-w.span.bits)))
}

// candidate is a class of a prefix that passes half of its limit.
type candidate struct {
	target *target
	class  Class
	span   span
	bits   bool // by bits, not by packets
}

// suspected begins to follow the prefixes that are to blame for what passes half of a
// limit, and returns them.
func (p *Prefixes) suspected(now int64, finish bool) (begun []*suspect) {
	maps.DeleteFunc(p.refused, func(_ refusal, until int64) bool { return now >= until })
	list := p.candidates(now, finish)
	for _, c := range list[:min(len(list), candidates)] {
		if now < p.refused[c.key()] || p.followed(&c, &c.span) {
			continue
		}
		w := &wide{span: c.span, key: c.target.address, class: c.class, began: p.began}
		flows := p.blame(&c, w)
		if flows == nil || !w.carpet(spreadOf(flows), c.class, now) || p.followed(&c, &w.span) {
			p.refused[c.key()] = now + again
			continue
		}
		p.supersede(w)
		w.service = p.serviceOf(flows)
		t := &target{
			address: w.span.base, first: p.began, start: now, ours: c.target.ours, group: c.target.group,
			usual: c.target.usual, load: c.target.load,
		}
		s := p.base.follow(t, now)
		if s == nil {
			p.refused[c.key()] = now + again
			continue
		}
		s.wide = w
		begun = append(begun, s)
	}
	return begun
}

// refusal is a class of a prefix that was looked at and found to be no carpet.
type refusal struct {
	prefix downpour.Address
	class  Class
}

func (c *candidate) key() refusal { return refusal{c.target.address, c.class} }

// candidates lists the classes of prefixes that pass half of a limit, the widest
// prefix first.
func (p *Prefixes) candidates(now int64, finish bool) (list []candidate) {
	scale := 1.0
	if seen := now - p.began; finish && seen < second {
		scale = float64(second) / float64(max(seen, int64(p.cfg.ShortSpan)))
	}
	for _, t := range p.touched {
		for c := range Class(classes) {
			n, limit := t.current[c], t.limit(c, &p.base.cfg)
			packets, bits := float64(n.packets)*scale, float64(n.bytes)*8*scale
			if limit.exceeds(packets, bits, halfway) {
				list = append(list, candidate{t, c, spanOfKey(t.address), !limit.exceeds(packets, 0, halfway)})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.span.bits, b.span.bits), cmp.Compare(b.target.load, a.target.load))
	})
	return list
}

// followed tells whether a prefix, or one that holds it, is followed for a candidate's
// class already, or for any if it is the same or one to blame rather.
func (p *Prefixes) followed(c *candidate, at *span) bool {
	return slices.ContainsFunc(p.base.suspects, func(s *suspect) bool {
		w := s.wide
		return s.target.ours == c.target.ours && w.span.bits <= at.bits && w.span.meets(at) &&
			(w.class == c.class || s.classes[c.class].alarmed || w.span.bits == at.bits ||
				p.excess(c, at, c.target) < explains*p.excess(c, &w.span, s.target))
	})
}

// excess is how much more of a candidate's class than usual has come to a prefix, of
// which a target tells what is usual.
func (p *Prefixes) excess(c *candidate, at *span, t *target) float64 {
	return c.amount(p.drawn.within(at, c.class, c.target.ours)) - c.usual(t)
}

// heldByWider tells whether a prefix lies in a wider one that is followed and that an
// alarm for the class belongs to.
func (d *Detector) heldByWider(s *suspect, c Class) bool {
	return slices.ContainsFunc(d.suspects, func(o *suspect) bool {
		st := &o.classes[c]
		return o.target.ours == s.target.ours && o.wide.span.bits < s.wide.span.bits && o.wide.span.has(s.wide.span.base) &&
			(st.alarmed || o.wide.allowed[c] && st.limit.exceeds(float64(st.window.packets), float64(st.window.bytes)*8, 1))
	})
}

// supersede ends the following of what lies in a prefix that is followed for the same
// class from now on, unless a carpet was found there.
func (p *Prefixes) supersede(w *wide) {
	for i := len(p.base.suspects) - 1; i >= 0; i-- {
		s := p.base.suspects[i]
		if !s.open() && s.wide.class == w.class && s.target.ours == (w.key.Lo&ofOurs != 0) && w.span.bits <= s.wide.span.bits && w.span.meets(&s.wide.span) {
			p.base.release(i)
		}
	}
}

// blame narrows a candidate's prefix to the smallest that holds most of its excess,
// and returns its flows; nil if several far from each other do.
func (p *Prefixes) blame(c *candidate, w *wide) []*downpour.Flow {
	list := p.drawn.within(&c.span, c.class, c.target.ours)
	excess := c.amount(list) - c.usual(c.target)
	for {
		next, of, ok := p.child(c, &w.span, list, excess)
		if !ok {
			break
		}
		w.span, list = next, of
	}
	if !covered(w.span, list) {
		return nil
	}
	return p.drawn.flowsOf(list)
}

// amount is what flows hold in the unit that the candidate's limit is passed in.
func (c *candidate) amount(list []drawnToward) float64 {
	var sum volume
	for i := range list {
		sum.add(list[i].volume)
	}
	if c.bits {
		return float64(sum.bytes) * 8
	}
	return float64(sum.packets)
}

// usual is what is usual of a prefix in that unit.
func (c *candidate) usual(t *target) float64 {
	if c.bits {
		return float64(t.usual[c.class].bits)
	}
	return float64(t.usual[c.class].packets)
}

// child is the half of a prefix, or the next longer one that is counted, that holds
// most of the excess, with its flows.
func (p *Prefixes) child(c *candidate, at *span, list []drawnToward, excess float64) (next span, of []drawnToward, ok bool) {
	if at.bits >= 125 {
		return span{}, nil, false
	}
	lengths := []uint8{at.bits + 1}
	for _, bits := range lengthsOf(at.base) {
		if bits > at.bits+1 {
			lengths = append(lengths, bits)
		}
	}
	for _, bits := range lengths {
		next, of, held := densest(list, bits, c)
		if t := p.base.targets.lookUp(keyOf(&next, c.target.ours)); t != nil {
			held -= c.usual(t)
		}
		if len(of) > 0 && held >= explains*excess {
			return next, of, true
		}
	}
	return span{}, nil, false
}

// densest is the prefix of a length that the most goes to, with its flows, of flows by
// destination.
func densest(list []drawnToward, bits uint8, c *candidate) (best span, of []drawnToward, most float64) {
	for from := 0; from < len(list); {
		at, to := spanOf(list[from].destination, bits), from
		for to < len(list) && at.has(list[to].destination) {
			to++
		}
		if n := c.amount(list[from:to]); n > most {
			best, of, most = at, list[from:to], n
		}
		from = to
	}
	return best, of, most
}

// covered tells whether the traffic toward a prefix fills it, not two corners of it:
// over its parts of 256 addresses, or of as many networks, it is spread.
func covered(at span, list []drawnToward) bool {
	const part, fills = 120, 0.25
	if !at.base.Is4() || at.bits >= part {
		return true
	}
	shares := make([]share, len(list))
	for i := range list {
		v := &list[i].volume
		of := spanOf(list[i].destination, part)
		shares[i] = share{of.base.Hash(1), float64(v.packets), float64(v.packets) / float64(v.samples)}
	}
	return evenly(shares) >= fills*float64(uint64(1)<<(part-at.bits))
}

// serviceOf is the service that most flows go to.
func (p *Prefixes) serviceOf(flows []*downpour.Flow) string {
	if p.cfg.Service == nil {
		return downpour.DefaultService
	}
	count := map[string]uint64{}
	best := ""
	for _, f := range flows {
		service, _ := p.cfg.Service(f.Destination)
		count[service] += volumeOf(f).packets
		if n := count[service]; n > count[best] || n == count[best] && service < best {
			best = service
		}
	}
	return best
}
