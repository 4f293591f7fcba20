package web

import (
	"strings"
	"time"

	"downpour"
)

// incidentLine is an incident in a list: chip, sentence, when.
type incidentLine struct {
	URL      string
	Chip     chip
	Start    time.Time
	Sentence phrase
	// Verdict is the published conclusion; empty if there is none to show.
	Verdict   string
	Synthetic bool
}

func newIncidentLine(s IncidentSummary, operator bool) incidentLine {
	l := incidentLine{
		URL: "/incidents/" + s.Incident.ID, Chip: severityChip(s.Incident.Severity, s.Incident.Ongoing),
		Start: s.Incident.Start, Synthetic: s.Incident.Synthetic,
		Sentence: listSentence(s.Service.label(), s.Incident, s.Waves),
	}
	if s.VerdictPublished || operator {
		l.Verdict = s.Incident.Verdict
		if len(s.Incident.Cause) > 0 {
			l.Verdict = conclusion(s.Incident.Cause)
		}
	}
	return l
}

// mostListed bounds a list of incidents; the API has the rest.
const mostListed = 50

func newIncidentLines(s []IncidentSummary, operator bool) []incidentLine {
	out := make([]incidentLine, 0, len(s))
	for _, x := range s[:min(len(s), mostListed)] {
		out = append(out, newIncidentLine(x, operator))
	}
	return out
}

// incidentSentence is the headline of an incident: who, what, when.
func incidentSentence(name string, i downpour.Incident, waves int) phrase {
	what := whatHappened(name, waves)
	if i.Ongoing {
		return phrase{what + ", since ", i.Start}
	}
	if waves == 0 {
		return phrase{what + ", from ", i.Start, " to ", i.End}
	}
	return phrase{what + " between ", i.Start, " and ", i.End}
}

// listSentence is an incident's line in a list, which has its date beside it.
func listSentence(name string, i downpour.Incident, waves int) phrase {
	if i.Ongoing {
		return incidentSentence(name, i, waves)
	}
	return phrase{whatHappened(name, waves) + ", " + duration(i.End.Sub(i.Start)) + " in all"}
}

func whatHappened(name string, waves int) string {
	switch waves {
	case 0:
		return name + " came under attack; its users reported nothing unusual"
	case 1:
		return "Users reported problems with " + name
	}
	return "Users reported problems with " + name + " in " + numeral(waves) + " waves"
}

// causeName is how a cause is spoken of.
func causeName(name string) string {
	names := map[string]string{
		"attack": "an attack", "flash crowd": "a flash crowd", "change": "a change of its own", "dns": "a DNS fault",
		"certificate": "an expired certificate", "upstream": "a fault upstream", "planned work": "planned work", "other": "something else",
	}
	if n, ok := names[name]; ok {
		return n
	}
	return name
}

// causeSentence says how likely a cause is, in the word of ICD 203 and in
// numbers. Confidence is never in the same sentence (ICD 203, D.6.e.2).
func causeSentence(c downpour.Cause) string {
	who, odds := causeName(c.Name), " ("+percent(float64(c.Likelihood))+")."
	switch c.Likelihood.Word() {
	case "unlikely", "very unlikely":
		return "It is " + c.Likelihood.Word() + " that " + who + " caused it" + odds
	case "almost no chance":
		return "There is almost no chance that " + who + " caused it" + odds
	case "roughly even chance":
		return "There is a roughly even chance that " + who + " caused it" + odds
	case "almost certain":
		return capital(who) + " almost certainly caused it" + odds
	}
	return capital(who) + " " + c.Likelihood.Word() + " caused it" + odds
}

// confidenceSentence is the other sentence: how good the evidence is.
func confidenceSentence(c downpour.Confidence) string {
	if c == "" {
		return ""
	}
	return "Confidence in the evidence is " + string(c) + "."
}

// verdict is the conclusion as the top of the page says it, in one sentence.
func (v IncidentView) verdict() string {
	switch {
	case len(v.Incident.Cause) == 0 && len(v.Outages) == 0:
		return "There is no outage to explain."
	case len(v.Incident.Cause) == 0:
		return "What caused it is not established."
	}
	return conclusion(v.Incident.Cause)
}

// conclusion speaks of the likeliest cause, or says that none stands out:
// being first among unlikely ones is no verdict.
func conclusion(causes []downpour.Cause) string {
	top := causes[0]
	if top.Likelihood >= likelyFrom {
		return causeSentence(top)
	}
	return "No cause stands out; the likeliest, " + causeName(top.Name) + ", is given " + percent(float64(top.Likelihood)) + " (" + top.Likelihood.Word() + ")."
}

// forged and reflected tell why an attack's addresses are no evidence of origin.
// A likelihood counts from "likely" on (ICD 203: 55 %).
const likelyFrom = 0.55

func forged(a downpour.Attack) bool    { return a.Spoofing.Likelihood >= likelyFrom }
func reflected(a downpour.Attack) bool { return a.Reflection.Likelihood >= likelyFrom }

// whereFrom is the fact "where from" of the key facts.
func whereFrom(attacks []downpour.Attack) fact {
	f := fact{Name: "Where from"}
	a := largest(attacks)
	switch {
	case a == nil:
		f.Value, f.Note = "Not seen", "no traffic was measured"
	case !a.Sources.EvidenceOfOrigin && forged(*a):
		f.Value, f.Note = "Unknown", "the addresses are "+certainly(a.Spoofing.Likelihood)+" forged"
	case !a.Sources.EvidenceOfOrigin && reflected(*a):
		f.Value, f.Note = "Unknown", "the addresses are those of reflectors"
	case !a.Sources.EvidenceOfOrigin || len(a.Sources.ByCountry) == 0:
		f.Value, f.Note = "Unknown", "the addresses do not tell"
	default:
		top := a.Sources.ByCountry[0]
		f.Value = countryOf(top)
		f.Note = strings.TrimSpace(percent(top.Share.Value) + " of the traffic " + interval(top.Share))
	}
	return f
}

// certainly is a likelihood's word as an adverb.
func certainly(l downpour.Likelihood) string {
	switch w := l.Word(); w {
	case "almost certain":
		return "almost certainly"
	case "roughly even chance", "almost no chance":
		return "with " + w
	default:
		return w
	}
}

func countryOf(c downpour.CountryShare) string {
	if c.Country == nil {
		return countryName("")
	}
	return countryName(*c.Country)
}

// largest is the attack with the highest peak; nil if there is none.
func largest(attacks []downpour.Attack) *downpour.Attack {
	var best *downpour.Attack
	for i := range attacks {
		if best == nil || attacks[i].Peak.Bits > best.Peak.Bits || attacks[i].Peak.Bits == best.Peak.Bits && counted(attacks[i].Peak) > counted(best.Peak) {
			best = &attacks[i]
		}
	}
	return best
}

func counted(r downpour.Rate) float64 {
	rate, _ := r.Counted()
	return rate
}

func anySynthetic(attacks []downpour.Attack) bool {
	for _, a := range attacks {
		if a.Synthetic {
			return true
		}
	}
	return false
}

// vectorNames lists an attack's vectors that carry at least a twentieth.
func vectorNames(a downpour.Attack) string {
	var names []string
	for _, v := range a.Vectors {
		if v.Share >= 0.05 && len(names) < 3 {
			names = append(names, v.Name)
		}
	}
	switch len(names) {
	case 0:
		return "attack traffic"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
