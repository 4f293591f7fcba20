package document

import (
	"fmt"
	"io"
	"strings"

	"downpour"
	"downpour/internal/wording"
)

// rows is how many rows of a table (countries, problems) the text shows; the
// JSON has all.
const rows = 8

// Text writes the document for a person at a terminal: conclusions first, then
// what they rest on.
func (a *Analysis) Text(w io.Writer) error {
	var p printer
	p.inputs(a.Input)
	if len(a.Attacks)+len(a.Outages) == 0 {
		p.line("")
		p.line("No attack and no outage was found.")
	}
	for i := range a.Incidents {
		p.incident(&a.Incidents[i])
	}
	for i := range a.Attacks {
		p.attack(&a.Attacks[i])
	}
	for i := range a.Outages {
		p.outage(&a.Outages[i])
	}
	for i := range a.Claims {
		p.claim(&a.Claims[i])
	}
	p.foot(a)
	_, err := io.WriteString(w, p.text.String())
	return err
}

// printer lays out text: headings at the margin, labelled lines below.
type printer struct{ text strings.Builder }

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.text, format+"\n", args...)
}

// head writes a heading after an empty line.
func (p *printer) head(format string, args ...any) { p.line("\n"+format, args...) }

// item writes a label and what it is, folded at the width of a terminal.
func (p *printer) item(label, format string, args ...any) {
	const indent, width = 15, 96
	for i, l := range fold(fmt.Sprintf(format, args...), width-indent) {
		if i > 0 {
			label = ""
		}
		p.line("  %-*s%s", indent-2, label, l)
	}
}

