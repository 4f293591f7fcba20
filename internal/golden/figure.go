package golden

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Figure is one number of a section that must not get worse.
type Figure struct {
	Name  string
	Value float64
	Lower bool    // the lower the better
	Slack float64 // by which it may be worse
}

// The slack of figures: a case or two, and what a delay differs by where one case
// changes places with another.
const (
	shareSlack = 0.006
	delaySlack = 0.25 // seconds
)

// part is the figure of n of a whole; 1 of nothing.
func part(name string, n, whole int) Figure {
	if whole == 0 {
		return Figure{name, 1, false, shareSlack}
	}
	return Figure{name, float64(n) / float64(whole), false, shareSlack}
}

// wrongly is the figure of what should not be.
func wrongly(name string, n int) Figure { return Figure{Name: name, Value: float64(n), Lower: true} }

// late is the figure of a delay.
func late(name string, d time.Duration) Figure { return Figure{name, d.Seconds(), true, delaySlack} }

// The figures of a section stand in the page where a reader of the page sees none, since its
// tables show them.
const figuresBegin, figuresEnd = "\n<!-- figures that eval --check compares\n", "-->\n"

func (s Section) figures() string {
	if len(s.Figures) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(figuresBegin)
	for _, f := range s.Figures {
		fmt.Fprintf(&b, "%s: %.4g\n", f.Name, f.Value)
	}
	b.WriteString(figuresEnd)
	return b.String()
}

// Worse lists what is worse than a page has it. A section without figures must be
// there as it is; an error says that the page does not show what was measured at all.
func (s Section) Worse(page string) (list []string, err error) {
	_, part, ok := strings.Cut(page, "\n## "+s.Title+"\n")
	if !ok {
		return nil, fmt.Errorf("there is no section %q", s.Title)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	if len(s.Figures) == 0 {
		if !strings.HasPrefix(part, s.Body) {
			list = append(list, s.Title+": it shows something else")
		}
		return list, nil
	}
	was := figuresOf(part)
	for _, f := range s.Figures {
		old, ok := was[f.Name]
		if !ok {
			return nil, fmt.Errorf("section %q has no figure %q", s.Title, f.Name)
		}
		worse := old - f.Value
		if f.Lower {
			worse = -worse
		}
		if worse > f.Slack+1e-3*math.Abs(old) {
			list = append(list, fmt.Sprintf("%s, %s: %.4g, was %.4g", s.Title, f.Name, f.Value, old))
		}
	}
	return list, nil
}

// figuresOf reads the figures of a page's section.
func figuresOf(part string) map[string]float64 {
	was := map[string]float64{}
	_, text, _ := strings.Cut(part, figuresBegin)
	text, _, _ = strings.Cut(text, figuresEnd)
	for line := range strings.Lines(text) {
		at := strings.LastIndex(line, ": ")
		if at < 0 {
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(line[at+2:]), 64); err == nil {
			was[line[:at]] = v
		}
	}
	return was
}
