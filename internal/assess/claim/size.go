package claim

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/assess/cause"
	"downpour/internal/wording"
)

// published is the largest attack that anyone had published by early 2025, for
// scale: 5.6 Tbit/s (Cloudflare, DDoS threat report for 2024 Q4).
const published = 5.6e12 // bits/s

// quantity is a number with its unit, as in "3 Gbit/s".
type quantity struct {
	value float64
	of    string // bits, packets, requests, bytes, sources, seconds
}

var quantityForm = regexp.MustCompile(`^(?:about |over |more than |up to )?([0-9][0-9,]*(?:\.[0-9]+)?) *([kKMGT]?) *([A-Za-z]+(?:/s)?(?: per second)?)$`)

// units gives what a unit counts. "Gbps" is bits; a byte rate is no one's claim.
func units(unit string) string {
	switch strings.ToLower(strings.ReplaceAll(unit, " per second", "/s")) {
	case "bit/s", "bits/s", "bps", "b/s":
		return "bits"
	case "packets/s", "packet/s", "pps", "p/s":
		return "packets"
	case "requests/s", "request/s", "rps", "req/s":
		return "requests"
	case "b", "byte", "bytes":
		return "bytes"
	case "seconds", "second", "s", "sec", "minutes", "minute", "min", "hours", "hour", "h":
		return "seconds"
	case "hosts", "addresses", "sources", "machines", "bots", "devices", "reflectors", "ips":
		return "sources"
	}
	return ""
}

// parseQuantity reads a number with its unit.
func parseQuantity(s string) (quantity, bool) {
	m := quantityForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return quantity{}, false
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
	scale := map[string]float64{"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[m[2]]
	q := quantity{v * scale, units(m[3])}
	if q.of == "seconds" {
		q.value *= map[byte]float64{'s': 1, 'm': 60, 'h': 3600}[strings.ToLower(m[3])[0]]
	}
	return q, err == nil && q.of != "" && v > 0 && !math.IsInf(q.value, 0)
}

// scale answers how large it was. A number can be tested; an adjective is given
// the figures to judge it by.
func (s *scene) scale(a downpour.Assertion) answer {
	if len(s.attacks) == 0 {
		return s.unseen()
	}
	if q, ok := parseQuantity(a.Value); ok {
		return s.compare(a, q)
	}
	top := s.largest()
	if top.Peak.Requests != nil {
		return answer{downpour.NotTestable, fmt.Sprintf("%q is no number. What was seen: %s. %s", a.Value, describe(top), s.own()),
			s.facts(), "The claim as a number (requests/s), or the capacity of the service."}
	}
	return answer{downpour.NotTestable,
		fmt.Sprintf("%q is no number. What was seen: %s, %s in all. For scale, the largest attack published by early 2025 was %s, about %s times as much. %s",
			a.Value, describe(top), bytes(top.Total.Bytes), bits(published), wording.Thousands(rounded(published/max(top.Peak.Bits, 1))), s.own()),
		s.facts(), "The claim as a number (bit/s, packets/s, requests/s), or the capacity of the service."}
}

// rounded keeps two significant digits.
func rounded(v float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(max(v, 1)))-1)
	return math.Round(v/step) * step
}

// own compares with the service's own other attacks, where there are any.
func (s *scene) own() string {
	if len(s.Attacks) < 2 {
		return "The service's capacity and its earlier attacks are not known."
	}
	list := slices.Clone(s.Attacks)
	slices.SortStableFunc(list, func(x, y downpour.Attack) int {
		a, _ := x.Peak.Counted()
		b, _ := y.Peak.Counted()
		return cmp.Compare(b, a)
	})
	first, unit := list[0].Peak.Counted()
	second, ofSecond := list[1].Peak.Counted()
	if ofSecond != unit {
		return fmt.Sprintf("Of %d attacks on it that are known, the two largest reached %s %s and %s %s.", len(list), wording.Thousands(first), unit, wording.Thousands(second), ofSecond)
	}
	return fmt.Sprintf("Of %d attacks on it that are known, the two largest reached %s and %s %s.", len(list), wording.Thousands(first), wording.Thousands(second), unit)
}

// How far a figure that is told may be from the one measured: people round, and
// peaks depend on how they are taken.
const (
	near = 1.25
	far  = 2.0
)

// compare holds a number against what was measured.
func (s *scene) compare(a downpour.Assertion, q quantity) answer {
	measured, ok := s.measured(q.of)
	if !ok {
		return answer{downpour.NotTestable, fmt.Sprintf("%s were not measured. %s", upper(q.of), s.sight()), s.facts(), "Telemetry that counts " + q.of + "."}
	}
	why := fmt.Sprintf("Claimed are %s %s, measured %s. %s", wording.Thousands(q.value), rateOf(q.of), wording.Thousands(measured), s.sight())
	settle := "Telemetry of the rest of the ingress, if part of the attack went past what was seen."
	switch r := measured / q.value; {
	case r >= 1/near && r <= near:
		return s.decided(!a.Negated, why, settle)
	case r >= 1/far && r <= far:
		return answer{downpour.PartlySupported, why, s.facts(), settle}
	case r < 1/far && (s.ingress == nil || *s.ingress < complete):
		return answer{downpour.NotTestable, why + " More may have come by ways that were not seen.", s.facts(), settle}
	}
	return s.decided(a.Negated, why, settle)
}

