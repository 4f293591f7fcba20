package attack

import (
	"math"
	"slices"
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

// pulsed tells whether there were three pulses or more at near-equal distances: of most
// the onset is as far from the one before as of half of them, or twice as far where one
// was too weak.
func (a *episode) pulsed() bool {
	const (
		near = 0.25 // of the distance
		most = 0.8  // of the distances
	)
	if len(a.pulses) < 3 {
		return false
	}
	gaps := make([]float64, len(a.pulses)-1)
	for i := range gaps {
		gaps[i] = float64(a.pulses[i+1].start - a.pulses[i].start)
	}
	sorted := slices.Sorted(slices.Values(gaps))
	middle, even := sorted[(len(sorted)-1)/2], 0
	for _, gap := range gaps {
		if math.Abs(gap-middle) <= near*middle || math.Abs(gap-2*middle) <= near*middle {
			even++
		}
	}
	return float64(even) >= most*float64(len(gaps))
}
