package attack

import (
	"slices"

	"downpour"
)

// follow begins to follow a target closely and gives its heavy counters what the
// latest flows hold of it. Where all places are taken the weakest without an
// attack gives way to a stronger one; nil if there is none.
func (d *Detector) follow(t *target, now int64) *suspect {
	if len(d.suspects) >= d.cfg.Suspects && !d.displace(t, now) {
		t.refused = now + displaceEvery
		d.stats.ShedSuspects++
		return nil
	}
	s := d.place()
	d.suspects = append(d.suspects, s)
	t.suspect = s
	s.follow(t, now)
	d.lookBack(s)
	d.share()
	return s
}

// lookBack gives a suspect what the latest flows, the one at hand among them,
// hold of its target: its heavy counters then know the first packet, although
// they began late. It looks back as far as an attack holds together, since of a
// thin sample the first is long gone; but as a collection what came lately is enough,
// and what came before that would only be held against it.
func (d *Detector) lookBack(s *suspect) {
	since, lately := s.followed-int64(d.cfg.Hold), s.followed-int64(d.cfg.Idle)
	for _, p := range d.remembered() {
		for _, e := range p.ends {
			f := &p.flows[e.Flow()]
			if f.Time < since {
				continue
			}
			if s.slot >= 0 && s.since < lately && f.Time >= lately {
				s.collect(f.Time)
			}
			switch {
			case e.IsSource() && f.Source == s.address:
				s.outgoingFlow(f)
			case !e.IsSource() && f.Destination == s.address:
				s.incoming(f, classify(f), volumeOf(f))
			}
		}
	}
	clear(d.pieces)
}

// remembered are the latest flows, those at hand among them, the oldest first.
func (d *Detector) remembered() []piece {
	d.pieces = append(d.pieces[:0], piece{d.flows, d.ends})
	if d.past != nil {
		n := len(d.ends)
		for flows, ends := range d.past {
			if n += len(ends); n > d.cfg.Recent {
				break
			}
			d.pieces = append(d.pieces, piece{flows, ends})
		}
	}
	slices.Reverse(d.pieces)
	return d.pieces
}

// piece is some flows with those of their ends that are of the partition.
type piece struct {
	flows []downpour.Flow
	ends  []downpour.FlowEnd
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
	return &suspect{cfg: &d.cfg, sources: newSources(key, d.cfg.Sample), records: flowSample{key: key}}
}

// share divides the budget of sources among the suspects.
func (d *Detector) share() {
	const fewest = 256
	limit := min(d.cfg.Sample, max(fewest, d.cfg.Sources/max(1, len(d.suspects))))
	for _, s := range d.suspects {
		s.sources.resize(limit)
	}
}

// displaceEvery is how often one suspect may give way to another. Where a whole
// network is busy, many targets are about as suspicious as each other, and to
// begin to follow one costs as much as thousands of flows.
const displaceEvery = second / 4

// displace frees the place of the weakest suspect, if it is weaker than t.
func (d *Detector) displace(t *target, now int64) bool {
	const clearly = 2
	if now < d.displaced+displaceEvery {
		return false
	}
	weakest := -1
	for i, s := range d.suspects {
		if !s.open() && (weakest < 0 || s.target.weight() < d.suspects[weakest].target.weight()) {
			weakest = i
		}
	}
	if weakest < 0 || uint64(t.weight()) < clearly*uint64(d.suspects[weakest].target.weight()) {
		return false
	}
	d.displaced = now
	d.stats.ShedSuspects++
	d.suspects[weakest].target.refused = d.suspects[weakest].now + second
	d.release(weakest)
	return true
}

// idleKept is how many suspects' memory is kept when nobody needs it: where one
// gives way to another, it is used again at once.
const idleKept = 1

// release ends the close following of a target.
func (d *Detector) release(i int) {
	s := d.suspects[i]
	s.target.suspect, s.target = nil, nil
	s.attack = nil
	s.sources.reset()
	d.suspects = slices.Delete(d.suspects, i, i+1)
	if len(d.idle) < idleKept {
		d.idle = append(d.idle, s)
	}
	d.share()
}
