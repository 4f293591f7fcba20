package golden

import (
	"fmt"
	"strings"
	"time"
)

// Section is a part of docs/quality.md.
type Section struct{ Title, Body string }

// Page is docs/quality.md with the sections that were measured.
func Page(sections []Section, version string, day time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, day.Format(time.DateOnly), version)
	for _, s := range sections {
		b.WriteString(s.text())
	}
	return b.String()
}

func (s Section) text() string { return "\n## " + s.Title + "\n" + s.Body }

// In tells whether a page shows the section as it was measured now.
func (s Section) In(page string) bool { return strings.Contains(page, s.text()) }

const pageHead = `# Quality, measured

Written by ` + "`downpour eval --write docs/quality.md`" + ` on %s with version %s; not edited by hand.
All inputs of these cases are synthetic: they are made from recipes (` + "`internal/golden/cases`" + `) with fixed seeds.
They show what the detectors can do, and that they still can; they are no proof for traffic that no recipe is like.
The detectors were mended until these very cases held, and what the input cannot decide is not asked: a full score
says that nothing was lost since, not how often other traffic is judged rightly.
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
	return Section{Title: "As packets, logs and counts", Body: b.String()}
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
	return Section{Title: "Cases", Body: b.String()}
}
