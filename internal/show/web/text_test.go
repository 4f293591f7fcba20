package web

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"downpour"
)

// plain renders a page's visible words: tags out, spaces joined.
func plain(t *testing.T, render func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := render(&b); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	inTag := false
	for _, r := range b.String() {
		switch {
		case r == '<':
			inTag = true
			out.WriteByte(' ')
		case r == '>':
			inTag = false
		case !inTag:
			out.WriteRune(r)
		}
	}
	s := strings.Join(strings.Fields(out.String()), " ")
	return strings.NewReplacer(" .", ".", " ,", ",", " ;", ";", "&nbsp;", " ").Replace(s)
}

func expect(t *testing.T, text string, want, not []string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("does not say %q in: %.400s", w, text)
		}
	}
	for _, n := range not {
		if strings.Contains(text, n) {
			t.Errorf("says %q", n)
		}
	}
}

func TestServicePageAnswers(t *testing.T) {
	p, v := newPages(t), foundingService(t)
	text := plain(t, func(b *bytes.Buffer) error { return p.Service(b, v) })
	expect(t, text, []string{
		"Problems confirmed", "X has had problems since 13:48.", "41,143 reports at the peak, 10:02; about 650 are usual.",
		"Started between 13:34 and 13:48", "still going", "fourth wave since 05:42", "mostly login", "as of 14:10:20 EDT",
		"not by X", "I have a problem too", "20,608", "36,064", "19,446", "usual range", "dashed: assumed between them",
		"An attack very likely caused it (87 %).", "United States 40 %", "Not known 10 %",
	}, nil)
	v.State = downpour.StateReported
	if got, want := v.Sentence(), "Users report problems with X since 13:48; 41,143 reports at the peak."; got != want {
		t.Errorf("sentence %q, want %q", got, want)
	}
	if got, want := quietService().Sentence(), "No unusual problems with Example Mail. Users report no more than usual, about 3 a minute."; got != want {
		t.Errorf("sentence %q, want %q", got, want)
	}
}

func TestUnpublishedVerdictIsHidden(t *testing.T) {
	p, v := newPages(t), foundingService(t)
	v.Incident.VerdictPublished = false
	text := plain(t, func(b *bytes.Buffer) error { return p.Service(b, v) })
	expect(t, text, []string{"What causes it is not established."}, []string{"very likely"})
}

// TestPublicNeverSeesWhatHelpsAnAttacker holds the contract's list of what a
// public page must not tell.
func TestPublicNeverSeesWhatHelpsAnAttacker(t *testing.T) {
	p, v := newPages(t), foundingIncidentView(t)
	secret := []string{"198.51.100.7", "drop tcp", "flowspec", "floor of", "threshold", "A rule against the flood"}
	render := func(b *bytes.Buffer) error { return p.Incident(b, v) }
	text := plain(t, render)
	expect(t, text, []string{
		"Users reported problems with X in four waves between 05:42 and 14:50.", "An attack very likely caused it (87 %).", "Confidence in the evidence is moderate.",
		"2.1 Gbit/s", "Unknown the addresses are almost certainly forged", "Not evidence of origin", "Ukraine", "Partly supported", "Not testable", "Contradicted", "traffic and part of the reports are synthetic", "Traffic carries no signature of a group.",
	}, secret)
	v.Published = Publication{}
	expect(t, plain(t, render), []string{"41,143", "What caused it has not been published."}, append(secret, "very likely", "Gbit/s", "Ukraine", "Dark Storm", "SYN flood", "forged"))
	v.Operator = true
	expect(t, plain(t, render), append(secret, "very likely", "Ukraine", "Dark Storm", "What the public may see"), nil)
}

