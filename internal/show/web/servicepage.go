package web

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"math"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"downpour"
	"downpour/internal/wording"
)

// servicePage is a ServiceView made ready for its template.
type servicePage struct {
	page
	View     ServiceView
	State    chip
	Headline phrase
	Lede     phrase
	Facts    []phrase
	Wide     template.HTML
	Narrow   template.HTML
	Notes    []string // what the drawing's strokes mean here
	Table    []tableRow
	Symptoms []bar
	Where    []bar
	Choices  []Symptom
	Behind   *incidentLine
	Recent   []incidentLine
	Version  string
	HasData  bool
	Fresh    bool   // reports have come in, but no bucket has closed yet
	Window   phrase // "last 24 hours"
}

// tableRow is a row of the chart's text form.
type tableRow struct {
	Time            time.Time
	Count, Expected string
	How             string // published, interpolated, synthetic; empty for counted
}

// windowLength is what the chart of the public page shows.
const windowLength = 24 * time.Hour

func newServicePage(v ServiceView) servicePage {
	if v.End.IsZero() {
		v.End = v.Now
	}
	if v.Start.IsZero() {
		v.Start = v.End.Add(-windowLength)
	}
	p := servicePage{
		page: newPage(v.Frame, v.Service.label()+": "+lower(stateChip(v.State).Word), "/s/"+v.Service.ID),
		View: v, State: stateChip(v.State), Headline: v.headline(), Lede: v.lede(), Facts: v.facts(),
		Choices: symptomChoices(v.Symptoms), Symptoms: symptomBars(v), Where: countryBars(v.ByCountry),
		Window: v.window(), HasData: len(v.Buckets) > 0, Fresh: len(v.BySymptom) > 0, Version: v.Version(),
	}
	p.Description, p.NotRunBy = v.Sentence(), v.Service.label()
	p.Links = []Link{{"API", "/api/v1/services/" + v.Service.ID}, {"Badge", "/s/" + v.Service.ID + "/badge.svg"}}
	s := series{buckets: v.Buckets, outages: v.Outages, from: v.Start, to: v.End, title: v.chartTitle(p.Clock)}
	p.Wide, p.Narrow = drawChart(s, p.Clock, wideChart()), drawChart(s, p.Clock, narrowChart())
	p.Notes, p.Table = strokeNotes(v.Buckets), tableRows(v.Buckets)
	if v.Incident != nil {
		line := newIncidentLine(*v.Incident, v.Operator)
		p.Behind = &line
	}
	for _, r := range v.Recent[:min(len(v.Recent), mostRecent)] {
		p.Recent = append(p.Recent, newIncidentLine(r, v.Operator))
	}
	return p
}

// window says what stretch of time the chart shows.
func (v ServiceView) window() phrase {
	const slack = 2 * time.Minute // the minute that is not full yet
	if length := v.End.Sub(v.Start) - windowLength; length.Abs() <= slack && v.End.Sub(v.Now).Abs() <= slack {
		return phrase{"last 24 hours"}
	}
	return phrase{"", v.Start, " to ", v.End}
}

// mostRecent bounds the list of earlier incidents on a page.
const mostRecent = 10

