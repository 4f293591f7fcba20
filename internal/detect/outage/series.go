package outage

import (
	"math"
	"time"

	"downpour"
)

// series is one service's counts of one kind: buckets, or rows of an unknown
// bucket.
type series struct {
	Service string      `json:"service"`
	Open    *point      `json:"open,omitempty"` // the bucket that still fills
	History []point     `json:"history"`
	Expect  expectation `json:"expect"`
	Rising  evidence    `json:"rising"`
	Falling evidence    `json:"falling"`
	// Drop is the log CUSUM of a fall in a young series, DropFrom its start:
	// the history may have begun in an outage.
	Drop     float64 `json:"drop"`
	DropFrom int64   `json:"drop_from"`
	Wave     *wave   `json:"wave,omitempty"`
	// Settled is the end of the last outage; nothing is dated before it.
	Settled int64 `json:"settled"`
}

func newSeries(service string) *series {
	return &series{Service: service, Rising: newEvidence(), Falling: newEvidence(), Settled: math.MinInt64}
}

// observer is what a series needs of its detector for one call.
type observer struct {
	cfg  *Config
	now  int64
	emit func(downpour.Event)
}

func (o *observer) outage(s *series, ongoing bool) {
	o.emit(downpour.Event{At: moment(o.now), Outage: s.Wave.outage(s.Service, ongoing)})
}

// count adds a count to its bucket; false means that the bucket was closed
// before, and the count came too late.
func (s *series) count(c *point, o *observer) bool {
	switch {
	case s.Open != nil && c.At == s.Open.At && c.Len == s.Open.Len:
		s.Open.Count = min(s.Open.Count+c.Count, maxCount)
		if measured(c.Origin) > measured(s.Open.Origin) {
			s.Open.Origin = c.Origin
		}
	case s.Open != nil && c.At <= s.Open.At, s.Open == nil && len(s.History) > 0 && c.At <= s.History[len(s.History)-1].At:
		return false
	default:
		s.close(o)
		s.loseSight(c.At, o)
		p := *c
		s.Open = &p
	}
	if s.Open.Len == 0 {
		s.close(o)
		return true
	}
	s.peek(o)
	return true
}

// tick closes the open bucket once event time has passed it.
func (s *series) tick(o *observer) {
	if s.Open != nil && o.now >= s.Open.end() {
		s.close(o)
	}
	s.loseSight(o.now, o)
}

// loseSight ends an outage after a gap: what is not seen is not known.
func (s *series) loseSight(now int64, o *observer) {
	if s.Wave == nil || s.Open != nil || len(s.History) == 0 {
		return
	}
	last := &s.History[len(s.History)-1]
	most := max(int64(lostSight), 4*last.Len)
	if last.Len == 0 {
		most = int64(lostRows)
	}
	if now-last.end() <= most {
		return
	}
	s.Wave.Why += " Then no counts came any more; its end is the last that was seen."
	s.Wave.BackFrom = s.Wave.Last
	s.finishWave(o)
}

// judge fills in what was expected of a point; false where nothing is.
func (s *series) judge(p *point, o *observer) (predictive, bool) {
	pr, ok := s.Expect.predict(p, o.cfg.Location)
	p.Mean, p.Low, p.Size = pr.Mean*s.Expect.Wander.factor(), pr.Mean*s.Expect.Wander.lowFactor(), pr.Size
	if !ok {
		p.Mean, p.Low, p.Size = max(p.Count, 1e-9), max(p.Count, 1e-9), youngSize
	}
	return pr, ok && (p.Len == 0 || s.Expect.Points >= warmBuckets)
}

// peek looks at the filling bucket, so that an alarm need not wait for its end.
// Only a rise can be seen early.
func (s *series) peek(o *observer) {
	p := *s.Open
	if _, ok := s.judge(&p, o); !ok || s.Wave != nil || o.cfg.Direction == Falls {
		return
	}
	e := s.Rising.after(p.Count, p.Mean, p.Size, riseRatios())
	if logE := e.log(); logE >= o.cfg.threshold(p.Len) {
		s.alarm(append(s.recent(), p), downpour.Rise, logE, o)
	}
}

// close ends the filling bucket and draws the conclusions.
func (s *series) close(o *observer) {
	if s.Open == nil {
		return
	}
	p := *s.Open
	s.Open = nil
	pr, known := s.judge(&p, o)
	if p.Len > 0 {
		s.tell(&p, pr, o)
	}
	if p.Len > 0 && known && (s.Wave == nil || p.At-s.Wave.Onset < int64(wanderInside)) {
		s.Expect.Wander.add(&p, pr.Mean, s.Expect.phi())
	}
	s.remember(p)
	switch {
	case s.Wave != nil:
		s.follow(&p, o)
		return
	case known:
		s.test(&p, o)
	}
	if s.Wave == nil {
		s.Expect.update(&p, o.cfg.Floor, o.cfg.Location)
	}
}

// tell says what was expected of a closed bucket; of the first one nothing is
// known but that it may be anything.
func (s *series) tell(p *point, pr predictive, o *observer) {
	if s.Expect.Points == 0 {
		pr = newPredictive(max(p.Count, priorReports), priorReports, 1, youngSize)
	}
	o.emit(downpour.Event{At: moment(o.now), Expected: &downpour.ExpectedReports{Service: s.Service,
		Time: moment(p.At), Bucket: time.Duration(p.Len), Count: p.Count, Expected: pr.interval(), Origin: p.Origin}})
}

