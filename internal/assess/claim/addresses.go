package claim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"downpour"
)

// What an attack's addresses are, by the likelihoods of assess/origin.
type addresses uint8

const (
	unclear addresses = iota
	forged
	reflectors
	genuine
)

// believed is the likelihood from which forged or reflected is taken as such
// ('likely', ICD 203); genuine means that origin found the addresses to tell.
const believed = 0.55

func nature(a *downpour.Attack) addresses {
	switch {
	case a.Spoofing.Likelihood >= believed && a.Spoofing.Likelihood >= a.Reflection.Likelihood:
		return forged
	case a.Reflection.Likelihood >= believed:
		return reflectors
	case a.Sources.EvidenceOfOrigin:
		return genuine
	}
	return unclear
}

// of returns the attacks of one nature.
func (s *scene) of(n addresses) []*downpour.Attack {
	var list []*downpour.Attack
	for i := range s.attacks {
		if nature(&s.attacks[i]) == n {
			list = append(list, &s.attacks[i])
		}
	}
	return list
}

// What counts as mostly, somewhat and hardly: shares of attack packets.
const (
	mostly = 0.5
	hardly = 0.2
)

// origin answers where the traffic came from. A claim about addresses or
// machines can be supported; one about whence the attack was ordered only in
// part, since traffic does not show who directs it.
func (s *scene) origin(a downpour.Assertion) answer {
	if len(s.attacks) == 0 {
		r := s.unseen()
		r.why += " So there are no source addresses to place."
		return r
	}
	telling := s.of(genuine)
	if len(telling) == 0 {
		return s.noOrigin()
	}
	share, rows := combined(telling, a.Value)
	facts := append(s.facts(), rows...)
	settle := "Who directs the machines is not visible in traffic; an investigation of machines that took part (their control servers) would tell."
	if len(rows) == 0 {
		return answer{downpour.NotTestable, "No database was there that places the sources so: the shares by country or network are not known.", facts, "A country or network database, given by configuration."}
	}
	if a.Negated {
		share = downpour.Estimate{Value: 1 - share.Value, Low: 1 - share.High, High: 1 - share.Low}
		if u := unknown(telling, a.Value); u > 0 {
			share.Value, share.Low = max(share.Value-u, 0), max(share.Low-u, 0)
		}
	}
	direct := concernsMachines(a.Of)
	why := fmt.Sprintf("%s of the attack's packets came from machines %s%s; the addresses look real (that they are spoofed: %s; reflectors': %s). Whose machines they are is one thing, whose orders they follow another: that is not visible in traffic.",
		interval(share), place(a), s.usual(a), telling[0].Spoofing.Word, telling[0].Reflection.Word)
	assessment := downpour.PartlySupported
	switch {
	case share.Low > mostly && direct:
		assessment = downpour.Supported
	case share.High < hardly && direct:
		assessment = downpour.Contradicted
	case share.High < hardly:
		assessment = downpour.NotTestable
	}
	return answer{assessment, why, facts, settle}
}

// noOrigin answers where the addresses tell nothing.
func (s *scene) noOrigin() answer {
	top := s.largest()
	switch nature(top) {
	case forged:
		return answer{downpour.NotTestable,
			fmt.Sprintf("The source addresses are spoofed (forged): %s (likelihood %.2f). The marks: %s. Where they are registered tells nothing of where the traffic came from.", top.Spoofing.Word, float64(top.Spoofing.Likelihood), strongest(top.Spoofing)),
			top.Spoofing.Evidence,
			"By which interfaces and neighbours the traffic entered, followed back from network to network: that cannot be forged."}
	case reflectors:
		return answer{downpour.NotTestable,
			fmt.Sprintf("The source addresses are reflectors': %s (likelihood %.2f). The marks: %s. They are victims too, and answered requests whose sender's address was spoofed (forged).", top.Reflection.Word, float64(top.Reflection.Likelihood), strongest(top.Reflection)),
			top.Reflection.Evidence,
			"Traffic toward the reflectors: by which networks the forged requests reached them."}
	}
	return answer{downpour.NotTestable,
		fmt.Sprintf("Whether the source addresses are real or spoofed (forged) cannot be told from what was seen (spoofing: %s, %.2f).", top.Spoofing.Word, float64(top.Spoofing.Likelihood)),
		top.Spoofing.Evidence,
		"More of the traffic, with TTLs and the target's answers, and by which interfaces and neighbours it entered."}
}

