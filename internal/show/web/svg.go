package web

import (
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// svg writes one drawing. Everything that varies is a number or escaped text;
// colours and strokes come from the style sheet by class.
type svg struct{ b strings.Builder }

// point is a place in a drawing, in its own units (y grows downward).
type point struct{ x, y float64 }

// px writes a coordinate with a tenth of a pixel.
func px(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// open begins a drawing that scales to the width of its place; title is its
// text alternative. The axis of time stands in data attributes for the cursor.
func (s *svg) open(class string, width, height float64, x timeScale, title string) {
	s.b.WriteString(`<svg class="` + class + `" viewBox="0 0 ` + px(width) + ` ` + px(height) + `" role="img" aria-label="` + html.EscapeString(title) + `"`)
	s.b.WriteString(` data-from="` + strconv.FormatInt(x.from.UnixMilli(), 10) + `" data-to="` + strconv.FormatInt(x.to.UnixMilli(), 10) + `" data-left="` + px(x.start) + `" data-right="` + px(x.end) + `">`)
}

func (s *svg) close() template.HTML {
	s.b.WriteString("</svg>")
	return template.HTML(s.b.String()) //nolint:gosec // numbers, constants and escaped text
}

// hatch defines the pattern for what is synthetic; id must be unique in the page.
func (s *svg) hatch(id string) {
	s.b.WriteString(`<defs><pattern id="` + id + `" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>`)
}

func (s *svg) line(class string, a, b point) {
	s.b.WriteString(`<path class="` + class + `" d="M` + px(a.x) + ` ` + px(a.y) + `L` + px(b.x) + ` ` + px(b.y) + `"/>`)
}

func (s *svg) rect(class string, x, y, w, h float64) {
	s.b.WriteString(`<rect class="` + class + `" x="` + px(x) + `" y="` + px(y) + `" width="` + px(max(w, 0)) + `" height="` + px(max(h, 0)) + `"/>`)
}

// hatched fills a rectangle with the pattern of that id.
func (s *svg) hatched(id string, x, y, w, h float64) {
	s.b.WriteString(`<rect fill="url(#` + id + `)" x="` + px(x) + `" y="` + px(y) + `" width="` + px(max(w, 0)) + `" height="` + px(max(h, 0)) + `"/>`)
}

// polyline draws an open line.
func (s *svg) polyline(class string, p []point) {
	if len(p) < 2 {
		return
	}
	s.b.WriteString(`<path class="` + class + `" d="` + pathData(p) + `"/>`)
}

// polygon fills a closed shape.
func (s *svg) polygon(class string, p []point) {
	if len(p) < 3 {
		return
	}
	s.b.WriteString(`<path class="` + class + `" d="` + pathData(p) + `Z"/>`)
}

// pathData writes a path in steps from point to point, which are shorter than
// places; each step starts from the rounded place, so errors don't add up.
func pathData(p []point) string {
	var b strings.Builder
	last := point{}
	for i, q := range p {
		here := point{math.Round(q.x * 10), math.Round(q.y * 10)}
		if i == 0 {
			b.WriteByte('M')
		} else {
			b.WriteByte('l')
		}
		dx, dy := px((here.x-last.x)/10), px((here.y-last.y)/10)
		b.WriteString(dx)
		if !strings.HasPrefix(dy, "-") {
			b.WriteByte(' ')
		}
		b.WriteString(dy)
		last = here
	}
	return b.String()
}

// dot draws a circle whose title a pointer shows.
func (s *svg) dot(class string, at point, r float64, title string) {
	s.b.WriteString(`<circle class="` + class + `" cx="` + px(at.x) + `" cy="` + px(at.y) + `" r="` + px(r) + `"><title>` + html.EscapeString(title) + `</title></circle>`)
}

// text writes a label; class carries its anchor (a-m middle, a-e end).
func (s *svg) text(class string, at point, text string) {
	s.b.WriteString(`<text class="` + class + `" x="` + px(at.x) + `" y="` + px(at.y) + `">` + html.EscapeString(text) + `</text>`)
}

// timeText writes a time that the script may write in the reader's zone.
func (s *svg) timeText(class string, at point, c clock, tick tickTime) {
	s.b.WriteString(`<text class="` + class + `" x="` + px(at.x) + `" y="` + px(at.y) + `"`)
	if c.zone == nil {
		s.b.WriteString(` data-time="` + tick.t.UTC().Format("2006-01-02T15:04:05Z") + `" data-form="` + tick.form + `"`)
	}
	s.b.WriteString(`>` + html.EscapeString(c.text(tick.t, tick.form)) + `</text>`)
}

// titledRect draws a rectangle whose title a pointer shows.
func (s *svg) titledRect(class string, r box, title string) {
	s.b.WriteString(`<rect class="` + class + `" x="` + px(r.x0) + `" y="` + px(r.y0) + `" width="` + px(max(r.x1-r.x0, 0)) + `" height="` + px(max(r.y1-r.y0, 0)) + `" rx="2"><title>` + html.EscapeString(title) + `</title></rect>`)
}

// polygonHatched lays the pattern of that id over a closed shape.
func (s *svg) polygonHatched(id string, p []point) {
	if len(p) > 2 {
		s.b.WriteString(`<path fill="url(#` + id + `)" d="` + pathData(p) + `Z"/>`)
	}
}
