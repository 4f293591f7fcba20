package web

import "math"

// learn takes the seconds that have become old enough into what is usual, as long
// as nothing speaks for an attack, or it has done so for long without being enough.
func (w *watch) learn(sec int64) {
	to := sec - lag
	w.learnt = max(w.learnt, w.since, w.now-ringLength+window)
	if w.episode != nil || w.verdict.doubtful() && sec-w.rise < int64(w.cfg.MeanTime.Seconds()) {
		w.learnt = max(w.learnt, to)
		return
	}
	halfLife := w.cfg.UsualHalfLife.Seconds()
	for ; w.learnt < to; w.learnt++ {
		seen := float64(w.learnt + 1 - w.since)
		w.mean += (float64(w.ring[w.learnt%ringLength]) - w.mean) * math.Max(1/w.cfg.MeanTime.Seconds(), 1/seen)
		w.usual *= math.Exp2(-1 / halfLife)
		if rate := w.rate(w.learnt + 1); rate > w.usual {
			w.usual += (rate - w.usual) * math.Max(w.cfg.LearnRate, 1/seen)
		}
	}
	w.learnMix(sec)
}

// learnMix takes the latest span into the usual mix, and what is common in it into
// the usual rates of the cells, once each half window.
func (w *watch) learnMix(sec int64) {
	s := spanBefore(sec)
	if s.number == w.mixed {
		return
	}
	w.mixed = s.number
	seen := math.Max(float64(sec-w.since), halfWindow)
	weight := float32(math.Max(halfWindow/w.cfg.MeanTime.Seconds(), halfWindow/seen))
	w.paths.learn(s.number, weight)
	w.nets.learn(s.number, weight)
	w.agents.learn(s.number, weight)
	w.answers.learn(s.number, weight)
	n := w.count(&w.ring, s)
	if n == 0 {
		return
	}
	latest := mix{parts: w.count(&w.parts, s) / n, naming: w.count(&w.naming, s) / n}
	latest.fresh, latest.alike = w.census(s, s.to, everybody).shares()
	w.mix.learn(n, &latest)
}
