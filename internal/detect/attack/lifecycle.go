package attack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"downpour"
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
	peak      volume
	peakBytes uint64
	peakAt    int64
	pulses    []pulse
	changed   bool // since the last snapshot
	footprint struct {
		at      int64
		packets uint64
	}
}

type pulse struct{ start, end int64 }

const (
	pulseGap  = second // an interruption at least so long parts two pulses
	pulseMost = 64     // pulses remembered
)

// begin opens an attack: its class c passed the limit with the latest flow.
func (s *suspect) begin(c Class, service string, direction downpour.AttackDirection) {
	now := s.now
	s.attack = &episode{
		service: service, direction: direction, lead: c,
		alarmAt: now, end: now, changed: true,
		id: identify(service, s.target.address, direction, now),
	}
	s.classes[c].alarmed = true
	for _, k := range s.active {
		s.rows[k].before, s.rows[k].settled = volume{}, s.rows[k].total
	}
	s.widen()
	onset, slotNumber := s.onset()
	s.attack.onset = onset
	for _, k := range s.active {
		r := s.rows[k]
		r.before = r.total.minus(r.since(s.slot, slotNumber))
		if onset < r.slots[slotNumber%slotsKept].first && slotNumber == s.oldest() {
			r.before = volume{} // it began before the slots that are kept
		}
	}
	s.attack.pulses = []pulse{{onset, now}}
	s.stretch(now)
}

// identify names an attack by what it is: the same input gives the same name.
func identify(service string, target downpour.Address, d downpour.AttackDirection, alarm int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%d", service, target, d, alarm))
	return hex.EncodeToString(sum[:8])
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
		joins := part > 0.5 && float64(w) >= share*float64(base)
		if alarmed || joins {
			s.attack.kinds |= 1 << k
			s.attack.changed = true
		}
	}
}

// oldest is the number of the oldest slot that is kept.
func (s *suspect) oldest() int64 { return max(0, s.slot-slotsKept+1) }

// since sums up the slots from number from to the current one.
func (r *row) since(current, from int64) (v volume) {
	for n := from; n <= current; n++ {
		v.add(r.slots[n%slotsKept].volume)
	}
	return v
}

// onset finds the slot in which the attack's kinds began to come more often, and
// the first packet in it. The slot is the change-point of largest likelihood of
// two Poisson rates, the later one higher (Hinkley 1970). If they came as often
// in all slots that are kept, the onset is when the class's rate first rose.
func (s *suspect) onset() (int64, int64) {
	var counts [slotsKept]float64
	var total float64
	oldest := s.oldest()
	for n := oldest; n <= s.slot; n++ {
		for _, k := range s.active {
			if s.attack.reach.has(k) {
				counts[n-oldest] += float64(s.rows[k].slots[n%slotsKept].samples)
			}
		}
		total += counts[n-oldest]
	}
	best, at, before := math.Inf(-1), oldest, 0.0
	length := float64(s.slot - oldest + 1)
	for n := oldest; n <= s.slot; n++ {
		if i := n - oldest; counts[i] > 0 {
			fit := fitted(before, float64(i)) + fitted(total-before, length-float64(i))
			rises := i == 0 || before/float64(i) < (total-before)/(length-float64(i))
			if rises && fit > best {
				best, at = fit, n
			}
		}
		before += counts[n-oldest]
	}
	first := s.firstIn(at)
	run := s.classes[s.attack.lead].run
	if run != 0 && run < first && at == oldest && s.since < first {
		first = max(run, s.since)
	}
	return first, at
}

// fitted is the log-likelihood, constants aside, of n events in a length of time
// at the rate that fits them best.
func fitted(n, length float64) float64 {
	if n == 0 {
		return 0
	}
	return n * math.Log(n/length)
}

// firstIn is the time of the first packet of the attack's kinds in a slot.
func (s *suspect) firstIn(n int64) int64 {
	first := s.now
	for _, k := range s.active {
		if sl := &s.rows[k].slots[n%slotsKept]; s.attack.reach.has(k) && sl.samples > 0 {
			first = min(first, sl.first)
		}
	}
	return first
}

