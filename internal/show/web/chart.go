package web

import (
	"html/template"
	"math"
	"sort"
	"time"

	"downpour"
)

// layout is the size of one drawing of a chart. Each chart is drawn twice, for
// a desk and for a phone, and the style sheet shows the one that fits.
type layout struct {
	class                    string
	width, height            float64
	left, right, top, bottom float64
	text                     float64 // font size in units, as in the style sheet
	ticks                    int     // most ticks on the time axis
}

// The two drawings: 960 units wide as the page's column, 360 as a phone.
func wideChart() layout {
	return layout{class: "chart wide", width: 960, height: 300, left: 64, right: 28, top: 28, bottom: 28, text: 13, ticks: 9}
}

func narrowChart() layout {
	return layout{class: "chart narrow", width: 360, height: 220, left: 2, right: 2, top: 24, bottom: 24, text: 12, ticks: 5}
}

// series is what a chart of reports shows.
type series struct {
	buckets []downpour.ExpectedReports
	outages []downpour.Outage
	from    time.Time
	to      time.Time
	title   string
}

// topOf is the highest thing that must fit.
func (s series) topOf() float64 {
	top := 0.0
	for _, b := range s.buckets {
		top = max(top, b.Count, b.Expected.High)
	}
	for _, o := range s.outages {
		top = max(top, o.PeakReports)
	}
	return top
}

// lowestTop is the least height of the axis, so that three reports on a quiet
// day do not look like a mountain.
const lowestTop = 5

func (l layout) scales(s series) (timeScale, linear) {
	x := timeScale{s.from, s.to, l.left, l.width - l.right}
	y := linear{0, max(s.topOf(), lowestTop) * 1.04, l.height - l.bottom, l.top}
	return x, y
}

// drawChart draws reports against the band that is expected.
func drawChart(s series, c clock, l layout) template.HTML {
	var d svg
	x, y := l.scales(s)
	d.open(l.class, l.width, l.height, x, s.title)
	hatchID := "hatch-" + l.class[len("chart "):]
	d.hatch(hatchID)
	drawWaves(&d, s.outages, x, l.top-12, l.height-l.bottom)
	drawGrid(&d, l, y)
	drawTimeAxis(&d, c, l, x)
	for _, shape := range band(s.buckets, x, y) {
		d.polygon("band", shape)
	}
	runs := curve(s.buckets, x, y)
	drawAreas(&d, s, x, y)
	drawRuns(&d, runs, hatchID, y.start)
	drawBandLabel(&d, s, x, y, l)
	drawCallouts(&d, s, c, runs, x, y, l)
	return d.close()
}

// drawWaves shades the outages.
func drawWaves(d *svg, outages []downpour.Outage, x timeScale, top, bottom float64) {
	for _, o := range outages {
		if o.End.Before(x.from) || o.Onset.After(x.to) {
			continue
		}
		from, to := x.clamped(o.Onset), x.clamped(o.End)
		if o.OnsetLow != nil {
			early := x.clamped(*o.OnsetLow)
			d.rect("wave maybe", early, top, from-early, bottom-top)
		}
		d.rect("wave", from, top, max(to-from, 2), bottom-top)
	}
}

// drawGrid writes the counts' axis: lines with their values, on a phone above
// the line, where they take no column.
func drawGrid(d *svg, l layout, y linear) {
	for _, v := range niceTicks(y.to, 5) {
		h := math.Round(y.at(v)) + 0.5
		class := "grid"
		if v == 0 {
			class = "axis"
		}
		d.line(class, point{l.left, h}, point{l.width - l.right, h})
		switch {
		case l.left >= 40:
			d.text("tick a-e", point{l.left - 10, h + 4}, grouped(v))
		case v > 0:
			d.text("tick", point{l.left, h - 4}, grouped(v))
		}
	}
}

// drawTimeAxis writes the ticks of time below the drawing.
func drawTimeAxis(d *svg, c clock, l layout, x timeScale) {
	for _, t := range x.ticks(c, l.ticks) {
		at := x.at(t.t)
		half := textWidth(c.text(t.t, t.form), l.text) / 2
		anchor := "tick a-m"
		switch {
		case at-half < 0:
			anchor = "tick"
		case at+half > l.width:
			anchor = "tick a-e"
		}
		base := l.height - l.bottom
		d.line("axis", point{at, base}, point{at, base + 4})
		d.timeText(anchor, point{at, base + 18}, c, t)
	}
}

