package outage

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"downpour"
)

// quiet makes n minutes of Poisson noise around a rate per minute.
func quiet(seed uint64, n int, perMinute float64) []downpour.ReportCount {
	g := generator{rand.New(rand.NewPCG(seed, 3)), constant(perMinute * 60), math.Inf(1), time.Minute}
	return g.counts(epoch(), n)
}

// with replaces the counts from minute m on.
func with(c []downpour.ReportCount, m int, counts ...float64) []downpour.ReportCount {
	for i, v := range counts {
		c[m+i].Count = v
	}
	return c
}

// without leaves out the minutes from a up to b.
func without(c []downpour.ReportCount, a, b int) []downpour.ReportCount {
	return append(append([]downpour.ReportCount(nil), c[:a]...), c[b:]...)
}

func repeat(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func growing(n int) []downpour.ReportCount {
	g := generator{rand.New(rand.NewPCG(5, 3)), func(at time.Time) float64 {
		return 600 * math.Exp2(at.Sub(epoch()).Hours()/(14*24)) // doubles in two weeks
	}, math.Inf(1), 5 * time.Minute}
	return g.counts(epoch(), n)
}

func weekly(n int) []downpour.ReportCount {
	g := generator{rand.New(rand.NewPCG(6, 3)), func(at time.Time) float64 {
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			return daily(200)(at)
		}
		return daily(600)(at)
	}, math.Inf(1), 5 * time.Minute}
	return g.counts(epoch(), n)
}

func TestScenarios(t *testing.T) {
	day := 24 * 60
	for _, tt := range []struct {
		name   string
		cfg    Config
		counts []downpour.ReportCount
		want   []string // of each outage: from, onset, alarm, peak, end, size, severity
	}{
		{"all zero", Config{Direction: Both}, with(quiet(1, 3*day, 0), 0), nil},
		{"constant", Config{Direction: Both}, with(quiet(1, 2*day, 0), 0, repeat(40, 2*day)...), nil},
		{"one count", Config{}, quiet(1, 1, 100), nil},
		{"small service, eight in a minute", Config{}, with(quiet(2, day, 0.02), 700, 8, 6, 9, 4, 3), []string{"11:28 11:40 11:40 11:42 11:45 9 partial"}},
		{"four in a minute are too few", Config{}, with(quiet(1, day, 0), 700, 4), nil},
		{"one huge spike", Config{}, with(quiet(1, day, 10), 700, 1e6), []string{"- 11:40 11:40 11:40 11:41 1,000,000 major"}},
		{"the largest count", Config{}, with(quiet(1, day, 10), 700, 1e15, 1e15), []string{"- 11:40 11:40 11:40 11:42 1,000,000,000,000,000 major"}},
		{"begins in an outage", Config{}, with(quiet(1, 600, 50), 0, repeat(3000, 30)...), []string{"- 00:00 00:35 00:00 00:30 3,000 major"}},
		{"ongoing at the end", Config{}, with(quiet(1, 300, 10), 290, repeat(400, 10)...), []string{"- 04:50 04:50 04:50 05:00 400 major ongoing"}},
		{"fall not asked for", Config{}, with(quiet(1, day, 100), 700, repeat(0, 120)...), nil},
		{"fall", Config{Direction: Falls}, with(quiet(1, day, 100), 700, repeat(0, 120)...), []string{"- 11:40 11:52 11:40 13:40 0 partial"}},
		{"sight lost in an outage", Config{}, without(with(quiet(1, day, 10), 700, repeat(300, 10)...), 710, 1000), []string{"- 11:40 11:40 11:40 11:50 300 major"}},
		{"a gap is no fall", Config{Direction: Both}, without(quiet(1, day, 100), 500, 900), nil},
		{"two waves", Config{}, with(quiet(1, day, 10), 700, append(append(repeat(900, 20), repeat(100, 30)...), repeat(800, 20)...)...),
			[]string{"- 11:40 11:40 11:40 12:01 900 major", "12:01 12:30 12:31 12:30 12:50 800 major"}},
		{"a bump", Config{}, with(quiet(1, day, 10), 700, append(append(append(repeat(900, 20), repeat(300, 30)...), repeat(800, 20)...), repeat(300, 20)...)...),
			[]string{"- 11:40 11:40 11:40 13:10 900 major"}},
		{"yesterday does not excuse today", Config{}, with(with(quiet(1, 3*day, 10), day, repeat(200, 60)...), 2*day, repeat(200, 60)...),
			[]string{"- 00:00 00:00 00:00 01:00 200 major", "23:59 00:00 00:00 00:00 01:00 200 major"}},
		{"a new usual is absorbed", Config{}, with(quiet(1, 4*day, 10), day, repeat(60, 3*day)...), []string{"- 00:00 00:02 00:00 00:01 60 major"}},
		{"slow growth", Config{}, growing(28 * 288), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := last(play(New(tt.cfg), tt.counts))
			compareSketches(t, got, tt.want)
			if tt.name == "a bump" && (len(got) != 1 || len(got[0].Bumps) != 1 || got[0].Bumps[0].Reports != 800) {
				t.Errorf("bumps of %+v", got)
			}
		})
	}
}

