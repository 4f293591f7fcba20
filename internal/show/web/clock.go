package web

import (
	"html/template"
	"math"
	"strings"
	"time"
)

// clock writes times. Without a zone it writes UTC and marks each time so that
// the page's script can write it in the reader's zone.
type clock struct {
	zone *time.Location
	// day is the day that a bare time of day belongs to.
	day time.Time
}

func newClock(zone *time.Location, day time.Time) clock { return clock{zone, day} }

// The forms of a time; they are the script's too (assets/times.js).
const (
	formAuto    = "auto"    // 10:02, with the date if it is another day than the page's
	formSeconds = "seconds" // 14:03:20, likewise
	formDate    = "date"    // 10 March 2025
	formHour    = "hour"    // 10:02, never with a date
	formDay     = "day"     // 10 Mar
	formMillis  = "millis"  // 14:03:20.125
)

func (c clock) in(t time.Time) time.Time {
	if c.zone == nil {
		return t.UTC()
	}
	return t.In(c.zone)
}

// text writes a time as plain text.
func (c clock) text(t time.Time, form string) string {
	t, day := c.in(t), c.in(c.day)
	date := ""
	if t.Year() != day.Year() {
		date = "2 Jan 2006, "
	} else if t.YearDay() != day.YearDay() {
		date = "2 Jan, "
	}
	switch form {
	case formSeconds:
		return t.Format(date + "15:04:05")
	case formDate:
		return t.Format("2 January 2006")
	case formHour:
		return t.Format("15:04")
	case formDay:
		return t.Format("2 Jan")
	case formMillis:
		return t.Format("15:04:05.000")
	default:
		return t.Format(date + "15:04")
	}
}

// tag writes a time as an element with its exact instant in UTC.
func (c clock) tag(t time.Time, form string) template.HTML {
	var b strings.Builder
	utc := t.UTC()
	exact := time.RFC3339
	if form == formMillis {
		exact = time.RFC3339Nano
	}
	b.WriteString(`<time datetime="` + utc.Format(exact) + `"`)
	if c.zone == nil {
		b.WriteString(` data-form="` + form + `"`)
	}
	b.WriteString(` title="` + utc.Format("2006-01-02 15:04:05") + ` UTC">`)
	b.WriteString(template.HTMLEscapeString(c.text(t, form)) + `</time>`)
	return template.HTML(b.String()) //nolint:gosec // built from a time and constants
}

// zoneName says which zone the page's times are in.
func (c clock) zoneName() string {
	if c.zone == nil {
		return "UTC"
	}
	name, _ := c.day.In(c.zone).Zone()
	return name
}

// age writes how long ago t was, in the largest unit that fits.
func age(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 0:
		return "in the future"
	case d < 2*time.Second:
		return "just now"
	}
	return duration(d) + " ago"
}

// duration writes a length of time for people: 40 s, 12 min, 3 h 6 min, 9 days.
func duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return grouped(d.Seconds()) + nbsp + "s"
	case d < time.Hour:
		return grouped(d.Minutes()) + nbsp + "min"
	case d < 48*time.Hour:
		minutes := int(math.Round(d.Minutes()))
		if minutes%60 == 0 {
			return grouped(float64(minutes/60)) + nbsp + "h"
		}
		return grouped(float64(minutes/60)) + nbsp + "h " + grouped(float64(minutes%60)) + nbsp + "min"
	}
	return grouped(d.Hours()/24) + " days"
}

// phrase is a sentence that may hold times: strings and time.Time in turn.
type phrase []any

// text writes the sentence as plain text (titles, events, feeds).
func (c clock) phraseText(p phrase) string {
	var b strings.Builder
	for _, part := range p {
		switch v := part.(type) {
		case string:
			b.WriteString(v)
		case time.Time:
			b.WriteString(c.text(v, formAuto))
		}
	}
	return b.String()
}

// phraseHTML writes the sentence with its times as elements; text is escaped.
func (c clock) phraseHTML(p phrase) template.HTML {
	var b strings.Builder
	for _, part := range p {
		switch v := part.(type) {
		case string:
			b.WriteString(template.HTMLEscapeString(v))
		case time.Time:
			b.WriteString(string(c.tag(v, formAuto)))
		}
	}
	return template.HTML(b.String()) //nolint:gosec // every string part is escaped
}