// drawAreas fills the ground under the curve while an outage lasts.
func drawAreas(d *svg, s series, x timeScale, y linear) {
	for _, o := range s.outages {
		var p []point
		add := func(t time.Time) {
			if v, ok := valueAt(s.buckets, t); ok && x.contains(t) {
				p = append(p, point{x.at(t), y.at(v)})
			}
		}
		from := o.Onset
		if o.OnsetLow != nil {
			from = *o.OnsetLow
		}
		add(from)
		for _, b := range s.buckets {
			if b.Time.After(from) && b.Time.Before(o.End) && x.contains(b.Time) {
				p = append(p, point{x.at(b.Time), y.at(b.Count)})
			}
		}
		add(o.End)
		if len(p) < 2 {
			continue
		}
		p = simplify(p)
		shape := append([]point{{p[0].x, y.start}}, p...)
		d.polygon("excess", append(shape, point{p[len(p)-1].x, y.start}))
	}
}

// drawRuns draws the curve, with hatching under what a generator made. A count
// without neighbours is a dot.
func drawRuns(d *svg, runs []run, hatchID string, ground float64) {
	for _, r := range runs {
		if len(r.points) == 1 {
			d.dot("lone", r.points[0], 1.5, "")
			continue
		}
		if r.stroke == synthetic {
			first, last := r.points[0], r.points[len(r.points)-1]
			d.hatched(hatchID, first.x, ground-14, last.x-first.x, 14)
		}
		d.polygon("spread", r.spread)
		d.polyline(r.stroke.class(), r.points)
	}
}

// drawBandLabel names the band inside of the chart, where the curve leaves most room.
func drawBandLabel(d *svg, s series, x timeScale, y linear, l layout) {
	const text = "usual range"
	const candidates, margin = 24, 12.0
	w := textWidth(text, l.text)
	best, at := math.Inf(1), point{}
	for i := range candidates {
		from := x.start + (x.end-x.start-w)*float64(i)/(candidates-1)
		if top, ok := s.highestBetween(x.time(from-margin), x.time(from+w+margin)); ok && top < best {
			best, at = top, point{from, y.at(top) - 8}
		}
	}
	if !math.IsInf(best, 1) {
		d.text("bandlabel", at, text)
	}
}

// highestBetween is the highest of curve and band from one time to another; ok
// is false if there is no band.
func (s series) highestBetween(from, to time.Time) (top float64, ok bool) {
	for _, end := range [...]time.Time{from, to} {
		if v, on := valueAt(s.buckets, end); on {
			top = max(top, v)
		}
	}
	i := sort.Search(len(s.buckets), func(i int) bool { return !s.buckets[i].Time.Before(from) })
	for i = max(i-1, 0); i < len(s.buckets); i++ {
		b := s.buckets[i]
		if b.Time.After(to) {
			break
		}
		if !b.Time.Before(from) {
			top = max(top, b.Count)
		}
		top, ok = max(top, b.Expected.High), ok || known(b.Expected)
	}
	return top, ok
}

// drawCallouts marks published figures and the peaks of outages, with values
// and times where there is room.
func drawCallouts(d *svg, s series, c clock, runs []run, x timeScale, y linear, l layout) {
	marks := callouts(s, c, x, y)
	frame := box{0, 0, l.width, l.height - l.bottom}
	for _, m := range placeCallouts(marks, runs, frame, l.text) {
		d.dot("dot", m.at, 3.5, m.title)
		if m.placed {
			d.text("value "+m.anchor, m.base, m.text)
		}
	}
}

// callouts lists the figures worth a dot: each published one, and the peak of
// each outage that no published one already marks.
func callouts(s series, c clock, x timeScale, y linear) []callout {
	var out []callout
	marked := map[time.Time]bool{}
	floor := s.topOf() * leastCallout
	add := func(t time.Time, v float64) {
		if !x.contains(t) || marked[t] {
			return
		}
		marked[t] = true
		out = append(out, callout{at: point{x.at(t), y.at(v)}, text: map[bool]string{true: count(v)}[v >= floor], title: count(v) + " at " + c.text(t, formAuto) + " " + c.zoneName(), rank: v})
	}
	for _, b := range s.buckets {
		if b.Origin == downpour.Published {
			add(b.Time, b.Count)
		}
	}
	for _, o := range s.outages {
		add(o.PeakAt, o.PeakReports)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].at.x < out[j].at.x })
	return out[:min(len(out), mostCallouts)]
}

// leastCallout is the share of the chart's top below which a figure gets a dot
// but no label: beside the ground line it would only be clutter.
const leastCallout = 0.1

// mostCallouts bounds the dots of one chart.
const mostCallouts = 60
