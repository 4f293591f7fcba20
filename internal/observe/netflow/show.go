package netflow

import "downpour/internal/observe/flow"

// padding is IANA's paddingOctets.
const padding = 210

// show yields a record that is walked.
func (d *Decoder) show(c *context, records []flow.Record, template uint16, fields []Field) {
	d.walked = Walked{Records: records, Datagram: c.datagram, Template: template, Fields: fields}
	if t := c.domain.templates[template]; t != nil {
		d.walked.Options = t.options
	}
	d.walk(&d.walked)
}

// fieldsOf lists the fields of a record, whose places are noted.
func (d *Decoder) fieldsOf(c *context, t *template, b []byte) []Field {
	d.shown = d.shown[:0]
	for i, f := range t.fields {
		raw := b[d.spans[i].start:d.spans[i].end]
		if i >= t.scopes {
			d.addField(f, raw)
			continue
		}
		shown := Field{Enterprise: f.enterprise, Element: f.element, Scope: true, Raw: raw}
		shown.Name, shown.Type = lookupScope(c.datagram.Version, f)
		d.shown = append(d.shown, shown)
	}
	return d.shown
}

// lookupScope gives name and type of a scope; those of v9 have numbers of their
// own (RFC 3954, 6.1).
func lookupScope(version flow.Version, f field) (string, Type) {
	if version == flow.NetFlow9 && f.element >= 1 && int(f.element) <= len(scopes9) {
		return scopes9[f.element-1], Unsigned32
	}
	return Lookup(f.enterprise, f.element)
}

// scopes9 are the scope types of NetFlow v9, from 1 on.
var scopes9 = [...]string{"system", "interface", "lineCard", "cache", "template"}

// addField lists a field unless it is padding or always empty.
func (d *Decoder) addField(f field, raw []byte) {
	if f.enterprise == iana && f.element == padding || f.length == 0 {
		return
	}
	name, kind := Lookup(f.enterprise, f.element)
	d.shown = append(d.shown, Field{Enterprise: f.enterprise, Element: f.element, Name: name, Type: kind, Raw: raw})
}
