package web

import (
	"html/template"
	"math"
	"strconv"
	"time"

	"downpour"
)

// rates is what the drawing of an attack's rates shows.
type rates struct {
	attack  downpour.Attack
	minutes []minuteRate // of the target's traffic in the attack's classes
	from    time.Time
	to      time.Time
	title   string
}

// minuteRate is one minute of a target's traffic, its classes added up.
type minuteRate struct {
	time     time.Time
	peak     downpour.TrafficRate // busiest second
	expected downpour.TrafficRate // the most that was expected
}

// rateOf is a rate in a unit.
func rateOf(r downpour.TrafficRate, unit string) float64 {
	if unit == unitBits {
		return r.Bits
	}
	return r.Packets
}

// units are those in which an attack was counted.
func (r *rates) units() []string {
	if r.attack.Peak.Requests != nil {
		return []string{unitRequests}
	}
	return []string{unitBits, unitPackets}
}

// usual is the most that was expected of the attack's classes together when it began;
// where none of them had been seen before, nothing is known.
func (r *rates) usual(unit string) (sum float64, known bool) {
	if unit == unitRequests {
		return 0, false
	}
	for _, e := range r.attack.Expected {
		sum += rateOf(e.Usual, unit)
		known = known || e.Usual != downpour.TrafficRate{}
	}
	return sum, known
}

// form is how finely the attack's moments must be written.
func (r *rates) form() string {
	if r.attack.End.Sub(r.attack.Onset) < time.Minute {
		return formMillis
	}
	return formSeconds
}

// limit is the limit of the class that passed its own first; nil if it has none in the unit.
func (r *rates) limit(unit string) *float64 {
	if len(r.attack.Expected) == 0 || unit == unitRequests {
		return nil
	}
	if unit == unitBits {
		return r.attack.Expected[0].Limit.Bits
	}
	return r.attack.Expected[0].Limit.Packets
}

// expectedAt is what was expected of a moment, by the minute that it lies in, else by
// what was usual when the attack began.
func (r *rates) expectedAt(t time.Time, unit string) float64 {
	for _, m := range r.minutes {
		if !t.Before(m.time) && t.Before(m.time.Add(time.Minute)) {
			return rateOf(m.expected, unit)
		}
	}
	usual, _ := r.usual(unit)
	return usual
}

// beside tells whether a minute lies outside of the attack: one that it touches has its
// busiest second in it.
func (r *rates) beside(m minuteRate) bool {
	end := m.time.Add(time.Minute)
	return !end.After(r.attack.Onset) || !r.attack.Ongoing && !m.time.Before(r.attack.End)
}

// rateLayout is the size of one drawing.
type rateLayout struct {
	layout
	row, phase, heading float64
}

func wideRates() rateLayout {
	return rateLayout{layout: layout{class: "chart wide", width: 960, left: 96, right: 16, text: 13, ticks: 8}, row: 160, phase: 26, heading: 46}
}

func narrowRates() rateLayout {
	return rateLayout{layout: layout{class: "chart narrow", width: 360, left: 2, right: 2, text: 12, ticks: 4}, row: 140, phase: 22, heading: 56}
}

// drawRates draws one row a unit, the phases, and the axis of time that they share.
func drawRates(r rates, c clock, l rateLayout) template.HTML {
	p := ratePen{rates: r, clock: c, layout: l, x: timeScale{r.from, r.to, l.left, l.width - l.right}}
	p.y = markRoom
	height := markRoom + float64(len(r.units()))*(l.heading+l.row+rowGap) + axisRoom
	if p.phased() {
		height += l.phase + rowGap
	}
	p.d.open(l.class, l.width, height, p.x, r.title)
	p.hatchID = "hatch-rates-" + map[bool]string{true: "w", false: "n"}[l.left > 40]
	p.d.hatch(p.hatchID)
	p.d.rect("wave", p.x.clamped(r.attack.Onset), markRoom, p.x.clamped(r.attack.End)-p.x.clamped(r.attack.Onset), height-axisRoom-markRoom)
	p.drawMoments(height - axisRoom)
	for _, unit := range r.units() {
		p.drawUnit(unit)
	}
	p.drawPhases()
	axis := l.layout
	axis.height, axis.bottom = height, axisRoom
	drawTimeAxis(&p.d, c, axis, p.x)
	return p.d.close()
}

