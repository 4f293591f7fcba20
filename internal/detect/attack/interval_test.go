package attack

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"downpour"
)

// TestIntervalsHoldTheTruth samples a steady flood of known size in many ways:
// the intervals of its total and its peak hold what it was, and aren't merely wide.
func TestIntervalsHoldTheTruth(t *testing.T) {
	const seeds, rate, perSecond, seconds = 200, 1000, 30_000, 8
	const size = 120
	var total, bytes, peak int
	var widths []float64
	for seed := range uint64(seeds) {
		made := newTraffic(seed)
		for i := 0; i < perSecond*seconds; i++ {
			i += int(math.Log(1-made.random.Float64()) / math.Log(1-1.0/rate))
			at := time.Duration(i) * time.Second / perSecond
			made.send(at, 0, 1, func(n int, f *downpour.Flow) { tcp(downpour.SYN)(n, f); f.Sampling, f.Bytes = rate, size })
		}
		a := one(t, Default(), made.flows)
		if a.Total.PacketsEstimate == nil || a.Peak.BitsEstimate == nil || a.Peak.PacketsEstimate.Value != a.Peak.Packets {
			t.Fatalf("no intervals: %+v, %+v", a.Total, a.Peak)
		}
		total += held(a.Total.PacketsEstimate, perSecond*seconds)
		bytes += held(a.Total.BytesEstimate, perSecond*seconds*size)
		peak += held(a.Peak.PacketsEstimate, perSecond) * held(a.Peak.BitsEstimate, perSecond*size*8)
		widths = append(widths, (a.Total.PacketsEstimate.High-a.Total.PacketsEstimate.Low)/a.Total.PacketsEstimate.Value)
	}
	slices.SortFunc(widths, cmp.Compare)
	t.Logf("of %d: packets held %d, bytes %d, peak %d; median width %.1f %% of the value", seeds, total, bytes, peak, 100*widths[seeds/2])
	if least, most := seeds*93/100, seeds*98/100; min(total, bytes) < least || max(total, bytes) > most || peak < least {
		t.Errorf("packets held %d, bytes %d, peak %d times of %d, want %d to %d", total, bytes, peak, seeds, least, most)
	}
}

func held(e *downpour.Estimate, truth float64) int {
	if e.Contains(truth) {
		return 1
	}
	return 0
}

// TestIntervalsOfMixedRates adds variances of two exporters' rates, and gives no
// interval where every packet was seen.
func TestIntervalsOfMixedRates(t *testing.T) {
	made := newTraffic(61)
	made.send(0, 5*time.Second, 500, func(i int, f *downpour.Flow) { tcp(downpour.SYN)(i, f); f.Sampling = 100 })
	made.send(0, 5*time.Second, 50, func(i int, f *downpour.Flow) { tcp(downpour.SYN)(i, f); f.Sampling = 1000 })
	e := one(t, Default(), made.flows).Total.PacketsEstimate
	half := 1.96 * math.Sqrt(500*100*99+50*1000*999)
	if e.Value != 100_000 || math.Abs((e.High-e.Low)/(2*half)-1) > 0.05 {
		t.Errorf("total %v, want 100,000 and about %.0f on both sides", e, half)
	}
	made = newTraffic(62)
	made.send(0, 5*time.Second, 50_000, tcp(downpour.SYN))
	if a := one(t, Default(), made.flows); a.Total.PacketsEstimate != nil || a.Peak.BitsEstimate != nil {
		t.Errorf("an interval of what was counted: %v", a.Total)
	}
}

// TestIngressIsCounted: 71 places, at most 64 of which are told apart.
func TestIngressIsCounted(t *testing.T) {
	made := newTraffic(63)
	made.send(0, 2*time.Second, 14_000, func(i int, f *downpour.Flow) {
		tcp(downpour.SYN)(i, f)
		f.Ingress = downpour.IngressID(1 + i%71)
		if i%2 == 0 {
			f.Ingress = 1
		}
	})
	in := one(t, Default(), made.flows).Footprint.Ingress
	var sum uint64
	for _, p := range in {
		sum += p.Packets
	}
	if len(in) != ingressMost || in[0].Ingress != 1 || in[0].Packets < 7000 || sum != 14_000 {
		t.Errorf("%d places, %v first, %d packets", len(in), in[0], sum)
	}
	made = newTraffic(64)
	made.send(0, 2*time.Second, 14_000, tcp(downpour.SYN))
	if in := one(t, Default(), made.flows).Footprint.Ingress; in != nil {
		t.Errorf("told by nobody: %v", in)
	}
}
