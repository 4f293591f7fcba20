package claim

import (
	"fmt"
	"strings"
	"time"

	"downpour"
	"downpour/internal/assess/cause"
	"downpour/internal/wording"
)

// complete is the share of the ingress from which "nothing was seen" counts
// against a claim: what is left can hide only a small part of a flood.
const complete = 0.9

// scene is what was seen, as far as it bears on one claim.
type scene struct {
	Evidence
	attacks   []downpour.Attack // that bear on the claim
	elsewhere int               // attacks that do not: another time or service
	watched   bool              // traffic telemetry covers the time in question
	ingress   *float64
}

// look sorts out what bears on a claim: attacks on a service that had an outage
// and near it in time; where no outage is known, attacks that had begun when the
// claim was made, less than a day before. Attacks that our own hosts take part
// in are not what such a claim speaks of.
func look(c *downpour.Claim, e Evidence) *scene {
	s := &scene{Evidence: e, ingress: e.Seen.Ingress}
	for _, a := range e.Attacks {
		if a.Direction != downpour.Outbound && s.bears(&a, c) {
			s.attacks = append(s.attacks, a)
		} else {
			s.elsewhere++
		}
	}
	s.watched = s.covers(c)
	return s
}

func (s *scene) bears(a *downpour.Attack, c *downpour.Claim) bool {
	if c.Time != nil && (a.Onset.After(*c.Time) || !a.Ongoing && c.Time.Sub(a.End) > cause.Within) {
		return false
	}
	if len(s.Outages) == 0 {
		return true
	}
	for i := range s.Outages {
		o := &s.Outages[i]
		if a.Service == o.Service && !a.Onset.After(o.End) && !a.End.Add(cause.Aftermath).Before(earliest(o)) {
			return true
		}
	}
	return false
}

func earliest(o *downpour.Outage) time.Time {
	if o.OnsetLow != nil {
		return *o.OnsetLow
	}
	return o.Onset
}

// covers tells whether telemetry was there at all times in question: during
// every outage, or, without one, when the claim was made.
func (s *scene) covers(c *downpour.Claim) bool {
	if len(s.Outages) == 0 {
		return c.Time != nil && s.Seen.Covers(*c.Time, *c.Time)
	}
	for i := range s.Outages {
		if !s.Seen.Covers(earliest(&s.Outages[i]), s.Outages[i].End) {
			return false
		}
	}
	return true
}

// quiet tells that nothing was seen where next to everything would have been.
func (s *scene) quiet() bool {
	return len(s.attacks) == 0 && s.watched && s.ingress != nil && *s.ingress >= complete
}

// unseen is the answer where no attack was seen: what was looked at, and what
// would settle it.
func (s *scene) unseen() answer {
	return answer{downpour.NotTestable, s.absence(), nil,
		"Traffic of the service's whole ingress at the times in question: flow export, a capture, or logs."}
}

// absence says why no attack was seen.
func (s *scene) absence() string {
	other := ""
	if s.elsewhere > 0 {
		other = fmt.Sprintf(" %s seen at other times or on other services; that does not count here.", wording.Count(s.elsewhere, "attack was", "attacks were"))
	}
	switch {
	case !s.Seen.Traffic && len(s.Outages) > 0:
		return fmt.Sprintf("No traffic was seen, only %s of users' reports: reports show that users could not use the service, not why.%s", wording.Count(len(s.Outages), "wave", "waves"), other)
	case !s.Seen.Traffic:
		return "No traffic was seen, so there is nothing to test it against." + other
	case !s.watched:
		return "The traffic seen does not cover the times in question." + other
	case s.ingress == nil:
		return "The traffic seen shows no attack at the times in question, but how much of the service's ingress it is was not stated." + other
	}
	return fmt.Sprintf("The traffic seen, %.0f %% of the service's ingress, shows no attack at the times in question.%s", 100**s.ingress, other)
}

// attack answers whether there was an attack.
func (s *scene) attack(a downpour.Assertion) answer {
	switch {
	case len(s.attacks) > 0:
		return s.decided(!a.Negated, s.sight(), "The log of deploys and the state of upstream networks, for what else may have brought the service down.")
	case s.quiet():
		return s.decided(a.Negated, s.absence()+" It is contradicted as far as that is complete.", "Telemetry of the rest of the ingress, and the application's own logs: an attack of few, costly requests does not stand out in traffic.")
	}
	return s.unseen()
}

// decided is supported or contradicted, with facts as evidence.
func (s *scene) decided(supported bool, why, settle string) answer {
	assessment := downpour.Contradicted
	if supported {
		assessment = downpour.Supported
	}
	return answer{assessment, why, s.facts(), settle}
}

// facts lists the attacks seen, as evidence that goes without weighing.
func (s *scene) facts() []downpour.Evidence {
	const most = 10
	list := make([]downpour.Evidence, 0, min(len(s.attacks), most))
	for i := range s.attacks[:min(len(s.attacks), most)] {
		list = append(list, downpour.Evidence{Name: "attack", Says: upper(describe(&s.attacks[i])) + "."})
	}
	return list
}

// sight says which attacks were seen.
func (s *scene) sight() string {
	if len(s.attacks) == 1 {
		return "One attack was seen: " + describe(&s.attacks[0]) + "."
	}
	return fmt.Sprintf("%d attacks were seen, the largest: %s.", len(s.attacks), describe(s.largest()))
}

// largest is the attack with the highest peak in packets, or in requests.
func (s *scene) largest() *downpour.Attack {
	top := &s.attacks[0]
	most, _ := top.Peak.Counted()
	for i := range s.attacks {
		if rate, _ := s.attacks[i].Peak.Counted(); rate > most {
			top, most = &s.attacks[i], rate
		}
	}
	return top
}

// describe gives an attack's figures in half a sentence. It names no target: an
// assessment may be published, and targets never are.
func describe(a *downpour.Attack) string {
	text := fmt.Sprintf("%s on the service from %s UTC for %s, up to %s, from %s source addresses",
		vectorName(a), a.Onset.UTC().Format("2006-01-02 15:04:05"), cause.Span(a.End.Sub(a.Onset)), size(a.Peak), wording.Thousands(a.Sources.Addresses.Value))
	if a.Synthetic {
		text += " (synthetic)"
	}
	return text
}

// size is a peak in all units that were seen.
func size(peak downpour.Rate) string {
	rate, unit := peak.Counted()
	if peak.Requests != nil {
		return wording.Thousands(rate) + " " + unit
	}
	return bits(peak.Bits) + " and " + wording.Thousands(rate) + " " + unit
}

// vectorName is the name of an attack's largest vector.
func vectorName(a *downpour.Attack) string {
	if len(a.Vectors) == 0 {
		return "attack"
	}
	return a.Vectors[0].Name
}

// brief names an attack by its vector and size.
func brief(a *downpour.Attack) string {
	rate, unit := a.Peak.Counted()
	return fmt.Sprintf("%s of up to %s %s", vectorName(a), wording.Thousands(rate), unit)
}

// bits writes a rate in the unit that people use.
func bits(v float64) string {
	for _, u := range [...]struct {
		size float64
		name string
	}{{1e12, "Tbit/s"}, {1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}} {
		if v >= u.size {
			return fmt.Sprintf("%.3g %s", v/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.0f bit/s", v)
}

// plain folds case and punctuation, for words that people write in many ways.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" -_/()", r) }), " ")
}