// markRoom is the height above the rows for the names of moments.
const markRoom = 22

// ratePen walks down the drawing.
type ratePen struct {
	rates
	clock   clock
	layout  rateLayout
	d       svg
	x       timeScale
	y       float64
	hatchID string
}

// drawUnit is a row: what came, by vector, against what was expected.
func (p *ratePen) drawUnit(unit string) {
	l := p.layout
	s := stackOf([]downpour.Attack{p.attack}, unit, p.x.from, p.x.to)
	top := p.y + l.heading
	bottom := top + l.row
	y := linear{0, max(p.topOf(s, unit), 1) * 1.08, bottom, top}
	p.drawScale(y)
	p.drawUsual(y, unit)
	for i, shapes := range s.layers(p.x, y) {
		for _, shape := range shapes {
			p.d.polygon(vectorClass(s.vectors[i]), shape)
			if p.attack.Synthetic {
				p.d.polygonHatched(p.hatchID, shape)
			}
		}
	}
	p.drawMinutes(y, unit)
	p.drawLimit(y, unit)
	p.nameScale(y, unit)
	p.drawHeading(s, unit)
	p.y = bottom + rowGap
}

// drawHeading names a row, and says in numbers what is drawn small.
func (p *ratePen) drawHeading(s stack, unit string) {
	l := p.layout
	name := map[string]string{unitBits: "Bits/s", unitPackets: "Packets/s", unitRequests: "Requests/s"}[unit]
	p.d.text("rowname halo", point{l.left, p.y + 17}, name+": highest "+scaled(s.top, unit)+p.over())
	at := point{l.left, p.y + 35}
	if text := p.usualText(unit); text != "" {
		p.d.text("bandlabel", at, text)
		at.x += textWidth(text, l.text) + 12
	}
	if limit := p.limit(unit); limit != nil {
		p.d.text("limitlabel", at, "limit: "+scaled(*limit, unit))
	}
}

// over is the length of a step, over which a rate of the drawing is told.
func (p *ratePen) over() string {
	if p.attack.Timeline.Step <= 0 {
		return ""
	}
	return " over " + lasting(time.Duration(p.attack.Timeline.Step*float64(time.Second)))
}

func (p *ratePen) usualText(unit string) string {
	usual, known := p.usual(unit)
	switch {
	case known:
		return "usual: at most " + scaled(usual, unit)
	case len(p.attack.Expected) > 0:
		return "usual: not known"
	}
	return ""
}

// topOf is the highest that must fit into a row.
func (p *ratePen) topOf(s stack, unit string) float64 {
	usual, _ := p.usual(unit)
	top := max(s.top, usual)
	for _, m := range p.minutes {
		if p.beside(m) {
			top = max(top, rateOf(m.peak, unit))
		}
		top = max(top, rateOf(m.expected, unit))
	}
	if limit := p.limit(unit); limit != nil && *limit < 2*top {
		top = max(top, *limit)
	}
	return top
}

// rateTicks is how many figures the axis of rates has at most.
const rateTicks = 4

// drawScale draws the lines of the rates' axis.
func (p *ratePen) drawScale(y linear) {
	l := p.layout
	for _, v := range niceTicks(y.to, rateTicks) {
		h := math.Round(y.at(v)) + 0.5
		class := "grid"
		if v == 0 {
			class = "axis"
		}
		p.d.line(class, point{l.left, h}, point{l.width - l.right, h})
	}
}

// nameScale writes the axis' figures, over what is drawn where they have no column.
func (p *ratePen) nameScale(y linear, unit string) {
	l := p.layout
	for _, v := range niceTicks(y.to, rateTicks) {
		h := math.Round(y.at(v)) + 0.5
		switch {
		case v == 0:
		case l.left >= 40:
			p.d.text("tick a-e", point{l.left - 10, h + 4}, scaled(v, unit))
		default:
			p.d.text("tick halo", point{l.left, h - 4}, scaled(v, unit))
		}
	}
}

// drawUsual is the band from nothing to the most that was expected, minute by minute.
func (p *ratePen) drawUsual(y linear, unit string) {
	if _, known := p.usual(unit); !known {
		return
	}
	var high, low []point
	for _, t := range p.steps() {
		v := p.expectedAt(t, unit)
		if n := len(high); n > 0 {
			high = append(high, point{p.x.clamped(t), high[n-1].y})
		}
		high = append(high, point{p.x.clamped(t), min(y.at(v), y.start-thinnestBand)})
	}
	last := high[len(high)-1]
	high = append(high, point{p.x.end, last.y})
	low = []point{{p.x.start, y.start}, {p.x.end, y.start}}
	p.d.polygon("band", closeLayer(low, dropCollinear(high)))
}

