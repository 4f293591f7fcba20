package outage

import (
	"math"

	"downpour"
)

// follow takes a closed point into the open outage.
func (s *series) follow(p *point, o *observer) {
	w := s.Wave
	w.add(p, s.expected(p, o), s.History, o.cfg, s.Expect.phi())
	switch {
	case w.nextWave(s.History, s.Expect.phi()):
		s.split(o)
	case w.isBack(p.end(), p.Len, int64(o.cfg.Hold)):
		s.finishWave(o)
	case w.Last-w.Onset > int64(absorbAfter) && p.Len > 0:
		s.absorb(o)
	default:
		o.outage(s, true)
	}
}

// finishWave ends the open outage and lets the expectation learn again.
func (s *series) finishWave(o *observer) {
	s.Wave.closeRise()
	o.outage(s, false)
	s.Settled = s.Wave.end()
	s.Wave = nil
	s.Rising, s.Falling = newEvidence(), newEvidence()
}

// split ends the open outage at its valley and opens the wave that rose from it.
// The rise may have begun any time since the valley.
func (s *series) split(o *observer) {
	old := s.Wave
	climb, valley := old.Climb.log(), old.Valley
	old.giveWay()
	s.finishWave(o)
	s.Settled = valley.End
	points := append([]point(nil), s.recent()...)
	if last := points[len(points)-1]; last.Len == 0 {
		points = points[len(points)-1:]
	}
	r, ok := date(over(points, valley.Level), downpour.Rise)
	if !ok {
		r = run{From: len(points) - 1, Earliest: len(points) - 1}
	}
	s.open(points, r, downpour.Rise, climb, ", rising again from "+number(valley.Level)+" of the wave before", o)
	low := min(valley.End, s.Wave.Onset)
	s.Wave.OnsetLow = &low
	o.outage(s, true)
}

// over is the points measured against a valley instead of the usual.
func over(points []point, level float64) []point {
	out := append([]point(nil), points...)
	for i := range out {
		out[i].Mean = max(out[i].Mean, level)
	}
	return out
}

// absorb ends an outage whose level has lasted so long that it is the usual now.
func (s *series) absorb(o *observer) {
	s.Wave.Why += " The level lasted a day and is taken as the new usual."
	s.Wave.BackFrom = s.Wave.Last
	s.finishWave(o)
	s.relearn(s.History[len(s.History)-min(len(s.History), smoothMost):], o)
}

// relearn forgets the expectation and learns it from these points.
func (s *series) relearn(points []point, o *observer) {
	s.Expect = expectation{}
	for i := range points {
		s.Expect.update(&points[i], o.cfg.Floor, o.cfg.Location)
	}
}

// testDrop looks for a steep fall in a history that holds nothing else: then it
// began inside an outage, and the expectation that it set was wrong.
func (s *series) testDrop(p *point, o *observer) {
	if s.Drop == 0 {
		s.DropFrom = p.At
	}
	s.Drop = max(0, s.Drop+logRatio(p.Count, p.Mean, dropRatio*p.Mean, p.Size))
	if s.Drop < max(o.cfg.threshold(p.Len), math.Log(dropEvidence)) {
		return
	}
	at := len(s.History)
	for at > 0 && s.History[at-1].At >= s.DropFrom {
		at--
	}
	if s.steep(at) {
		s.convict(at, o)
	}
}

// steep tells whether the points from index at on lie below a quarter of those
// right before, so that the turn of the day is no fall, and are enough to say
// what is usual.
func (s *series) steep(at int) bool {
	after := len(s.History) - at
	if s.History[at].Len > 0 && after < dropBuckets || at == 0 {
		return false
	}
	n := min(after, at)
	return smoothed(s.History, after) <= dropRatio*smoothed(s.History[:at], n)
}

// convict judges the points before index at by those from it on: they were an
// outage if they stand as far above as an alarm asks, from the first one on.
func (s *series) convict(at int, o *observer) {
	s.Drop = 0
	kept, history := s.Expect, s.History
	s.History = append([]point(nil), history...)
	s.relearn(s.History[at:], o)
	for i := range s.History {
		s.judge(&s.History[i], o)
	}
	before := s.History[:at:at]
	r, ok := bestRun(before, dateRatio)
	if !ok || r.From >= warmBuckets || !matters(r.Excess, &before[r.From], o.cfg.Floor) {
		s.Expect, s.History = kept, history
		return
	}
	logE := 0.0
	for _, p := range before[r.From:] {
		logE += logRatio(p.Count, p.Mean, dateRatio*p.Mean, p.Size)
	}
	s.open(before, r, downpour.Rise, logE, ", as the fall that followed shows; the counts begin inside the outage", o)
	for i := at; i < len(s.History); i++ {
		p := s.History[i]
		s.Wave.add(&p, s.expected(&p, o), s.History[:i+1], o.cfg, s.Expect.phi())
	}
	last := &s.History[len(s.History)-1]
	if s.Wave.isBack(last.end(), last.Len, int64(o.cfg.Hold)) {
		s.finishWave(o)
		return
	}
	o.outage(s, true)
}

// finish draws the last conclusions: there is nothing to hold an end for.
func (s *series) finish(o *observer) {
	s.close(o)
	if s.Wave == nil {
		return
	}
	if last := &s.History[len(s.History)-1]; s.Wave.isBack(last.end(), last.Len, 0) {
		s.finishWave(o)
		return
	}
	o.outage(s, true)
}
