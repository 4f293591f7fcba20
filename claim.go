package downpour

import "time"

// Claim is a public statement about an incident, to be checked and not believed.
type Claim struct {
	ID      string
	Speaker string
	Said    string
	Where   string
	Time    *time.Time // when it was said, if known
	Caveat  string
	// Grade is the source's grade by the Admiralty code (reliability A-F,
	// credibility 1-6); F6, "cannot be judged", where the operator gives none.
	Grade      string
	Assertions []Assertion
}

// Assertion is one testable (or untestable) part of a claim.
type Assertion struct {
	Kind string // attack, kind, origin, actor, scale, resources, coordination, frequency, time
	// Value is what is asserted; Negated where the claim says "not".
	Value   string
	Negated bool
	// Of narrows it ("source addresses"), if the claim does.
	Of string
}

// Assessment is what the evidence says to a claim.
type Assessment string

// The assessments of a claim or an assertion.
const (
	Supported       Assessment = "supported"
	PartlySupported Assessment = "partly supported"
	Contradicted    Assessment = "contradicted"
	NotTestable     Assessment = "not testable"
)

// ClaimAssessment is a claim with what the evidence says to it.
type ClaimAssessment struct {
	ID          string                `json:"id"`
	Speaker     string                `json:"speaker"`
	Said        string                `json:"said"`
	Where       string                `json:"where,omitempty"`
	Time        *time.Time            `json:"time"`
	Caveat      string                `json:"caveat,omitempty"`
	Assessment  Assessment            `json:"assessment"`
	Why         string                `json:"why"`
	SourceGrade string                `json:"source_grade"`
	Assertions  []AssertionAssessment `json:"assertions"`
}

// AssertionAssessment is one assertion with what the evidence says to it.
type AssertionAssessment struct {
	Kind        string     `json:"kind"`
	Asserted    string     `json:"asserted"`
	Assessment  Assessment `json:"assessment"`
	Why         string     `json:"why"`
	Evidence    []Evidence `json:"evidence"`
	WouldSettle string     `json:"would_settle"`
}
