package web

import (
	"html/template"
	"strings"
	"time"

	"downpour"
)

// page is what every template has at hand: the frame, its title and the clock.
type page struct {
	Frame
	Clock       clock
	Title       string
	Description string
	Path        string // the page's own path, for its permanent address
	Private     bool   // an operator's page: never indexed
	NotRunBy    string // the service whose own page this is not
	Links       []Link // further links of the footer
}

func newPage(f Frame, title, path string) page {
	return page{Frame: f, Clock: newClock(f.Zone, f.Now), Title: title, Path: path}
}

// Time, Seconds and Date write a time as an element; Hours only its time of day.
func (p page) Time(t time.Time) template.HTML    { return p.Clock.tag(t, formAuto) }
func (p page) Seconds(t time.Time) template.HTML { return p.Clock.tag(t, formSeconds) }
func (p page) Date(t time.Time) template.HTML    { return p.Clock.tag(t, formDate) }

// Millis writes a time of day to the millisecond.
func (p page) Millis(t time.Time) template.HTML { return p.Clock.tag(t, formMillis) }

// Say writes a sentence that may hold times.
func (p page) Say(s phrase) template.HTML { return p.Clock.phraseHTML(s) }

// Age writes how long before the page's moment t was.
func (p page) Age(t time.Time) string { return age(p.Now, t) }

// ZoneName names the zone that the page's times are in; Localised is true if a
// script will write them in the reader's.
func (p page) ZoneName() string { return p.Clock.zoneName() }
func (p page) Localised() bool  { return p.Zone == nil }

// Day is the day that bare times belong to, for the script.
func (p page) Day() string { return p.Clock.day.UTC().Format(time.RFC3339) }

// Address is the page's permanent address; empty if the origin is not known.
func (p page) Address() string {
	if p.BaseURL == "" {
		return ""
	}
	return strings.TrimSuffix(p.BaseURL, "/") + p.Path
}

// label is the name that people read.
func (s ServiceRef) label() string {
	if s.Name != "" {
		return s.Name
	}
	return s.ID
}

// Label is the name that people read, for templates.
func (s ServiceRef) Label() string { return s.label() }

// chip is a state as shape, word and colour: never colour alone.
type chip struct{ Shape, Word, Class string }

// stateChip shows a service's state.
func stateChip(s downpour.State) chip {
	switch s {
	case downpour.StateOK:
		return chip{"ok", "OK", "ok"}
	case downpour.StateReported:
		return chip{"reported", "Problems reported", "reported"}
	case downpour.StateConfirmed:
		return chip{"confirmed", "Problems confirmed", "confirmed"}
	case downpour.StateMaintain:
		return chip{"maintenance", "Maintenance", "maintenance"}
	}
	return chip{"unknown", "Not known", "unknown"}
}

// severityChip shows an incident's severity and whether it is over.
func severityChip(s downpour.Severity, ongoing bool) chip {
	shape := map[downpour.Severity]string{downpour.Minor: "minor", downpour.Partial: "reported", downpour.Major: "confirmed"}[s]
	word := strings.ToUpper(string(s[:min(1, len(s))])) + string(s[min(1, len(s)):])
	if shape == "" {
		shape, word = "unknown", "Severity not known"
	}
	if ongoing {
		return chip{shape, word + " · ongoing", shape}
	}
	return chip{shape, word + " · over", shape + " over"}
}

// assessmentChip shows what the evidence says to a claim. It is about the
// claim, not the speaker, so none of them is red.
func assessmentChip(a downpour.Assessment) chip {
	switch a {
	case downpour.Supported:
		return chip{"supported", "Supported", "supported"}
	case downpour.PartlySupported:
		return chip{"partly", "Partly supported", "partly"}
	case downpour.Contradicted:
		return chip{"contradicted", "Contradicted", "contradicted"}
	}
	return chip{"untestable", "Not testable", "untestable"}
}

// bar is a row of a list of shares; Width, Low and High are in percent of the
// bar's column.
type bar struct {
	Label, Value, Note, Title string
	Width, Low, High          float64
	Muted                     bool
}

// functions are what templates call.
func functions(static assets) template.FuncMap {
	return template.FuncMap{
		"asset":    static.url,
		"count":    func(n uint64) string { return grouped(float64(n)) },
		"capital":  capital,
		"lower":    lower,
		"bytesize": byteSize,
		"duration": duration,
		"percent":  percent,
		"state":    stateChip,
		"px":       px,
	}
}

// capital writes the first letter large.
func capital(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}

// listed is a list with the page that it stands on, for shared templates.
type listed struct {
	Page  page
	Lines any
}

// With gives a list's template the page's clock.
func (p page) With(lines any) listed { return listed{p, lines} }
