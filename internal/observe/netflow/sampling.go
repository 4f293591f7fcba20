package netflow

import (
	"math"

	"downpour/internal/observe/flow"
)

// rates is what the exporter's domains told of sampling, together.
type rates struct {
	only        uint32 // the only rate told in any domain; 0 if none or several
	byInterface bool   // there are rates of interfaces
	stale       bool   // rates have been told since this was worked out
	// cached are samplers that had to be looked for in all domains, by their number.
	cached [16]foreignRate
}

// foreignRate is what other domains than its own tell of a sampler.
type foreignRate struct {
	of   *domain
	id   uint64
	rate uint32
}

// The bounds of what a message can make us look through all domains for. An
// exporter tells its rates in a few records a minute, and has a few samplers.
const (
	maxSettlements = 8  // of rates told between its records
	maxLookups     = 64 // of samplers that their own domain does not know
)

// domainRates is what a domain told of sampling, as 1:N.
type domainRates struct {
	system     uint32 // of all that is not told apart
	samplers   map[uint64]uint32
	templates  map[uint16]uint32
	interfaces map[uint32]uint32
	only       uint32 // the only rate among all of them; 0 if none or several
	told       bool   // there is one
	stale      bool   // only and told are to be worked out anew
}

// settleRates brings what depends on several rates up to date, before records
// that they are for. A message that tells rates again and again between its
// records is settled in the next one.
func (d *Decoder) settleRates() {
	if d.rates.stale && d.settlements < maxSettlements {
		d.settlements++
		d.refreshRates()
	}
}

// refreshRates works out what depends on several rates.
func (d *Decoder) refreshRates() {
	d.rates = rates{}
	several := false
	for _, of := range d.domains {
		r := &of.rates
		if r.stale {
			r.refresh()
		}
		d.rates.byInterface = d.rates.byInterface || len(r.interfaces) > 0
		if !r.told {
			continue
		}
		if r.only == 0 || d.rates.only != 0 && d.rates.only != r.only {
			several = true
		}
		d.rates.only = r.only
	}
	if several {
		d.rates.only = 0
	}
}

// refresh works out the only rate of a domain.
func (r *domainRates) refresh() {
	r.only, r.told, r.stale = 0, false, false
	r.count(r.system)
	for _, n := range r.samplers {
		r.count(n)
	}
	for _, n := range r.templates {
		r.count(n)
	}
	for _, n := range r.interfaces {
		r.count(n)
	}
}

// count counts a rate; 0 is none.
func (r *domainRates) count(n uint32) {
	switch {
	case n == 0:
	case !r.told:
		r.only, r.told = n, true
	case r.only != n:
		r.only = 0
	}
}

// sampling is the rate of a template's records that don't tell it themselves.
func (d *Decoder) sampling(c *context, t *template) uint32 {
	if d.config.Sampling > 0 {
		return d.config.Sampling
	}
	r := &c.domain.rates
	if n := r.templates[t.id]; n > 0 {
		return n
	}
	if r.told {
		return max(1, r.system, r.only)
	}
	return max(1, d.rates.only)
}

// sampleByInterface sets the sampling of records whose interface has a rate of its
// own, unless their template has.
func sampleByInterface(rs []flow.Record, c *context, t *template) {
	if c.domain.rates.templates[t.id] > 0 {
		return
	}
	for i := range rs {
		r := &rs[i]
		at := r.Input
		if r.Direction == flow.Out {
			at = r.Output
		}
		if n := c.domain.rates.interfaces[at]; n > 0 {
			r.Sampling = n
		}
	}
}

// fillSampling reads what records say themselves of how they were sampled.
func (d *Decoder) fillSampling(rs []flow.Record, o *op, b []byte, bases []uint16, c *context) {
	if d.config.Sampling > 0 {
		return
	}
	for i, p := range bases {
		v := word(b, int(p)+int(o.end)) & o.mask
		n := saturate(v)
		if o.kind == doSelector {
			n = d.sampler(c.domain, v)
		}
		if n > 0 {
			rs[i].Sampling = n
		}
	}
}

// sampler is the rate of a sampler, 0 if it is not known: what its domain told of
// it, else what the others told if they agree. Number 0, if nobody told of it, is
// no sampler.
func (d *Decoder) sampler(of *domain, id uint64) uint32 {
	if n := of.rates.samplers[id]; n > 0 {
		return n
	}
	cached := &d.rates.cached[id%uint64(len(d.rates.cached))]
	if cached.of != of || cached.id != id {
		if d.lookups == maxLookups {
			return 0
		}
		d.lookups++
		*cached = foreignRate{of, id, d.foreignSampler(of, id)}
	}
	return cached.rate
}

func (d *Decoder) foreignSampler(of *domain, id uint64) (rate uint32) {
	for _, other := range d.domains {
		n := other.rates.samplers[id]
		if n > 0 && rate > 0 && rate != n {
			return 0
		}
		rate = max(rate, n)
	}
	if rate == 0 && id == 0 && of.rates.system == 0 && of.rates.told {
		return 1
	}
	return rate
}

// rate is the sampling that the values tell, 0 if none (RFC 5477, 8.2).
func (x *rare) rate() uint32 {
	const any = 1<<rareInterval | 1<<rarePacketInterval | 1<<rareSize | 1<<rareProbability
	if x.told&any == 0 {
		return 0
	}
	interval, space := x.value(rarePacketInterval), x.value(rarePacketSpace)
	size, population := x.value(rareSize), x.value(rarePopulation)
	switch {
	case x.value(rareInterval) > 0:
		return saturate(x.value(rareInterval))
	case size > 0 && population >= size && population < math.MaxInt64:
		return saturate((population + size/2) / size)
	case interval > 0 && space > 0 && interval+space > space && interval+space < math.MaxInt64:
		return saturate((interval + space + interval/2) / interval)
	case interval > 1 && !x.has(rarePacketSpace):
		return saturate(interval) // as those use it who know no space
	case x.has(rareProbability):
		p := probability(x.value(rareProbability))
		if p > 0 && p <= 1 {
			return saturate(uint64(min(math.Round(1/p), math.MaxUint32)))
		}
	}
	return 0
}

// probability reads samplingProbability, which is a float64 that may be reduced
// to a float32; the upper half of a float64 in (0,1] is never 0.
func probability(v uint64) float64 {
	if v>>32 == 0 {
		return float64(math.Float32frombits(uint32(v)))
	}
	return math.Float64frombits(v)
}

func saturate(v uint64) uint32 { return uint32(min(v, math.MaxUint32)) }
