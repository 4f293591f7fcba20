package attack

import "downpour/internal/detect/finding"

// shape names what the attack's course looks like.
func (s *suspect) shape(parts []part) []string {
	const matters = 0.1
	out := []string{}
	if s.wide != nil {
		out = append(out, "carpet bombing")
	}
	if s.attack.pulsed() {
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

// pulsed tells whether it came in pulses.
func (a *episode) pulsed() bool {
	starts := make([]int64, len(a.pulses))
	for i := range a.pulses {
		starts[i] = a.pulses[i].start
	}
	return finding.Pulsed(starts)
}
