package month

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Tail is how the highest of a target-day's margins go on beyond what was seen: a
// generalised Pareto law of what exceeds a threshold (Pickands 1975; Balkema and
// de Haan 1974), fitted by probability-weighted moments (Hosking and Wallis 1987).
type Tail struct {
	Threshold float64
	Days      int // target-days in all
	Excesses  int // of them with a margin above the threshold
	Shape     float64
	Scale     float64
	Rows      []TailRow
	// Weekly is how many margins above 1 are to be expected in a week of an installation of
	// Installation targets; of twenty resamplings nineteen stay below WeeklyHigh.
	Weekly, WeeklyHigh float64
}

// TailRow compares what was seen with the law.
type TailRow struct {
	Margin       float64
	Seen, Fitted float64 // target-days with a margin above
}

// The figures that a tail is asked for.
const (
	Installation = 250_000 // targets
	weekDays     = 7
	Notified     = 3 // times its limit from which an attack is of partial severity, which is notified
	tailShare    = 0.1
	resamplings  = 200
	leastTail    = 30
)

// TailOf fits the tail of margins, one of each target-day that had any.
func TailOf(margins []float64, days int) (Tail, bool) {
	sorted := slices.Sorted(slices.Values(margins))
	if len(sorted) < leastTail {
		return Tail{Days: days}, false
	}
	n := max(leastTail, min(int(tailShare*float64(days)), len(sorted)/2))
	t := Tail{Threshold: sorted[len(sorted)-n], Days: days}
	excesses := make([]float64, 0, n)
	for _, m := range sorted[len(sorted)-n:] {
		excesses = append(excesses, m-t.Threshold)
	}
	t.Excesses = n
	t.Shape, t.Scale = pareto(excesses)
	for _, margin := range []float64{0.25, 0.5, 0.75, 1} {
		if margin >= t.Threshold {
			seen := len(sorted) - first(sorted, margin)
			t.Rows = append(t.Rows, TailRow{margin, float64(seen), t.beyond(margin) * float64(days)})
		}
	}
	const week = Installation * weekDays
	t.Weekly, t.WeeklyHigh = t.beyond(1)*week, t.resample(excesses)*week
	return t, true
}

func first(sorted []float64, v float64) int {
	i, _ := slices.BinarySearch(sorted, v)
	return i
}

// End is where the law ends: infinite unless its shape is below 0.
func (t *Tail) End() float64 {
	if t.Shape >= 0 {
		return math.Inf(1)
	}
	return t.Threshold - t.Scale/t.Shape
}

// beyond is the share of target-days with a margin above one.
func (t *Tail) beyond(margin float64) float64 {
	share := float64(t.Excesses) / float64(t.Days)
	x := (margin - t.Threshold) / t.Scale
	if math.Abs(t.Shape) < 1e-6 {
		return share * math.Exp(-x)
	}
	base := 1 + t.Shape*x
	if base <= 0 { // the law ends before
		return 0
	}
	return share * math.Pow(base, -1/t.Shape)
}

// pareto fits shape and scale to sorted excesses by probability-weighted moments.
func pareto(sorted []float64) (shape, scale float64) {
	n := float64(len(sorted))
	var a0, a1 float64
	for i, x := range sorted {
		a0 += x / n
		a1 += x / n * (1 - (float64(i)+0.65)/n)
	}
	d := a0 - 2*a1
	return 2 - a0/d, 2 * a0 * a1 / d
}

// resample gives the share beyond 1 that fits to resampled excesses stay below, 95 % of
// them.
func (t *Tail) resample(excesses []float64) float64 {
	r := rand.New(rand.NewPCG(95, 1))
	var beyond []float64
	some := make([]float64, len(excesses))
	for range resamplings {
		for i := range some {
			some[i] = excesses[r.IntN(len(excesses))]
		}
		slices.Sort(some)
		again := *t
		again.Shape, again.Scale = pareto(some)
		beyond = append(beyond, again.beyond(1))
	}
	slices.Sort(beyond)
	return beyond[resamplings*19/20]
}

// Limits are the ends of the 95 % interval of the mean of a Poisson count (Garwood
// 1936), found by bisection; of none the one-sided upper end, 3.00.
func Limits(n int) (low, high float64) {
	const tail = 0.025
	if n == 0 {
		return 0, -math.Log(2 * tail)
	}
	most := float64(n) + 10*math.Sqrt(float64(n)) + 10
	low = bisect(most, func(mean float64) bool { return 1-atMost(n-1, mean) < tail })
	return low, bisect(most, func(mean float64) bool { return atMost(n, mean) > tail })
}

// bisect finds where a condition that holds from 0 on ends.
func bisect(most float64, holds func(float64) bool) float64 {
	low, high := 0.0, most
	for range 60 {
		if middle := (low + high) / 2; holds(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// atMost is the chance that a Poisson number of a mean is at most n.
func atMost(n int, mean float64) float64 {
	sum, term := 0.0, math.Exp(-mean)
	for i := 0; i <= n; i++ {
		sum += term
		term *= mean / float64(i+1)
	}
	return sum
}
