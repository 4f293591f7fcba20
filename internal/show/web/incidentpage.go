package web

import (
	"html/template"
	"sort"
	"strings"
	"time"

	"downpour"
)

// incidentPage is an IncidentView made ready for its template. Show says which
// parts this reader may see; what it hides is not in the page at all.
type incidentPage struct {
	page
	View        IncidentView
	Show        Publication
	State       chip
	Headline    phrase
	Verdict     string
	Confidence  string
	Facts       []fact
	Wide        template.HTML
	Narrow      template.HTML
	Notes       []string
	Marks       []axisMark
	Vectors     []vectorKey
	Events      []eventRow
	Table       []tableRow
	Origins     []originPart
	Rivals      []bar
	For         []evidenceRow
	Against     []evidenceRow
	Claims      []claimPart
	Attacks     []attackPart // operator only
	MoreAttacks int          // those not listed
	Synthetic   string       // what is synthetic here; empty if nothing is
}

// fact is one of the key facts: a value, what it is, and a remark.
type fact struct{ Name, Value, Note, Title string }

// vectorKey names a colour of the traffic strip.
type vectorKey struct{ Class, Name string }

func newIncidentPage(v IncidentView) incidentPage {
	p := incidentPage{
		page: newPage(v.Frame, "", "/incidents/"+v.Incident.ID), View: v, Show: v.shown(),
		State:    severityChip(v.Incident.Severity, v.Incident.Ongoing),
		Headline: incidentSentence(v.Service.label(), v.Incident, len(v.Outages)),
	}
	p.Clock = newClock(v.Zone, v.Incident.Start)
	p.Title = v.Service.label() + ": incident of " + p.Clock.text(v.Incident.Start, formDate)
	p.Description = p.Clock.phraseText(p.Headline) + "."
	p.NotRunBy = v.Service.label()
	p.Synthetic = v.syntheticParts()
	if p.Show.Cause {
		p.addCause()
	}
	attacks := v.Attacks
	if !p.Show.Traffic {
		attacks = nil
	}
	p.Facts = v.facts(p.Show)
	p.addStrips(attacks)
	if p.Show.Origin {
		p.Origins = originParts(v.Attacks, v.Operator)
	}
	if p.Show.Claims {
		p.Claims = claimParts(v.Claims)
	}
	if v.Operator {
		p.Attacks, p.MoreAttacks = attackParts(v.Attacks), max(len(v.Attacks)-mostAttacks, 0)
	}
	return p
}

// shown is what this reader may see.
func (v IncidentView) shown() Publication {
	if v.Operator {
		return Publication{Cause: true, Traffic: true, Origin: true, Claims: true}
	}
	return v.Published
}

func (v IncidentView) syntheticParts() string {
	traffic, reports := anySynthetic(v.Attacks), originsOf(v.Buckets)[downpour.Synthetic]
	switch {
	case traffic && reports:
		return "traffic and part of the reports are synthetic"
	case traffic:
		return "the traffic is synthetic"
	case reports:
		return "part of the reports is synthetic"
	case v.Incident.Synthetic:
		return "partly synthetic"
	}
	return ""
}

// facts is the row of key facts.
func (v IncidentView) facts(show Publication) []fact {
	var out []fact
	if o := worst(v.Outages); o != nil {
		c := newClock(v.Zone, v.Incident.Start)
		out = append(out, fact{"Peak of reports", count(o.PeakReports), "at " + c.text(o.PeakAt, formAuto) + " " + c.zoneName() + expectedNote(o.ExpectedReports), ""})
		unusual := time.Duration(0)
		for _, o := range v.Outages {
			unusual += o.End.Sub(o.Onset)
		}
		out = append(out, fact{"Waves", grouped(float64(len(v.Outages))), duration(unusual) + " of unusual reports in all", ""})
	}
	if a := largest(v.Attacks); a != nil && show.Traffic {
		f := fact{"Peak of traffic", peakText(a.Peak), vectorNames(*a), exactRate(a.Peak)}
		if a.Synthetic {
			f.Note += " · synthetic"
		}
		out = append(out, f)
	}
	if show.Origin {
		out = append(out, whereFrom(v.Attacks))
	}
	return out
}

func expectedNote(e downpour.Estimate) string {
	if !known(e) {
		return ""
	}
	return "; " + approximate(e) + " usual"
}

// peakText is a peak in the unit that matters most of those seen.
func peakText(r downpour.Rate) string {
	if rate, unit := r.Counted(); r.Requests != nil {
		return scaled(rate, unit)
	}
	return bitrate(r.Bits)
}

func exactRate(r downpour.Rate) string {
	if rate, unit := r.Counted(); r.Requests != nil {
		return grouped(rate) + " " + unit
	}
	return grouped(r.Bits) + " bit/s, " + grouped(r.Packets) + " packets/s"
}

// worst is the outage with the most reports; nil if there is none.
func worst(outages []downpour.Outage) *downpour.Outage {
	var best *downpour.Outage
	for i := range outages {
		if best == nil || outages[i].PeakReports > best.PeakReports {
			best = &outages[i]
		}
	}
	return best
}

