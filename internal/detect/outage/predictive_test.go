package outage

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestIntervalCovers draws from the law that the predictive names, on both sides
// of the change of method.
func TestIntervalCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, mean := range []float64{0.1, 2, 20, 29, 31, 300, 20000} {
		for _, size := range []float64{1, 10, 1000} {
			p := predictive{Mean: mean, Variance: mean + mean*mean/size}
			e := p.interval()
			in := 0
			const n = 20000
			for range n {
				if e.Contains(drawPoisson(rng, mean*drawGamma(rng, size)/size)) {
					in++
				}
			}
			share := float64(in) / n
			// Whole numbers over-cover where a count or two make the difference.
			if share < 0.94 || mean >= 20 && size >= 10 && share > 0.965 {
				t.Errorf("mean %g size %g: [%g, %g] covers %.3f", mean, size, e.Low, e.High, share)
			}
		}
	}
}

// TestEvidenceIsFair checks the martingale behind the promise: the likelihood
// ratio's mean is one under the usual.
func TestEvidenceIsFair(t *testing.T) {
	for _, mean := range []float64{0.2, 3, 40} {
		for _, ratio := range append(ratios(riseRatios()), ratios(fallRatios())...) {
			const size = 7.0
			sum, prob := 0.0, math.Exp(-size*math.Log1p(mean/size))
			for k := 0.0; k < 4000; k++ {
				sum += prob * math.Exp(logRatio(k, mean, ratio*mean, size))
				prob *= mean / (size + mean) * (size + k) / (k + 1)
			}
			if math.Abs(sum-1) > 1e-6 {
				t.Errorf("mean %g ratio %g: expectation %g", mean, ratio, sum)
			}
		}
	}
}

func ratios(r [3]float64) []float64 { return r[:] }

func TestWords(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.25: "0.2", 3: "3", 9.96: "10.0", 12.4: "12", 999: "999", 1000: "1,000", 41143: "41,143", 1e6: "1,000,000"} {
		if got := number(v); got != want {
			t.Errorf("%g: %s, want %s", v, got, want)
		}
	}
	for v, want := range map[time.Duration]string{time.Minute: "1m", 30 * time.Second: "30s", 2 * time.Hour: "2h", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m"} {
		if got := duration(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}
