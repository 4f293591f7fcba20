// Package origin concludes where an attack's traffic comes from, as far as the
// addresses that it bears can tell: shares by country and network with
// intervals, whether the addresses are forged, whether they are reflectors'.
// Its answers are about addresses and machines, never about who directs them.
package origin

import (
	"fmt"
	"math"

	"downpour"
)

// Places answers what is known of addresses; *enrich.Table is one.
type Places interface {
	Place(downpour.Address) downpour.Place
	Databases() []downpour.Database
	// KnowsNetworks tells whether a network database is in use.
	KnowsNetworks() bool
	// AllocationShare is a country's share of the allocated IPv4 space, [0, 1].
	AllocationShare(country string) float64
}

// believed is the likelihood from which forged or reflected is said in a
// statement, and doubted the one below which it is not ('roughly even chance'
// of ICD 203 lies between).
const (
	believed = 0.55
	doubted  = 0.45
)

// Assess concludes on one attack. A nil footprint gives an empty answer whose
// likelihoods are the priors.
func Assess(f *downpour.Footprint, vectors []downpour.Vector, t Places, in Ingresses) (downpour.Sources, downpour.Finding, downpour.Finding) {
	if f == nil {
		f = &downpour.Footprint{Sampling: 1}
	}
	located := locate(f, t)
	m := measure(f, located)
	reflection := reflected(f, vectors, &m)
	spoofing := spoofed(f, &m, reflection.Likelihood)
	s := sources(f, located, t)
	s.ByIngress = byIngress(f, located, in)
	s.Statement, s.EvidenceOfOrigin = statement(&s, spoofing, reflection, t, noun(f))
	return s, spoofing, reflection
}

// statement says in words what the addresses tell of the origin.
func statement(s *downpour.Sources, spoofing, reflection downpour.Finding, t Places, noun string) (string, bool) {
	const nothing = "these addresses do not tell where it came from."
	switch {
	case spoofing.Likelihood >= believed && spoofing.Likelihood >= reflection.Likelihood:
		return fmt.Sprintf("The source addresses are %s forged (spoofed): %s%s", adverb(spoofing), nothing, entered(s)), false
	case reflection.Likelihood >= believed:
		return fmt.Sprintf("The source addresses are %s those of reflectors, victims too, which answered forged requests: %s%s", adverb(reflection), nothing, entered(s)), false
	case spoofing.Likelihood >= doubted || reflection.Likelihood >= doubted:
		return "Whether the source addresses are real cannot be told from what was seen, so neither can where it came from." + entered(s), false
	}
	return machines(s, t, noun) + " Who directs them is not visible in traffic.", true
}

// adverb turns a likelihood's word into one that stands before "forged".
func adverb(f downpour.Finding) string {
	if f.Likelihood >= 0.95 {
		return "almost certainly"
	}
	return f.Word
}

// noun is what was counted.
func noun(f *downpour.Footprint) string {
	if f.Requests {
		return "requests"
	}
	return "packets"
}

// machines names the country that most of the traffic came from, if any did.
func machines(s *downpour.Sources, t Places, noun string) string {
	unknown := 0.0
	for _, row := range s.ByCountry {
		if row.Country == nil {
			unknown = row.Share.Value
		}
	}
	spread := ""
	if n := effectiveCountries(s.ByCountry); n >= 1.5 {
		spread = fmt.Sprintf("; the %s spread as over %.0f equal countries", noun, n)
	}
	for _, row := range s.ByCountry {
		if row.Country == nil || *row.Country == other {
			continue
		}
		lift := ""
		if a := t.AllocationShare(*row.Country); a > 0 {
			lift = fmt.Sprintf(", where %s of the IPv4 addresses are registered", percent(a))
		}
		if row.Share.Low > 0.5 {
			return fmt.Sprintf("The machines that sent it were mostly in %s (%s of %s%s).", *row.Country, interval(row.Share), noun, lift)
		}
		if unknown > 0.5 {
			break
		}
		return fmt.Sprintf("The machines that sent it were in many countries, most in %s (%s of %s%s)%s.", *row.Country, interval(row.Share), noun, lift, spread)
	}
	return fmt.Sprintf("The machines that sent it bear addresses whose country is mostly not known (%s of %s).", percent(unknown), noun)
}

// effectiveCountries is 1/Σp² over known countries: how many countries with
// equal shares would be as spread as these (Hill's number of order 2).
func effectiveCountries(rows []downpour.CountryShare) float64 {
	var sum, squares float64
	for _, r := range rows {
		if r.Country != nil && *r.Country != other {
			sum += r.Share.Value
			squares += r.Share.Value * r.Share.Value
		}
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
}

// percent writes a share with the precision that a reader can use.
func percent(p float64) string {
	switch {
	case p <= 0:
		return "0 %"
	case p < 0.001:
		return "under 0.1 %"
	case p < 0.0995:
		return fmt.Sprintf("%.1f %%", p*100)
	case p > 0.995 && p < 1:
		return "over 99.5 %"
	}
	return fmt.Sprintf("%.0f %%", p*100)
}

func interval(e downpour.Estimate) string {
	return fmt.Sprintf("%s [%.0f, %.0f]", percent(e.Value), math.Floor(e.Low*100), math.Ceil(e.High*100))
}
