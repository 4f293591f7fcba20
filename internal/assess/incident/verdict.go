package incident

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/wording"
)

// preferred is the likelihood from which one cause is named in the verdict
// ('likely', ICD 203).
const preferred = 0.55

// verdict is the conclusion in one or two sentences.
func verdict(outages []downpour.Outage, attacks []downpour.Attack, causes []downpour.Cause) string {
	if len(outages) == 0 {
		return upper(describe(attacks)) + ". No outage of the service was seen with it."
	}
	what := troubles(outages)
	if top := causes[0]; top.Likelihood >= preferred {
		if top.Name == "attack" {
			return fmt.Sprintf("%s. An attack %s caused it: %s.", what, adverb(top.Word), describe(attacks))
		}
		return fmt.Sprintf("%s. Its cause is %s of this kind: %s.", what, adverb(top.Word), top.Name)
	}
	attack := causes[slices.IndexFunc(causes, func(c downpour.Cause) bool { return c.Name == "attack" })]
	switch {
	case len(attacks) > 0:
		return fmt.Sprintf("%s. Attack traffic was seen too (%s); that it caused the outage is %s (%.2f).", what, describe(attacks), term(attack.Word), float64(attack.Likelihood))
	case attack.Likelihood < 0.1:
		return fmt.Sprintf("%s. The traffic seen makes an attack %s (%.2f) as the cause; what it was instead is not known.", what, term(attack.Word), float64(attack.Likelihood))
	}
	return what + ". What caused it cannot be told from what was seen; an attack is not ruled out."
}

// adverb puts a likelihood word before a verb; "almost certain" needs its ending.
func adverb(word string) string {
	if word == "almost certain" {
		return "almost certainly"
	}
	return word
}

// term puts a likelihood word after "is".
func term(word string) string {
	switch word {
	case "almost no chance":
		return "almost excluded"
	case "roughly even chance":
		return "about as likely as not"
	}
	return word
}

// troubles says what users reported.
func troubles(outages []downpour.Outage) string {
	top, fall := outages[0], false
	for _, o := range outages {
		if o.PeakReports > top.PeakReports {
			top = o
		}
		fall = fall || o.Direction == downpour.Fall
	}
	when := ""
	if len(outages) > 1 {
		when = fmt.Sprintf(" in %s waves", number(len(outages)))
	}
	if fall {
		return "Use fell far below what is usual" + when
	}
	return fmt.Sprintf("Users reported far more trouble than usual%s, up to %s reports at %s UTC", when, wording.Thousands(top.PeakReports), top.PeakAt.UTC().Format("15:04"))
}

func number(n int) string {
	words := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

// describe names the largest of the attacks and counts the others. It names no
// target: a verdict may be published, and targets never are.
func describe(attacks []downpour.Attack) string {
	top := &attacks[0]
	most, unit := top.Peak.Counted()
	for i := range attacks {
		if rate, of := attacks[i].Peak.Counted(); rate > most {
			top, most, unit = &attacks[i], rate, of
		}
	}
	name, direction := "attack", "on"
	if len(top.Vectors) > 0 {
		name = top.Vectors[0].Name
	}
	if top.Direction == downpour.Outbound {
		direction = "sent by"
	}
	more := ""
	if len(attacks) > 1 {
		more = fmt.Sprintf(", the largest of %s attacks", number(len(attacks)))
	}
	return fmt.Sprintf("%s %s the service of up to %s %s%s%s", name, direction, wording.Thousands(most), unit, addresses(top), more)
}

// addresses says in half a sentence what kind of addresses it bore.
func addresses(a *downpour.Attack) string {
	switch {
	case a.Spoofing.Likelihood > 0.8:
		return " from forged addresses"
	case a.Reflection.Likelihood > 0.8:
		return " from reflectors"
	}
	return ""
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// settle names the observation that would change the verdict most.
func settle(outages []downpour.Outage, attacks []downpour.Attack, causes []downpour.Cause, seen assess.Seen) string {
	switch {
	case len(outages) == 0:
		return "Users' reports or probes of the service during the attack: whether it did any harm."
	case !seen.Traffic:
		return "Traffic of the service's ingress during the outages (flow export or a capture); next, the log of deploys, DNS and certificate changes, and the state of upstream networks."
	case len(attacks) == 0 && seen.Ingress == nil:
		return "How much of the service's ingress the telemetry sees; next, the log of deploys, DNS and certificate changes."
	case causes[0].Name == "attack" && causes[0].Likelihood >= preferred:
		return "The log of deploys, DNS and certificate changes at the onsets, and the service's own load and errors: a rival that fits as well would halve the odds."
	}
	return "The log of deploys, DNS and certificate changes at the onsets, and whether other services of the same upstream networks failed too."
}
