package cause

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/assess"
)

var day = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

func outage(id string, from, to int) downpour.Outage {
	return downpour.Outage{ID: id, Service: "example", Direction: downpour.Rise, Onset: at(from), PeakAt: at(from + 1), End: at(to), PeakReports: float64(10000 + from), Severity: downpour.Major}
}

func attack(id string, from, to int) downpour.Attack {
	return downpour.Attack{ID: id, Service: "example", Direction: downpour.Inbound, Onset: at(from), End: at(to), Severity: downpour.Major,
		Vectors: []downpour.Vector{{Name: "SYN flood", Share: 1}}, Peak: downpour.Rate{Packets: float64(20000 + from)}}
}

func whole(share float64) assess.Seen {
	return assess.Seen{Traffic: true, From: day, To: day.Add(24 * time.Hour), Ingress: &share}
}

func likelihood(t *testing.T, causes []downpour.Cause, name string) downpour.Cause {
	t.Helper()
	for _, c := range causes {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no %s in %v", name, causes)
	return downpour.Cause{}
}

func TestAttackAsCause(t *testing.T) {
	waves := []downpour.Outage{outage("1", 600, 620), outage("2", 840, 860), outage("3", 1020, 1050), outage("4", 1080, 1090)}
	floods := []downpour.Attack{attack("1", 597, 618), attack("2", 838, 861), attack("3", 1019, 1050), attack("4", 1078, 1091)}
	other := attack("x", 597, 618)
	other.Service = "another"
	early := outage("5", 600, 640)
	low := at(570)
	early.OnsetLow = &low
	unstated := whole(0)
	unstated.Ingress = nil
	for _, c := range []struct {
		name      string
		outages   []downpour.Outage
		attacks   []downpour.Attack
		seen      assess.Seen
		low, high float64
		says      string
	}{
		{"reports only", waves, nil, assess.Seen{}, 0.1, 0.2, "not ruled out"},
		{"floods in step with four waves", waves, floods, whole(1), 0.8, 0.95, "before each of the 4 outages"},
		{"one flood, one outage", waves[:1], floods[:1], whole(1), 0.55, 0.85, "began before the outage"},
		{"whole ingress, nothing unusual", waves, nil, whole(1), 0.01, 0.1, "100 % of the ingress"},
		{"a tenth of the ingress, nothing unusual", waves, nil, whole(0.1), 0.1, 0.2, "10 % of the ingress"},
		{"unstated ingress, nothing unusual", waves, nil, unstated, 0.08, 0.14, "was not stated"},
		{"flood after the outage", waves[:1], []downpour.Attack{attack("1", 612, 640)}, whole(1), 0.01, 0.1, "began after the outage"},
		{"flood one minute before", waves[:1], []downpour.Attack{attack("1", 599, 640)}, whole(1), 0.4, 0.7, "1 min before"},
		{"flood on another service", waves[:1], []downpour.Attack{other}, whole(1), 0.01, 0.1, "does not count"},
		{"flood two days before", waves[:1], []downpour.Attack{attack("1", -2880, -2800)}, whole(1), 0.01, 0.1, "does not count"},
		{"within the onset's interval", []downpour.Outage{early}, []downpour.Attack{attack("1", 580, 641)}, whole(1), 0.3, 0.6, "within the time in which the onset must lie of the outage"},
		{"telemetry of another time", waves[:1], nil, assess.Seen{Traffic: true, From: at(2000), To: at(2100)}, 0.1, 0.2, "covers 0 of 1"},
		{"one wave of four without", waves, floods[:3], whole(1), 0.5, 0.95, "1 of 4 outages happened without"},
	} {
		causes := Assess(c.outages, c.attacks, c.seen)
		got := likelihood(t, causes, "attack")
		if p := float64(got.Likelihood); p < c.low || p > c.high {
			t.Errorf("%s: attack %v, want %v to %v\n%+v", c.name, p, c.low, c.high, got.Evidence)
		}
		var words strings.Builder
		for _, e := range got.Evidence {
			words.WriteString(e.Says + "\n")
		}
		if !strings.Contains(words.String(), c.says) {
			t.Errorf("%s: %q is not in\n%s", c.name, c.says, words.String())
		}
	}
}

func TestNothingPreferredWithoutTelemetry(t *testing.T) {
	causes := Assess([]downpour.Outage{outage("1", 600, 620)}, nil, assess.Seen{})
	if len(causes) != 8 {
		t.Fatalf("%d explanations", len(causes))
	}
	var sum float64
	for i, c := range causes {
		sum += float64(c.Likelihood)
		if c.Likelihood >= 0.45 || c.Confidence != downpour.LowConfidence {
			t.Errorf("%s is preferred: %v", c.Name, c.Likelihood)
		}
		if i > 0 && c.Likelihood > causes[i-1].Likelihood {
			t.Error("not sorted by likelihood")
		}
	}
	if math.Abs(sum-1) > 0.01 {
		t.Errorf("likelihoods add up to %v", sum)
	}
	if got := Assess(nil, nil, assess.Seen{}); len(got) != 0 {
		t.Error("a cause without an outage")
	}
}

// The printed weights of all rivals give the printed likelihoods.
func TestLedgersAddUp(t *testing.T) {
	causes := Assess([]downpour.Outage{outage("1", 600, 620)}, []downpour.Attack{attack("1", 598, 621)}, whole(1))
	sums := make([]float64, len(causes))
	for i, c := range causes {
		for _, e := range c.Evidence {
			sums[i] += e.Weight
		}
	}
	for i, p := range assess.Softmax(sums) {
		if math.Abs(p-float64(causes[i].Likelihood)) > 0.002 && p > 0.01 {
			t.Errorf("%s: %v from the ledger, %v printed", causes[i].Name, p, causes[i].Likelihood)
		}
	}
}

// series makes reports and an attack whose rate follows the reports or not.
func series(follows bool) ([]downpour.ExpectedReports, []downpour.Attack) {
	random := rand.New(rand.NewPCG(4, 4))
	a := attack("1", 600, 700)
	a.Timeline = downpour.Timeline{Start: at(600), Step: 60, Rates: []downpour.VectorTimeline{{Vector: "SYN flood"}}}
	var buckets []downpour.ExpectedReports
	for m := 560; m < 740; m++ {
		level := 10.0
		if m >= 600 && m < 700 {
			level = 1000 * (1 + math.Sin(float64(m-600)/5))
			rate := level
			if !follows {
				rate = 1000 * random.Float64()
			}
			a.Timeline.Rates[0].Packets = append(a.Timeline.Rates[0].Packets, 20*rate)
		}
		if !follows {
			level = 10 + 1000*random.Float64()
		}
		buckets = append(buckets, downpour.ExpectedReports{Service: "example", Time: at(m), Bucket: time.Minute, Count: level + 20*random.Float64()})
	}
	return buckets, []downpour.Attack{a}
}

func TestDoseAndResponse(t *testing.T) {
	weight := func(follows bool, origin downpour.CountOrigin) float64 {
		seen := whole(1)
		var attacks []downpour.Attack
		seen.Reports, attacks = series(follows)
		for i := range seen.Reports {
			seen.Reports[i].Origin = origin
		}
		for _, e := range likelihood(t, Assess([]downpour.Outage{outage("1", 601, 700)}, attacks, seen), "attack").Evidence {
			if e.Name == "dose and response" {
				return e.Weight
			}
		}
		t.Fatal("no evidence of dose and response")
		return 0
	}
	if w := weight(true, downpour.Received); w < 1.5 {
		t.Errorf("reports follow the attack, weight %v", w)
	}
	if w := weight(false, downpour.Received); w > 0 {
		t.Errorf("reports do not follow the attack, weight %v", w)
	}
	if w := weight(true, downpour.Interpolated); w != 0 {
		t.Errorf("interpolated counts weigh %v", w)
	}
}

func TestRanks(t *testing.T) {
	if got := rankCorrelation([]float64{1, 2, 2, 9}, []float64{10, 20, 20, 30}); math.Abs(got-1) > 1e-12 {
		t.Errorf("%v", got)
	}
	if got := rankCorrelation([]float64{1, 1, 1}, []float64{1, 2, 3}); got != 0 {
		t.Errorf("a constant correlates: %v", got)
	}
	// Of a single peak only the unturned position reaches it.
	x := make([]float64, 40)
	x[7] = 1
	if p := circularShift(x, x, 1); p != 1.0/40 {
		t.Errorf("%v", p)
	}
}

func TestManyBucketsAreJoined(t *testing.T) {
	var list []downpour.ExpectedReports
	for i := range 4000 {
		list = append(list, downpour.ExpectedReports{Service: "example", Time: at(0).Add(time.Duration(i) * 10 * time.Second), Bucket: 10 * time.Second, Count: 1})
	}
	w := match([]downpour.Outage{outage("1", 100, 600)}, nil)
	reports, _ := aligned(w, nil, list)
	if len(reports) > mostBuckets || len(reports) < mostBuckets/2 || reports[0] < 2 {
		t.Errorf("%d buckets, the first of %v", len(reports), reports[0])
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		5 * time.Millisecond: "5 ms", 4230 * time.Millisecond: "4.23 s", 90 * time.Second: "1.5 min",
		3 * time.Hour: "3 h", 24 * time.Hour: "24 h", 72 * time.Hour: "3 days", 1412 * 24 * time.Hour: "1412 days", -time.Minute: "1 min",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
