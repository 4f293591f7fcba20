package web

import (
	"math"
	"sort"
	"time"

	"downpour"
)

// stroke says how a piece of a curve is drawn, which is how well it is known.
type stroke int

const (
	solid     stroke = iota // measured on both ends
	dashed                  // assumed between published figures
	synthetic               // made by a generator
)

func (s stroke) class() string {
	return [...]string{"line", "line dashed", "line synthetic"}[s]
}

// run is an unbroken piece of a curve in one stroke.
type run struct {
	stroke stroke
	points []point
	// spread is the shape from the lowest to the highest count where points are
	// means; nil where they are the counts themselves.
	spread []point
	// from is the index of the first bucket.
	from int
}

// strokeBetween says how the line from a to b is known.
func strokeBetween(a, b downpour.ExpectedReports) stroke {
	switch {
	case a.Origin == downpour.Synthetic && b.Origin == downpour.Synthetic:
		return synthetic
	case a.Origin == downpour.Received && b.Origin == downpour.Received:
		return solid
	}
	return dashed
}

// gapBuckets is how many bucket lengths may pass between two counts before
// they are drawn unconnected: one missing bucket is a gap worth seeing.
const gapBuckets = 2

// connected tells whether a line may be drawn between two counts. Rows without
// a bucket length are published moments; they are joined by dashes.
func connected(a, b downpour.ExpectedReports) bool {
	if a.Bucket <= 0 || a.Origin == downpour.Published || b.Origin == downpour.Published {
		return true
	}
	return b.Time.Sub(a.Time) < gapBuckets*a.Bucket
}

// curve turns counts into runs on the drawing's scales.
func curve(buckets []downpour.ExpectedReports, x timeScale, y linear) []run {
	var runs []run
	for i, b := range buckets {
		here := point{x.at(b.Time), y.at(b.Count)}
		if i == 0 || !connected(buckets[i-1], b) {
			runs = append(runs, run{stroke: solid, points: []point{here}, from: i})
			continue
		}
		last := &runs[len(runs)-1]
		style := strokeBetween(buckets[i-1], b)
		switch {
		case len(last.points) == 1:
			last.stroke = style
		case last.stroke != style:
			runs = append(runs, run{stroke: style, points: []point{last.points[len(last.points)-1]}, from: i - 1})
			last = &runs[len(runs)-1]
		}
		last.points = append(last.points, here)
	}
	for i := range runs {
		runs[i].thin(buckets)
	}
	return runs
}

// thin reduces a run to what can be seen. Dense counts within their band become
// their mean and spread; all else keeps its extremes.
func (r *run) thin(buckets []downpour.ExpectedReports) {
	const dense = 4 // counts in a calm column
	width := r.points[len(r.points)-1].x - r.points[0].x
	if r.stroke == solid && float64(len(r.points)) > dense*width/calmWidth {
		r.points, r.spread = calm(r.points, buckets[r.from:])
		return
	}
	r.points = simplify(r.points)
}

// calmWidth is the width in units of a column of means.
const calmWidth = 6.0

// calm replaces the counts of each column that lies within its expectation by
// their mean, so that the noise of small numbers doesn't look like news, and
// returns the shape between lowest and highest. What rises above the band is
// drawn as it was counted.
func calm(p []point, buckets []downpour.ExpectedReports) (line, spread []point) {
	var low, high []point
	for i := 0; i < len(p); {
		column := math.Floor(p[i].x / calmWidth)
		j, sum, top, bottom, usual := i, 0.0, p[i].y, p[i].y, true
		for ; j < len(p) && math.Floor(p[j].x/calmWidth) == column; j++ {
			sum += p[j].y
			top, bottom = min(top, p[j].y), max(bottom, p[j].y)
			usual = usual && known(buckets[j].Expected) && buckets[j].Count <= buckets[j].Expected.High
		}
		middle := (p[i].x + p[j-1].x) / 2
		if usual {
			line = append(line, point{middle, sum / float64(j-i)})
			low, high = append(low, point{middle, bottom}), append(high, point{middle, top})
		} else {
			line = append(line, thin(p[i:j])...)
			low, high = append(low, point{middle, p[i].y}), append(high, point{middle, p[i].y})
		}
		i = j
	}
	return dropCollinear(line), closeLayer(dropCollinear(low), dropCollinear(high))
}

