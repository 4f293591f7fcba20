package attack

import "downpour/internal/detect/finding"

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
// the first packet in it. If they came as often in all slots that are kept, the
// onset is when the class's rate first rose.
func (s *suspect) onset() (int64, int64) {
	var counts [slotsKept]float64
	oldest := s.oldest()
	for n := oldest; n <= s.slot; n++ {
		for _, k := range s.active {
			if s.attack.reach.has(k) {
				counts[n-oldest] += float64(s.rows[k].slots[n%slotsKept].samples)
			}
		}
	}
	at := oldest + int64(finding.Rise(counts[:s.slot-oldest+1], 1))
	first := s.firstIn(at)
	run := s.classes[s.attack.lead].run
	if run != 0 && run < first && at == oldest && s.since < first {
		first = s.risen(max(run, s.since))
	}
	return first, at
}

// risen is the beginning of the attack after a time at which the rate was above
// nothing, told by the timeline, which reaches further back than the slots: where the
// rate rose clearly once more, then; else that time.
func (s *suspect) risen(from int64) int64 {
	const clearly = 3
	first, last := s.clock.stepOf(from), s.clock.stepOf(s.now)
	counts := make([]float64, last-first+1)
	for i := range counts {
		for _, k := range s.active {
			if r := s.rows[k]; s.attack.reach.has(k) && first+int64(i) < int64(len(r.steps)) {
				counts[i] += float64(r.steps[first+int64(i)].packets)
			}
		}
	}
	at := finding.Rise(counts, clearly)
	if at == 0 {
		return from
	}
	return s.clock.start + (first+int64(at))*s.clock.step()
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

// pulseStart is the first packet of the attack in the slots after a pause.
func (s *suspect) pulseStart(after, last int64) int64 {
	for n := max(s.oldest(), slotOf(after)+1, s.slot-1); n <= s.slot; n++ {
		if t := s.firstIn(n); t > after {
			return min(t, last)
		}
	}
	return last
}
