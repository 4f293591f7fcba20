package downpour

// Likelihood is a probability that Downpour prints, within [0.01, 0.99]: never
// impossible, never certain.
type Likelihood float64

// NewLikelihood clamps p into the range that may be printed.
func NewLikelihood(p float64) Likelihood {
	return Likelihood(min(max(p, 0.01), 0.99))
}

// Word is the term of ICD 203 (Intelligence Community Directive 203, 2015,
// D.6.e.2.a) for the likelihood. A boundary belongs to the upper word.
func (l Likelihood) Word() string {
	switch {
	case l < 0.05:
		return "almost no chance"
	case l < 0.20:
		return "very unlikely"
	case l < 0.45:
		return "unlikely"
	case l < 0.55:
		return "roughly even chance"
	case l < 0.80:
		return "likely"
	case l < 0.95:
		return "very likely"
	}
	return "almost certain"
}

// Confidence says how good the evidence behind a likelihood is: how much was
// seen, by how many independent means. It is another thing than the likelihood.
type Confidence string

// The three grades of confidence.
const (
	LowConfidence      Confidence = "low"
	ModerateConfidence Confidence = "moderate"
	HighConfidence     Confidence = "high"
)

// Evidence is one thing that was seen and what it weighs.
type Evidence struct {
	// Name identifies the kind of evidence, stable across versions.
	Name string `json:"name"`
	// Says is the observation in a sentence with its numbers.
	Says string `json:"says"`
	// Weight is the log-likelihood ratio (natural logarithm) that it adds for
	// the statement; negative speaks against. Within [-4, 4].
	Weight float64 `json:"weight"`
}

// Finding is a statement with its likelihood and the evidence that moved it.
type Finding struct {
	Likelihood Likelihood `json:"likelihood"`
	Word       string     `json:"word"`
	Confidence Confidence `json:"confidence"`
	Evidence   []Evidence `json:"evidence"`
}
