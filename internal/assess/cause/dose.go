package cause

import (
	"math"
	"slices"
	"time"

	"downpour"
	"downpour/internal/assess"
)

const (
	// enoughBuckets is how many buckets of reports a correlation needs, so that
	// circular shifts can reach a significance of 5 %.
	enoughBuckets = 24
	// enoughWaves is how many pairs of peaks can be compared at all.
	enoughWaves = 3
	// mostBuckets bounds the work of the comparison, which grows with the square.
	mostBuckets = 512
	// margin is the quiet time before and after that belongs to the picture.
	margin = time.Hour
)

// weighDose weighs whether more attack traffic went with more reports: by rank
// correlation over time where there are enough counts, else from peak to peak.
func weighDose(l *assess.Ledger, waves []wave, attacks []downpour.Attack, seen assess.Seen) {
	reports, traffic := aligned(waves, attacks, seen.Reports)
	if len(reports) >= enoughBuckets {
		rho := rankCorrelation(reports, traffic)
		p := circularShift(reports, traffic, rho)
		w := -0.5
		if rho > 0 && p <= 0.05 {
			w = 0.5 + 2*rho
		} else if rho > 0 && p <= 0.3 {
			w = 0
		}
		l.Add("dose and response", w, "reports and attack traffic over %d buckets: rank correlation %.2f, reached by %.0f %% of circular shifts", len(reports), rho, 100*p)
		return
	}
	var peaks, rates []float64
	for _, w := range waves {
		if w.attack != nil {
			peaks = append(peaks, w.outage.PeakReports)
			rates = append(rates, peakWithin(w))
		}
	}
	if len(peaks) < enoughWaves {
		l.Add("dose and response", 0, "too few counts and waves to compare the size of the attack with that of the outage")
		return
	}
	rho := rankCorrelation(peaks, rates)
	l.Add("dose and response", rho/2, "over %d waves the peaks of reports and of attack traffic have a rank correlation of %.2f; so few can arise by chance", len(peaks), rho)
}

// peakWithin is an attack's highest rate during an outage, by its timeline if
// that reaches there, else its peak.
func peakWithin(w wave) float64 {
	var top float64
	t := &w.attack.Timeline
	for i := range steps(t) {
		at := t.Start.Add(time.Duration(float64(i) * t.Step * 1e9))
		if at.After(w.low.Add(-promptly)) && at.Before(w.outage.End) {
			top = max(top, rateAt(t, i))
		}
	}
	if top == 0 {
		top, _ = w.attack.Peak.Counted()
	}
	return top
}

// aligned gives the counts of reports and the mean attack traffic in their
// buckets around the outages. Interpolated counts measure nothing and stay out.
func aligned(waves []wave, attacks []downpour.Attack, buckets []downpour.ExpectedReports) (reports, traffic []float64) {
	start, end := waves[0].low, waves[0].outage.End
	service := waves[0].outage.Service
	for _, w := range waves {
		if w.low.Before(start) {
			start = w.low
		}
		if w.outage.End.After(end) {
			end = w.outage.End
		}
	}
	start, end = start.Add(-margin), end.Add(margin)
	var near []downpour.ExpectedReports
	for _, b := range buckets {
		if b.Service != service || b.Bucket <= 0 || b.Origin == downpour.Interpolated || b.Time.Before(start) || b.Time.After(end) {
			continue
		}
		near = append(near, b)
	}
	for len(near) > mostBuckets {
		near = halved(near)
	}
	for _, b := range near {
		reports = append(reports, b.Count)
		traffic = append(traffic, meanTraffic(attacks, service, b.Time, b.Bucket))
	}
	return reports, traffic
}

// halved joins each two neighbouring buckets.
func halved(list []downpour.ExpectedReports) []downpour.ExpectedReports {
	out := make([]downpour.ExpectedReports, 0, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		a, b := list[i], list[i+1]
		a.Count += b.Count
		a.Bucket = b.Time.Add(b.Bucket).Sub(a.Time)
		out = append(out, a)
	}
	return out
}

// meanTraffic is the mean rate of all inbound attacks on a service in a bucket.
func meanTraffic(attacks []downpour.Attack, service string, from time.Time, length time.Duration) float64 {
	var sum float64
	for k := range attacks {
		a := &attacks[k]
		if a.Service != service || a.Direction == downpour.Outbound {
			continue
		}
		t := &a.Timeline
		for i := range steps(t) {
			at := t.Start.Add(time.Duration(float64(i) * t.Step * 1e9))
			overlap := min(at.Add(time.Duration(t.Step*1e9)).Sub(from), length) - max(at.Sub(from), 0)
			if overlap > 0 {
				sum += rateAt(t, i) * overlap.Seconds()
			}
		}
	}
	return sum / length.Seconds()
}

func steps(t *downpour.Timeline) int {
	n := 0
	for _, v := range t.Rates {
		n = max(n, len(v.Counted()))
	}
	return n
}

func rateAt(t *downpour.Timeline, i int) float64 {
	var sum float64
	for _, v := range t.Rates {
		if rates := v.Counted(); i < len(rates) {
			sum += rates[i]
		}
	}
	return sum
}

// rankCorrelation is Spearman's, with ties at their mean rank; 0 where one
// series does not vary.
func rankCorrelation(a, b []float64) float64 { return correlation(ranks(a), ranks(b)) }

func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case x[i] < x[j]:
			return -1
		case x[i] > x[j]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			out[k] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var ma, mb float64
	for i := range a {
		ma += a[i] / n
		mb += b[i] / n
	}
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// circularShift is the share of rotations of one series against the other that
// correlate as well as they do unrotated: a significance that keeps each
// series' own waves, which a shuffle would destroy.
func circularShift(a, b []float64, rho float64) float64 {
	ra, rb := ranks(a), ranks(b)
	n, reached := len(a), 0
	turned := make([]float64, n)
	for shift := range n {
		copy(turned, rb[shift:])
		copy(turned[n-shift:], rb[:shift])
		if correlation(ra, turned) >= rho-1e-12 {
			reached++
		}
	}
	return float64(reached) / float64(n)
}
