package attack

import (
	"math"
	"time"
)

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
