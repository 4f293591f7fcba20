package attack

import "downpour"

// Margin is how near the traffic of a target that is followed is to an alarm.
type Margin struct {
	Target downpour.Address
	Class  Class
	// Alarm is by how many times the lower limit of what is hostile is the limit: the
	// statistic of the alarm, which is raised from 1 on.
	Alarm float64
	// Times is by how many times the last second is the limit as it is estimated, all
	// of the class: what an attack's severity goes by.
	Times float64
}

// Margins tells of each target that is followed, and of each class in which anything
// hostile is seen in enough samples. It changes nothing. It is for measuring how near
// usual traffic comes to an alarm.
func (d *Detector) Margins(yield func(Margin)) {
	for _, s := range d.suspects {
		for c := range Class(classes) {
			if m := s.margin(c); m > 0 {
				yield(Margin{s.address, c, m, s.classes[c].times()})
			}
		}
	}
}

// Margins tells the same of the prefixes that are followed, of classes that are
// spread as those of a carpet are.
func (p *Prefixes) Margins(yield func(Margin)) {
	p.base.Margins(yield)
}

// margin is the larger of that of the last second and of the run.
func (s *suspect) margin(c Class) float64 {
	st := &s.classes[c]
	if st.window.samples == 0 || s.wide != nil && !s.wide.allowed[c] {
		return 0
	}
	hostile := s.hostileVolume(c)
	if hostile.packets == 0 {
		return 0
	}
	m := s.ratio(c, hostile, 1)
	if run := s.now - st.run; st.run != 0 && run >= second && st.ran.packets > st.ran.samples {
		part := min(1, float64(hostile.packets)/float64(max(st.window.packets, 1)))
		m = max(m, s.ratio(c, st.ran.part(part), float64(run)/float64(second)))
	}
	return m
}

// ratio is the lower limit of a volume seen in a span of seconds over the limit.
func (s *suspect) ratio(c Class, v volume, seconds float64) (m float64) {
	if v.packets == 0 || v.packets > v.samples && v.samples < s.cfg.MinSamples {
		return 0
	}
	lower, limit := lowerLimit(v), s.classes[c].limit
	if limit.Packets > 0 {
		m = lower / seconds / limit.Packets
	}
	if limit.Bits > 0 {
		m = max(m, float64(v.bytes)*8*lower/float64(v.packets)/seconds/limit.Bits)
	}
	return m
}

// times is by how many times the last second of a class is its limit.
func (st *classState) times() (m float64) {
	if st.limit.Packets > 0 {
		m = float64(st.window.packets) / st.limit.Packets
	}
	if st.limit.Bits > 0 {
		m = max(m, float64(st.window.bytes)*8/st.limit.Bits)
	}
	return m
}
