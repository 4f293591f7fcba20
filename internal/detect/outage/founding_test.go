package outage

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/engine"
)

var _ engine.CountDetector = (*Detector)(nil)

// The counts that a press article of 10 March 2025 quotes, with the minutes of
// that day (local, UTC-4) as it prints them.
func foundingPoints() []knot {
	return []knot{{6 * 60, 20608}, {6*60 + 17, 720}, {10*60 + 2, 41143}, {10*60 + 32, 1361},
		{11*60 + 2, 4670}, {13*60 + 2, 36064}, {13*60 + 32, 3455}, {14*60 + 2, 19446}}
}

// knot is a count at a minute of the day.
type knot struct {
	minute int
	count  float64
}

func foundingTime(minute int) time.Time {
	return time.Date(2025, 3, 10, 4, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

// play gives counts to a detector, ticking as time passes, and returns all events.
func play(d *Detector, counts []downpour.ReportCount) []downpour.Event {
	var events []downpour.Event
	end := int64(math.MinInt64)
	for i := range counts {
		at := counts[i].Time.UnixNano()
		d.Tick(at)
		d.Count(&counts[i])
		end = max(end, at+int64(counts[i].Bucket))
		events = d.Events(events)
	}
	d.Finish(end)
	return d.Events(events)
}

// last is the final state of each outage, in order of alarm.
func last(events []downpour.Event) []*downpour.Outage {
	var out []*downpour.Outage
	index := map[string]int{}
	for _, e := range events {
		if e.Outage == nil {
			continue
		}
		i, ok := index[e.Outage.ID]
		if !ok {
			i = len(out)
			index[e.Outage.ID] = i
			out = append(out, nil)
		}
		out[i] = e.Outage
	}
	return out
}

func clock(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format("15:04")
}

// sketch is an outage's times and peak in one line.
func sketch(o *downpour.Outage) string {
	s := []string{clock(o.OnsetLow), clock(&o.Onset), clock(&o.AlarmAt), clock(&o.PeakAt), clock(&o.End), number(o.PeakReports), string(o.Severity)}
	if o.Ongoing {
		s = append(s, "ongoing")
	}
	return strings.Join(s, " ")
}

func TestFoundingRows(t *testing.T) {
	var counts []downpour.ReportCount
	for _, k := range foundingPoints() {
		counts = append(counts, downpour.ReportCount{Service: "x", Time: foundingTime(k.minute), Count: k.count, Origin: downpour.Published})
	}
	got := last(play(New(Config{}), counts))
	want := []string{ // onset from, onset, alarm, peak, end
		"- 10:00 10:17 10:00 10:17 20,608 major",
		"10:17 14:02 14:02 14:02 14:32 41,143 major",
		"14:32 17:02 17:02 17:02 17:32 36,064 major",
		"17:32 18:02 18:02 18:02 18:02 19,446 major ongoing",
	}
	compareSketches(t, got, want)
	b := got[1].Bumps
	if len(b) != 1 || b[0].Reports != 4670 || clock(&b[0].At) != "15:02" || !strings.Contains(b[0].Says, "the rows cannot tell") {
		t.Errorf("bumps %+v", b)
	}
	for i, o := range got {
		if i != 1 && len(o.Bumps) != 0 {
			t.Errorf("outage %d has bumps %+v", i, o.Bumps)
		}
		if len(o.Origins) != 1 || o.Origins[0] != downpour.Published {
			t.Errorf("outage %d has origins %v", i, o.Origins)
		}
	}
}

func compareSketches(t *testing.T, got []*downpour.Outage, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case i >= len(want):
			t.Errorf("too many: %s %s", sketch(got[i]), got[i].Why)
		case sketch(got[i]) != want[i]:
			t.Errorf("outage %d\n got %s (%s)\nwant %s", i, sketch(got[i]), got[i].Why, want[i])
		}
	}
}

// foundingMinutes is the day in minutes: a synthetic usual of about 650, the
// published points, straight lines between. ramp is how long the first wave
// takes to rise, which nobody published.
func foundingMinutes(seed uint64, ramp int) []downpour.ReportCount {
	p := foundingPoints()
	knots := []knot{{5 * 60, 650}, {6*60 - ramp, 650}, p[0], p[1], {9*60 + 30, 720}}
	knots = append(append(knots, p[2:]...), knot{15 * 60, 900})
	published := map[int]bool{}
	for _, k := range p {
		published[k.minute] = true
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	var counts []downpour.ReportCount
	for i := 1; i < len(knots); i++ {
		a, b := knots[i-1], knots[i]
		for m := a.minute; m < b.minute; m++ {
			share := float64(m-a.minute) / float64(b.minute-a.minute)
			c := downpour.ReportCount{Service: "x", Time: foundingTime(m), Bucket: time.Minute,
				Count: math.Round(a.count + share*(b.count-a.count)), Origin: downpour.Interpolated}
			switch {
			case published[m]:
				c.Origin = downpour.Published
			case m < 6*60-ramp:
				c.Count, c.Origin = math.Round(c.Count+math.Sqrt(c.Count)*rng.NormFloat64()), downpour.Synthetic
			}
			counts = append(counts, c)
		}
	}
	return counts
}

func TestFoundingMinutes(t *testing.T) {
	peaks := []float64{20608, 41143, 36064, 19446}
	peakAt := []string{"10:00", "14:02", "17:02", "18:02"}
	// The latest alarm that is a few minutes after the data show the rise, and
	// the range in which the onset lies.
	alarmBy := []string{"10:00", "13:36", "15:10", "17:56"}
	for _, ramp := range []int{1, 10} {
		for seed := range uint64(5) {
			got := last(play(New(Config{}), foundingMinutes(seed, ramp)))
			if len(got) != 4 {
				for _, o := range got {
					t.Log(sketch(o), o.Why)
				}
				t.Fatalf("ramp %d seed %d: %d outages", ramp, seed, len(got))
			}
			for i, o := range got {
				if o.PeakReports != peaks[i] || clock(&o.PeakAt) != peakAt[i] || clock(&o.AlarmAt) > alarmBy[i] || o.Severity != downpour.Major {
					t.Errorf("ramp %d seed %d outage %d: %s", ramp, seed, i, sketch(o))
				}
			}
			if on := clock(&got[1].Onset); on < "13:30" || on > "13:33" {
				t.Errorf("second onset %s", on)
			}
			if clock(got[2].OnsetLow) != "14:33" || got[2].Onset.After(foundingTime(11*60+5)) {
				t.Errorf("third onset %s to %s", clock(got[2].OnsetLow), clock(&got[2].Onset))
			}
			if want := []downpour.CountOrigin{downpour.Published, downpour.Interpolated}; len(got[1].Origins) != 2 || got[1].Origins[0] != want[0] {
				t.Errorf("origins %v", got[1].Origins)
			}
			if t.Failed() {
				return
			}
		}
	}
}
