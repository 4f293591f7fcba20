package claim

import (
	"fmt"
	"strings"
	"time"

	"downpour"
	"downpour/internal/assess/cause"
	"downpour/internal/wording"
)

// several is the number of real machines from which an attack is distributed:
// more than one person's own.
const several = 8

// kind answers what kind of attack it was: distributed, denial of service, or
// a vector by its name.
func (s *scene) kind(a downpour.Assertion) answer {
	if len(s.attacks) == 0 {
		if s.quiet() {
			return s.decided(a.Negated, s.absence()+" So nothing of that kind was seen, as far as that is complete.", "The application's own logs, and telemetry of the rest of the ingress.")
		}
		r := s.unseen()
		r.why += " Waves of reports fit a denial of service, failing deploys, and a network or database fault alike."
		return r
	}
	switch word := plain(a.Value); {
	case strings.Contains(word, "ddos") || strings.Contains(word, "distributed") || strings.Contains(word, "botnet"):
		return s.distributed(a)
	case word == "dos" || word == "denial of service" || word == "flood":
		return s.decided(!a.Negated, s.sight(), "The service's own load and errors, for whether it denied service.")
	default:
		return s.vector(a, word)
	}
}

// distributed answers whether many machines sent it.
func (s *scene) distributed(a downpour.Assertion) answer {
	bots := strings.Contains(plain(a.Value), "botnet")
	for _, x := range append(s.of(genuine), s.of(reflectors)...) {
		n := x.Sources.Addresses.Value
		if n < several || bots && nature(x) != genuine {
			continue
		}
		by := "machines that look real"
		if nature(x) == reflectors {
			by = "reflectors, which one sender may have used"
		}
		return s.decided(!a.Negated, fmt.Sprintf("The %s was sent by %s %s.", brief(x), wording.Thousands(n), by), "Control traffic of the machines that took part.")
	}
	if len(s.of(genuine)) == len(s.attacks) {
		return s.decided(a.Negated, fmt.Sprintf("The %s came from %s real source addresses, too few to be called distributed.", brief(s.largest()), wording.Thousands(s.largest().Sources.Addresses.Value)), "More of the traffic, if other machines took part elsewhere.")
	}
	top := s.largest()
	return answer{downpour.NotTestable,
		fmt.Sprintf("Whether many machines sent the %s cannot be told: its addresses may be spoofed (forged) (%s, likelihood %.2f), and then their number says nothing of the number of machines.", brief(top), top.Spoofing.Word, float64(top.Spoofing.Likelihood)),
		top.Spoofing.Evidence, "By how many interfaces and neighbours the traffic entered, and its TTLs there."}
}

// vector answers a claim that names a vector.
func (s *scene) vector(a downpour.Assertion, word string) answer {
	var names []string
	for i := range s.attacks {
		for _, v := range s.attacks[i].Vectors {
			if strings.Contains(plain(v.Name), word) || strings.Contains(word, plain(v.Name)) {
				return s.decided(!a.Negated, fmt.Sprintf("%s was seen, %.0f %% of the packets of an attack. %s", upper(v.Name), 100*v.Share, s.sight()), "Nothing further is needed for the kind.")
			}
			names = append(names, v.Name)
		}
	}
	if !vectorLike(word) {
		return answer{downpour.NotTestable, fmt.Sprintf("What %q would look like in traffic is not known here; what was seen is %s.", a.Value, strings.Join(names, ", ")), s.facts(), "A description of what would be seen if it were true."}
	}
	return s.decided(a.Negated, fmt.Sprintf("What was seen is %s, not %s.", strings.Join(names, ", "), a.Value), "Telemetry that sees the application's requests, if it was hidden in them.")
}

// vectorLike tells words that name a vector of traffic.
func vectorLike(word string) bool {
	for _, part := range [...]string{"flood", "amplification", "reflection"} {
		if strings.Contains(word, part) {
			return true
		}
	}
	return false
}

