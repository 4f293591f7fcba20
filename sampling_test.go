package downpour_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"downpour"
)

// TestSampledLimits holds them against exact ones: Garwood's (Ulm 1990, table) for
// large N and few samples, Clopper and Pearson's by summation for small N.
func TestSampledLimits(t *testing.T) {
	for _, test := range []struct{ n, low, high float64 }{
		{5, 1.623, 11.668}, {10, 4.795, 18.390}, {15, 8.396, 24.740},
	} {
		var s downpour.Sampled
		s.Add(test.n, 0, 1e6)
		e := s.PacketsEstimate()
		if e.Value != test.n*1e6 || math.Abs(e.Low/1e6/test.low-1) > 0.01 || math.Abs(e.High/1e6/test.high-1) > 0.01 {
			t.Errorf("%v samples: %v, want %v to %v", test.n, e, test.low, test.high)
		}
	}
	for _, test := range []struct {
		n    int
		rate float64
	}{{20, 2}, {100, 2}, {300, 10}, {8, 100}} {
		var s downpour.Sampled
		s.Add(float64(test.n), 0, test.rate)
		e := s.PacketsEstimate()
		low, high := clopperPearson(test.n, 1/test.rate)
		if math.Abs(e.Low/low-1) > 0.04 || math.Abs(e.High/high-1) > 0.04 {
			t.Errorf("%d samples at 1:%v: %v, want %v to %v", test.n, test.rate, e, low, high)
		}
	}
	var s downpour.Sampled
	s.Add(700, 42_000, 1)
	if s.PacketsEstimate() != downpour.Exactly(700) || s.BytesEstimate() != downpour.Exactly(42_000) {
		t.Errorf("all seen: %v, %v", s.PacketsEstimate(), s.BytesEstimate())
	}
}

// clopperPearson are the numbers of packets of which n or more, and n or fewer,
// are seen with a chance of 2.5 %.
func clopperPearson(n int, p float64) (low, high float64) {
	upTo := func(packets, k int) (sum float64) { // P(Bin(packets, p) <= k)
		for i := range k + 1 {
			a, _ := math.Lgamma(float64(packets + 1))
			b, _ := math.Lgamma(float64(i + 1))
			c, _ := math.Lgamma(float64(packets - i + 1))
			sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(packets-i)*math.Log(1-p))
		}
		return sum
	}
	m := n
	for 1-upTo(m, n-1) < 0.025 {
		m++
	}
	low = float64(m)
	for upTo(m, n) > 0.025 {
		m++
	}
	return low, float64(m)
}

// TestSampledCoverage draws packets of known streams at 1:1000 and counts how
// often the intervals hold the truth: in 93 % of 1,000 streams or more, and of
// those with 20 samples or more in at most 98 %, so that they aren't merely wide.
func TestSampledCoverage(t *testing.T) {
	const seeds, rate = 1000, 1000
	sizes := map[string]func(i int) float64{
		"equal sizes":            func(int) float64 { return 64 },
		"small and full packets": func(i int) float64 { return []float64{60, 1500, 60}[i%3] },
	}
	for name, size := range sizes {
		for _, packets := range []int{3_000, 9_999, 39_999, 300_000} {
			var held, heldBytes, many, heldMany, heldManyBytes int
			var widths []float64
			for seed := range uint64(seeds) {
				rng := rand.New(rand.NewPCG(seed, uint64(packets)))
				var s downpour.Sampled
				n := 0
				// The gaps between samples of one in so many are geometric.
				for i := gap(rng, rate); i < packets; i += 1 + gap(rng, rate) {
					s.Add(1, size(i), rate)
					n++
				}
				truth := float64(packets) / 3 * (size(0) + size(1) + size(2))
				e, b := s.PacketsEstimate(), s.BytesEstimate()
				in, inBytes := e.Contains(float64(packets)), b.Contains(truth)
				if n == 0 {
					in, inBytes = true, true // nothing is shown of what was not seen
				}
				held, heldBytes = held+one(in), heldBytes+one(inBytes)
				if n >= 20 {
					many, heldMany, heldManyBytes = many+1, heldMany+one(in), heldManyBytes+one(inBytes)
				}
				if n > 0 {
					widths = append(widths, (e.High-e.Low)/e.Value)
				}
			}
			slices.SortFunc(widths, cmp.Compare)
			t.Logf("%s, %d packets: holds %.1f %% (bytes %.1f %%), with 20 samples or more %.1f %% (%.1f %%) of %d; median width %.0f %% of the value",
				name, packets, 100*float64(held)/seeds, 100*float64(heldBytes)/seeds,
				100*float64(heldMany)/float64(max(many, 1)), 100*float64(heldManyBytes)/float64(max(many, 1)), many, 100*widths[len(widths)/2])
			if held < 930 || heldBytes < 930 {
				t.Errorf("%s, %d packets: held %d and %d times of %d", name, packets, held, heldBytes, seeds)
			}
			if many > 300 && (float64(heldMany) > 0.98*float64(many) || float64(heldManyBytes) > 0.98*float64(many)) {
				t.Errorf("%s, %d packets: too wide, held %d and %d times of %d", name, packets, heldMany, heldManyBytes, many)
			}
		}
	}
}

// TestSampledCoverageOfAllMeans sums up with which probability the interval of a
// thinly sampled stream holds the truth.
func TestSampledCoverageOfAllMeans(t *testing.T) {
	const rate = 1e6
	var holds [400]func(mean float64) bool
	for n := range holds {
		var s downpour.Sampled
		s.Add(float64(n), 0, rate)
		e := s.PacketsEstimate()
		holds[n] = func(mean float64) bool { return n == 0 || e.Contains(mean*rate) } // of nothing, nothing is said
	}
	for mean := 2.0; mean < 250; mean += 0.25 {
		var held, many, heldMany float64
		for n := range holds {
			log, _ := math.Lgamma(float64(n + 1))
			p := math.Exp(float64(n)*math.Log(mean) - mean - log)
			if holds[n](mean) {
				held += p
				if n >= 20 {
					heldMany += p
				}
			}
			if n >= 20 {
				many += p
			}
		}
		if held < 0.943 || many > 0.3 && heldMany > 0.98*many {
			t.Errorf("a mean of %.2f samples is held with %.4f, with 20 or more %.4f", mean, held, heldMany/many)
		}
	}
}

func gap(rng *rand.Rand, rate float64) int {
	return int(math.Log(1-rng.Float64()) / math.Log(1-1/rate))
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
