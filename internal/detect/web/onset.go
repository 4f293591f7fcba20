package web

import (
	"math"

	"downpour/internal/detect/finding"
)

// changed finds the second in which requests began to come more often, among those
// that are remembered before sec.
func (w *watch) changed(sec int64) int64 {
	from := max(w.born, sec-ringLength+1)
	var counts [ringLength]float64
	for t := from; t < sec; t++ {
		counts[t-from] = float64(w.ring[t%ringLength])
	}
	return from + int64(finding.Rise(counts[:max(sec-from, 0)], 1))
}

// risen is the second in which the present rise began.
func (w *watch) risen(sec int64) int64 {
	at := w.changed(sec)
	// A rise over minutes begins before the change that fits best.
	base := w.mean + 0.1*(w.rate(sec)-w.mean)
	for at > w.born && w.holds(at-window-1) && w.rate(at) > base {
		at--
	}
	return at
}

// riseTime is how many seconds the rise took from a tenth to six tenths of what
// came on top; NaN if its beginning was not seen.
func (w *watch) riseTime(sec int64) float64 {
	const begun, high, smooth = 0.1, 0.6, 3
	if w.rise-w.born <= window {
		return math.NaN() // it was there when the log began
	}
	on := func(t int64) float64 { return float64(w.sum(t-smooth+1, t+1)) / smooth }
	top := 0.0
	for t := max(w.rise, w.now-ringLength+smooth); t < sec; t++ {
		top = math.Max(top, on(t)-w.mean)
	}
	t := sec - 1
	for ; t >= w.rise-smooth && w.holds(t-smooth) && on(t)-w.mean >= high*top; t-- {
	}
	reached := t + 1
	// It may have been that high before and fallen back: the first time counts.
	for u := w.rise; u < reached; u++ {
		if w.holds(u-smooth) && on(u)-w.mean >= high*top {
			reached = u
			break
		}
	}
	t = reached
	for ; w.holds(t-smooth) && t >= w.born && on(t)-w.mean > begun*top; t-- {
	}
	if t < w.born {
		return math.NaN()
	}
	if !w.holds(t - smooth) {
		return ringLength
	}
	return math.Max(float64(reached-t-smooth+1), 1)
}