// TestConclusionsNeverOverstate: the first of unlikely causes is no verdict, and
// a likelihood's word stands where English wants it.
func TestConclusionsNeverOverstate(t *testing.T) {
	for _, c := range []struct {
		name string
		p    downpour.Likelihood
		want string
	}{
		{"attack", 0.97, "An attack almost certainly caused it (97\u00a0%)."},
		{"change", 0.6, "A change of its own likely caused it (60\u00a0%)."},
		{"attack", 0.34, "No cause stands out; the likeliest, an attack, is given 34\u00a0% (unlikely)."},
	} {
		got := conclusion([]downpour.Cause{{Name: c.name, Finding: downpour.Finding{Likelihood: c.p}}})
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got, want := causeSentence(downpour.Cause{Name: "dns", Finding: downpour.Finding{Likelihood: 0.1}}), "It is very unlikely that a DNS fault caused it (10\u00a0%)."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUnknownIsNeverZero(t *testing.T) {
	p := newPages(t)
	text := plain(t, func(b *bytes.Buffer) error { return p.Service(b, newService()) })
	expect(t, text, []string{"Nothing is known yet about example.", "No reports in the last 24 hours."}, []string{"0 reports"})
	first := newService()
	first.Totals, first.BySymptom = &ReportTotals{Received: 1, Counted: 1}, []Tally{{"login", 1}}
	text = plain(t, func(b *bytes.Buffer) error { return p.Service(b, first) })
	expect(t, text, []string{"Too little is known yet about example.", "Reports are coming in.", "Login 1"}, []string{"No reports", "100"})
	rows := newServiceLines([]ServiceRow{{Service: ServiceRef{ID: "a"}}})
	if rows[0].Last != "not known" || rows[0].Usual != "not known" {
		t.Errorf("unmeasured figures read %q and %q", rows[0].Last, rows[0].Usual)
	}
	inputs := newInputRows(Frame{}, []InputHealth{{Name: "edge"}})
	if inputs[0].Seen != "never" || inputs[0].Losses != "not known" || inputs[0].Rate != "not measured" {
		t.Errorf("unmeasured input reads %+v", inputs[0])
	}
}

func TestTimesAreFixedOrLocalised(t *testing.T) {
	at := time.Date(2025, 3, 10, 14, 2, 0, 0, time.UTC)
	if got := string(newClock(nil, at).tag(at, formAuto)); !strings.Contains(got, `data-form="auto"`) || !strings.Contains(got, ">14:02<") {
		t.Errorf("without a zone: %s", got)
	}
	if got := string(newClock(newYork(t), at).tag(at, formAuto)); strings.Contains(got, "data-form") || !strings.Contains(got, ">10:02<") || !strings.Contains(got, "14:02:00 UTC") {
		t.Errorf("with a zone: %s", got)
	}
	if got := newClock(nil, at).text(at.AddDate(0, 0, -1), formAuto); got != "9 Mar, 14:02" {
		t.Errorf("another day reads %q", got)
	}
	if got := newClock(nil, at).text(at.AddDate(-1, 0, 0), formAuto); got != "10 Mar 2024, 14:02" {
		t.Errorf("another year reads %q", got)
	}
}

func TestNumbers(t *testing.T) {
	interval := func(v, low, high float64) string {
		return approximate(downpour.Estimate{Value: v, Low: low, High: high})
	}
	for _, c := range []struct{ name, got, want string }{
		{"grouping", grouped(41143), "41,143"},
		{"grouping small", grouped(999), "999"},
		{"grouping negative", grouped(-1234), "−1,234"},
		{"a wide interval rounds", interval(652, 560, 745), "about 650"},
		{"a narrow one less", interval(37623, 37000, 38200), "about 37,600"},
		{"an exact count not", interval(37623, 37623, 37623), "37,623"},
		{"small", interval(3.24, 2.9, 3.6), "about 3.2"},
		{"tiny share", percent(0.004), "<\u00a01\u00a0%"},
		{"share", percent(0.866), "87\u00a0%"},
		{"rate", bitrate(2.123e9), "2.1\u00a0Gbit/s"},
		{"rate that rounds up a prefix", bitrate(999_999), "1\u00a0Mbit/s"},
		{"packets", packetrate(23700), "24\u00a0kpackets/s"},
		{"bytes", byteSize(2 << 30), "2\u00a0GiB"},
		{"bytes to three digits", byteSize(98918), "96.6\u00a0KiB"},
		{"long", duration(3*time.Hour + 6*time.Minute), "3\u00a0h 6\u00a0min"},
		{"days", duration(90 * 24 * time.Hour), "90 days"},
		{"country", countryName("UA"), "Ukraine"},
		{"no country", countryName(""), "Not known"},
		{"odd country", countryName("Q1"), "Q1"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	if s := significant(0, 2); s != 0 || !math.IsInf(significant(math.Inf(1), 2), 1) {
		t.Error("significant changes zero or infinity")
	}
}

func TestVersionChangesWithWhatIsShown(t *testing.T) {
	v := foundingService(t)
	same := v
	same.Now, same.Outcome = v.Now.Add(time.Second), OutcomeCounted
	if v.Version() != same.Version() {
		t.Error("a second's passing makes open pages fetch again")
	}
	more := v
	more.Totals = &ReportTotals{Received: 215, Counted: 188}
	if v.Version() == more.Version() {
		t.Error("a further report is not news")
	}
}
