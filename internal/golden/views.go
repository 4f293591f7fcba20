package golden

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour/internal/golden/traffic"
)

// Looks is what came of cases in the views.
type Looks struct {
	Views     []View
	Sightings []Sighting // by case and view
	Wrong     []WrongAlarm
	// Usual is what came of usual traffic, by view and by how it comes.
	Usual [][usualForms]Quiet
	// OneWay is what came of the cases of usual traffic that are seen one way by themselves,
	// where it comes all of a sudden.
	OneWay Quiet
}

// Quiet is how many looks at usual traffic there were, and in how many of them
// an attack was told of.
type Quiet struct{ Looks, Alarms int }

// The forms in which a case of usual traffic comes.
const (
	sudden     = iota // to a host that had little
	known             // all the time
	ingress    = 2    // added: nothing of what the host sends is told
	usualForms = 4
)

// look is one case in one view.
type look struct {
	view, form int
	oneWay     bool // by itself
	found      Sightings
}

// RunViews looks at all cases with traffic in the views, so many cases at a time.
func RunViews(ctx context.Context, cases []Case, views []View, atOnce int) (Looks, error) {
	all := make([][]look, len(cases))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(atOnce, 1))
	for i := range cases {
		if cases[i].Capture == nil || cases[i].Capture.Spliced() { // a capture can't be drawn out
			continue
		}
		group.Go(func() error {
			var err error
			if all[i], err = cases[i].looks(ctx, views); err != nil {
				return fmt.Errorf("case %s: %w", cases[i].Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Looks{}, err
	}
	return gather(all, views), nil
}

// looks looks at a case in all views; if it holds no attack, in all forms.
func (c *Case) looks(ctx context.Context, views []View) (list []look, err error) {
	feed := traffic.NewFeed(c.Capture, false)
	if feed.Attacks() > 0 {
		return c.views(ctx, feed, views, sudden)
	}
	for form := range usualForms {
		if form < ingress && c.Capture.View == traffic.Ingress {
			continue
		}
		if !slices.ContainsFunc(views, func(v View) bool { return c.wants(v, form) }) {
			continue
		}
		feed := traffic.NewFeed(c.Capture, form%ingress == known)
		if form >= ingress {
			feed.IngressOnly()
		}
		some, err := c.views(ctx, feed, views, form)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

// views looks at a feed in all views.
func (c *Case) views(ctx context.Context, feed *traffic.Feed, views []View, form int) (list []look, err error) {
	for i, v := range views {
		if !c.wants(v, form) {
			continue
		}
		found, err := c.look(ctx, feed, v, 1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		list = append(list, look{i, form, c.Capture.View == traffic.Ingress, found})
	}
	return list, nil
}

// wants tells whether usual traffic is looked at in a view and a form.
func (c *Case) wants(v View, form int) bool {
	own := form == sudden || form == ingress+sudden && c.Capture.View == traffic.Ingress
	return (form%ingress != known || v.Sampling >= knownFrom) && (!v.Brief || own)
}

// knownFrom is the sampling from which a quarter of an hour of much traffic is
// little enough to be looked at.
const knownFrom = 1000

// gather puts the looks of all cases together.
func gather(all [][]look, views []View) Looks {
	l := Looks{Views: views}
	l.Usual = make([][usualForms]Quiet, len(l.Views))
	for _, list := range all {
		for _, one := range list {
			l.Sightings = append(l.Sightings, one.found.Attacks...)
			l.Wrong = append(l.Wrong, one.found.Wrong...)
			if !one.found.Benign {
				continue
			}
			q := &l.Usual[one.view][one.form]
			q.Looks++
			if len(one.found.Wrong) > 0 {
				q.Alarms++
			}
			if one.oneWay && one.form == ingress+sudden {
				l.OneWay.Looks++
				if len(one.found.Wrong) > 0 {
					l.OneWay.Alarms++
				}
			}
		}
	}
	return l
}

// viewTotal are the figures of a view over all cases.
type viewTotal struct {
	due, found, vectors int
	shapes, shaped      int // of those found, what the view can show of them
	mistaken            int // not found although another attack was
	onsets, delays      []time.Duration
	wrong               int // alarms that are none
}

func (l *Looks) total(view int) (t viewTotal) {
	for _, w := range l.Wrong {
		if w.View == l.Views[view].Name {
			t.wrong++
		}
	}
	for i := range l.Sightings {
		s := &l.Sightings[i]
		if s.View != l.Views[view].Name || !s.Due() {
			continue
		}
		t.due++
		if !s.Found {
			if l.anyWrong(s.Case, s.View) {
				t.mistaken++
			}
			continue
		}
		t.found++
		if s.Vector {
			t.vectors++
		}
		t.shapes += s.Shapes
		t.shaped += s.Shaped
		t.onsets = append(t.onsets, s.Onset)
		t.delays = append(t.delays, s.Delay)
	}
	return t
}

func (l *Looks) anyWrong(name, view string) bool {
	return slices.ContainsFunc(l.Wrong, func(w WrongAlarm) bool { return w.Case == name && w.View == view })
}

// Section is what was measured as flow export.
func (l *Looks) Section() Section {
	var b strings.Builder
	b.WriteString(viewsIntroduction)
	b.WriteString("\n| view | attacks due | recall | victim right | vectors right | shapes right | precision | onset error, median and 95 % | time to detect, median and 95 % |\n|---|---|---|---|---|---|---|---|---|\n")
	for i, v := range l.Views {
		t := l.total(i)
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s | %s | %s and %s | %s and %s |\n", v.Name, t.due,
			percent(t.found, t.due), percent(t.found, t.found+t.mistaken), percent(t.vectors, t.found), percent(t.shaped, t.shapes), percent(t.found, t.found+t.wrong),
			seconds(quantile(t.onsets, 0.5)), seconds(quantile(t.onsets, 0.95)),
			seconds(quantile(t.delays, 0.5)), seconds(quantile(t.delays, 0.95)))
	}
	b.WriteString(usualIntroduction)
	b.WriteString("\n| view | both ways: sudden | known | ingress only: sudden | known |\n|---|---|---|---|---|\n")
	for i, v := range l.Views {
		fmt.Fprintf(&b, "| %s |", v.Name)
		for _, q := range l.Usual[i] {
			fmt.Fprintf(&b, " %d of %d |", q.Alarms, q.Looks)
		}
		b.WriteString("\n")
	}
	l.misses(&b)
	return Section{titleExport, b.String(), l.figures()}
}

// figures are those of each view that must not get worse.
func (l *Looks) figures() (list []Figure) {
	for i, v := range l.Views {
		t := l.total(i)
		list = append(list, part("recall, "+v.Name, t.found, t.due), part("vectors, "+v.Name, t.vectors, t.found),
			late("delay, median, "+v.Name, quantile(t.delays, 0.5)), wrongly("false alarms, "+v.Name, t.wrong))
	}
	return list
}

const viewsIntroduction = `
Each case as a router tells of it: its usual traffic for a quarter of an hour, then its attack, drawn out to half a
minute (to 10 s at 1:100; for records of all packets: seconds). By samples (sFlow), and by records of a flow cache
with the usual timeouts (60 s active, 15 s inactive; NetFlow v5, v9 and IPFIX by turns). An attack is due if it is above
its class's floor and three times what is usual, and 20 packets of it are sampled. The time to detect counts from the
arrival of the record with the 20th. A target of which a case tells no usual traffic has a quiet web server's. These are files:
records that may still be held back are waited for, two minutes, and a prefix is not judged ahead of that as an address is.
`

const usualIntroduction = `
Usual traffic that raised an alarm. Sudden: it begins all at once and in full, to a host that had little before; known:
it has come for a quarter of an hour. Ingress only: nothing is told of what the host sends.
`

// misses lists what was due and is not as it should be, and what was told of and is none.
func (l *Looks) misses(b *strings.Builder) {
	b.WriteString("\n| case | view | samples | times its limit | what is wrong |\n|---|---|---|---|---|\n")
	for i := range l.Sightings {
		s := &l.Sightings[i]
		if says := s.fault(); s.Due() && says != "" {
			fmt.Fprintf(b, "| %s | %s | %d | %.1f | %s |\n", s.Case, s.View, s.Samples, s.Strength, says)
		}
	}
	for _, w := range l.Wrong {
		fmt.Fprintf(b, "| %s | %s | | | no such attack: %s |\n", w.Case, w.View, w.Says)
	}
}

// slow is the 95 % that is asked of the time to detect.
const slow = 3 * time.Second

func (s *Sighting) fault() string {
	switch {
	case !s.Found:
		return "not found"
	case !s.Vector:
		return "vectors: " + s.Got + "; it was " + s.Want
	case s.Shaped < s.Shapes:
		return "shapes: " + s.Got + "; it was " + s.Want
	case s.Pieces > 1:
		return fmt.Sprintf("told of as %d attacks", s.Pieces)
	case s.Delay > slow:
		return "found after " + seconds(s.Delay)
	}
	return ""
}

func percent(n, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(whole))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