// fold breaks s at spaces into lines of at most width runes where it can.
func fold(s string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

func (p *printer) inputs(inputs []downpour.Input) {
	for _, in := range inputs {
		p.line("%s: %s, %s", in.Name, in.Kind, contents(in))
		for i, problem := range in.Problems {
			if i == rows {
				p.item("problem", "and %d more kinds of problem", len(in.Problems)-rows)
				break
			}
			p.item("problem", "at %s %s: %s%s", place(in, problem), wording.Thousands(float64(problem.Offset)), problem.Says, times(problem.Count))
		}
	}
}

// place is what a problem's offset counts.
func place(in downpour.Input, problem downpour.Problem) string {
	if in.Kind == "reports" || in.Kind == "web log" || strings.HasPrefix(problem.Says, "line ") {
		return "line"
	}
	return "byte"
}

// times says how often, where that is more than once.
func times(n int) string {
	if n <= 1 {
		return ""
	}
	return fmt.Sprintf(" (%s times)", wording.Thousands(float64(n)))
}

func contents(in downpour.Input) string {
	var s string
	switch {
	case in.Kind == "web log":
		s = wording.Count(in.Records, "request", "requests")
	case in.Kind == "flow export":
		s = wording.Count(in.Packets, "message", "messages") + ", " + wording.Count(in.Records, "record", "records")
	case in.Packets > 0 || in.Records == 0:
		s = wording.Count(in.Packets, "packet", "packets")
	default:
		s = wording.Count(in.Records, "row", "rows")
	}
	if in.Start != nil && in.End != nil {
		s += fmt.Sprintf(", %s UTC, %s", moment(*in.Start), span(in.End.Sub(*in.Start)))
	}
	return s
}

func (p *printer) incident(i *downpour.Incident) {
	p.head("INCIDENT of %s: %s, %s%s", i.Service, i.Severity, over(i.Ongoing), synthetic(i.Synthetic))
	p.item("when", "%s UTC to %s UTC", moment(i.Start), moment(i.End))
	p.item("verdict", "%s", i.Verdict)
	for _, c := range i.Cause {
		p.item("cause", "%s: %s (%s)", c.Name, c.Word, percent(float64(c.Likelihood)))
	}
	if i.WouldSettle != "" {
		p.item("would settle", "%s", i.WouldSettle)
	}
}

func (p *printer) attack(a *downpour.Attack) {
	p.head("ATTACK on %s (%s): %s, %s%s", a.Target, a.Service, vectorNames(a.Vectors), a.Severity, synthetic(a.Synthetic))
	p.item("when", "%s UTC to %s UTC (%s), %s; first told at %s",
		moment(a.Onset), moment(a.End), span(a.End.Sub(a.Onset)), over(a.Ongoing), moment(a.AlarmAt))
	p.size(a)
	p.item("why", "%s", a.Why)
	for _, v := range a.Vectors {
		if a.Peak.Requests != nil {
			p.item("vector", "%s %s of requests", v.Name, percent(v.Share))
			continue
		}
		p.item("vector", "%s %s%s", v.Name, percent(v.Share), ports(v))
	}
	p.marks(a.Marks)
	if len(a.Shape) > 0 {
		p.item("shape", "%s", strings.Join(a.Shape, ", "))
	}
	p.sources(&a.Sources)
	p.finding("forged", &a.Spoofing)
	p.finding("reflected", &a.Reflection)
}

// size writes peak and total in the units that were seen.
func (p *printer) size(a *downpour.Attack) {
	if rate, unit := a.Peak.Counted(); a.Peak.Requests != nil {
		p.item("peak", "%s at %s UTC", scaled(rate, unit), moment(a.PeakAt))
		if a.Total.Requests != nil {
			p.item("in all", "%s", wording.Count(*a.Total.Requests, "request", "requests"))
		}
		return
	}
	p.item("peak", "%s%s, %s%s at %s UTC", scaled(a.Peak.Packets, "packets/s"), between(a.Peak.PacketsEstimate),
		scaled(a.Peak.Bits, "bit/s"), between(a.Peak.BitsEstimate), moment(a.PeakAt))
	p.item("in all", "%s packets%s, %s bytes%s", wording.Thousands(float64(a.Total.Packets)), between(a.Total.PacketsEstimate),
		wording.Thousands(float64(a.Total.Bytes)), between(a.Total.BytesEstimate))
}

// marks writes what an attack's requests have in common.
func (p *printer) marks(m *downpour.RequestMarks) {
	if m == nil {
		return
	}
	for _, of := range [...]struct {
		label string
		list  []downpour.NameShare
	}{{"paths", m.Paths}, {"networks", m.Networks}, {"agents", m.Agents}} {
		const most = 3
		for i, s := range of.list[:min(len(of.list), most)] {
			label := ""
			if i == 0 {
				label = of.label
			}
			name := s.Name
			if name == "" {
				name = "none"
			}
			p.item(label, "%s %s", percent(s.Share), name)
		}
	}
}

// between is the interval of a figure that rests on sampled records.
func between(e *downpour.Estimate) string {
	if e == nil {
		return ""
	}
	return fmt.Sprintf(" [%s, %s]", scaled(e.Low, ""), scaled(e.High, ""))
}

func (p *printer) sources(s *downpour.Sources) {
	noun := "addresses"
	if s.Addresses.High == 1 {
		noun = "address"
	}
	p.item("sources", "%s %s%s", wording.Thousands(s.Addresses.Value), noun, interval(s.Addresses))
	p.item("origin", "%s", s.Statement)
	p.ingress(s)
	p.countries(s)
}

// ingress writes where most of it came in.
func (p *printer) ingress(s *downpour.Sources) {
	for i, in := range s.ByIngress[:min(len(s.ByIngress), rows)] {
		label := ""
		if i == 0 {
			label = "came in by"
		}
		p.item(label, "%s %s [%s, %s]", in.Name(), percent(in.Share.Value), percent(in.Share.Low), percent(in.Share.High))
	}
}

// countries writes the largest shares; what is left of the rows is summed up.
func (p *printer) countries(s *downpour.Sources) {
	if len(s.ByCountry) > 0 && !s.EvidenceOfOrigin {
		p.item("", "The countries below are those of the addresses, not evidence of origin:")
	}
	shown, rest := 0, 1.0
	for _, c := range s.ByCountry {
		if country(c.Country) == "other" || shown == rows {
			continue
		}
		p.line("%*s%-8s %5s [%s, %s]", 15, "", country(c.Country), percent(c.Share.Value), percent(c.Share.Low), percent(c.Share.High))
		shown++
		rest -= c.Share.Value
	}
	if shown == rows && rest > 0.0005 {
		p.line("%*s%-8s %5s", 15, "", "the rest", percent(rest))
	}
}

func (p *printer) finding(label string, f *downpour.Finding) {
	p.item(label, "%s (%s); confidence in the evidence: %s", f.Word, percent(float64(f.Likelihood)), f.Confidence)
	for _, e := range f.Evidence {
		p.item("", "(%+.1f) %s", e.Weight, e.Says)
	}
}

func (p *printer) outage(o *downpour.Outage) {
	p.head("OUTAGE of %s: %s reports at the peak, %s, %s", o.Service, wording.Thousands(o.PeakReports), o.Severity, over(o.Ongoing))
	onset := moment(o.Onset) + " UTC"
	if o.OnsetLow != nil {
		onset = fmt.Sprintf("between %s and %s", moment(*o.OnsetLow), onset)
	}
	p.item("when", "began %s; peak %s UTC; until %s UTC", onset, moment(o.PeakAt), moment(o.End))
	p.item("expected", "%s reports%s", wording.Thousands(o.ExpectedReports.Value), interval(o.ExpectedReports))
	p.item("why", "%s", o.Why)
	for _, b := range o.Bumps {
		p.item("bump", "%s reports at %s UTC. %s", wording.Thousands(b.Reports), moment(b.At), b.Says)
	}
}

func (p *printer) claim(c *downpour.ClaimAssessment) {
	p.head("CLAIM %s: %s", c.ID, strings.ToUpper(string(c.Assessment)))
	p.item("said", "%q by %s (source graded %s)", c.Said, c.Speaker, c.SourceGrade)
	p.item("why", "%s", c.Why)
	for _, a := range c.Assertions {
		p.item(a.Kind, "%s: %s", a.Assessment, a.Why)
		if a.WouldSettle != "" {
			p.item("", "Would settle it: %s", a.WouldSettle)
		}
	}
}

func (p *printer) foot(a *Analysis) {
	for _, n := range a.Notes {
		p.head("NOTE: %s", n)
	}
	if len(a.Attacks) == 0 {
		return
	}
	p.line("")
	for _, d := range a.Tool.Databases {
		p.item("data", "%s, %s. %s", d.Name, d.Built, d.Licence)
	}
}

func vectorNames(vs []downpour.Vector) string {
	names := make([]string, len(vs))
	for i, v := range vs {
		names[i] = v.Name
	}
	return strings.Join(names, " + ")
}

func ports(v downpour.Vector) string {
	s := " of packets, " + v.Protocol
	if v.SourcePort != nil {
		s += fmt.Sprintf(" from port %d", *v.SourcePort)
	}
	if v.DestinationPort != nil {
		s += fmt.Sprintf(" to port %d", *v.DestinationPort)
	}
	return s
}

func interval(e downpour.Estimate) string {
	if e.Low == e.High {
		return ""
	}
	return fmt.Sprintf(" [%s, %s]", wording.Thousands(e.Low), wording.Thousands(e.High))
}

func country(c *string) string {
	if c == nil {
		return "unknown"
	}
	return *c
}

func over(ongoing bool) string {
	if ongoing {
		return "still going on at the end of the input"
	}
	return "over"
}

func synthetic(yes bool) string {
	if yes {
		return " (synthetic)"
	}
	return ""
}
