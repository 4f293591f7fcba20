package outage

import (
	"math"
	"time"

	"downpour"
)

// point is one count with what needs no alarm: Mean is the expectation, moved
// as far as whole hours of the series usually stray from it; Low the same
// downward. Size is the negative binomial's.
type point struct {
	At     int64                `json:"at"`
	Len    int64                `json:"len"` // 0: a moment of an unknown bucket
	Count  float64              `json:"count"`
	Mean   float64              `json:"mean"`
	Low    float64              `json:"low"`
	Size   float64              `json:"size"`
	Origin downpour.CountOrigin `json:"origin"`
}

func (p *point) end() int64 { return p.At + p.Len }

// hours is the point's exposure; one where the bucket is unknown.
func (p *point) hours() float64 {
	if p.Len == 0 {
		return 1
	}
	return time.Duration(p.Len).Hours()
}

// run is a stretch of points that a change explains better than the usual.
type run struct {
	From     int     // index of the first point
	Earliest int     // index where the first point may as well be (97 %)
	Excess   float64 // reports above (or below) the expected
}

// date finds the run of a change that the last point is part of: first the one
// that a doubling (halving) explains best, then, within what that run's own
// factor says, with half of this factor, so that the sparse counts before a
// sharp rise do not blur its onset and a ramp is still taken from its foot.
func date(points []point, dir downpour.Change) (run, bool) {
	ratio := dateRatio
	if dir == downpour.Fall {
		ratio = 1 / dateRatio
	}
	r, ok := bestRun(points, ratio)
	if !ok {
		return r, false
	}
	count, mean := 0.0, 0.0
	for _, p := range points[r.From:] {
		count, mean = count+p.Count, mean+p.Mean
	}
	if dir == downpour.Fall {
		ratio = min(ratio, max(count/mean/ratio, 1e-3))
	} else {
		ratio = max(ratio, count/mean/ratio)
	}
	return bestRun(points, ratio)
}

// bestRun dates a change: the start whose points, up to the last, have the
// largest likelihood ratio of the given factor, and the earliest start within
// dateDrop of it. ok is false if no start speaks for a change.
func bestRun(points []point, ratio float64) (r run, ok bool) {
	best, sum := 0.0, 0.0
	sums := make([]float64, len(points))
	for i := len(points) - 1; i >= 0; i-- {
		p := &points[i]
		sum += logRatio(p.Count, p.Mean, ratio*p.Mean, p.Size)
		if sums[i] = sum; sum > best {
			best, r.From, ok = sum, i, true
		}
	}
	r.Earliest = r.From
	for i := range r.From {
		if sums[i] >= best-dateDrop {
			r.Earliest = i
			break
		}
	}
	for _, p := range points[r.From:] {
		r.Excess += p.Count - p.Mean
	}
	r.Excess = math.Abs(r.Excess)
	return r, ok
}

// smoothed is the mean count of the last k points.
func smoothed(points []point, k int) float64 {
	sum := 0.0
	for _, p := range points[len(points)-k:] {
		sum += p.Count
	}
	return sum / float64(k)
}

// measured orders origins, what was measured first.
func measured(o downpour.CountOrigin) int {
	switch o {
	case downpour.Received:
		return 0
	case downpour.Published:
		return 1
	case downpour.Interpolated:
		return 2
	}
	return 3
}
