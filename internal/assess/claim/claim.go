// Package claim holds public statements about an incident against the evidence.
// A claim is a list of assertions; each is mapped to what could test it. Where
// nothing seen could, the answer is "not testable" with what would settle it:
// that says nothing on whether the claim is true. A source's grade is shown and
// never replaces evidence.
package claim

import (
	"fmt"
	"strings"

	"downpour"
	"downpour/internal/assess"
)

// Evidence is what was seen of the service that the claims are about.
type Evidence struct {
	Attacks []downpour.Attack // with their sources assessed
	Outages []downpour.Outage
	Seen    assess.Seen
}

// answer is what the evidence says to one assertion.
type answer struct {
	assessment downpour.Assessment
	why        string
	evidence   []downpour.Evidence
	settle     string
}

// Assess answers every claim in order.
func Assess(claims []downpour.Claim, e Evidence) []downpour.ClaimAssessment {
	out := make([]downpour.ClaimAssessment, len(claims))
	for i := range claims {
		out[i] = assessOne(&claims[i], e)
	}
	return out
}

func assessOne(c *downpour.Claim, e Evidence) downpour.ClaimAssessment {
	s := look(c, e)
	r := downpour.ClaimAssessment{
		ID: c.ID, Speaker: c.Speaker, Said: c.Said, Where: c.Where, Time: c.Time, Caveat: c.Caveat,
		SourceGrade: c.Grade, Assertions: make([]downpour.AssertionAssessment, len(c.Assertions)),
	}
	if r.SourceGrade == "" {
		r.SourceGrade = DefaultGrade
	}
	answers := map[string]answer{}
	for i, a := range c.Assertions {
		found := s.assess(a, answers)
		answers[a.Kind] = found
		r.Assertions[i] = downpour.AssertionAssessment{
			Kind: a.Kind, Asserted: asserted(a), Assessment: found.assessment,
			Why: found.why, Evidence: found.evidence, WouldSettle: found.settle,
		}
		if r.Assertions[i].Evidence == nil {
			r.Assertions[i].Evidence = []downpour.Evidence{}
		}
	}
	r.Assessment = Fold(r.Assertions)
	r.Why = why(r.Assertions)
	return r
}

// assess answers one assertion; answers holds those of the claim's earlier ones.
func (s *scene) assess(a downpour.Assertion, answers map[string]answer) answer {
	switch a.Kind {
	case "attack":
		return s.attack(a)
	case "kind":
		return s.kind(a)
	case "origin":
		return s.origin(a)
	case "actor":
		return s.actor(answers)
	case "scale":
		return s.scale(a)
	case "resources":
		return s.resources(a)
	case "coordination":
		return s.coordination(a)
	case "frequency":
		return s.frequency(a)
	case "time":
		return s.time(a)
	}
	return answer{downpour.NotTestable, fmt.Sprintf("No evidence is known that would test an assertion of the kind %q.", a.Kind), nil, "A statement of what would be seen if it were true."}
}

// Fold gives a claim's assessment from its assertions': all the same, that;
// some support beside others, partly supported; something contradicted and
// nothing supported, contradicted; else not testable.
func Fold(list []downpour.AssertionAssessment) downpour.Assessment {
	count := map[downpour.Assessment]int{}
	for _, a := range list {
		count[a.Assessment]++
	}
	for assessment, n := range count {
		if n == len(list) {
			return assessment
		}
	}
	switch {
	case count[downpour.Supported]+count[downpour.PartlySupported] > 0:
		return downpour.PartlySupported
	case count[downpour.Contradicted] > 0:
		return downpour.Contradicted
	}
	return downpour.NotTestable
}

// why joins the assertions' reasons; those that share one share its sentence.
func why(list []downpour.AssertionAssessment) string {
	if len(list) == 1 {
		return list[0].Why
	}
	var parts []string
	for i := 0; i < len(list); {
		names := []string{}
		j := i
		for j < len(list) && list[j].Why == list[i].Why && list[j].Assessment == list[i].Assessment {
			names = append(names, list[j].Kind+" ("+list[j].Asserted+")")
			j++
		}
		parts = append(parts, upper(strings.Join(names, " and "))+": "+string(list[i].Assessment)+". "+list[i].Why)
		i = j
	}
	return strings.Join(parts, " ")
}

// asserted writes what is asserted in a few words.
func asserted(a downpour.Assertion) string {
	value := a.Value
	if value == "true" {
		value = "yes"
		if a.Negated {
			return "no"
		}
	}
	if a.Negated {
		value = "not " + value
	}
	if a.Of != "" {
		value += ", of " + a.Of
	}
	return value
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
