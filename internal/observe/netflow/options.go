package netflow

import (
	"bytes"
	"maps"
	"math"
	"strings"

	"downpour/internal/observe/flow"
)

// The scope types of NetFlow v9 (RFC 3954, 6.1).
const (
	scopeInterface = 2
	scopeTemplate  = 5
)

// option is what an options record says and whom it is about.
type option struct {
	rare
	name     []byte // of the interface
	about    []byte // its description
	init     uint64 // systemInitTimeMilliseconds
	iface    uint32
	template uint16
	hasIface bool
}

// decodeOptions reads options records (RFC 3954, 6.1; RFC 7011, 3.4.2.2).
func (d *Decoder) decodeOptions(c *context, t *template, b []byte, at, end int) {
	for at+t.size <= end {
		size, ok := d.measure(t, b[at:end])
		if !ok {
			d.refuseTail(c, b[at:end])
			return
		}
		record := b[at-lead : at+size]
		d.stats.Options++
		c.units++
		c.options++
		d.heed(c, t, record)
		if d.walk != nil {
			d.show(c, nil, t.id, d.fieldsOf(c, t, record))
		}
		at += size
	}
}

// heed takes in what an options record says.
func (d *Decoder) heed(c *context, t *template, b []byte) {
	var o option
	for i, f := range t.fields {
		if s := d.spans[i]; s.end > s.start {
			o.read(c.datagram.Version, f, i < t.scopes, b[s.start:s.end])
		}
	}
	if n := o.rate(); n > 0 {
		d.heedRate(c.domain, &o, n)
	}
	if o.hasIface {
		d.heedName(o.iface, o.name, o.about)
	}
	if o.init > 0 && o.init < math.MaxInt64/1_000_000 {
		c.domain.boot = int64(o.init) * 1e6
	}
}

// read takes a field of an options record.
func (o *option) read(version flow.Version, f field, scope bool, raw []byte) {
	if f.enterprise != iana {
		return
	}
	if scope && version == flow.NetFlow9 {
		switch f.element {
		case scopeInterface:
			o.iface, o.hasIface = uint32(unsigned(raw)), true
		case scopeTemplate:
			o.template = uint16(unsigned(raw))
		}
		if f.element <= scopeTemplate {
			return
		}
	}
	switch f.element {
	case 10, 14, 252, 253: // ingressInterface, egressInterface and the physical ones
		if !o.hasIface {
			o.iface, o.hasIface = uint32(unsigned(raw)), true
		}
	case 145: // templateId
		if scope {
			o.template = uint16(unsigned(raw))
		}
	case 82: // interfaceName
		o.name = raw
	case 83: // interfaceDescription
		o.about = raw
	case 160: // systemInitTimeMilliseconds
		o.init = unsigned(raw)
	default:
		if m, ok := otherMeaning(f.element, nil); ok && m.kind >= doSelector && len(raw) <= 8 {
			o.keep(m.rare, unsigned(raw))
		}
	}
}

// heedRate takes in a rate of sampling, for whom it is told.
func (d *Decoder) heedRate(of *domain, o *option, n uint32) {
	d.stats.Sampling = n
	r := &of.rates
	changed := false
	switch {
	case o.has(rareSelector):
		changed = setRate(&r.samplers, o.value(rareSelector), n, d.limits.Samplers)
	case o.template != 0:
		changed = setRate(&r.templates, o.template, n, d.limits.Samplers)
	case o.hasIface && o.iface != 0:
		changed = setRate(&r.interfaces, o.iface, n, d.limits.Samplers)
	default:
		changed = r.system != n
		r.system = n
	}
	if changed {
		r.stale, d.rates.stale = true, true
	}
}

// setRate sets a rate in a table of bounded size; it tells whether that changed
// anything.
func setRate[K comparable](table *map[K]uint32, of K, n uint32, limit int) bool {
	old, known := (*table)[of]
	if known && old == n || !known && len(*table) >= limit {
		return false
	}
	if *table == nil {
		*table = map[K]uint32{}
	}
	(*table)[of] = n
	return true
}

// maxName is the longest name of an interface, in bytes; what is longer is cut.
const maxName = 128

// heedName takes in the name of an interface, or its description where it has no
// name.
func (d *Decoder) heedName(index uint32, name, about []byte) {
	name = trimmed(name)
	if len(name) == 0 {
		name = trimmed(about)
	}
	if len(name) == 0 {
		return
	}
	old, known := d.names[index]
	if known && old == string(name) || !known && len(d.names) >= d.limits.Names {
		return
	}
	// Invalid bytes are left out rather than replaced, so that it gets no longer.
	if said := strings.TrimSpace(strings.ToValidUTF8(string(name), "")); said != "" {
		d.names[index] = said
	}
}

// trimmed is a text without what fills it up.
func trimmed(raw []byte) []byte {
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		raw = raw[:i]
	}
	raw = bytes.TrimSpace(raw)
	return raw[:min(len(raw), maxName)]
}

// Interfaces are the names of interfaces that options records told, by SNMP
// index.
func (d *Decoder) Interfaces() map[uint32]string { return maps.Clone(d.names) }