func rateOf(of string) string {
	switch of {
	case "bytes", "sources", "seconds":
		return of
	}
	return of + "/s"
}

// measured is the largest figure of its kind over the attacks.
func (s *scene) measured(of string) (float64, bool) {
	var top float64
	found := false
	for i := range s.attacks {
		a := &s.attacks[i]
		v, ok := 0.0, true
		switch of {
		case "bits":
			v, ok = a.Peak.Bits, a.Peak.Requests == nil
		case "packets":
			v, ok = a.Peak.Packets, a.Peak.Requests == nil
		case "bytes":
			v, ok = float64(a.Total.Bytes), a.Peak.Requests == nil
		case "seconds":
			v = a.End.Sub(a.Onset).Seconds()
		case "requests":
			if ok = a.Peak.Requests != nil; ok {
				v = *a.Peak.Requests
			}
		case "sources":
			v, ok = a.Sources.Addresses.Value, nature(a) == genuine || nature(a) == reflectors
		}
		if ok {
			top, found = max(top, v), true
		}
	}
	return top, found
}

// resources answers what it took. Forged floods with the TTLs of one sender
// need one or two machines; real machines are counted; an adjective gets the
// figures and no verdict.
func (s *scene) resources(a downpour.Assertion) answer {
	if len(s.attacks) == 0 {
		return s.unseen()
	}
	if q, ok := parseQuantity(a.Value); ok {
		return s.compare(a, q)
	}
	top := s.largest()
	const settle = "By how many interfaces and neighbours the traffic entered; who rented or infected what sent it is for an investigation."
	switch nature(top) {
	case forged:
		if says, few := oneSender(top); few {
			why := fmt.Sprintf("The marks fit one or two machines that forge (spoof) addresses: %s. They must have sent %s (%s packets/s) for %s. Who stands behind them is not visible in traffic.",
				says, bits(top.Peak.Bits), wording.Thousands(top.Peak.Packets), cause.Span(top.End.Sub(top.Onset)))
			r := s.decided(modest(a.Value) != a.Negated, why, settle)
			r.evidence = append(r.evidence, top.Spoofing.Evidence...)
			return r
		}
		return answer{downpour.NotTestable, "The addresses are spoofed (forged) and do not tell how many machines sent it. " + s.sight(), top.Spoofing.Evidence, settle}
	case reflectors:
		return answer{downpour.NotTestable, fmt.Sprintf("%s It came through reflectors, so its size is not what the attacker had to send: for that the rate toward the reflectors is needed.%s", s.sight(), self(top)), top.Reflection.Evidence, "Traffic toward the reflectors."}
	}
	return answer{downpour.NotTestable, fmt.Sprintf("%q is no number. What it took: %s.", a.Value, describe(top)), s.facts(), settle}
}

// modest tells words for few resources.
func modest(value string) bool {
	switch plain(value) {
	case "small", "few", "little", "modest", "limited", "one machine", "a single machine", "single machine", "one person":
		return true
	}
	return false
}

// oneSender tells whether the TTLs are those of one sender or two.
func oneSender(a *downpour.Attack) (says string, ok bool) {
	for _, e := range a.Spoofing.Evidence {
		if e.Name == assess.FewTTLs && e.Weight >= 1 {
			return e.Says, true
		}
	}
	return "", false
}

// amplification holds the bandwidth amplification factors of US-CERT TA14-017A.
func amplification(vector string) (low, high float64, ok bool) {
	switch strings.TrimSuffix(vector, " amplification") {
	case "DNS":
		return 28, 54, true
	case "NTP":
		return 557, 557, true
	case "SNMP":
		return 6.3, 6.3, true
	case "SSDP":
		return 31, 31, true
	case "chargen":
		return 359, 359, true
	case "CLDAP":
		return 56, 70, true
	case "memcached":
		return 10000, 51000, true
	case "portmap":
		return 7, 28, true
	}
	return 0, 0, false
}

// self estimates what the attacker sent himself.
func self(a *downpour.Attack) string {
	if len(a.Vectors) == 0 {
		return ""
	}
	low, high, ok := amplification(a.Vectors[0].Name)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" By the published factors of %s (US-CERT TA14-017A) that were about %s to %s.", a.Vectors[0].Name, bits(a.Peak.Bits/high), bits(a.Peak.Bits/low))
}

// firsts returns when each source began, in order.
func firsts(list []downpour.Source) []int64 {
	out := make([]int64, len(list))
	for i, s := range list {
		out[i] = s.First
	}
	slices.Sort(out)
	return out
}

// bytes writes a volume in the unit that people use.
func bytes(v uint64) string {
	x := float64(v)
	for _, u := range [...]struct {
		size float64
		name string
	}{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if x >= u.size {
			return fmt.Sprintf("%.3g %s", x/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", v)
}
