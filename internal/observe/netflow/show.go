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
func (d *Decoder) fieldsOf(t *template, b []byte) []Field {
	d.shown = d.shown[:0]
	for i, f := range t.fields {
		d.addField(f, i < t.scopes, b[d.spans[i].start:d.spans[i].end])
	}
	return d.shown
}

// addField lists a field unless it is padding or always empty.
func (d *Decoder) addField(f field, scope bool, raw []byte) {
	if f.enterprise == iana && f.element == padding || f.length == 0 {
		return
	}
	name, kind := Lookup(f.enterprise, f.element)
	d.shown = append(d.shown, Field{
		Enterprise: f.enterprise, Element: f.element, Scope: scope, Name: name, Type: kind, Raw: raw,
	})
}
