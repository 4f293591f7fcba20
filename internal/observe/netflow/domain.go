package netflow

import "downpour/internal/observe/flow"

// domainKey tells observation domains (RFC 7011, 3.1), source ids (RFC 3954, 5.1)
// and engines of v5 apart.
type domainKey struct {
	version flow.Version
	id      uint32
}

// domain is what is known of an observation domain.
type domain struct {
	key       domainKey
	used      int64 // when its latest datagram came
	templates map[uint16]*template
	sequence  sequence
	rates     domainRates
	boot      int64 // systemInitTimeMilliseconds of its options, in nanoseconds since the epoch; 0 if untold
	started   int64 // when uptime was 0 by the headers of v9, in milliseconds since the epoch
}

// exportedAt is when a message of v9 was exported, in nanoseconds since the epoch.
// Its header has whole seconds only, but its uptime goes by milliseconds: the
// moment at which uptime was 0, taken as late as the seconds of all messages
// allow, tells more. It lies within the header's second.
func (of *domain) exportedAt(second, uptime uint32) int64 {
	least := int64(second)*1000 - int64(uptime)
	switch {
	case of.started < least, of.started > least+1999: // the clock was set
		of.started = least
	case of.started > least+999: // it drifts
		of.started = least + 999
	}
	return (of.started + int64(uptime)) * 1e6
}

// domain finds or makes a domain; if there are too many, the one that was silent
// for longest goes.
func (d *Decoder) domain(version flow.Version, id uint32) *domain {
	key := domainKey{version, id}
	of := d.last
	if of == nil || of.key != key {
		if of = d.domains[key]; of == nil {
			of = d.addDomain(key)
		}
		d.last = of
	}
	of.used = d.at
	return of
}

func (d *Decoder) addDomain(key domainKey) *domain {
	if len(d.domains) >= d.limits.Domains {
		d.forgetDomain()
	}
	of := &domain{key: key, templates: map[uint16]*template{}}
	d.domains[key] = of
	d.refreshRates()
	return of
}

// forgetDomain forgets the domain that was silent for longest.
func (d *Decoder) forgetDomain() {
	var oldest *domain
	for _, of := range d.domains {
		if oldest == nil || of.used < oldest.used || of.used == oldest.used && of.key.compare(oldest.key) < 0 {
			oldest = of
		}
	}
	for id := range oldest.templates {
		d.forget(oldest, id)
	}
	d.dropWaiting(oldest)
	delete(d.domains, oldest.key)
	d.last = nil
	d.stats.Refused[flow.TooManyDomains]++
}