// addStrips draws the time axis with all that stands on it.
func (p *incidentPage) addStrips(attacks []downpour.Attack) {
	v := p.View
	from, to := v.axis(attacks)
	p.Marks = v.axisMarks(p.Show, from, to)
	s := story{
		reports: series{buckets: within(v.Buckets, from, to), outages: v.Outages, from: from, to: to},
		attacks: attacks, marks: p.Marks, alarms: v.Operator,
		title: "Reports" + map[bool]string{true: " and attack traffic"}[len(attacks) > 0] + " on one time axis; the tables below tell the same",
	}
	p.Wide, p.Narrow = drawStrips(s, p.Clock, wideStrips()), drawStrips(s, p.Clock, narrowStrips())
	p.Table = tableRows(s.reports.buckets)
	p.Notes = strokeNotes(s.reports.buckets)
	p.Events = v.events(attacks, p.Marks)
	if len(attacks) > 0 {
		for _, name := range newStack(attacks, from, to).vectors {
			p.Vectors = append(p.Vectors, vectorKey{vectorClass(name), name})
		}
	}
}

// axis is the stretch of time to show: the incident with a sixth of its length
// on either side, and the claims made soon after.
func (v IncidentView) axis(attacks []downpour.Attack) (from, to time.Time) {
	if !v.Start.IsZero() && !v.End.IsZero() {
		return v.Start, v.End
	}
	from, to = v.Incident.Start, v.Incident.End
	for _, o := range v.Outages {
		from, to = earlier(from, o.Onset), later(to, o.End)
	}
	for _, a := range attacks {
		from, to = earlier(from, a.Onset), later(to, a.End)
	}
	const least = 20 * time.Millisecond // a capture may be as short
	margin := max(to.Sub(from)/6, least)
	return from.Add(-margin), to.Add(margin)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// within cuts the buckets to the axis.
func within(b []downpour.ExpectedReports, from, to time.Time) []downpour.ExpectedReports {
	i := sort.Search(len(b), func(i int) bool { return !b[i].Time.Before(from) })
	j := sort.Search(len(b), func(j int) bool { return b[j].Time.After(to) })
	return b[i:max(i, j)]
}

// mostMarks bounds the labelled marks of one axis.
const mostMarks = 16

// axisMarks are claims and what the operator noted, within the axis, in order.
func (v IncidentView) axisMarks(show Publication, from, to time.Time) []axisMark {
	var out []axisMark
	add := func(t time.Time, class, text string) {
		if !t.Before(from) && !t.After(to) {
			out = append(out, axisMark{Time: t, Class: "mark " + class, Text: text})
		}
	}
	if show.Claims {
		for _, c := range v.Claims {
			if c.Time != nil {
				add(*c.Time, "claimed", shorten(speakerName(c.Speaker)+": “"+c.Said+"”", 44))
			}
		}
	}
	for _, m := range v.Marks {
		if m.Kind != MarkNote && !v.Operator {
			continue // what was changed and what rules are in force is not public
		}
		add(m.Time, string(m.Kind), shorten(m.Text, 44))
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Time.Before(out[j].Time) })
	out = out[:min(len(out), mostMarks)]
	for i := range out {
		out[i].Number = i + 1
	}
	return out
}

// shorten cuts text at a word's end so that it has at most n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := n - 1
	for i := cut; i > n/2; i-- {
		if r[i] == ' ' {
			cut = i
			break
		}
	}
	return string(r[:cut]) + "…"
}

// speakerName is the name without the office that may follow it after a comma.
func speakerName(speaker string) string {
	name, _, _ := strings.Cut(speaker, ",")
	return name
}

// eventRow is a line of the list of events, the text form of the strips.
type eventRow struct {
	Time time.Time
	Text string
}

// mostEvents bounds that list.
const mostEvents = 80

// events lists onsets, peaks, ends and marks in order of time.
func (v IncidentView) events(attacks []downpour.Attack, marks []axisMark) []eventRow {
	var out []eventRow
	add := func(t time.Time, text string) {
		if !t.IsZero() {
			out = append(out, eventRow{t, text})
		}
	}
	for _, o := range v.Outages {
		add(o.Onset, "reports begin to rise")
		add(o.PeakAt, "peak of the wave, "+count(o.PeakReports)+" reports")
		if !o.Ongoing {
			add(o.End, "reports are back to usual")
		}
		for _, b := range o.Bumps {
			add(b.At, "a bump of "+count(b.Reports)+" reports"+map[bool]string{true: ": " + b.Says}[b.Says != ""])
		}
		if v.Operator {
			add(o.AlarmAt, "alarm: reports")
		}
	}
	for _, a := range attacks {
		add(a.Onset, "attack begins: "+vectorNames(a)+map[bool]string{true: " (synthetic)"}[a.Synthetic])
		if !a.Ongoing {
			add(a.End, "attack ends: "+vectorNames(a)+map[bool]string{true: " (synthetic)"}[a.Synthetic])
		}
		if v.Operator {
			add(a.AlarmAt, "alarm: attack")
		}
	}
	for _, m := range marks {
		add(m.Time, m.Text)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Time.Before(out[j].Time) })
	return out[:min(len(out), mostEvents)]
}
