package pipeline_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/assess/claim"
	"downpour/internal/demo"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/outage"
	"downpour/internal/enrich"
	"downpour/internal/observe"
	"downpour/internal/pipeline"
)

// play runs the founding case's day through the pipeline, reading what changed
// now and then as a server does.
func play(t *testing.T, shards, every int, until time.Time) *pipeline.Pipeline {
	t.Helper()
	places, err := enrich.Open(enrich.Config{})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := claim.Load(strings.NewReader(string(demo.Claims)), "claims.yaml")
	if err != nil {
		t.Fatal(err)
	}
	attacks := attack.Default()
	attacks.Service = func(downpour.Address) (string, bool) { return demo.Service, true }
	p := pipeline.New(pipeline.Config{
		Shards: shards, Attack: attacks, Outage: outage.Config{}.Default(),
		Places: places, Claims: claims, Traffic: true, Synthetic: true,
	})
	s := demo.NewSource(1)
	var b observe.Batch
	for n := 0; ; n++ {
		err := s.Next(&b)
		if errors.Is(err, io.EOF) || len(b.Counts) > 0 && b.Counts[0].Time.After(until) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Feed(&b)
		if n%every == 0 {
			p.Changed()
		}
	}
	p.Finish()
	return p
}

// TestFoundingCase holds the story that the demo tells: four waves with the
// published peaks, a forged flood in step with them, one incident, and claims
// judged by what that shows.
func TestFoundingCase(t *testing.T) {
	p := play(t, 1, 200, demo.End())
	var peaks []float64
	for _, o := range p.Outages() {
		peaks = append(peaks, o.PeakReports)
	}
	if want := []float64{20608, 41143, 36064, 19446}; !reflect.DeepEqual(peaks, want) {
		t.Errorf("waves peak at %v, want %v", peaks, want)
	}
	for _, a := range p.Attacks() {
		if a.Vectors[0].Name != "SYN flood" || a.Vectors[0].Share < 0.95 || !a.Synthetic {
			t.Errorf("%s: vectors %v, synthetic %v; want a synthetic SYN flood", a.Onset, a.Vectors, a.Synthetic)
		}
		if a.Spoofing.Likelihood < 0.8 {
			t.Errorf("%s: forged with likelihood %v", a.Onset, a.Spoofing.Likelihood)
		}
	}
	if len(p.Attacks()) == 0 {
		t.Error("no attack was found")
	}
	incidents := p.Incidents()
	if len(incidents) != 1 {
		t.Fatalf("%d incidents, want one", len(incidents))
	}
	if c := incidents[0].Cause[0]; c.Name != "attack" || c.Likelihood < 0.55 {
		t.Errorf("likeliest cause is %s (%v); a flood in step with the waves speaks for an attack", c.Name, c.Likelihood)
	}
	want := map[string]downpour.Assessment{
		"owner-attack": downpour.PartlySupported, "owner-origin": downpour.NotTestable, "owner-resources": downpour.Contradicted,
		"owner-daily": downpour.NotTestable, "host-foreign": downpour.NotTestable, "group-responsible": downpour.NotTestable,
		"press-ddos": downpour.PartlySupported,
	}
	for _, c := range p.Claims() {
		if c.Assessment != want[c.ID] {
			t.Errorf("%s: %s (%s), want %s", c.ID, c.Assessment, c.Why, want[c.ID])
		}
	}
}

// TestNobodyMattersByLooking: how often the state is read, and how many shards
// work, changes nothing of what is found.
func TestNobodyMattersByLooking(t *testing.T) {
	firstWave := demo.Start().Add(2 * time.Hour)
	seldom, often := play(t, 1, 100_000, firstWave), play(t, 2, 25, firstWave)
	if len(seldom.Attacks()) == 0 || len(seldom.Outages()) == 0 {
		t.Fatal("nothing was found: the test shows nothing")
	}
	if a, b := seldom.Incidents(), often.Incidents(); !reflect.DeepEqual(a, b) {
		t.Errorf("incidents differ:\n%+v\n%+v", a, b)
	}
	if a, b := seldom.Attacks(), often.Attacks(); !reflect.DeepEqual(a, b) {
		t.Error("attacks differ")
	}
	if a, b := seldom.Claims(), often.Claims(); !reflect.DeepEqual(a, b) {
		t.Error("claims differ")
	}
}

// TestCaptureSaysNothingOfAnotherYear: telemetry covers the time that it was
// taken in, whatever else the investigation holds.
func TestCaptureSaysNothingOfAnotherYear(t *testing.T) {
	places, err := enrich.Open(enrich.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline.New(pipeline.Config{Attack: attack.Default(), Outage: outage.Config{}.Default(), Places: places, Traffic: true})
	at := time.Date(2021, 4, 28, 10, 30, 0, 0, time.UTC)
	p.Feed(&observe.Batch{Flows: []downpour.Flow{{Time: at.UnixNano(), Packets: 1, Sampling: 1, Bytes: 60}}})
	day := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)
	for i, n := range []float64{700, 710, 690, 705, 40000, 41000, 700, 700} {
		p.Feed(&observe.Batch{Counts: []downpour.ReportCount{{Service: "example", Time: day.Add(time.Duration(i) * 15 * time.Minute), Count: n}}})
	}
	p.Finish()
	incidents := p.Incidents()
	if len(incidents) != 1 {
		t.Fatalf("%d incidents, want one", len(incidents))
	}
	for _, c := range incidents[0].Cause {
		for _, e := range c.Evidence {
			if e.Name == "traffic" && e.Weight != 0 {
				t.Errorf("traffic of 2021 weighs %v for %s in 2025: %s", e.Weight, c.Name, e.Says)
			}
		}
	}
}
