package outage

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"downpour"
)

// epoch is a Monday, so that weeks of tests are whole.
func epoch() time.Time { return time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC) }

// generator makes counts with a known truth.
type generator struct {
	rng     *rand.Rand
	perHour func(at time.Time) float64
	size    float64 // of the Gamma factor on each bucket; +Inf is Poisson
	bucket  time.Duration
}

func (g *generator) counts(start time.Time, n int) []downpour.ReportCount {
	out := make([]downpour.ReportCount, n)
	for i := range out {
		at := start.Add(time.Duration(i) * g.bucket)
		mean := g.perHour(at) * g.bucket.Hours()
		if !math.IsInf(g.size, 1) {
			mean *= drawGamma(g.rng, g.size) / g.size
		}
		out[i] = downpour.ReportCount{Service: "s", Time: at, Bucket: g.bucket, Count: drawPoisson(g.rng, mean), Origin: downpour.Synthetic}
	}
	return out
}

// drawPoisson multiplies uniforms (Knuth), and takes the normal law for large means.
func drawPoisson(rng *rand.Rand, mean float64) float64 {
	if mean > 200 {
		return max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64()))
	}
	k, p, stop := 0.0, rng.Float64(), math.Exp(-mean)
	for p > stop {
		k++
		p *= rng.Float64()
	}
	return k
}

// drawGamma is Marsaglia & Tsang's method (2000), also below shape one.
func drawGamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return drawGamma(rng, shape+1) * math.Pow(rng.Float64(), 1/shape)
	}
	d := shape - 1./3
	for {
		x := rng.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(rng.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func constant(rate float64) func(time.Time) float64 { return func(time.Time) float64 { return rate } }

// daily swings by a factor of nine between night and day.
func daily(rate float64) func(time.Time) float64 {
	return func(at time.Time) float64 {
		return rate * (1 + 0.8*math.Sin(2*math.Pi*(at.Sub(at.Truncate(24*time.Hour)).Hours()-9)/24))
	}
}

// TestFalseAlarms measures the promise: over the simulated weeks of all cases
// together, no more false alarms than the promised rate makes likely, and the
// band holds what it says.
func TestFalseAlarms(t *testing.T) {
	weeks := 8
	if testing.Short() {
		weeks = 2
	}
	n := weeks * 7 * 24 * 60
	alarms, months := 0, 0.0
	for i, rate := range []float64{6, 60, 600, 6000} {
		for _, c := range []struct {
			name    string
			perHour func(time.Time) float64
			size    float64
		}{{"Poisson", constant(rate), math.Inf(1)}, {"over-dispersed", constant(rate), 5}, {"daily", daily(rate), math.Inf(1)}} {
			g := generator{rand.New(rand.NewPCG(uint64(i), 7)), c.perHour, c.size, time.Minute}
			events := play(New(Config{}), g.counts(epoch(), n))
			found := last(events)
			alarms += len(found)
			months += float64(n) / (30 * 24 * 60)
			cover := coverage(events, 7*24*60)
			t.Logf("%s at %g/h: %d false alarms in %d weeks, coverage %.3f", c.name, rate, len(found), weeks, cover)
			for _, o := range found {
				t.Log("  ", o.AlarmAt, sketch(o), o.Why)
			}
			// Small counts cannot be covered at exactly 95 %: the interval's ends are whole numbers.
			if cover < 0.93 || rate >= 600 && cover > 0.985 {
				t.Errorf("%s at %g/h: coverage %.3f", c.name, rate, cover)
			}
		}
	}
	// The promise is one a month and series; the sum is then Poisson at most.
	if limit := months + 3*math.Sqrt(months); float64(alarms) > limit {
		t.Errorf("%d false alarms, at most %.1f were promised", alarms, limit)
	}
}

// coverage is the share of buckets, after the first skip, inside their band.
func coverage(events []downpour.Event, skip int) float64 {
	in, n := 0.0, 0.0
	for _, e := range events {
		if x := e.Expected; x != nil {
			if skip--; skip >= 0 {
				continue
			}
			if n++; x.Expected.Contains(x.Count) {
				in++
			}
		}
	}
	return in / n
}

// TestFivefold finds a fivefold rise after a week, in the time that the
// service's size allows.
func TestFivefold(t *testing.T) {
	within := map[float64]time.Duration{6: 75 * time.Minute, 60: 15 * time.Minute, 600: 6 * time.Minute, 6000: 4 * time.Minute}
	const rounds = 10
	for _, rate := range []float64{6, 60, 600, 6000} {
		for _, size := range []float64{math.Inf(1), 5} {
			found, dated, held := 0, 0, 0
			for seed := range uint64(rounds) {
				start := epoch().Add(7*24*time.Hour + 13*time.Hour)
				stop := start.Add(3 * time.Hour)
				g := generator{rand.New(rand.NewPCG(seed, 11)), func(at time.Time) float64 {
					if !at.Before(start) && at.Before(stop) {
						return 5 * rate
					}
					return rate
				}, size, time.Minute}
				for _, o := range last(play(New(Config{}), g.counts(epoch(), 8*24*60))) {
					if o.AlarmAt.Before(start) || o.AlarmAt.After(start.Add(within[rate])) {
						continue
					}
					found++
					low := o.Onset
					if o.OnsetLow != nil {
						low = *o.OnsetLow
					}
					if !start.Before(low.Add(-time.Minute)) && !start.After(o.Onset.Add(within[rate])) {
						dated++
					}
					if !o.Ongoing && o.End.After(stop.Add(-20*time.Minute)) && o.End.Before(stop.Add(40*time.Minute)) {
						held++
					}
					break
				}
			}
			t.Logf("%g/h size %g: %d of %d within %v, %d onsets inside their interval, %d held to the end", rate, size, found, rounds, within[rate], dated, held)
			// Half a report a minute leaves gaps of twenty minutes, so the
			// smallest service's outage may fall apart in a few rounds.
			if found < rounds-1 || dated < rounds-2 || held < rounds-3 {
				t.Errorf("%g/h size %g: found %d, dated %d, held %d of %d", rate, size, found, dated, held, rounds)
			}
		}
	}
}