// remember keeps a bounded history.
func (s *series) remember(p point) {
	if len(s.History) == maxHistory {
		s.History = append(s.History[:0], s.History[maxHistory/2:]...)
	}
	s.History = append(s.History, p)
}

// recent is the history since the last outage. It is capped, so that appending
// to it copies.
func (s *series) recent() []point {
	i := len(s.History)
	for i > 0 && s.History[i-1].At >= s.Settled {
		i--
	}
	return s.History[i:len(s.History):len(s.History)]
}

// test looks for an outage at a closed point.
func (s *series) test(p *point, o *observer) {
	if o.cfg.Direction != Falls {
		s.Rising = s.Rising.after(p.Count, p.Mean, p.Size, riseRatios())
		if logE := s.Rising.log(); logE >= o.cfg.threshold(p.Len) {
			s.alarm(s.recent(), downpour.Rise, logE, o)
		}
	}
	if o.cfg.Direction != Rises && s.Wave == nil {
		s.Falling = s.Falling.after(p.Count, p.Low, p.Size, fallRatios())
		if logE := s.Falling.log(); logE >= o.cfg.threshold(p.Len) {
			s.alarm(s.recent(), downpour.Fall, logE, o)
		}
	}
	if o.cfg.Direction == Rises && s.Wave == nil && s.short(p) {
		s.testDrop(p, o)
	}
}

// short tells whether the history is so short that it may have begun inside an
// outage: all of it is still held, and no outage was found in it.
func (s *series) short(p *point) bool {
	if s.Settled != math.MinInt64 || s.Expect.Points >= len(s.History) {
		return false
	}
	if p.Len > 0 {
		return p.At-s.History[0].At < int64(dropWithin)
	}
	return s.Expect.Points < youngRows
}

// threshold is the log evidence that keeps the promise of false alarms. One
// start joins a bucket, so the mean time to a false alarm is at least the
// threshold in buckets; two directions share it.
func (c *Config) threshold(length int64) float64 {
	starts := float64(rowsPerAlarm)
	if length > 0 {
		starts = float64(c.FalseAlarmEvery) / float64(length)
	}
	if c.Direction == Both {
		starts *= 2
	}
	return math.Log(max(starts, endEvidence))
}

// alarm opens an outage, now that the evidence at the last point suffices, if
// the excess matters.
func (s *series) alarm(points []point, dir downpour.Change, logE float64, o *observer) {
	last := &points[len(points)-1]
	if dir == downpour.Fall {
		points = lowered(points)
	}
	r, ok := date(points, dir)
	if !ok || !matters(r.Excess, last, o.cfg.Floor) {
		return
	}
	s.open(points, r, dir, logE, "", o)
	o.outage(s, true)
}

// lowered is the points as a fall sees them: measured against the low side of
// what is usual.
func lowered(points []point) []point {
	out := append([]point(nil), points...)
	for i := range out {
		out[i].Mean = out[i].Low
	}
	return out
}

// matters tells whether an excess is large enough to be an outage.
func matters(excess float64, p *point, floor float64) bool {
	share := matterShare
	if p.Len == 0 {
		share = matterRow
	}
	return excess >= max(floor, share*p.usualHour())
}

// open begins an outage with the run's points; those closed already are taken
// in, the filling one comes when it closes.
func (s *series) open(points []point, r run, dir downpour.Change, logE float64, note string, o *observer) {
	last := points[len(points)-1]
	first := points[r.From]
	alarm := max(o.now, last.At)
	s.Wave = &wave{ID: identity(s.Service, dir, alarm, first.At), Dir: dir, Onset: first.At, Alarm: alarm,
		Peak: first, Expected: s.expected(&first, o), Usual: first.usualHour(), BackFrom: first.end(), Last: last.At, Climb: newEvidence(),
		Why: why(dir, points[r.From:], logE, note)}
	s.Wave.addOrigin(first.Origin)
	s.Wave.OnsetLow = onsetLow(points, r)
	for i := r.From; i < len(points); i++ {
		p := points[i]
		if s.Open != nil && p.At == s.Open.At {
			if better := dir == downpour.Rise && p.Count > s.Wave.Peak.Count; better {
				s.Wave.Peak, s.Wave.Expected = p, s.expected(&p, o)
			}
			s.Wave.addOrigin(p.Origin)
			break
		}
		s.Wave.add(&p, s.expected(&p, o), points[:i+1], o.cfg, s.Expect.phi())
	}
	s.Rising, s.Falling, s.Drop = newEvidence(), newEvidence(), 0
}

// onsetLow is the earliest the onset may be: the start that explains the counts
// nearly as well, or, where nothing is known between rows, the row before.
func onsetLow(points []point, r run) *int64 {
	i := r.Earliest
	if points[r.From].Len == 0 {
		i = min(i, r.From-1)
	}
	if i < 0 || i == r.From {
		return nil
	}
	return &points[i].At
}

// expected is the band at a point whose mean is known.
func (s *series) expected(p *point, o *observer) downpour.Estimate {
	pr, ok := s.Expect.predict(p, o.cfg.Location)
	if !ok {
		return downpour.Estimate{Value: p.Mean, Low: 0, High: max(p.Mean, p.Count)}
	}
	return pr.interval()
}
