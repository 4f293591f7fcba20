package origin

import "math"

// The densities that the likelihood ratios are made of. A measurement with its
// own error is compared with what rival models expect by widening each model's
// spread by that error.

// normal is the density of N(mean, spread² + noise²) at x.
func normal(x, mean, spread, noise float64) float64 {
	variance := spread*spread + noise*noise
	d := x - mean
	return math.Exp(-d*d/(2*variance)) / math.Sqrt(2*math.Pi*variance)
}

// beta is the density of Beta(a, b) at p, kept off the ends, where a count of
// zero or all would else say more than a few hundred packets can.
func beta(p, a, b float64) float64 {
	p = min(max(p, 0.005), 0.995)
	return math.Exp((a-1)*math.Log(p) + (b-1)*math.Log(1-p) - logBeta(a, b))
}

// betaBinomial is the probability of k of n where each has a probability that
// is itself drawn from Beta(a, b).
func betaBinomial(k, n, a, b float64) float64 {
	choose := logGamma(n+1) - logGamma(k+1) - logGamma(n-k+1)
	return math.Exp(choose + logBeta(k+a, n-k+b) - logBeta(a, b))
}

func logBeta(a, b float64) float64 { return logGamma(a) + logGamma(b) - logGamma(a+b) }

func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// ratio is the logarithm of a likelihood ratio whose parts may both vanish: a
// measurement that no model expects tells nothing.
func ratio(a, b float64) float64 {
	const floor = 1e-9
	return math.Log((a + floor) / (b + floor))
}
