package attack

import (
	"math"

	"downpour"
	"downpour/internal/detect/finding"
)

// episode is an attack while it is open.
type episode struct {
	id        string
	service   string
	direction downpour.AttackDirection
	lead      Class // whose limit was passed first
	alarmAt   int64
	onset     int64
	end       int64         // last moment of the attack so far
	short     *shortVerdict // where the input was too short for a second
	kinds     kindSet       // those that are hostile
	reach     kindSet       // and those that were folded into their vectors
	dated     kindSet       // and those by which the onset was told
	levels    levels        // where it is sampled
	peak      volume
	peakBytes uint64
	peakAt    int64
	pulses    []pulse
	changed   bool // since the last snapshot
	// blind is set while nobody has watched since a checkpoint, and watched since
	// when somebody does again; 0 if nobody ever looked away.
	blind     bool
	watched   int64
	before    downpour.RecordSample // what came before its onset
	footprint struct {
		at      int64
		packets uint64
	}
}

type pulse struct{ start, end int64 }

const (
	pulseGap  = second // an interruption longer than this parts two pulses; parts of long flows stand so far apart
	pulseMost = 64     // pulses remembered
)

// begin opens an attack: its class c passed the limit with the latest flow.
func (s *suspect) begin(c Class, service string, direction downpour.AttackDirection) {
	now := s.now
	s.attack = &episode{
		service: service, direction: direction, lead: c,
		alarmAt: now, end: now, changed: true,
		id: finding.ID(service, s.subject(), direction, now),
	}
	s.classes[c].alarmed = true
	for _, k := range s.active {
		s.rows[k].before, s.rows[k].settled = volume{}, s.rows[k].total
	}
	s.widen()
	s.date()
	s.attack.pulses = []pulse{{s.attack.onset, now}}
	s.stretch(now)
}

// date finds the onset, and what of each kind came before it.
func (s *suspect) date() {
	s.attack.dated = s.attack.reach
	onset, slotNumber := s.onset()
	sampled, ok := s.sampledOnset()
	if ok {
		onset = sampled
	}
	s.attack.onset = onset
	for _, k := range s.active {
		r := s.rows[k]
		if ok && r.arrivals.n > 0 {
			r.restore(onset, s.attack.reach.has(k))
			continue
		}
		r.before = r.total.minus(r.since(s.slot, slotNumber))
		if onset < r.slots[slotNumber%slotsKept].first && slotNumber == s.oldest() {
			r.before = volume{} // it began before the slots that are kept
		}
	}
	if !ok {
		s.learnBefore()
	}
}

// widen takes into the attack what is hostile, and what belongs to its vectors.
func (s *suspect) widen() {
	s.include()
	s.attack.reach = s.attack.kinds | kindsOf(s.vectors())
}

// include takes into the attack each kind that is hostile: of a class that has
// passed its limit, or with a share that matters beside those.
func (s *suspect) include() {
	var base uint64
	for c := range s.classes {
		if s.classes[c].alarmed {
			base += s.classes[c].window.packets
		}
	}
	running := s.running()
	for _, k := range s.active {
		w := s.rows[k].window.packets
		if w == 0 || s.attack.kinds.has(k) {
			continue
		}
		part := s.hostile(k)
		alarmed := s.classes[kindClasses[k]].alarmed && part > 0
		share := joiningShare
		if s.classes[ClassOdd].alarmed && k.traits().protocol == "tcp" {
			share = smallestShare // random flags are now and then regular ones
		}
		// Of sources that are not followed nothing is known.
		known := s.sources.complete() || s.rows[k].window.tracked >= joiningRecords
		spread := s.wide == nil || s.wide.allowed[kindClasses[k]]
		joins := running && known && spread && !s.ordinary(k) && !s.replies(k) && part > 0.5 && float64(w) >= share*float64(base)
		if alarmed || joins {
			s.attack.kinds |= 1 << k
			s.attack.changed = true
		}
	}
}

// ordinary tells that sampled traffic below its floor, of a kind that everybody
// sends, may be the usual: sampling hides who is in conversation. It is where no
// usual is known, or hardly more than that comes.
func (s *suspect) ordinary(k kind) bool {
	const hardlyMore = 1.5
	w, c := s.rows[k].window.volume, kindClasses[k]
	if w.packets == w.samples || s.classes[ClassOdd].alarmed || s.classes[c].alarmed {
		return false
	}
	switch c {
	case ClassTCP, ClassClose, ClassUDP, ClassQueries:
		return s.unacquainted() || float64(w.packets) <= hardlyMore*float64(s.target.usual[c].packets)
	}
	return false
}

// replies tells whether the target answers most of a kind, were it only after
// the first packet of each source: below its floor that is usual business.
func (s *suspect) replies(k kind) bool {
	w := &s.rows[k].window
	c := kindClasses[k]
	return (c.converses() || c == ClassQueries) && quiet(w.talking+w.replied, w.tracked, conversing) == 0
}

// closeSlot is called when a slot is over: runs of raised rates begin and end
// here, and an open attack learns whether it still goes on.
func (s *suspect) closeSlot() {
	for c := range s.classes {
		st := &s.classes[c]
		switch {
		case !st.raised(s.now):
			st.run, st.ran, st.uses = 0, volume{}, 0
		case st.run == 0:
			st.run, st.latest, st.ran, st.uses = s.firstOf(Class(c)), s.now, st.window, s.used(func(r *row) uint64 { return r.window.samples })
		default:
			st.uses += s.used(func(r *row) uint64 { return s.at(r).samples })
		}
		if packets, bits := st.rate(); st.limit.exceeds(packets, bits, s.cfg.Suspicion) && st.usual.exceeded(packets, bits) {
			s.stirred = s.now
		}
	}
	if s.open() {
		s.measure()
		if s.persists() {
			s.stretch(s.now)
		}
	}
}

