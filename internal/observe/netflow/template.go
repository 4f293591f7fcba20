package netflow

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"downpour/internal/observe/flow"
)

// field is a field specifier of a template (RFC 7011, 3.2).
type field struct {
	enterprise uint32
	element    uint16
	length     uint16
}

// anyLength is the length of a field that bears its own (RFC 7011, 7).
const anyLength = 0xffff

// template is how a data set's records are laid out, and how they are read.
type template struct {
	id      uint16
	options bool // its records tell of the exporter, not of traffic
	scopes  int  // how many of its first fields are their scope
	fields  []field
	// definition is how the exporter defined it: 1 for options, the number of
	// scope fields, specifiers. It tells whether a new one differs.
	definition []byte
	size       int   // of a record in bytes; the least if it is variable
	used       int64 // when data of it came last
	plan
}

// readTemplates reads a set of templates and decodes what waited for them.
func (d *Decoder) readTemplates(dst []flow.Record, c *context, set uint16, b []byte) []flow.Record {
	for len(b) >= 4 {
		id, rest, t, why := d.readTemplate(set, b)
		switch {
		case why != flow.OK:
			d.refuse(&c.datagram, why)
			return dst
		case id == 0:
			return dst // padding
		case t == nil:
			d.withdraw(c.domain, set, id)
		default:
			dst = d.learn(dst, c, t)
		}
		b = rest
	}
	return dst
}

// readTemplate reads the template that b begins with. Id 0 is padding; no
// template is a withdrawal (RFC 7011, 8.1).
func (d *Decoder) readTemplate(set uint16, b []byte) (id uint16, rest []byte, t *template, why flow.Reason) {
	id, count, scopes := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:])), 0
	if id == 0 && count == 0 || id == 0 && set <= options9 {
		return 0, nil, nil, flow.OK
	}
	if count == 0 && set >= templates10 {
		return id, b[4:], nil, flow.OK
	}
	rest = b[4:]
	if set == options9 || set == options10 {
		if len(rest) < 2 {
			return id, nil, nil, flow.ShortMessage
		}
		second := int(binary.BigEndian.Uint16(rest))
		rest = rest[2:]
		if set == options9 { // two lengths in bytes
			scopes, count = count/4, count/4+second/4
		} else {
			scopes = second
		}
		if scopes > count || scopes == 0 && set == options10 {
			return id, nil, nil, flow.BadTemplate
		}
	}
	if id < leastDataID || count == 0 || count > d.limits.Fields {
		return id, nil, nil, flow.BadTemplate
	}
	fields, rest, ok := readFields(rest, count, set >= templates10)
	if !ok {
		return id, nil, nil, flow.ShortMessage
	}
	version := flow.NetFlow9
	if set >= templates10 {
		version = flow.IPFIX
	}
	t = &template{id: id, options: set == options9 || set == options10, scopes: scopes, fields: fields}
	if !t.measure() {
		return id, nil, nil, flow.BadTemplate
	}
	t.define()
	t.plan = makePlan(version, t)
	return id, rest, t, flow.OK
}

// readFields reads field specifiers.
func readFields(b []byte, count int, enterprises bool) (fields []field, rest []byte, ok bool) {
	if len(b) < count*4 {
		return nil, nil, false
	}
	fields = make([]field, 0, count)
	for range count {
		if len(b) < 4 {
			return nil, nil, false
		}
		f := field{element: binary.BigEndian.Uint16(b), length: binary.BigEndian.Uint16(b[2:])}
		b = b[4:]
		if enterprises && f.element&0x8000 != 0 {
			if len(b) < 4 {
				return nil, nil, false
			}
			f.element &= 0x7fff
			f.enterprise = binary.BigEndian.Uint32(b)
			b = b[4:]
		}
		fields = append(fields, f)
	}
	return fields, b, true
}

// maxRecord bounds a record's size in bytes: none is longer than a message.
const maxRecord = 0xffff

// maxEmpty is how many fields without content a template may have beyond one for
// each byte of its record: each costs time and no bytes, so that a datagram of
// records of one byte could cost most of a second.
const maxEmpty = 16

// measure works out the size of a record, and tells whether there can be one.
func (t *template) measure() bool {
	t.size = 0
	empty := 0
	for _, f := range t.fields {
		if f.length == 0 {
			empty++
		}
		if f.length == anyLength {
			t.size++ // its length takes one byte at least
		} else {
			t.size += int(f.length)
		}
	}
	return t.size > 0 && t.size <= maxRecord && empty <= t.size+maxEmpty
}

// define writes down the definition.
func (t *template) define() {
	b := make([]byte, 0, 4+8*len(t.fields))
	if t.options {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(t.scopes))
	for _, f := range t.fields {
		b = binary.BigEndian.AppendUint32(b, f.enterprise)
		b = binary.BigEndian.AppendUint16(b, f.element)
		b = binary.BigEndian.AppendUint16(b, f.length)
	}
	t.definition = b
}

// learn takes a template, and decodes what waited for it.
func (d *Decoder) learn(dst []flow.Record, c *context, t *template) []flow.Record {
	of := c.domain
	t.used = d.at
	old := of.templates[t.id]
	if old != nil {
		if bytes.Equal(old.definition, t.definition) {
			old.used = d.at
			return dst
		}
		d.stats.Changed++
		d.forget(of, t.id)
	}
	d.add(of, t)
	return d.release(dst, c, t)
}

// add takes a template into a domain; if there are too many, those go that were
// used least recently.
func (d *Decoder) add(of *domain, t *template) {
	if d.templates >= d.limits.Templates || d.fields+len(t.fields) > d.limits.AllFields {
		d.evict(len(t.fields))
	}
	of.templates[t.id] = t
	if need := len(t.fixed) * chunk; need > len(d.bases) {
		d.bases = make([]uint16, need)
	}
	d.templates++
	d.fields += len(t.fields)
}

// evict forgets a quarter of the templates, or as many as make room for so many
// fields. It is dear, and therefore makes room for many.
func (d *Decoder) evict(fields int) {
	type known struct {
		of *domain
		t  *template
	}
	all := make([]known, 0, d.templates)
	for _, of := range d.domains {
		for _, t := range of.templates {
			all = append(all, known{of, t})
		}
	}
	slices.SortFunc(all, func(a, b known) int {
		return cmp.Or(cmp.Compare(a.t.used, b.t.used), a.of.key.compare(b.of.key), cmp.Compare(a.t.id, b.t.id))
	})
	for i, k := range all {
		if i >= (len(all)+3)/4 && d.fields+fields <= d.limits.AllFields {
			return
		}
		d.stats.Refused[flow.TooManyTemplates]++
		d.forget(k.of, k.t.id)
	}
}

// withdraw forgets a template, or all of a kind (RFC 7011, 8.1).
func (d *Decoder) withdraw(of *domain, set, id uint16) {
	if id != set {
		d.forget(of, id)
		return
	}
	for id, t := range of.templates {
		if t.options == (set == options10) {
			d.forget(of, id)
		}
	}
}

// forget forgets a template, if there is one.
func (d *Decoder) forget(of *domain, id uint16) {
	if t := of.templates[id]; t != nil {
		delete(of.templates, id)
		d.templates--
		d.fields -= len(t.fields)
	}
}