// Version is a hash of all that the live part of the page shows, except its
// age: as long as it stays, a script need not fetch the fragment.
func (v ServiceView) Version() string {
	v.Frame = Frame{Now: v.Now.Truncate(time.Minute)}
	v.Start, v.End, v.Outcome, v.OutcomeReason, v.RetryAfter = time.Time{}, time.Time{}, "", "", 0
	buckets := v.Buckets
	v.Buckets = nil
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode(v); err != nil { // a NaN: then each moment is its own version
		_, _ = sum.Write([]byte(v.Now.String()))
	}
	for _, b := range buckets {
		_ = binary.Write(sum, binary.LittleEndian, [...]int64{b.Time.UnixNano(), int64(math.Float64bits(b.Count)), int64(math.Float64bits(b.Expected.High))})
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// Status is the event that tells open pages about v.
func (v ServiceView) Status() Status {
	return Status{State: v.State, Sentence: v.Sentence(), AsOf: v.Now.UTC(), Reports: v.Totals, Version: v.Version()}
}

// chartTitle is the chart's text alternative.
func (v ServiceView) chartTitle(c clock) string {
	t := "Reports of problems with " + v.Service.label() + ", " + c.text(v.Start, formAuto) + " to " + c.text(v.End, formAuto) + " " + c.zoneName()
	for i, o := range v.Outages {
		if i == 0 {
			t += "; waves that peak "
		} else {
			t += ", "
		}
		t += "at " + c.text(o.PeakAt, formAuto) + " with " + count(o.PeakReports)
	}
	return t
}

// strokeNotes says what dots, dashes and hatching stand for, where they occur.
func strokeNotes(buckets []downpour.ExpectedReports) []string {
	var notes []string
	seen := originsOf(buckets)
	if seen[downpour.Published] {
		notes = append(notes, "dots: as published")
	}
	if seen[downpour.Interpolated] || seen[downpour.Published] {
		notes = append(notes, "dashed: assumed between them")
	}
	if seen[downpour.Synthetic] {
		notes = append(notes, "hatched: synthetic")
	}
	if len(buckets) > denseBuckets && seen[downpour.Received] {
		notes = append(notes, "line: mean, grey: lowest to highest")
	}
	if !seen[downpour.Published] && len(buckets) > 0 {
		if per := perBucket(buckets); per != "" {
			notes = append([]string{"reports " + per}, notes...)
		}
	}
	return notes
}

// denseBuckets is how many counts a drawing shows one by one (see run.thin).
const denseBuckets = 580

// mostTableRows bounds the chart's text form; beyond it, rows are summed up by
// their highest count.
const mostTableRows = 24

// tableRows is the chart as text: every published figure and, of the rest, the
// highest count in each of a few equal stretches.
func tableRows(buckets []downpour.ExpectedReports) []tableRow {
	if len(buckets) == 0 {
		return nil
	}
	from, to := buckets[0].Time, buckets[len(buckets)-1].Time
	stretch := max(to.Sub(from)/mostTableRows+1, 1)
	highest := map[int]int{}
	var keep []int
	published := 0
	for i, b := range buckets {
		if b.Origin == downpour.Published && published < mostCallouts {
			keep = append(keep, i)
			published++
			continue
		}
		slot := int(b.Time.Sub(from) / stretch)
		if j, ok := highest[slot]; !ok || b.Count > buckets[j].Count {
			highest[slot] = i
		}
	}
	for _, i := range highest {
		keep = append(keep, i)
	}
	sort.Ints(keep)
	rows := make([]tableRow, 0, len(keep))
	for _, i := range keep {
		rows = append(rows, newTableRow(buckets[i]))
	}
	return rows
}

func newTableRow(b downpour.ExpectedReports) tableRow {
	r := tableRow{Time: b.Time, Count: count(b.Count), Expected: "not known"}
	if known(b.Expected) {
		r.Expected = count(math.Round(b.Expected.Low)) + " to " + count(math.Round(b.Expected.High))
	}
	if b.Origin != downpour.Received {
		r.How = string(b.Origin)
	}
	return r
}

// symptomChoices are the form's choices, the default ones if none are given.
func symptomChoices(own []Symptom) []Symptom {
	if len(own) == 0 {
		own = []Symptom{{Key: "access"}, {Key: "login"}, {Key: "loading"}, {Key: "posting"}, {Key: "other"}}
	}
	out := make([]Symptom, len(own))
	for i, s := range own {
		out[i] = Symptom{s.Key, symptomLabel(own, s.Key)}
	}
	return out
}

// symptomLabel is how people read a symptom's key.
func symptomLabel(own []Symptom, key string) string {
	for _, s := range own {
		if s.Key == key && s.Label != "" {
			return s.Label
		}
	}
	labels := map[string]string{"access": "Can’t reach it", "login": "Login", "loading": "Loading", "posting": "Posting", "other": "Something else", "": "Not said"}
	if l, ok := labels[key]; ok {
		return l
	}
	return capital(key)
}

func symptomBars(v ServiceView) []bar {
	return tallyBars(v.BySymptom, func(k string) string { return symptomLabel(v.Symptoms, k) })
}

func countryBars(t []Tally) []bar { return tallyBars(t, countryName) }

// mostBars is how many rows a list of shares has before the rest is one row.
const mostBars = 6

// fewReports is the number below which counts are shown, since "100 %" of one
// report would say more than is known.
const fewReports = 20

// tallyBars turns counts into rows, the largest first; the rest is one row.
func tallyBars(t []Tally, name func(string) string) []bar {
	t = append([]Tally(nil), t...)
	sort.SliceStable(t, func(i, j int) bool {
		if t[i].Count != t[j].Count {
			return t[i].Count > t[j].Count
		}
		return t[i].Key < t[j].Key
	})
	var total, rest uint64
	for i, x := range t {
		total += x.Count
		if i >= mostBars {
			rest += x.Count
		}
	}
	if total == 0 {
		return nil
	}
	row := func(label string, n uint64) bar {
		share := float64(n) / float64(total)
		value := percent(share)
		if total < fewReports {
			value = grouped(float64(n))
		}
		return bar{Label: label, Value: value, Width: share * 100, Title: grouped(float64(n)) + " of " + grouped(float64(total)) + " reports"}
	}
	var bars []bar
	for _, x := range t[:min(len(t), mostBars)] {
		bars = append(bars, row(name(x.Key), x.Count))
	}
	if rest > 0 {
		bars = append(bars, row(wording.Count(len(t)-mostBars, "other", "others"), rest))
	}
	return bars
}

// lower writes the first letter small unless the word is an acronym.
func lower(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[size:])
	if unicode.IsUpper(second) {
		return s
	}
	return strings.ToLower(string(first)) + s[size:]
}