// steps are the moments at which what is expected may change.
func (p *ratePen) steps() []time.Time {
	list := []time.Time{p.x.from}
	for _, m := range p.minutes {
		for _, t := range [...]time.Time{m.time, m.time.Add(time.Minute)} {
			if t.After(list[len(list)-1]) && t.Before(p.x.to) {
				list = append(list, t)
			}
		}
	}
	return list
}

// drawMinutes is the target's traffic outside of the attack: the busiest second of each
// minute that is kept.
func (p *ratePen) drawMinutes(y linear, unit string) {
	for _, m := range p.minutes {
		from, to := p.x.clamped(m.time), p.x.clamped(m.time.Add(time.Minute))
		if !p.beside(m) || to <= from {
			continue
		}
		h := y.at(rateOf(m.peak, unit))
		p.d.rect("spread", from, h, to-from, y.start-h)
		p.d.line("line", point{from, h}, point{to, h})
	}
}

// drawLimit is the rate from which on it is an attack.
func (p *ratePen) drawLimit(y linear, unit string) {
	limit := p.limit(unit)
	if limit == nil || *limit > y.to {
		return
	}
	h := math.Round(y.at(*limit)) + 0.5
	p.d.line("limit", point{p.x.start, h}, point{p.x.end, h})
}

func (p *ratePen) phased() bool { return len(p.attack.Phases) > 1 }

// drawPhases numbers the stretches in which different vectors dominate.
func (p *ratePen) drawPhases() {
	if !p.phased() {
		return
	}
	if p.layout.left >= 40 {
		p.d.text("tick a-e", point{p.layout.left - 10, p.y + 16}, "Phases")
	}
	for i, ph := range p.attack.Phases {
		r := box{p.x.clamped(ph.Start), p.y, p.x.clamped(ph.End) - 1, p.y + p.layout.phase - 4}
		p.d.titledRect("phase", r, phaseText(i, ph))
		for _, text := range [...]string{phaseText(i, ph), strconv.Itoa(i + 1)} {
			if w := textWidth(text, p.layout.text); w < r.x1-r.x0-6 {
				p.d.text("phasename a-m", point{(r.x0 + r.x1) / 2, p.y + 15}, text)
				break
			}
		}
	}
	p.y += p.layout.phase + rowGap
}

// near is how close an alarm may be to the onset to be told of beside it.
const near = 80.0

// drawMoments names onset, alarm and end above the rows, each where it meets no other.
func (p *ratePen) drawMoments(bottom float64) {
	type moment struct {
		name  string
		at    time.Time
		class string
	}
	list := []moment{{"onset " + p.clock.text(p.attack.Onset, p.form()), p.attack.Onset, "stem"}}
	late := p.attack.AlarmAt.Sub(p.attack.Onset)
	if p.layout.left >= 40 && p.x.clamped(p.attack.AlarmAt)-p.x.clamped(p.attack.Onset) < near {
		list[0].name += ", alarm " + lasting(late) + " later"
	}
	if !p.attack.Ongoing {
		list = append(list, moment{"end " + p.clock.text(p.attack.End, p.form()), p.attack.End, "stem"})
	}
	list = append(list, moment{"alarm " + p.clock.text(p.attack.AlarmAt, p.form()), p.attack.AlarmAt, "stem alarmed"})
	var taken []box
	for _, m := range list { // the alarm's name comes last: the page tells it elsewhere, too
		if !p.x.contains(m.at) {
			continue
		}
		x := p.x.at(m.at)
		p.d.line(m.class, point{x, markRoom - 4}, point{x, bottom})
		w := textWidth(m.name, p.layout.text)
		for _, from := range [...]float64{x - w/2, x + 4, x - w - 4} {
			b := box{from, 2, from + w, 16}
			if b.x0 >= 0 && b.x1 <= p.layout.width && free(b, taken) {
				p.d.text("tick", point{from, 14}, m.name)
				taken = append(taken, b)
				break
			}
		}
	}
}
