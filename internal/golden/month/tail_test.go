package month

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestTailOfAKnownLaw wants the fit to find the law that margins were drawn from,
// and the share beyond what was seen within a factor.
func TestTailOfAKnownLaw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, shape := range []float64{-0.2, 0.0001, 0.2} {
		const scale, days = 0.05, 100_000
		margins := make([]float64, days/10)
		for i := range margins {
			margins[i] = 0.3 + scale/shape*(math.Pow(1-r.Float64(), -shape)-1)
		}
		tail, ok := TailOf(margins, days)
		if !ok || math.Abs(tail.Shape-shape) > 0.08 {
			t.Errorf("shape %.3f, want %.3f", tail.Shape, shape)
		}
		want := 0.1 * math.Pow(max(0, 1+shape*(1-0.3)/scale), -1/shape) * Installation * weekDays
		if got := tail.Weekly; got > 4*want+1 || got < want/4-1 {
			t.Errorf("shape %.3f: %.2f alarms a week, want %.2f", shape, got, want)
		}
		if tail.WeeklyHigh < tail.Weekly {
			t.Errorf("limit %.3g is below %.3g", tail.WeeklyHigh, tail.Weekly)
		}
	}
	if _, ok := TailOf([]float64{0.5}, 1000); ok {
		t.Error("a tail of one value")
	}
}

// TestLimits holds the interval of a count against tables (Garwood 1936).
func TestLimits(t *testing.T) {
	for n, want := range map[int][2]float64{0: {0, 2.996}, 1: {0.0253, 5.572}, 5: {1.623, 11.668}, 30: {20.241, 42.827}} {
		if low, high := Limits(n); math.Abs(low-want[0]) > 0.001 || math.Abs(high-want[1]) > 0.001 {
			t.Errorf("%d: %.4f to %.4f, want %v", n, low, high, want)
		}
	}
}
