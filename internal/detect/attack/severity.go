package attack

import (
	"downpour"
	"downpour/internal/detect/finding"
)

// What makes an attack partial or major whatever its target is used to: shares of its
// service's link that are taken.
const partialFull, majorFull = 0.3, 0.9

// severity grades an attack by its busiest second: in packets by how many times what
// the target is used to (of all classes together, or the limit of this one if that
// is more), in bits by how full it makes the service's link, or, where nobody told what that
// carries, by how many times the usual too.
func (s *suspect) severity() downpour.Severity {
	var usual Floor
	for c := range s.classes {
		usual.Packets += float64(s.classes[c].usual.packets)
		usual.Bits += float64(s.classes[c].usual.bits)
	}
	times, bits := 0.0, 0.0 // bits: all that comes
	for c := range s.classes {
		st := &s.classes[c]
		if !st.alarmed {
			bits += float64(st.usual.bits)
			continue
		}
		bits += float64(st.peak.bytes) * 8
		if st.limit.Packets > 0 {
			times = max(times, float64(st.peak.packets)/max(st.limit.Packets, usual.Packets))
		}
		if st.limit.Bits > 0 && s.capacity() == 0 {
			times = max(times, float64(st.peak.bytes)*8/max(st.limit.Bits, usual.Bits))
		}
	}
	full := 0.0
	if capacity := s.capacity(); capacity > 0 {
		full = bits / capacity
	}
	grade := finding.Severity(times)
	switch {
	case full >= majorFull:
		return downpour.Major
	case full >= partialFull && grade == downpour.Minor:
		return downpour.Partial
	}
	return grade
}

// capacity is what the link of the attacked service carries, in bits/s; 0 if not known.
func (s *suspect) capacity() float64 {
	if s.cfg.Capacity == nil || s.attack.direction != downpour.Inbound {
		return 0
	}
	return s.cfg.Capacity(s.attack.service)
}