// closeSlot is called when a slot is over: runs of raised rates begin and end
// here, and an open attack learns whether it still goes on.
func (s *suspect) closeSlot() {
	const raised = 0.1
	for c := range s.classes {
		st := &s.classes[c]
		switch {
		case !st.limit.exceeds(float64(st.window.packets), float64(st.window.bytes)*8, raised):
			st.run, st.ran = 0, volume{}
		case st.run == 0:
			st.run, st.ran = s.firstOf(Class(c)), st.window
		}
		if st.limit.exceeds(float64(st.window.packets), float64(st.window.bytes)*8, s.cfg.Suspicion) {
			s.stirred = s.now
		}
	}
	if s.open() {
		s.measure()
		if s.goesOn() {
			s.stretch(s.now)
		}
	}
}

// firstOf is when the first packet of a class came that is still in the window.
func (s *suspect) firstOf(c Class) int64 {
	first := s.now
	for n := max(0, s.slot-slotsSecond+1); n <= s.slot; n++ {
		for _, k := range s.active {
			if sl := &s.rows[k].slots[n%slotsKept]; kindClasses[k] == c && sl.samples > 0 {
				first = min(first, sl.first)
			}
		}
	}
	return first
}

// measure takes the last second as the peak if it is the busiest so far.
func (s *suspect) measure() {
	var sum volume
	for _, k := range s.active {
		if s.attack.reach.has(k) {
			sum.add(s.rows[k].window.volume)
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
			st.peak.packets = max(st.peak.packets, st.window.packets)
			st.peak.bytes = max(st.peak.bytes, st.window.bytes)
		}
	}
}

// goesOn tells whether the two latest slots hold attack traffic at half of a
// class's limit or more: what trickles below belongs to it no longer.
func (s *suspect) goesOn() bool {
	const share = 0.5 * 2 * float64(slotLength) / float64(second)
	var sums [classes]volume
	for _, k := range s.active {
		if s.attack.reach.has(k) {
			r, c := s.rows[k], kindClasses[k]
			if !s.classes[c].alarmed {
				c = s.attack.lead // it joined or was folded: it counts with what it is beside
			}
			sums[c].add(r.slots[s.slot%slotsKept].volume)
			sums[c].add(r.slots[(s.slot+slotsKept-1)%slotsKept].volume)
		}
	}
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
	p := &a.pulses[len(a.pulses)-1]
	if last-p.end >= pulseGap && len(a.pulses) < pulseMost {
		a.pulses = append(a.pulses, pulse{s.pulseStart(p.end, last), last})
	} else {
		p.end = last
	}
	a.end, a.changed = last, true
}

// pulseStart is the first packet of the attack in the slots after a pause.
func (s *suspect) pulseStart(after, last int64) int64 {
	for n := max(s.oldest(), slotOf(after)+1, s.slot-1); n <= s.slot; n++ {
		if t := s.firstIn(n); t > after {
			return min(t, last)
		}
	}
	return last
}

// hold is the pause after which the attack is over: ten times its longest pulse
// within bounds.
func (s *suspect) hold() int64 {
	var longest int64
	for _, p := range s.attack.pulses {
		longest = max(longest, p.end-p.start)
	}
	if len(s.attack.pulses) < 2 {
		longest = 0
	}
	return max(int64(s.cfg.Hold), min(10*longest, int64(s.cfg.HoldMost)))
}

// over tells whether the attack has been silent for the hold.
func (s *suspect) over(now int64) bool { return now-s.attack.end > s.hold() }

// shape names what the attack's course looks like.
func (a *episode) shape(parts []part) []string {
	const matters = 0.1
	out := []string{}
	if a.pulsed() {
		out = append(out, "pulse wave")
	}
	var total, large uint64
	for _, p := range parts {
		total += p.volume.packets
	}
	for _, p := range parts {
		if float64(p.volume.packets) >= matters*float64(total) {
			large++
		}
	}
	if large >= 2 {
		out = append(out, "multi-vector")
	}
	return out
}

// pulsed tells whether there were three pulses or more at near-equal distances.
func (a *episode) pulsed() bool {
	const even = 0.25 // coefficient of variation of the distances
	if len(a.pulses) < 3 {
		return false
	}
	var sum, squares float64
	n := float64(len(a.pulses) - 1)
	for i := 1; i < len(a.pulses); i++ {
		d := time.Duration(a.pulses[i].start - a.pulses[i-1].start).Seconds()
		sum += d
		squares += d * d
	}
	mean := sum / n
	return math.Sqrt(max(0, squares/n-mean*mean)) <= even*mean
}
