// Package series makes counts of users' reports whose truth is known: a usual
// level with its day and week, noise, gaps, and outages laid over it. The same
// recipe and seed give the same bytes.
package series

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Recipe says what a series holds. Its YAML names are the fields' in lower case.
type Recipe struct {
	Seed   uint64
	Start  time.Time
	Bucket time.Duration
	Lasts  time.Duration
	// Usual is the mean of a bucket; Day and Week are by what share of it the
	// hours of a day and the days of a week swing.
	Usual, Day, Week float64
	// Dispersion is the variance over the mean, from 1 (Poisson) on; 0 is 1.
	Dispersion float64
	// Growth is by what share of itself the usual grows a week.
	Growth  float64
	Gaps    []Gap
	Outages []Outage
}

// Gap is a stretch in which nothing was counted: its rows are missing.
type Gap struct{ From, Lasts time.Duration }

// Outage is a stretch with more reports than usual.
type Outage struct {
	From, Lasts time.Duration
	// Peak is how many reports a bucket gets above the usual, Rise how long it
	// takes to reach that; it falls over the last third.
	Peak float64
	Rise time.Duration
	// Usual says that no outage is expected to be seen: too small to matter.
	Usual bool
}

// Row is one bucket as written.
type Row struct {
	At    time.Time
	Count int
}

// Truth is what really happened in one outage.
type Truth struct {
	Onset, PeakAt, End time.Time
	Peak               int
}

// Fault says what is wrong with a recipe, or nil.
func (r *Recipe) Fault() error {
	const most = 1_000_000
	switch {
	case r.Start.IsZero() || r.Bucket <= 0 || r.Lasts < r.Bucket || int64(r.Lasts/r.Bucket) > most:
		return fmt.Errorf("a series needs start, bucket and lasts, and at most %d buckets", most)
	case r.Usual < 0 || r.Dispersion != 0 && r.Dispersion < 1:
		return fmt.Errorf("a series' usual is not below 0, its dispersion not below 1")
	}
	return nil
}

// Make makes the rows and counts the truth of the outages in them.
func Make(r *Recipe) ([]Row, []Truth) {
	random := rand.New(rand.NewPCG(r.Seed, 0))
	var rows []Row
	truths := make([]Truth, len(r.Outages))
	for at := time.Duration(0); at < r.Lasts; at += r.Bucket {
		level := r.usual(at)
		in := -1
		for i := range r.Outages {
			if extra := r.Outages[i].excess(at); extra > 0 {
				level += extra
				in = i
			}
		}
		row := Row{r.Start.Add(at), draw(random, level, max(r.Dispersion, 1))}
		if r.missing(at) {
			continue
		}
		rows = append(rows, row)
		if in >= 0 {
			truths[in].add(row, r.Bucket)
		}
	}
	var seen []Truth
	for i, t := range truths {
		if !r.Outages[i].Usual && !t.Onset.IsZero() {
			seen = append(seen, t)
		}
	}
	return rows, seen
}

func (t *Truth) add(row Row, bucket time.Duration) {
	if t.Onset.IsZero() {
		t.Onset = row.At
	}
	if row.Count > t.Peak {
		t.Peak, t.PeakAt = row.Count, row.At
	}
	t.End = row.At.Add(bucket)
}

// usual is the mean of a bucket without an outage: highest at 20:00, and on
// Sundays.
func (r *Recipe) usual(at time.Duration) float64 {
	t := r.Start.Add(at)
	hour := float64(t.Hour()) + float64(t.Minute())/60
	day := 1 + r.Day*math.Cos((hour-20)/24*2*math.Pi)
	week := 1 + r.Week*math.Cos(float64(t.Weekday())/7*2*math.Pi)
	growth := math.Pow(1+r.Growth, at.Hours()/(7*24))
	return r.Usual * day * week * growth
}

// excess is what an outage adds to a bucket.
func (o *Outage) excess(at time.Duration) float64 {
	since := at - o.From
	if since < 0 || since >= o.Lasts {
		return 0
	}
	if since < o.Rise {
		return o.Peak * float64(since+1) / float64(o.Rise)
	}
	if fall := o.Lasts * 2 / 3; since > fall {
		return max(o.Peak*float64(o.Lasts-since)/float64(o.Lasts-fall), 1)
	}
	return o.Peak
}

func (r *Recipe) missing(at time.Duration) bool {
	for _, g := range r.Gaps {
		if at >= g.From && at < g.From+g.Lasts {
			return true
		}
	}
	return false
}

// draw draws a count of a mean and a variance that is dispersion times it: a
// Poisson of a Gamma is a negative binomial.
func draw(r *rand.Rand, mean, dispersion float64) int {
	if mean <= 0 {
		return 0
	}
	if dispersion > 1 {
		mean = distuv.Gamma{Alpha: mean / (dispersion - 1), Beta: 1 / (dispersion - 1), Src: r}.Rand()
	}
	if mean <= 0 {
		return 0
	}
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
}

// Write writes rows as CSV in the form of the contract.
func Write(w io.Writer, rows []Row) error {
	if _, err := fmt.Fprintln(w, "time,reports"); err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(w, "%s,%d\n", row.At.UTC().Format(time.RFC3339), row.Count); err != nil {
			return err
		}
	}
	return nil
}
