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
	// Alarms and Notifications are how many are to be expected in a week of an installation of
	// Installation targets, with a limit that nineteen of twenty resamplings stay below.
	Alarms, AlarmsHigh               float64
	Notifications, NotificationsHigh float64
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
	Notified     = 3 // margin from which an attack is of partial severity, which is notified
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
	for _, margin := range []float64{0.25, 0.5, 0.75, 1, 1.5, 2, 3} {
		if margin < t.Threshold {
			continue
		}
		seen := len(sorted) - first(sorted, margin)
		t.Rows = append(t.Rows, TailRow{margin, float64(seen), t.beyond(margin) * float64(days)})
	}
	const week = Installation * weekDays
	t.Alarms, t.Notifications = t.beyond(1)*week, t.beyond(Notified)*week
	t.AlarmsHigh, t.NotificationsHigh = t.resample(excesses, week)
	return t, true
}

func first(sorted []float64, v float64) int {
	i, _ := slices.BinarySearch(sorted, v)
	return i
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

// resample gives the 95 % limits of what is expected, by fits to resampled excesses.
func (t *Tail) resample(excesses []float64, week float64) (alarms, notifications float64) {
	r := rand.New(rand.NewPCG(95, 1))
	var a, n []float64
	some := make([]float64, len(excesses))
	for range resamplings {
		for i := range some {
			some[i] = excesses[r.IntN(len(excesses))]
		}
		slices.Sort(some)
		again := *t
		again.Shape, again.Scale = pareto(some)
		a, n = append(a, again.beyond(1)*week), append(n, again.beyond(Notified)*week)
	}
	slices.Sort(a)
	slices.Sort(n)
	at := resamplings * 19 / 20
	return a[at], n[at]
}
