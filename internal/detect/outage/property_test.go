package outage

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"downpour"

	"pgregory.net/rapid"
)

// check is what must hold of the events of any input.
func check(events []downpour.Event, counts []downpour.ReportCount) error {
	seen := map[string]bool{}
	for _, c := range counts {
		seen[fmt.Sprintf("%s@%d", c.Service, c.Time.UnixNano())] = true
	}
	ended := map[string]bool{}
	for _, e := range events {
		if (e.Outage == nil) == (e.Expected == nil) || e.Attack != nil {
			return fmt.Errorf("an event says not exactly one thing: %+v", e)
		}
		if x := e.Expected; x != nil {
			if !ordered(x.Expected) || !seen[fmt.Sprintf("%s@%d", x.Service, x.Time.UnixNano())] {
				return fmt.Errorf("band %+v", *x)
			}
			continue
		}
		o := e.Outage
		switch _, err := json.Marshal(o); {
		case err != nil:
			return err
		case o.Onset.After(o.PeakAt) || o.PeakAt.After(o.End) || o.OnsetLow != nil && !o.OnsetLow.Before(o.Onset):
			return fmt.Errorf("times out of order: %s", sketch(o))
		case o.Onset.After(o.AlarmAt):
			return fmt.Errorf("begins after its alarm: %s", sketch(o))
		case !seen[fmt.Sprintf("%s@%d", o.Service, o.PeakAt.UnixNano())]:
			return fmt.Errorf("the peak is no bucket: %s", sketch(o))
		case !ordered(o.ExpectedReports):
			return fmt.Errorf("expected %+v", o.ExpectedReports)
		case o.Why == "" || o.Severity == "" || len(o.Signals) != 1 || o.Bumps == nil:
			return fmt.Errorf("incomplete: %+v", *o)
		case ended[o.ID]:
			return fmt.Errorf("spoke again after its end: %s", sketch(o))
		}
		ended[o.ID] = !o.Ongoing
	}
	return nil
}

// ordered tells whether an estimate is finite, its interval around its value.
func ordered(e downpour.Estimate) bool {
	return e.Low >= 0 && e.Low <= e.Value && e.Value <= e.High && !math.IsInf(e.High, 0)
}

func drawCounts(t *rapid.T) []downpour.ReportCount {
	buckets := rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour}).Draw(t, "bucket")
	at := epoch()
	level := rapid.SampledFrom([]float64{0, 0.3, 8, 500, 1e6, 1e15}).Draw(t, "level")
	n := rapid.IntRange(0, 400).Draw(t, "n")
	var out []downpour.ReportCount
	for range n {
		if rapid.IntRange(0, 30).Draw(t, "turn") == 0 {
			level = rapid.SampledFrom([]float64{0, 0.5, 5, 60, 4000, 1e9}).Draw(t, "level")
		}
		step := max(buckets, time.Minute) * time.Duration(rapid.SampledFrom([]int{0, 1, 1, 1, 1, 1, 1, 2, 50}).Draw(t, "step"))
		at = at.Add(step)
		noise := rapid.Float64Range(0, 2).Draw(t, "noise")
		out = append(out, downpour.ReportCount{Service: rapid.SampledFrom([]string{"a", "a", "a", "b"}).Draw(t, "service"),
			Time: at, Bucket: buckets, Count: math.Round(level * noise), Origin: downpour.Received})
	}
	return out
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := drawCounts(t)
		cfg := Config{Direction: rapid.SampledFrom([]Direction{Rises, Falls, Both}).Draw(t, "direction")}
		events := play(New(cfg), counts)
		if err := check(events, counts); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(events, play(New(cfg), counts)) {
			t.Fatal("the same input gave other events")
		}
	})
}

// TestPartsAddUp: a bucket told in parts is the bucket told at once.
func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, parts := New(Config{}), New(Config{})
		for i := range rapid.IntRange(1, 60).Draw(t, "minutes") {
			c := downpour.ReportCount{Service: "a", Time: epoch().Add(time.Duration(i) * time.Minute), Bucket: time.Minute}
			for range rapid.IntRange(0, 6).Draw(t, "reports") {
				one := c
				one.Count = 1
				parts.Count(&one)
				c.Count++
			}
			if c.Count == 0 {
				parts.Count(&c)
			}
			whole.Count(&c)
		}
		whole.Finish(0)
		parts.Finish(0)
		if a, b := bands(whole.Events(nil)), bands(parts.Events(nil)); !reflect.DeepEqual(a, b) {
			t.Fatalf("%v\n%v", a, b)
		}
	})
}

func bands(events []downpour.Event) (out []downpour.ExpectedReports) {
	for _, e := range events {
		if e.Expected != nil {
			out = append(out, *e.Expected)
		}
	}
	return out
}

// FuzzDetector reads rows of (minutes since the last, exponent and mantissa of a
// count) from bytes; the first byte picks direction and bucket.
func FuzzDetector(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{1, 1, 10, 1, 10, 1, 10, 1, 10, 1, 250, 1, 250, 1, 10, 1, 10})
	f.Add([]byte{5, 1, 200, 1, 40, 1, 210, 1, 60, 1, 90, 1, 210, 1, 70, 1, 200})
	f.Add([]byte{2, 1, 255, 0, 255, 255, 0, 3, 9})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 || len(in) > 4000 {
			return
		}
		cfg := Config{Direction: []Direction{Rises, Falls, Both}[int(in[0])%3]}
		bucket := []time.Duration{time.Minute, 0, time.Hour}[int(in[0])/3%3]
		at := epoch()
		var counts []downpour.ReportCount
		for b := in[1:]; len(b) >= 2; b = b[2:] {
			v := binary.BigEndian.Uint16(b)
			at = at.Add(time.Duration(v>>8) * max(bucket, time.Minute))
			counts = append(counts, downpour.ReportCount{Service: "s", Time: at, Bucket: bucket, Count: math.Round(math.Exp2(float64(v&0xff)/5) - 1), Origin: downpour.Received})
		}
		if err := check(play(New(cfg), counts), counts); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkCount(b *testing.B) {
	counts := quiet(1, 20000, 10)
	d := New(Config{})
	b.ReportAllocs()
	var events []downpour.Event
	i := 0
	for b.Loop() {
		c := counts[i%len(counts)]
		c.Time = epoch().Add(time.Duration(i) * time.Minute)
		d.Count(&c)
		events = d.Events(events[:0])
		i++
	}
}