// columnWidth is the width in units within which a curve is reduced to its
// first, lowest, highest and last point.
const columnWidth = 3.0

// simplify thins a curve without changing how it looks: first per column of
// columnWidth to the four points that matter (M4: Jugel et al., "M4: A
// Visualization-Oriented Time Series Data Aggregation", VLDB 2014), then
// dropping points that lie on the line between their neighbours.
func simplify(p []point) []point { return dropCollinear(thin(p)) }

func thin(p []point) []point {
	var out []point
	for i := 0; i < len(p); {
		j, low, high := i, i, i
		column := math.Floor(p[i].x / columnWidth)
		for ; j < len(p) && math.Floor(p[j].x/columnWidth) == column; j++ {
			if p[j].y < p[low].y {
				low = j
			}
			if p[j].y > p[high].y {
				high = j
			}
		}
		kept := -1
		for _, k := range [...]int{i, min(low, high), max(low, high), j - 1} {
			if k > kept {
				out = append(out, p[k])
				kept = k
			}
		}
		i = j
	}
	return out
}

// flat is the distance from a straight line, in units, that nobody sees.
const flat = 0.3

func dropCollinear(p []point) []point {
	if len(p) < 3 {
		return p
	}
	out := []point{p[0]}
	for i := 1; i < len(p)-1; i++ {
		if distance(p[i], out[len(out)-1], p[i+1]) > flat {
			out = append(out, p[i])
		}
	}
	return append(out, p[len(p)-1])
}

// distance is how far q lies from the line through a and b.
func distance(q, a, b point) float64 {
	length := math.Hypot(b.x-a.x, b.y-a.y)
	if length == 0 {
		return math.Hypot(q.x-a.x, q.y-a.y)
	}
	return math.Abs((b.x-a.x)*(a.y-q.y)-(a.x-q.x)*(b.y-a.y)) / length
}

// known tells whether an expectation was stated at all.
func known(e downpour.Estimate) bool { return e != downpour.Estimate{} }

// band turns expectations into closed shapes, one an unbroken piece.
func band(buckets []downpour.ExpectedReports, x timeScale, y linear) [][]point {
	var shapes [][]point
	var low, high []point
	flush := func() {
		if len(high) > 1 {
			shapes = append(shapes, closeBand(simplify(low), simplify(high)))
		}
		low, high = nil, nil
	}
	for i, b := range buckets {
		if !known(b.Expected) {
			flush()
			continue
		}
		if i > 0 && !connected(buckets[i-1], b) {
			flush()
		}
		low = append(low, point{x.at(b.Time), y.at(b.Expected.Low)})
		high = append(high, point{x.at(b.Time), y.at(b.Expected.High)})
	}
	flush()
	return shapes
}

// thinnestBand keeps the band visible beside a peak sixty times as high.
const thinnestBand = 3.0

func closeBand(low, high []point) []point {
	shape := make([]point, 0, len(low)+len(high))
	for _, h := range high {
		shape = append(shape, point{h.x, h.y - thinnestBand/2})
	}
	for i := len(low) - 1; i >= 0; i-- {
		shape = append(shape, point{low[i].x, low[i].y + thinnestBand/2})
	}
	return shape
}

// valueAt is the curve's count at t by straight lines between its buckets; ok
// is false outside of them.
func valueAt(buckets []downpour.ExpectedReports, t time.Time) (v float64, ok bool) {
	i := sort.Search(len(buckets), func(i int) bool { return !buckets[i].Time.Before(t) })
	switch {
	case i == len(buckets), i == 0 && !buckets[0].Time.Equal(t):
		return 0, false
	case buckets[i].Time.Equal(t):
		return buckets[i].Count, true
	}
	a, b := buckets[i-1], buckets[i]
	return a.Count + (b.Count-a.Count)*float64(t.Sub(a.Time))/float64(b.Time.Sub(a.Time)), true
}
