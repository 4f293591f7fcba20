package web

import "math"

// changed finds the second in which requests began to come more often: the
// change-point of largest likelihood of two Poisson rates, the later one higher
// (Hinkley 1970), among the seconds that are remembered before sec.
func (w *watch) changed(sec int64) int64 {
	from := max(w.born, sec-ringLength+1)
	var total float64
	for t := from; t < sec; t++ {
		total += float64(w.ring[t%ringLength])
	}
	best, at, before := math.Inf(-1), from, 0.0
	length := float64(sec - from)
	for t := from; t < sec; t++ {
		past := float64(t - from)
		rises := past == 0 || before/past < (total-before)/(length-past)
		if fit := fitted(before, past) + fitted(total-before, length-past); rises && fit > best {
			best, at = fit, t
		}
		before += float64(w.ring[t%ringLength])
	}
	return at
}

// fitted is the log-likelihood, constants aside, of n events in a length of time
// at the rate that fits them best.
func fitted(n, length float64) float64 {
	if n == 0 {
		return 0
	}
	return n * math.Log(n/length)
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
	if t < w.born || !w.holds(t-smooth) {
		if t < w.born {
			return math.NaN() // it was there when the log began
		}
		return ringLength
	}
	return math.Max(float64(reached-t-smooth+1), 1)
}