// strongest joins the sentences of the evidence that speaks most for a finding.
func strongest(f downpour.Finding) string {
	const most = 3
	list := slices.Clone(f.Evidence)
	slices.SortStableFunc(list, func(a, b downpour.Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	var says []string
	for _, e := range list[:min(len(list), most)] {
		if e.Weight >= math.Ln2 {
			says = append(says, e.Says)
		}
	}
	if len(says) == 0 {
		return "none alone tells much"
	}
	return strings.Join(says, "; ")
}

// combined sums the shares of the places named over attacks, weighted by their
// packets, and gives the rows as evidence; no rows where no list could hold them.
func combined(attacks []*downpour.Attack, value string) (downpour.Estimate, []downpour.Evidence) {
	var sum downpour.Estimate
	var total float64
	var rows []downpour.Evidence
	for _, a := range attacks {
		list := shares(a, value)
		if len(list) == 0 {
			continue
		}
		weight := float64(max(counted(a.Total), 1))
		total += weight
		for _, name := range strings.Split(value, ", ") {
			e := list[name] // absent: no packet at all
			sum.Value += weight * e.Value
			sum.Low += weight * e.Low
			sum.High += weight * min(e.High, 1)
			rows = append(rows, downpour.Evidence{Name: "share", Says: fmt.Sprintf("%s: %s of the packets of the attack from %s UTC.", name, interval(e), a.Onset.UTC().Format("15:04:05"))})
		}
	}
	if total == 0 {
		return sum, nil
	}
	sum.Value, sum.Low, sum.High = sum.Value/total, sum.Low/total, min(sum.High/total, 1)
	return sum, rows
}

// counted is how many packets, or requests, an attack was of.
func counted(v downpour.Volume) uint64 {
	if v.Requests != nil {
		return *v.Requests
	}
	return v.Packets
}

// shares lists an attack's shares by the name that an assertion uses.
func shares(a *downpour.Attack, value string) map[string]downpour.Estimate {
	list := map[string]downpour.Estimate{}
	if strings.HasPrefix(value, "AS") && len(value) > 2 {
		for _, r := range a.Sources.ByNetwork {
			if r.ASN != nil {
				list[fmt.Sprintf("AS%d", *r.ASN)] = r.Share
			}
		}
		return list
	}
	for _, r := range a.Sources.ByCountry {
		if r.Country != nil {
			list[*r.Country] = r.Share
		}
	}
	return list
}

// unknown is the share of packets whose place is not known.
func unknown(attacks []*downpour.Attack, value string) float64 {
	var sum, total float64
	for _, a := range attacks {
		weight := float64(max(counted(a.Total), 1))
		total += weight
		if strings.HasPrefix(value, "AS") && len(value) > 2 {
			for _, r := range a.Sources.ByNetwork {
				if r.ASN == nil && r.Name == nil {
					sum += weight * r.Share.Value
				}
			}
			continue
		}
		for _, r := range a.Sources.ByCountry {
			if r.Country == nil {
				sum += weight * r.Share.Value
			}
		}
	}
	return sum / total
}

// concernsMachines tells whether "of" narrows an origin to addresses or machines.
func concernsMachines(of string) bool {
	for _, word := range [...]string{"address", "machine", "host", "source", "traffic", "device", "bot"} {
		if strings.Contains(strings.ToLower(of), word) {
			return true
		}
	}
	return false
}

func place(a downpour.Assertion) string {
	if a.Negated {
		return "known to be outside " + a.Value
	}
	return "in " + a.Value
}

// usual compares with the service's usual audience, where that is known.
func (s *scene) usual(a downpour.Assertion) string {
	var share float64
	for _, name := range strings.Split(a.Value, ", ") {
		usual, known := s.Seen.Audience[name]
		if !known {
			return ""
		}
		share += usual
	}
	if a.Negated {
		share = 1 - share
	}
	return fmt.Sprintf(", where %.1f %% of its usual traffic comes from", 100*share)
}

func interval(e downpour.Estimate) string {
	return fmt.Sprintf("%.0f %% [%.0f, %.0f]", 100*e.Value, 100*e.Low, 100*e.High)
}
