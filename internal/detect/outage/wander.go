package outage

import "math"

// wander learns how far whole hours of a series stray from the expectation as a
// matter of course: bursts of interest, moved lunch breaks, all that a season
// does not know and that no independent noise explains. The tests take the
// strayed level, not the expectation, as what needs no alarm, so their null
// hypothesis is that the mean lies anywhere up to it.
//
// High and Low are logarithms of the ratio that the hours exceed (fall below)
// with a chance of wanderShare, followed by the stochastic approximation of a
// quantile (Robbins & Monro 1951). A ratio counts by its near confidence limit,
// so that the noise of small counts moves nothing, and an hour by a bounded
// step, so that an outage of some hours does not excuse the next.
type wander struct {
	High  float64 `json:"high"` // ≥ 0
	Low   float64 `json:"low"`  // ≤ 0
	Hour  int64   `json:"hour"`
	Count float64 `json:"count"`
	Mean  float64 `json:"mean"`
}

// factor is what the expected mean is multiplied by before a rise is tested.
func (w *wander) factor() float64 { return math.Exp(w.High) }

// lowFactor is the same for a fall.
func (w *wander) lowFactor() float64 { return math.Exp(w.Low) }

// add takes a closed bucket with its expected mean; the hour before is settled
// when another begins.
func (w *wander) add(p *point, mean, phi float64) {
	const hour = int64(3600e9)
	if h := p.At / hour; h != w.Hour {
		w.settle(phi)
		w.Hour, w.Count, w.Mean = h, 0, 0
	}
	w.Count += p.Count
	w.Mean += mean
}

func (w *wander) settle(phi float64) {
	if w.Mean == 0 {
		return
	}
	noise := 2 * math.Sqrt(phi*(w.Count+1))
	w.High += wanderStep * above((w.Count-noise)/w.Mean > math.Exp(w.High))
	w.High = min(max(w.High, 0), wanderMost)
	w.Low -= wanderStep * above((w.Count+noise)/w.Mean < math.Exp(w.Low))
	w.Low = max(min(w.Low, 0), -wanderMost)
}

// above is the quantile's step up or down.
func above(beyond bool) float64 {
	if beyond {
		return 1 - wanderShare
	}
	return -wanderShare
}
