package outage

import (
	"math"
	"time"
)

// expectation is what a series is expected to be: a level per hour (per row
// where the bucket is unknown) and, after some days, a season.
type expectation struct {
	Start  int64   `json:"start"` // of the first point learned from
	Last   int64   `json:"last"`  // end of the latest
	Points int     `json:"points"`
	Flat   gamma   `json:"flat"`
	Level  *gamma  `json:"level,omitempty"` // of the season, once there is one
	Season season  `json:"season"`
	Phi    float64 `json:"phi"`
	Wander wander  `json:"wander"`
}

// gamma is the posterior of a rate: A reports in B hours' worth of exposure.
type gamma struct{ A, B float64 }

func (g gamma) mean() float64 { return g.A / g.B }

// learn discounts and adds; what is forgotten goes back to the prior, so that a
// silent series keeps the half report that was never seen.
func (g *gamma) learn(discount, y, exposure float64) {
	g.A = discount*g.A + (1-discount)*priorReports + y
	g.B = discount*g.B + exposure
}

// predict is the predictive of the point's count; ok is false where nothing is
// known yet.
func (x *expectation) predict(p *point, loc *time.Location) (pr predictive, ok bool) {
	if x.Points == 0 {
		return pr, false
	}
	if p.Len == 0 {
		return newPredictive(x.Flat.mean(), x.Flat.A, x.phi(), matureSize).widened(x.Points), true
	}
	if x.Level == nil {
		return newPredictive(x.Flat.mean()*p.hours(), x.Flat.A, x.phi(), youngSize).widened(x.Points), true
	}
	mean := x.Level.mean() * x.Season.factor(p.At+p.Len/2, loc) * p.hours()
	return newPredictive(mean, x.Level.A, x.phi(), matureSize), true
}

func (x *expectation) phi() float64 { return max(1, x.Phi) }

// usualHour is the expected number of reports of an hour around the point; that
// of a row where the bucket is unknown.
func (p *point) usualHour() float64 {
	if p.Len == 0 {
		return p.Mean
	}
	return p.Mean / p.hours()
}

// update learns from a point outside of any outage. floor is the excess below
// which a count never looks like one.
func (x *expectation) update(p *point, floor float64, loc *time.Location) {
	w := 1.0
	if pr, ok := x.predict(p, loc); ok {
		w = weight(pr, p.Count, floor)
		x.learnPhi(pr, p.Count)
	} else {
		x.Start, x.Last, x.Phi = p.At, p.At, 1
		x.Flat.A = priorReports
	}
	elapsed := float64(p.At + p.Len - x.Last)
	x.Last, x.Points = p.At+p.Len, x.Points+1
	if p.Len == 0 {
		x.Flat.learn(rowMemory, w*p.Count, w)
		return
	}
	half := max(float64(flatHalfLife), flatBuckets*float64(p.Len))
	x.Flat.learn(math.Exp2(-elapsed/half), w*p.Count, w*p.hours())
	x.Season.learn(p.At+p.Len/2, w*p.Count, w*p.hours(), loc)
	x.learnLevel(p, w, elapsed, loc)
}

// learnLevel follows the level under the season, once the season is known.
func (x *expectation) learnLevel(p *point, w, elapsed float64, loc *time.Location) {
	age := float64(x.Last - x.Start)
	if x.Level == nil {
		if age >= float64(seasonAfter) && x.Season.wholeDay() {
			b := levelHalfFirst.Hours()
			x.Level = &gamma{A: x.Season.mean()*b + priorReports, B: b}
		}
		return
	}
	half := min(float64(levelHalfLife), max(float64(levelHalfFirst), age/8))
	e := p.hours() * x.Season.factor(p.At+p.Len/2, loc)
	x.Level.learn(math.Exp2(-elapsed/half), w*p.Count, w*e)
}

// learnPhi moves the over-dispersion toward the squared residual in units of
// what Poisson and level explain; a residual counts at most as three standard
// deviations, so that outages do not widen the band.
func (x *expectation) learnPhi(pr predictive, y float64) {
	poisson := pr.Variance - x.phi()*pr.Mean + pr.Mean
	z2 := (y - pr.Mean) * (y - pr.Mean) / poisson
	gain := 1 / float64(min(x.Points+10, memoryBuckets))
	x.Phi += gain * (min(z2, 9*x.phi()) - x.Phi)
}

// weight is 1, or (2.58/r)² for a residual r that looks like an outage, of the
// service (above) or of its users' way to us (below). If such counts stay, the
// level's evidence fades, its band widens, and they come to weigh again.
func weight(pr predictive, y, floor float64) float64 {
	r := pr.anscombe(y)
	if math.Abs(r) > outlier && math.Abs(y-pr.Mean) >= floor {
		return outlier * outlier / (r * r)
	}
	return 1
}

// season counts reports and observed hours by hour of the week.
type season struct {
	Cells [hoursPerWeek]cell `json:"cells"`
}

// cell is one hour of the week; At is when it was last discounted.
type cell struct {
	Reports, Hours float64
	At             int64
}

func (s *season) learn(at int64, y, hours float64, loc *time.Location) {
	c := &s.Cells[hourOfWeek(at, loc)]
	d := math.Exp2(-float64(at-c.At) / float64(seasonHalfLife))
	if c.At == 0 || at < c.At {
		d = 1
	}
	c.Reports, c.Hours, c.At = d*c.Reports+y, d*c.Hours+hours, at
}

func hourOfWeek(at int64, loc *time.Location) int {
	t := time.Unix(0, at).In(loc)
	return int(t.Weekday())*24 + t.Hour()
}

// day sums one hour of the day over the days of the week.
func (s *season) day(hour int) (reports, hours float64) {
	for h := hour; h < hoursPerWeek; h += 24 {
		reports += s.Cells[h].Reports
		hours += s.Cells[h].Hours
	}
	return
}

// wholeDay tells whether each hour of the day was seen.
func (s *season) wholeDay() bool {
	for h := range 24 {
		if _, hours := s.day(h); hours == 0 {
			return false
		}
	}
	return true
}

// mean is the rate per hour, each hour of the day weighing the same.
func (s *season) mean() float64 {
	sum := 0.0
	for h := range 24 {
		y, t := s.day(h)
		sum += y / max(t, 1e-9)
	}
	return max(sum/24, 1e-6)
}

// factor is the season at a time relative to the mean, interpolated between the
// middles of two hours.
func (s *season) factor(at int64, loc *time.Location) float64 {
	const half = int64(30 * time.Minute)
	mean := s.mean()
	into := time.Unix(0, at-half).In(loc)
	share := float64(into.Minute()*60+into.Second()) / 3600
	a, b := hourOfWeek(at-half, loc), hourOfWeek(at+half, loc)
	return ((1-share)*s.rate(a, mean) + share*s.rate(b, mean)) / mean
}

// rate is an hour of the week's rate, shrunk to that of the same hour of all
// days, and this to the mean, each by so many hours that noise stays small.
func (s *season) rate(h int, mean float64) float64 {
	k := shrinkReports / mean
	y, t := s.day(h % 24)
	day := (y + max(0.25, k)*mean) / (t + max(0.25, k))
	c := s.Cells[h]
	return (c.Reports + max(2, k)*day) / (c.Hours + max(2, k))
}
