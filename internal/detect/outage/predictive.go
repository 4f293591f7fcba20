package outage

import (
	"math"

	"downpour"
)

// predictive is what is expected of one count: a negative binomial of this mean.
type predictive struct {
	Mean float64
	// Variance is that of the calibrated band: φ μ + μ²/a.
	Variance float64
	// Size is that of the test, which forgives what the expectation may miss.
	Size float64
}

// newPredictive limits the test's size to most, however sure the level is.
func newPredictive(mean, a, phi, most float64) predictive {
	mean = max(mean, 1e-9)
	v := phi*mean + mean*mean/a
	return predictive{Mean: mean, Variance: v, Size: min(most, mean*mean/max(v-mean, 1e-12*mean))}
}

// widened is the predictive with the band of a level known from few points: one
// point tells the level's order, not its noise.
func (p predictive) widened(points int) predictive {
	p.Variance += firstSpread * p.Mean * p.Mean / float64(points)
	return p
}

// logRatio is the log-likelihood ratio of two negative binomials of one size,
// means m1 against m0, at the count y.
func logRatio(y, m0, m1, size float64) float64 {
	share := math.Log((size + m0) / (size + m1))
	return y*(math.Log(m1/m0)+share) + size*share
}

// interval is the predictive's 95 % interval. Small means sum the probabilities;
// large ones use Wilson & Hilferty's cube-root normal for the Gamma of the same
// mean and variance, whose error is far below one report in a thousand there.
func (p predictive) interval() downpour.Estimate {
	const exactBelow, most = 30, 20000
	if p.Mean >= exactBelow {
		c := p.Variance / (9 * p.Mean * p.Mean)
		q := func(z float64) float64 { return p.Mean * math.Pow(max(0, 1-c+z*math.Sqrt(c)), 3) }
		return downpour.Estimate{Value: p.Mean, Low: min(p.Mean, q(-1.96)), High: max(p.Mean, q(1.96))}
	}
	size := p.Mean * p.Mean / max(p.Variance-p.Mean, 1e-9*p.Mean)
	odds := p.Mean / (size + p.Mean)
	prob := math.Exp(-size * math.Log1p(p.Mean/size))
	e := downpour.Estimate{Value: p.Mean}
	low := false
	for k, sum := 0.0, 0.0; k < most; k++ {
		sum += prob
		if !low && sum >= 0.025 {
			e.Low, low = min(k, p.Mean), true
		}
		if e.High = k; sum >= 0.975 {
			break
		}
		prob *= odds * (size + k) / (k + 1)
	}
	e.High = max(e.High, p.Mean)
	return e
}

// anscombe is the residual of a count in standard deviations (Anscombe 1948 for
// the Poisson law), scaled by the excess of the predictive's variance.
func (p predictive) anscombe(y float64) float64 {
	r := 1.5 * (math.Cbrt(y*y) - math.Cbrt(p.Mean*p.Mean)) / math.Pow(p.Mean, 1./6)
	return r / math.Sqrt(p.Variance/p.Mean)
}

// evidence is a Shiryaev-Roberts e-detector for three factors of change, in
// logarithms. A new start joins with each closed bucket.
type evidence struct{ LogR [3]float64 }

// none is the logarithm of no evidence; a number, so that it can be written as JSON.
const none = -1e9

func newEvidence() evidence { return evidence{[3]float64{none, none, none}} }

// after is the evidence once a count is known. A rise's partial count measured
// against its whole bucket can only be less than the closed bucket's, so
// looking early adds no false alarm.
func (e evidence) after(y, mean, size float64, ratios [3]float64) evidence {
	for i, r := range ratios {
		start := max(e.LogR[i], 0) + math.Log1p(math.Exp(-math.Abs(e.LogR[i])))
		e.LogR[i] = min(max(start+logRatio(y, mean, r*mean, size), none), -none)
	}
	return e
}

// log is the logarithm of the mixture with equal weights.
func (e evidence) log() float64 {
	top := max(e.LogR[0], e.LogR[1], e.LogR[2])
	sum := 0.0
	for _, l := range e.LogR {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum/float64(len(e.LogR)))
}
