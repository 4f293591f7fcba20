package web

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"downpour"
)

// attackPage is an AttackView made ready for its template.
type attackPage struct {
	page
	View      AttackView
	State     chip
	Target    string
	Lede      string
	Facts     []fact
	Wide      template.HTML
	Narrow    template.HTML
	Vectors   []vectorKey
	Notes     []string
	Rates     []rateRow
	HasSecond bool // Rates have a second figure
	Expected  []expectedRow
	Parts     []vectorRow
	Phases    []phaseRow
	Origin    originPart
	Marks     []markRow
	Rules     []ruleRow
	Exhibit   *exhibitPart
	Synthetic bool
}

func newAttackPage(v AttackView) attackPage {
	a := v.Attack
	p := attackPage{
		page: newPage(v.Frame, "", "/incidents/"+v.Incident.ID+"/attacks/"+a.ID), View: v,
		State: severityChip(a.Severity, a.Ongoing), Target: targetText(a.Target), Synthetic: a.Synthetic,
		Facts: attackFacts(a, newClock(v.Zone, a.Onset)), Expected: expectedRows(a), Parts: vectorRows(a),
		Origin: newOriginPart(a, true),
	}
	p.Clock, p.Private = newClock(v.Zone, a.Onset), true
	p.Title = vectorNames(a) + " on " + p.Target
	if a.Direction == downpour.Outbound {
		p.Title = vectorNames(a) + " from our network on " + p.Target
	}
	p.Lede = ledeOf(a)
	p.addRates()
	for i, ph := range a.Phases {
		p.Phases = append(p.Phases, phaseRow{i + 1, ph.Start, ph.End, lasting(ph.End.Sub(ph.Start)), strings.Join(ph.Vectors, ", ")})
	}
	for _, r := range a.Rules {
		p.Rules = append(p.Rules, newRuleRow(r))
	}
	p.Marks = markRows(a.Marks)
	if v.Exhibit != nil {
		p.Exhibit = newExhibitPart(v.Exhibit, a)
	}
	return p
}

// attackFacts is the row of key facts.
func attackFacts(a downpour.Attack, c clock) []fact {
	peak := fact{Name: "Peak", Value: peakText(a.Peak), Note: "at " + c.text(a.PeakAt, formSeconds), Title: exactRate(a.Peak)}
	if a.Peak.Requests == nil {
		peak.Note = packetrate(a.Peak.Packets) + ", " + peak.Note
		if e := a.Peak.BitsEstimate; e != nil {
			peak.Note = strings.TrimSpace(sampledBits(e)) + ", " + peak.Note
		}
	}
	lasted := fact{Name: "Lasted", Value: lasting(a.End.Sub(a.Onset)), Note: "alarm " + lasting(a.AlarmAt.Sub(a.Onset)) + " after the onset"}
	if a.Ongoing {
		lasted.Name = "Going on for"
	}
	all := fact{Name: "In all", Value: byteSize(int64(min(a.Total.Bytes, 1<<62))), Note: grouped(float64(a.Total.Packets)) + " packets" + sampledPackets(a.Total.PacketsEstimate)}
	if a.Total.Requests != nil {
		all.Value, all.Note = grouped(float64(*a.Total.Requests)), "requests"
	}
	sources := fact{Name: "Sources", Value: capital(approximate(a.Sources.Addresses)), Note: "addresses seen", Title: exact(a.Sources.Addresses)}
	switch {
	case a.Sources.Addresses == downpour.Estimate{}:
		sources.Value, sources.Note = "Not known", ""
	case !a.Sources.EvidenceOfOrigin:
		sources.Note += ", no evidence of origin"
	}
	return []fact{peak, lasted, all, sources}
}

// ledeOf says in a sentence what came, and by how much more than usual that is.
func ledeOf(a downpour.Attack) string {
	r := rates{attack: a}
	if a.Peak.Requests != nil {
		return "At its peak it was " + peakText(a.Peak) + "."
	}
	text := "At its peak it was " + bitrate(a.Peak.Bits) + " and " + packetrate(a.Peak.Packets)
	bits, known := r.usual(unitBits)
	packets, _ := r.usual(unitPackets)
	switch {
	case !known && len(a.Expected) > 0:
		return text + "; nothing usual is known of such traffic."
	case !known:
		return text + "."
	}
	return text + "; usual is at most " + bitrate(bits) + " and " + packetrate(packets) + "."
}

// Moment writes a time as finely as the length of the attack asks for.
func (p attackPage) Moment(t time.Time) template.HTML {
	r := rates{attack: p.View.Attack}
	return p.Clock.tag(t, r.form())
}

// lasting is duration with a decimal or two below ten seconds.
func lasting(d time.Duration) string {
	if d < 10*time.Second {
		return strconv.FormatFloat(significant(d.Seconds(), 2), 'f', -1, 64) + nbsp + "s"
	}
	return duration(d)
}

// addRates draws the rates over time and writes them as a table.
func (p *attackPage) addRates() {
	a := p.View.Attack
	if a.Peak.BitsEstimate != nil || a.Peak.PacketsEstimate != nil {
		a.Timeline = evened(a.Timeline) // single samples make bars of their own
	}
	r := rates{attack: a, minutes: minuteRates(p.View.Minutes)}
	r.from, r.to = r.axis(p.Now)
	r.title = "Rates toward " + p.Target + " over time: peak " + peakText(a.Peak) + " at " + p.Clock.text(a.PeakAt, formSeconds) +
		usualWords(a, ", usual at most ") + "; the table below tells the same"
	p.Wide, p.Narrow = drawRates(r, p.Clock, wideRates()), drawRates(r, p.Clock, narrowRates())
	for _, name := range stackOf([]downpour.Attack{a}, r.units()[0], r.from, r.to).vectors {
		p.Vectors = append(p.Vectors, vectorKey{vectorClass(name), name})
	}
	p.Rates, p.HasSecond = rateRows(r), len(r.units()) > 1
	p.Notes = rateNotes(r)
}