// raised tells whether a class's rate is well above nothing. Where samples are few a
// second without one says little: there a run lasts until it has been silent for
// several times the mean gap between its samples.
func (st *classState) raised(now int64) bool {
	const raised, gaps = 0.1, 5
	if st.limit.exceeds(float64(st.window.packets), float64(st.window.bytes)*8, raised) {
		return true
	}
	return st.run != 0 && st.ran.packets > st.ran.samples &&
		float64(now-st.latest)*float64(st.ran.samples) <= gaps*float64(st.latest-st.run)
}

// measure takes the last second as the peak if it is the busiest so far.
func (s *suspect) measure() {
	var sum volume
	for _, k := range s.active {
		if s.attack.reach.has(k) {
			sum.add(s.rows[k].window.foreign(kindClasses[k]))
		}
	}
	a := s.attack
	if sum.packets > a.peak.packets {
		a.peak, a.changed = sum, true
		a.peakAt = max(a.onset, (s.slot-slotsSecond+1)*slotLength)
	}
	a.peakBytes = max(a.peakBytes, sum.bytes)
	for c := range s.classes {
		if st := &s.classes[c]; st.alarmed {
			st.peak.bytes = max(st.peak.bytes, st.window.bytes)
			if st.window.packets > st.peak.packets {
				st.peak.packets, st.peak.samples = st.window.packets, st.window.samples
			}
		}
	}
}

// stillGoing is the share of a second's limit that the two latest slots must hold
// for the attack to go on: what trickles below half of it belongs to it no longer.
const stillGoing = 0.5 * 2 * float64(slotLength) / float64(second)

// goesOn tells whether the two latest slots hold attack traffic at half of a
// class's limit or more.
func (s *suspect) goesOn() bool {
	var sums [classes]volume
	for _, k := range s.active {
		if !s.attack.reach.has(k) {
			continue
		}
		r, c := s.rows[k], kindClasses[k]
		now, before := s.at(r), &r.slots[(s.slot+slotsKept-1)%slotsKept]
		if s.classes[c].alarmed {
			if r.window.packets > r.window.samples {
				sums[c].add(s.lately(r, c))
				continue
			}
			sums[c].add(now.foreign(c))
			sums[c].add(before.foreign(c))
			continue
		}
		// It joined or was folded: it counts with what it is beside, but for the
		// part that is in conversation.
		sums[s.attack.lead].add(now.silent())
		sums[s.attack.lead].add(before.silent())
	}
	return s.anyAbove(&sums, stillGoing)
}

// lately is what two slots hold of a sampled kind that goes on as in the last second:
// one sample stands for thousands of packets, and in a slot's time for no rate.
func (s *suspect) lately(r *row, c Class) volume {
	part := 2 / float64(slotsSecond)
	if c == ClassSYN || c == ClassSYNACK {
		part *= s.unusedNow(r, c)
	}
	return r.window.foreign(c).part(part)
}

// running tells whether what raised the alarm still comes at such a rate.
func (s *suspect) running() bool {
	var sums [classes]volume
	for _, k := range s.active {
		r := s.rows[k]
		sums[kindClasses[k]].add(s.at(r).volume)
		sums[kindClasses[k]].add(r.slots[(s.slot+slotsKept-1)%slotsKept].volume)
	}
	return s.anyAbove(&sums, stillGoing)
}

// anyAbove tells whether one of the classes that raised the alarm holds more
// than a share of its limit.
func (s *suspect) anyAbove(sums *[classes]volume, share float64) bool {
	for c := range s.classes {
		if st := &s.classes[c]; st.alarmed && sums[c].packets > 0 &&
			st.limit.exceeds(float64(sums[c].packets), float64(sums[c].bytes)*8, share) {
			return true
		}
	}
	return false
}

// stretch moves the attack's end to its last packet and settles the totals.
func (s *suspect) stretch(now int64) {
	a, last := s.attack, int64(math.MinInt64)
	for _, k := range s.active {
		r := s.rows[k]
		r.settled = r.total
		if a.reach.has(k) {
			last = max(last, r.last)
		}
	}
	last = min(max(last, a.end), now)
	s.watch(now)
	p := &a.pulses[len(a.pulses)-1]
	if last-max(p.end, a.watched) > pulseGap && len(a.pulses) < pulseMost {
		a.pulses = append(a.pulses, pulse{s.pulseStart(p.end, last), last})
	} else {
		p.end = last
	}
	a.end, a.changed = last, true
}

// hold is the pause after which the attack is over: ten times its longest pulse
// within bounds. What lasts so long that this would be out of bounds is no pulse, but
// where others came.
func (s *suspect) hold() int64 {
	const times = 10
	var longest int64
	for _, p := range s.attack.pulses {
		longest = max(longest, p.end-p.start)
	}
	if len(s.attack.pulses) < 2 && times*longest > int64(s.cfg.HoldMost) {
		longest = 0
	}
	return max(int64(s.cfg.Hold), min(times*longest, int64(s.cfg.HoldMost)))
}

// over tells whether the attack has been silent for the hold, while somebody watched.
func (s *suspect) over(now int64) bool {
	s.watch(now)
	return now-max(s.attack.end, s.attack.watched) > s.hold()
}

// watch notes that what came until now is seen again, after a time in which it was not.
func (s *suspect) watch(now int64) {
	if s.attack.blind {
		s.attack.blind, s.attack.watched = false, now
	}
}
