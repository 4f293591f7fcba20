package web

import (
	"html/template"
	"strconv"
	"time"

	"downpour"
)

// axisMark is something with a label on the time axis of an incident.
type axisMark struct {
	Time  time.Time
	Class string // the mark's shape and colour
	Text  string
	// Number stands for the text in the phone's drawing; a list below it
	// repeats the number with the text.
	Number int
}

// story is what the strips of an incident show on their one time axis.
type story struct {
	reports series
	attacks []downpour.Attack // none where the reader may not see them
	marks   []axisMark        // in order of time
	alarms  bool              // show when the detectors said so
	title   string
}

// stripLayout is the size of one drawing of the strips.
type stripLayout struct {
	layout
	reports, traffic, spans, lane float64 // heights of the rows
	heading                       float64 // room for a row's name above it; 0 where it stands in the gutter
	numbered                      bool    // marks bear numbers instead of texts
}

func wideStrips() stripLayout {
	return stripLayout{
		layout:  layout{class: "chart strips wide", width: 960, left: 144, right: 8, text: 13, ticks: 9},
		reports: 150, traffic: 120, spans: 30, lane: 24,
	}
}

func narrowStrips() stripLayout {
	return stripLayout{
		layout:  layout{class: "chart strips narrow", width: 360, left: 2, right: 2, text: 12, ticks: 5},
		reports: 120, traffic: 96, spans: 22, lane: 24, heading: 26, numbered: true,
	}
}

// drawStrips draws reports, traffic, spans and marks above one time axis.
func drawStrips(s story, c clock, l stripLayout) template.HTML {
	p := stripPen{story: s, clock: c, layout: l, x: timeScale{s.reports.from, s.reports.to, l.left, l.width - l.right}}
	p.flags, p.lanes = layMarks(s.marks, p.x, l)
	p.height = p.measure()
	p.d.open(l.class, l.width, p.height, p.x, s.title)
	p.hatchID = "hatch-strips-" + map[bool]string{true: "n", false: "w"}[l.numbered]
	p.d.hatch(p.hatchID)
	drawWaves(&p.d, s.reports.outages, p.x, 4, p.height-axisRoom)
	p.drawReports()
	if len(s.attacks) > 0 {
		p.drawTraffic()
	}
	p.drawSpans()
	p.drawMarks()
	axis := l.layout
	axis.height, axis.bottom = p.height, axisRoom
	p.d.line("axis", point{l.left, p.height - axisRoom}, point{l.width - l.right, p.height - axisRoom})
	drawTimeAxis(&p.d, c, axis, p.x)
	return p.d.close()
}

// axisRoom is the height below the axis for its ticks.
const axisRoom = 26

// stripPen walks down the drawing, row by row.
type stripPen struct {
	story
	clock   clock
	layout  stripLayout
	d       svg
	x       timeScale
	y       float64 // where the next row begins
	height  float64
	hatchID string
	flags   []flag
	lanes   int
}

// measure is the height of all rows together.
func (p *stripPen) measure() float64 {
	l := p.layout
	rows, h := 1, l.reports
	if len(p.attacks) > 0 {
		rows, h = rows+1, h+l.traffic
	}
	rows, h = rows+1, h+l.spans*float64(p.spanRows())
	if p.lanes > 0 {
		rows, h = rows+1, h+l.lane*float64(p.lanes)+8
	}
	return h + float64(rows)*(l.heading+rowGap) + axisRoom
}

// rowGap is the room between two rows.
const rowGap = 10

func (p *stripPen) spanRows() int {
	if len(p.attacks) > 0 {
		return 2
	}
	return 1
}

// begin names a row and returns its top; the row must be ended by its height.
func (p *stripPen) begin(name string, notes ...string) float64 {
	if p.layout.heading > 0 {
		p.d.text("rowname", point{p.layout.left, p.y + 17}, name)
		if len(notes) > 0 {
			p.d.text("rownote a-e", point{p.layout.width - p.layout.right, p.y + 17}, notes[0])
		}
		return p.y + p.layout.heading
	}
	p.d.text("rowname", point{0, p.y + 18}, name)
	for i, n := range notes {
		p.d.text("rownote", point{0, p.y + 36 + 17*float64(i)}, n)
	}
	return p.y + p.layout.heading
}

func (p *stripPen) end(bottom float64) {
	p.y = bottom + rowGap
	p.d.line("grid", point{0, p.y - rowGap/2 + 0.5}, point{p.layout.width, p.y - rowGap/2 + 0.5})
}

// drawReports is the curve with its band.
func (p *stripPen) drawReports() {
	top := p.begin("Reports", p.reportsNotes()...)
	bottom := top + p.layout.reports
	y := linear{0, max(p.reports.topOf(), lowestTop), bottom, top + 26}
	row := p.layout.layout
	row.height, row.bottom, row.top = bottom, 0, top
	p.d.line("axis", point{p.x.start, bottom}, point{p.x.end, bottom})
	for _, shape := range band(p.reports.buckets, p.x, y) {
		p.d.polygon("band", shape)
	}
	runs := curve(p.reports.buckets, p.x, y)
	drawAreas(&p.d, p.reports, p.x, y)
	drawRuns(&p.d, runs, p.hatchID, bottom)
	drawBandLabel(&p.d, p.reports, p.x, y, row)
	for _, m := range placeCallouts(callouts(p.reports, p.clock, p.x, y), runs, box{p.x.start - 20, top, p.x.end + 8, bottom}, p.layout.text) {
		p.d.dot("dot", m.at, 3, m.title)
		if m.placed {
			p.d.text("value "+m.anchor, m.base, m.text)
		}
	}
	p.end(bottom)
}

