package golden

import (
	"fmt"
	"strings"
	"time"
)

// Section is a part of docs/quality.md.
type Section struct {
	Title, Body string
	Figures     []Figure // those that must not get worse
}

// measured is how a section tells when it was.
const measured = "\nMeasured on %s with version %s.\n"

func (s Section) text() string { return "\n## " + s.Title + "\n" + s.Body + s.figures() }

// Page is docs/quality.md: the sections measured now, and of old, the page as it was,
// those that were not.
func Page(old string, sections []Section, version string, day time.Time) string {
	kept := map[string]string{}
	for _, part := range strings.Split(old, "\n## ")[1:] {
		title, _, _ := strings.Cut(part, "\n")
		kept[title] = "\n## " + part
	}
	for _, s := range sections {
		kept[s.Title] = s.text() + fmt.Sprintf(measured, day.Format(time.DateOnly), version)
	}
	var b strings.Builder
	b.WriteString(pageHead)
	for _, title := range titles() {
		b.WriteString(kept[title])
	}
	return b.String()
}

// The sections, in their order.
const (
	titlePackets = "As packets, logs and counts"
	titleExport  = "As flow export"
	titleCurve   = "Below the limit"
	titleMonth   = "False alarms over a month"
	titlePeer    = "Beside FastNetMon"
	titleCases   = "Cases"
)

func titles() []string {
	return []string{titlePackets, titleExport, titleCurve, titleMonth, titlePeer, titleCases}
}

const pageHead = `# Quality, measured

Written by ` + "`downpour eval --write docs/quality.md --parts all`" + `, section by section; not edited by hand.
All inputs of these cases are synthetic: they are made from recipes (` + "`internal/golden/cases`" + `) with fixed seeds.
They show what the detectors can do, and that they still can; they are no proof for traffic that no recipe is like.
The detectors were mended against these very cases as packets and as logs, and what such an input cannot decide is not
asked: there the score says that nothing was lost since, not how often other traffic is judged rightly. As flow export the
same cases are harder; what is missed there, and what is called an attack and is none, is listed row by row.
`

// Section is what was measured of the cases as packets, logs and counts.
func (t *Table) Section() Section {
	var b strings.Builder
	p := printer{w: &b}
	p.f("\n| measure | value |\n|---|---|\n")
	for _, row := range t.Total.rows() {
		p.f("| %s | %s |\n", row[0], row[1])
	}
	p.words("spoofing", t.Total.Spoofing)
	p.words("reflection", t.Total.Reflection)
	n := &t.Total
	return Section{titlePackets, b.String(), []Figure{
		part("cases that hold", n.Held, n.Cases), part("recall", n.Found, n.Attacks), part("vectors", n.Vectors, n.Found), part("victims", n.Found, n.Found+n.Mistaken),
		part("recall of outages", n.OutagesFound, n.Outages), wrongly("false alarms", n.FalseAlarms), wrongly("attacks too many", n.Extra),
		late("delay, median", n.DelayMedian), late("delay, 95 %", n.DelayP95), late("delay in logs, median", n.LogDelayMedian), late("delay in logs, 95 %", n.LogDelayP95),
	}}
}

// words is the reliability of a likelihood by the words for it.
func (p *printer) words(of string, c Calibration) {
	p.f("\nWhat was said of %s, and how often it was so:\n\n| word | forecasts | said, on average | was so |\n|---|---|---|---|\n", of)
	for _, b := range c.Bands {
		p.f("| %s | %d | %.0f %% | %.0f %% |\n", b.Word, b.Forecasts, 100*b.Said, 100*b.So)
	}
}

// List is the section that lists the cases.
func (t *Table) List() Section {
	var b strings.Builder
	p := printer{w: &b}
	p.f("\n| case | what it is | checks that hold | what does not |\n|---|---|---|---|\n")
	for _, r := range t.Results {
		faults := make([]string, len(r.Failures))
		for i, f := range r.Failures {
			faults[i] = f.String()
		}
		p.f("| %s | %s | %d of %d | %s |\n", r.Name, r.Says, r.Held, r.Held+len(r.Failures), strings.Join(faults, "; "))
	}
	return Section{Title: titleCases, Body: b.String()}
}
