package web

import "math"

// mix is what requests are made of: shares of them, [0, 1].
type mix struct {
	requests float64 // that it rests on
	parts    float64 // for parts of pages
	naming   float64 // that name a referrer
	foreign  float64 // of clients that are no visitors by their behaviour, and not known
	alike    float64 // of clients that are no visitors by their behaviour, known or not
}

// learn takes the seconds that have become old enough into what is usual, as long
// as nothing speaks for an attack.
func (w *watch) learn(sec int64) {
	to := sec - lag
	w.learnt = max(w.learnt, w.since, w.now-ringLength+window)
	if w.episode != nil || w.verdict.doubtful() {
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
	const nobody = 0 // whoever came before it is known
	c, all := w.census(s, s.to), w.census(s, nobody)
	if n := w.count(&w.ring, s); n > 0 && c.decided() > 0 {
		w.mix.learn(n, mix{
			parts: w.count(&w.parts, s) / n, naming: w.count(&w.naming, s) / n,
			foreign: c.foreign() / c.decided(), alike: all.foreign() / math.Max(all.decided(), 1),
		})
	}
}

// mixMemory is how many requests the usual mix rests on at most.
const mixMemory = 20_000

// learn moves the mix toward that of n requests.
func (m *mix) learn(n float64, seen mix) {
	m.requests = math.Min(m.requests+n, mixMemory)
	by := math.Min(n/m.requests, 1)
	toward := func(usual *float64, share float64) { *usual += (math.Min(share, 1) - *usual) * by }
	toward(&m.parts, seen.parts)
	toward(&m.naming, seen.naming)
	toward(&m.foreign, seen.foreign)
	toward(&m.alike, seen.alike)
}