// actor is never answered from traffic.
func (s *scene) actor(answers map[string]answer) answer {
	r := answer{assessment: downpour.NotTestable,
		why:    "Traffic carries no signature of a group, so nothing seen can show who did it.",
		settle: "Details published before others could know them, control shown on request (starting and stopping it when asked), or an investigation."}
	if s.quiet() {
		r.why += " The thing itself that is claimed was not seen: " + strings.ToLower(s.absence()[:1]) + s.absence()[1:]
	}
	var fits []string
	for _, k := range kinds {
		if x, ok := answers[k]; ok && k != "attack" && x.assessment == downpour.Supported {
			fits = append(fits, k)
		}
	}
	if len(fits) > 0 {
		r.why += fmt.Sprintf(" What the claim says of %s is consistent with what was seen; that is no proof, for it may have been public.", strings.Join(fits, " and "))
	}
	return r
}

// jointWindow is how close together the sources of a coordinated attack begin:
// a tenth of its length, at most a minute.
func jointWindow(a *downpour.Attack) time.Duration {
	return min(a.End.Sub(a.Onset)/10, time.Minute)
}

// joint is the share of sources that begin within jointWindow of some moment
// that is chosen to hold the most, as one command would make them.
func joint(a *downpour.Attack) (share float64, n int) {
	if a.Footprint == nil {
		return 0, 0
	}
	starts := firsts(a.Footprint.Sample)
	n = len(starts)
	if n == 0 {
		return 0, 0
	}
	window, most, left := int64(jointWindow(a)), 0, 0
	for right := range starts {
		for starts[right]-starts[left] > window {
			left++
		}
		most = max(most, right-left+1)
	}
	return float64(most) / float64(n), n
}

// coordination answers whether machines acted together.
func (s *scene) coordination(a downpour.Assertion) answer {
	const settle = "When each machine began and changed what it did, seen over all of the ingress; control traffic of machines that took part."
	if len(s.attacks) == 0 {
		return s.unseen()
	}
	telling := s.of(genuine)
	if len(telling) == 0 {
		top := s.largest()
		return answer{downpour.NotTestable, fmt.Sprintf("The addresses do not tell machines apart (spoofed (forged): %s, %.2f; reflectors: %s, %.2f), so whether several acted together is not visible.",
			top.Spoofing.Word, float64(top.Spoofing.Likelihood), top.Reflection.Word, float64(top.Reflection.Likelihood)), top.Spoofing.Evidence, settle}
	}
	best, sources, which := 0.0, 0, telling[0]
	for _, x := range telling {
		if share, n := joint(x); n >= several && share > best {
			best, sources, which = share, n, x
		}
	}
	if sources == 0 {
		return answer{downpour.NotTestable, fmt.Sprintf("When each of the %s sources began was not kept, so a joint start cannot be shown.", wording.Thousands(which.Sources.Addresses.Value)), s.facts(), settle}
	}
	why := fmt.Sprintf("%.0f %% of %s sources looked at began within %.3g s of one another, in an attack of %s.", 100*best, wording.Thousands(float64(sources)), jointWindow(which).Seconds(), cause.Span(which.End.Sub(which.Onset)))
	switch name, share := fingerprint(which); {
	case best >= mostly:
		if share >= 0.8 {
			why += fmt.Sprintf(" %.0f %% of the packets share one %s.", 100*share, name)
		}
		return s.decided(!a.Negated, why+" That is what a common command looks like.", settle)
	case best < hardly:
		return answer{downpour.NotTestable, why + " No joint start was seen; that does not exclude a common command.", s.facts(), settle}
	}
	return answer{downpour.PartlySupported, why, s.facts(), settle}
}

// fingerprint is the header field that varies least over the sources.
func fingerprint(a *downpour.Attack) (name string, share float64) {
	if a.Footprint == nil {
		return "", 0
	}
	for _, f := range a.Footprint.ConstantFields {
		if f.Share > share {
			name, share = f.Field, f.Share
		}
	}
	return name, share
}