// usualWords is what was usual in the unit of the peak, after some words; nothing where
// it is not known.
func usualWords(a downpour.Attack, words string) string {
	r := rates{attack: a}
	usual, known := r.usual(unitBits)
	if !known {
		return ""
	}
	return words + bitrate(usual)
}

// axis is the stretch of time to show: the attack with a quarter of its length on either
// side, and of one that lasts minutes at least three minutes of what is kept beside it.
func (r *rates) axis(now time.Time) (from, to time.Time) {
	const least, minutes = 20 * time.Millisecond, 3 * time.Minute
	a := r.attack
	length := a.End.Sub(a.Onset)
	margin := max(length/4, least)
	if length >= time.Minute && len(r.minutes) > 0 {
		margin = max(margin, minutes)
	}
	from, to = a.Onset.Add(-margin), a.End.Add(margin)
	if to.After(now) && now.After(a.End) {
		to = now
	}
	return from, to
}

// minuteRates adds up the classes of each minute.
func minuteRates(list []downpour.TrafficMinute) (out []minuteRate) {
	for _, m := range list {
		if n := len(out); n == 0 || !out[n-1].time.Equal(m.Time) {
			out = append(out, minuteRate{time: m.Time})
		}
		last := &out[len(out)-1]
		last.peak.Packets, last.peak.Bits = last.peak.Packets+m.Peak.Packets, last.peak.Bits+m.Peak.Bits
		last.expected.Packets, last.expected.Bits = last.expected.Packets+m.Expected.Packets, last.expected.Bits+m.Expected.Bits
	}
	return out
}

// rateNotes say what the drawing can't.
func rateNotes(r rates) []string {
	var notes []string
	switch _, known := r.usual(unitBits); {
	case known:
		notes = append(notes, "Blue band: the most that was usual of the attacked classes. Dashed line: the limit of the class that passed first.")
	case len(r.attack.Expected) > 0:
		notes = append(notes, "Dashed line: the limit of the class that passed first. Nothing usual is known of the attacked classes, so no band is drawn.")
	default:
		notes = append(notes, "What is usual is told in the sentence below only.")
	}
	if slices.ContainsFunc(r.minutes, r.beside) {
		notes = append(notes, "Line outside of the attack: the busiest second of each minute. Minutes far below every limit are not kept.")
	} else {
		notes = append(notes, "Of the target's traffic outside of the attack nothing is kept: minutes far below every limit are not.")
	}
	if r.attack.Peak.BitsEstimate != nil || r.attack.Peak.PacketsEstimate != nil {
		notes = append(notes, "Rates are estimated from sampled packets.")
	}
	return notes
}

// rateRow is a line of the table of rates.
type rateRow struct {
	Time                 time.Time
	First, Second, Usual string
	What, Readout        string
}

// mostRates bounds the lines of the table.
const mostRates = 60

// rateRows is the drawing as a table: minutes outside of the attack, and its steps, of
// which several make a line where there are many.
func rateRows(r rates) (out []rateRow) {
	units := r.units()
	add := func(t time.Time, rate [2]float64, what string) {
		row := rateRow{Time: t, First: scaled(rate[0], units[0]), What: what, Usual: "not known"}
		row.Readout = row.First
		if len(units) > 1 {
			row.Second = scaled(rate[1], units[1])
			row.Readout += ", " + row.Second
		}
		if _, known := r.usual(units[0]); known {
			row.Usual = scaled(r.expectedAt(t, units[0]), units[0])
			row.Readout += "; usual at most " + row.Usual
		}
		out = append(out, row)
	}
	for _, m := range r.minutes {
		if r.beside(m) && !m.time.Before(r.from.Add(-time.Minute)) && m.time.Before(r.to) {
			add(m.time, [2]float64{rateOf(m.peak, units[0]), rateOf(m.peak, unitPackets)}, "all traffic of its classes, busiest second of the minute")
		}
	}
	line := r.attack.Timeline
	steps := 0
	for _, v := range line.Rates {
		steps = max(steps, len(v.Counted()))
	}
	each := (steps + mostRates - 1) / mostRates
	for i := 0; i < steps; i += max(each, 1) {
		var most [2]float64
		for j := i; j < min(i+each, steps); j++ {
			for n, unit := range units {
				most[n] = max(most[n], sumAt(line, j, unit))
			}
		}
		at := line.Start.Add(time.Duration(float64(i) * line.Step * float64(time.Second)))
		add(at, most, dominantAt(line, i, min(i+each, steps)))
	}
	slices.SortStableFunc(out, func(a, b rateRow) int { return a.Time.Compare(b.Time) })
	return out
}

// sumAt is what all vectors bring in a step.
func sumAt(line downpour.Timeline, i int, unit string) (sum float64) {
	for _, v := range line.Rates {
		if list := ratesIn(v, unit); i < len(list) {
			sum += list[i]
		}
	}
	return sum
}

// dominantAt is the vector that brings most in some steps; words if none brings anything.
func dominantAt(line downpour.Timeline, from, to int) string {
	best, most := "no attack traffic", 0.0
	for _, v := range line.Rates {
		sum := 0.0
		for i := from; i < min(to, len(v.Counted())); i++ {
			sum += v.Counted()[i]
		}
		if sum > most {
			best, most = v.Vector, sum
		}
	}
	return best
}