// TestWeekends plays a week whose weekend has a third of the reports: the first
// Monday may surprise, later ones must not.
func TestWeekends(t *testing.T) {
	for i, o := range last(play(New(Config{}), weekly(35*288))) {
		if i > 0 || o.AlarmAt.After(epoch().Add(8*24*time.Hour)) {
			t.Errorf("%v: %s %s", o.AlarmAt, sketch(o), o.Why)
		}
	}
}

func TestPartialMinutes(t *testing.T) {
	d := New(Config{})
	for _, c := range quiet(1, 120, 2) {
		d.Count(&c)
	}
	start := epoch().Add(120 * time.Minute)
	d.Events(nil)
	var alarmed []downpour.Event
	one := downpour.ReportCount{Service: "s", Time: start, Bucket: time.Minute, Count: 1, Origin: downpour.Received}
	for i := range 40 { // forty reports, one a second
		d.Tick(start.Add(time.Duration(i) * time.Second).UnixNano())
		d.Count(&one)
		alarmed = d.Events(alarmed)
	}
	found := last(alarmed)
	if len(found) != 1 || !found[0].AlarmAt.Before(start.Add(40*time.Second)) || found[0].Onset.After(start) || found[0].Onset.Before(start.Add(-5*time.Minute)) || !found[0].Ongoing {
		t.Fatalf("no alarm inside the minute: %d, %s", len(found), sketch(found[0]))
	}
	d.Tick(start.Add(time.Minute).UnixNano())
	events := d.Events(nil)
	var closed *downpour.ExpectedReports
	for _, e := range events {
		if e.Expected != nil && e.Expected.Time.Equal(start) {
			closed = e.Expected
		}
	}
	if closed == nil || closed.Count != 40 || closed.Origin != downpour.Received {
		t.Fatalf("closed bucket %+v", closed)
	}
	if o := last(events); len(o) != 1 || o[0].PeakReports != 40 || o[0].ID != found[0].ID {
		t.Fatalf("after the close %+v", o)
	}
	d.Count(&one)
	if d.Stats().Late != 1 {
		t.Errorf("a late count was not counted: %+v", d.Stats())
	}
}

func TestBounds(t *testing.T) {
	d := New(Config{MaxServices: 2})
	for _, name := range []string{"a", "b", "c", "a"} {
		d.Count(&downpour.ReportCount{Service: name, Time: epoch(), Bucket: time.Minute, Count: 1})
	}
	for _, c := range []downpour.ReportCount{{Service: "a", Time: epoch(), Count: math.NaN()}, {Service: "a", Time: epoch(), Count: -1},
		{Service: "a", Time: epoch(), Count: math.Inf(1)}, {Service: "a", Time: epoch(), Bucket: -1}, {Service: "a"}} {
		d.Count(&c)
	}
	if d.Stats() != (Stats{Shed: 1, Refused: 5}) {
		t.Errorf("got %+v", d.Stats())
	}
}

// TestRestore cuts a day at several minutes, also inside an outage, and wants
// the restored detector to go on as the other does.
func TestRestore(t *testing.T) {
	counts := foundingMinutes(3, 5)
	whole := play(New(Config{}), counts)
	for _, cut := range []int{0, 1, 30, 62, 300, 303, 420, len(counts)} {
		first := New(Config{})
		var events []downpour.Event
		for i := range counts[:cut] {
			first.Tick(counts[i].Time.UnixNano())
			first.Count(&counts[i])
		}
		events = first.Events(events)
		state, err := first.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		second := New(Config{})
		if err := second.Restore(state); err != nil {
			t.Fatal(err)
		}
		again, err := second.Snapshot()
		if err != nil || !bytes.Equal(state, again) {
			t.Fatalf("cut at %d: the state changed on its way: %v", cut, err)
		}
		events = append(events, play(second, counts[cut:])...)
		if cut == len(counts) { // play saw no counts, so its end is too early: the same conclusions, told earlier
			continue
		}
		if !reflect.DeepEqual(events, whole) {
			a, _ := json.Marshal(last(events))
			b, _ := json.Marshal(last(whole))
			t.Fatalf("cut at %d:\n%s\n%s", cut, a, b)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	d := New(Config{})
	d.Count(&downpour.ReportCount{Service: "a", Time: epoch(), Bucket: time.Minute, Count: 1})
	before, err := d.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"":                            "outage restore: unexpected end",
		`{"version":99}`:              "outage restore: the state has version 99",
		`{"version":1,"series":[{}]}`: "outage restore: series 0 is empty",
		strings.Repeat("x", 10):       "outage restore: invalid character",
		`{"version":1,"series":[{"state":{"service":"a"}},{"state":{"service":"a"}}]}`: `outage restore: service "a" stands twice`,
	} {
		if err := d.Restore([]byte(in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
	if after, _ := d.Snapshot(); !bytes.Equal(before, after) {
		t.Error("a refused state left traces")
	}
}
