// Package finding holds what the detectors of attacks conclude alike, whatever they
// count: when a rise began, whether a course is that of a pulse wave, how grave it is,
// how many sources a sample stands for, and what an attack is called.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"downpour"
)

// ID names an attack by what it is: the same input gives the same name.
func ID(service, target string, d downpour.AttackDirection, alarm int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%d", service, target, d, alarm))
	return hex.EncodeToString(sum[:8])
}

// Rise finds among counts of equal stretches of time the one with which the later
// rate began: the change-point of largest likelihood of two Poisson rates, the later one
// more than so many times the earlier (Hinkley 1970). It is the first, 0, where nothing
// rises so.
func Rise(counts []float64, times float64) int {
	var total, before float64
	for _, n := range counts {
		total += n
	}
	best, at := math.Inf(-1), 0
	for i, n := range counts {
		past, rest := float64(i), float64(len(counts)-i)
		if n > 0 && (i == 0 || (total-before)/rest > times*before/past) {
			if fit := Fitted(before, past) + Fitted(total-before, rest); fit > best {
				best, at = fit, i
			}
		}
		before += n
	}
	return at
}

// Fitted is the log-likelihood, constants aside, of n events in a length of time
// at the rate that fits them best.
func Fitted(n, length float64) float64 {
	if n == 0 {
		return 0
	}
	return n * math.Log(n/length)
}

// Pulsed tells whether there were three pulses or more at near-equal distances: of most
// the start is as far from the one before as of half of them, or twice as far where one
// was too weak.
func Pulsed(starts []int64) bool {
	const (
		near = 0.25 // of the distance
		most = 0.8  // of the distances
	)
	if len(starts) < 3 {
		return false
	}
	gaps := make([]float64, len(starts)-1)
	for i := range gaps {
		gaps[i] = float64(starts[i+1] - starts[i])
	}
	sorted := slices.Sorted(slices.Values(gaps))
	middle, even := sorted[(len(sorted)-1)/2], 0
	for _, gap := range gaps {
		if math.Abs(gap-middle) <= near*middle || math.Abs(gap-2*middle) <= near*middle {
			even++
		}
	}
	return float64(even) >= most*float64(len(gaps))
}

// What makes an attack partial or major: times what its target is used to bear.
const partialTimes, majorTimes = 3, 10

// Severity grades an attack by how many times what its target is used to bear came.
func Severity(times float64) downpour.Severity {
	switch {
	case times >= majorTimes:
		return downpour.Major
	case times >= partialTimes:
		return downpour.Partial
	}
	return downpour.Minor
}

// Distinct estimates how many sources there are of which n are in a sample of those
// with the smallest hashes, up to a threshold (bottom-k; Cohen and Kaplan 2007): each
// was kept with the chance threshold / 2^64, so n is binomial. The highest threshold is
// that of a sample that holds all.
func Distinct(n int, threshold uint64) downpour.Estimate {
	if threshold == math.MaxUint64 {
		return downpour.Exactly(float64(n))
	}
	p := float64(threshold) / math.MaxUint64
	value := float64(n) / p
	half := 1.96 * math.Sqrt(float64(n)*(1-p)) / p
	return downpour.Estimate{Value: value, Low: max(float64(n), value-half), High: value + half}
}
