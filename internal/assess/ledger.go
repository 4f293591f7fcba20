// Package assess holds what the assessments share: the evidence ledger and its
// arithmetic, and the account of what the telemetry could have seen.
//
// Every likelihood that Downpour prints is the sum of a stated prior and of
// named pieces of evidence, in log-odds (natural logarithm). The prior is the
// ledger's first entry, so a reader can add the printed weights up and gets the
// printed likelihood.
package assess

import (
	"fmt"
	"math"

	"downpour"
)

// MaxWeight bounds what one piece of evidence may add: a factor of about 55.
// Nothing that is measured through models as coarse as ours deserves more.
const MaxWeight = 4

// PriorName is the name of a ledger's first entry.
const PriorName = "prior"

// FewTTLs is the name of the evidence that so many sources share so few TTLs
// that one machine, or two, must have sent for all of them.
const FewTTLs = "few ttls"

// Ledger collects the evidence for one statement.
type Ledger struct{ items []downpour.Evidence }

// NewLedger begins with the probability that the statement had before anything
// of this case was seen, and why.
func NewLedger(prior float64, says string) *Ledger {
	l := &Ledger{}
	l.Add(PriorName, Logit(prior), "%s", says)
	return l
}

// NewShare begins the ledger of one explanation among rivals, whose weights
// Softmax normalises: its prior is the logarithm of the share that it has.
func NewShare(prior float64, says string, args ...any) *Ledger {
	l := &Ledger{}
	l.Add(PriorName, math.Log(prior), says, args...)
	return l
}

// Add enters a piece of evidence: its log-likelihood ratio for the statement,
// bounded by MaxWeight, and a sentence with its numbers. Weights are kept to two
// decimals, so that those printed add up to the likelihood printed.
func (l *Ledger) Add(name string, weight float64, format string, args ...any) {
	weight = math.Round(min(max(weight, -MaxWeight), MaxWeight)*100) / 100
	l.items = append(l.items, downpour.Evidence{Name: name, Says: fmt.Sprintf(format, args...), Weight: weight + 0})
}

// Sum is the log-odds of the statement.
func (l *Ledger) Sum() float64 {
	var sum float64
	for _, e := range l.items {
		sum += e.Weight
	}
	return sum
}

// Telling counts the entries beside the prior that move the odds by a factor of
// two or more.
func (l *Ledger) Telling() int {
	n := 0
	for _, e := range l.items[1:] {
		if math.Abs(e.Weight) >= math.Ln2 {
			n++
		}
	}
	return n
}

// Finding concludes.
func (l *Ledger) Finding(c downpour.Confidence) downpour.Finding {
	return l.With(Logistic(l.Sum()), c)
}

// With concludes with a probability that rests on more than this ledger, as
// that of one explanation among rivals does.
func (l *Ledger) With(p float64, c downpour.Confidence) downpour.Finding {
	likelihood := downpour.NewLikelihood(math.Round(p*1000) / 1000)
	return downpour.Finding{Likelihood: likelihood, Word: likelihood.Word(), Confidence: c, Evidence: l.items}
}

// Logit is the log-odds of a probability in (0, 1).
func Logit(p float64) float64 { return math.Log(p / (1 - p)) }

// Logistic is the probability of log-odds.
func Logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Softmax turns the log-weights of rival explanations, of which one is true,
// into probabilities that add up to one.
func Softmax(weights []float64) []float64 {
	top := math.Inf(-1)
	for _, w := range weights {
		top = max(top, w)
	}
	p, sum := make([]float64, len(weights)), 0.0
	for i, w := range weights {
		p[i] = math.Exp(w - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}