func (p *stripPen) reportsNotes() []string {
	origins := originsOf(p.reports.buckets)
	switch {
	case origins[downpour.Published] && p.layout.heading > 0:
		return []string{"dots: as published · dashed: assumed"}
	case origins[downpour.Published]:
		return []string{"dots: as published", "dashed: assumed", "between them"}
	case origins[downpour.Synthetic]:
		return []string{"synthetic"}
	}
	if per := perBucket(p.reports.buckets); per != "" {
		return []string{per}
	}
	return nil
}

// drawTraffic is the stacked area of attack traffic by vector.
func (p *stripPen) drawTraffic() {
	s := newStack(p.attacks, p.x.from, p.x.to)
	notes := []string{"peak " + scaled(s.top, s.unit)}
	made := anySynthetic(p.attacks)
	if made {
		notes = append(notes, "synthetic")
		if p.layout.heading > 0 {
			notes = []string{notes[0] + " · synthetic"}
		}
	}
	top := p.begin("Attack traffic", notes...)
	bottom := top + p.layout.traffic
	y := linear{0, max(s.top, 1), bottom, top + 8}
	p.d.line("axis", point{p.x.start, bottom}, point{p.x.end, bottom})
	for i, shapes := range s.layers(p.x, y) {
		for _, shape := range shapes {
			p.d.polygon(vectorClass(s.vectors[i]), shape)
			if made {
				p.d.polygonHatched(p.hatchID, shape)
			}
		}
	}
	p.end(bottom)
}

// drawSpans draws from when to when each outage and each attack lasted, where
// its peak was and when the alarm came.
func (p *stripPen) drawSpans() {
	h := p.layout.spans
	top := p.y
	if p.layout.heading > 0 {
		top = p.begin("From, to", p.spanNotes()...)
	} else {
		p.begin("Unusual reports")
		if len(p.attacks) > 0 {
			p.d.text("rowname", point{0, p.y + h + 18}, "Attack")
		}
	}
	for _, o := range p.reports.outages[:min(len(p.reports.outages), mostSpans)] {
		p.span("span outage", top, o.Onset, o.End, o.Ongoing, "unusual reports")
		p.tick("peakmark", top, o.PeakAt, "peak of reports")
		p.alarm(top, o.AlarmAt)
	}
	bottom := top + h
	if len(p.attacks) > 0 {
		for _, a := range p.attacks[:min(len(p.attacks), mostSpans)] {
			p.span("span attack", bottom, a.Onset, a.End, a.Ongoing, "attack traffic")
			p.tick("peakmark", bottom, a.PeakAt, "peak of traffic")
			p.alarm(bottom, a.AlarmAt)
		}
		bottom += h
	}
	p.end(bottom)
}

// mostSpans bounds the spans of a row: of a carpet bombing's thousand attacks
// the first are enough to see when it was.
const mostSpans = 100

func (p *stripPen) spanNotes() []string {
	switch {
	case len(p.attacks) > 0:
		return []string{"reports above, attack below"}
	case p.alarms:
		return []string{"▲ alarm"}
	}
	return nil
}

func (p *stripPen) span(class string, top float64, from, to time.Time, ongoing bool, what string) {
	if to.Before(p.x.from) || from.After(p.x.to) {
		return
	}
	x0, x1 := p.x.clamped(from), p.x.clamped(to)
	title := what + " " + p.clock.text(from, formAuto) + " to " + p.clock.text(to, formAuto)
	if ongoing {
		title = what + " since " + p.clock.text(from, formAuto)
	}
	p.d.titledRect(class, box{x0, top + 5, max(x1, x0+2), top + p.layout.spans - 9}, title)
}

func (p *stripPen) tick(class string, top float64, at time.Time, what string) {
	if p.x.contains(at) {
		x := p.x.at(at)
		p.d.titledRect(class, box{x - 1, top + 3, x + 1, top + p.layout.spans - 7}, what+" "+p.clock.text(at, formAuto))
	}
}

func (p *stripPen) alarm(top float64, at time.Time) {
	if !p.alarms || at.IsZero() || !p.x.contains(at) {
		return
	}
	x, y := p.x.at(at), top+p.layout.spans-1
	p.d.polygon("alarm", []point{{x - 4, y}, {x + 4, y}, {x, y - 6}})
}

// drawMarks hangs labelled marks from the axis, each in a lane where it meets
// no other.
func (p *stripPen) drawMarks() {
	if p.lanes == 0 {
		return
	}
	top := p.begin("Said and done")
	for i, m := range p.marks {
		f := p.flags[i]
		y := top + float64(f.lane)*p.layout.lane + p.layout.lane/2 + 4
		p.d.line("stem", point{f.x, top - p.layout.heading}, point{f.x, y})
		p.d.dot(m.Class, point{f.x, y}, p.markRadius(), m.Text)
		switch {
		case p.layout.numbered:
			p.d.text("marknumber a-m", point{f.x, y + 4}, strconv.Itoa(m.Number))
		case f.left:
			p.d.text("marktext a-e", point{f.x - 9, y + 4}, m.Text)
		default:
			p.d.text("marktext", point{f.x + 9, y + 4}, m.Text)
		}
	}
	p.end(top + float64(p.lanes)*p.layout.lane + 8)
}

func (p *stripPen) markRadius() float64 {
	if p.layout.numbered {
		return 9
	}
	return 4.5
}

// layMarks finds the lanes of all marks.
func layMarks(marks []axisMark, x timeScale, l stripLayout) ([]flag, int) {
	flags := make([]flag, len(marks))
	for i, m := range marks {
		w := textWidth(m.Text, l.text) + 10
		if l.numbered {
			w = 12
		}
		flags[i] = flag{x: x.clamped(m.Time), width: w}
	}
	return flags, layFlags(flags, x.start, l.width)
}
