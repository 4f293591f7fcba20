package export

import (
	"encoding/binary"

	"downpour/internal/observe/flow"
)

// Set ids: templates and options templates of NetFlow v9 (RFC 3954, 5) and of
// IPFIX (RFC 7011, 3.3.2).
const (
	templateSet9        = 0
	optionsTemplateSet9 = 1
	templateSet         = 2
	optionsTemplateSet  = 3
)

// netflow9 puts a header before sets (RFC 3954, 5.1); n is how many records of
// any kind they hold.
func (e *Encoder) netflow9(at int64, sets []byte, n int) []byte {
	be := binary.BigEndian
	m := make([]byte, 20, 20+len(sets))
	be.PutUint16(m, 9)
	be.PutUint16(m[2:], uint16(n))
	be.PutUint32(m[4:], e.uptime(at))
	be.PutUint32(m[8:], uint32(seconds(e.clock(at))))
	be.PutUint32(m[12:], e.sequence)
	be.PutUint32(m[16:], e.s.Domain)
	e.sequence++ // counts datagrams
	return append(m, sets...)
}

// ipfix puts a header before sets (RFC 7011, 3.1); n is how many data records,
// those of options included, they hold.
func (e *Encoder) ipfix(at int64, sets []byte, n int) []byte {
	be := binary.BigEndian
	m := make([]byte, 16, 16+len(sets))
	be.PutUint16(m, 10)
	be.PutUint16(m[2:], uint16(16+len(sets)))
	be.PutUint32(m[4:], uint32(seconds(e.clock(at))))
	be.PutUint32(m[8:], e.sequence)
	be.PutUint32(m[12:], e.s.Domain)
	e.sequence += uint32(n)
	return append(m, sets...)
}

// sets encodes flows as data sets, one for each run of the same family.
func (e *Encoder) sets(flows []Flow) []byte {
	var m []byte
	for i := 0; i < len(flows); {
		six, j := flows[i].Source.Is6(), i
		fields, id := e.s.Fields, e.s.TemplateID
		if six {
			fields, id = e.s.Fields6, id+1
		}
		var records []byte
		for ; j < len(flows) && flows[j].Source.Is6() == six; j++ {
			for _, f := range fields {
				records = e.value(records, &flows[j], f)
			}
		}
		m = e.set(m, id, records)
		i = j
	}
	return m
}

// set appends a set; NetFlow v9's are padded to four bytes.
func (e *Encoder) set(m []byte, id uint16, body []byte) []byte {
	if e.s.Version == flow.NetFlow9 {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	m = binary.BigEndian.AppendUint16(m, id)
	m = binary.BigEndian.AppendUint16(m, uint16(4+len(body)))
	return append(m, body...)
}

// templates is a message of all templates, options templates and options
// records.
func (e *Encoder) templates(at int64) []byte {
	e.told, e.sinceTold = true, 0
	id := e.s.TemplateID
	nine := e.s.Version == flow.NetFlow9
	kind := uint16(templateSet)
	if nine {
		kind = templateSet9
	}
	body := template(nil, id, e.s.Fields)
	body = template(body, id+1, e.s.Fields6)
	sets, all, data := e.set(nil, kind, body), 2, 0
	for i, o := range e.options() {
		sets = e.set(sets, o.kind(nine), o.template(id+2+uint16(i), nine))
		sets = e.set(sets, id+2+uint16(i), o.records)
		all, data = all+1+o.count, data+o.count
	}
	if nine {
		return e.netflow9(at, sets, all)
	}
	return e.ipfix(at, sets, data)
}

// template appends a template record; both protocols have the same, but for
// enterprise numbers, which only IPFIX has.
func template(m []byte, id uint16, fields []Field) []byte {
	m = binary.BigEndian.AppendUint16(m, id)
	m = binary.BigEndian.AppendUint16(m, uint16(len(fields)))
	return specifiers(m, fields)
}

func specifiers(m []byte, fields []Field) []byte {
	be := binary.BigEndian
	for _, f := range fields {
		if f.Enterprise == 0 {
			m = be.AppendUint16(be.AppendUint16(m, f.Element), f.Length)
			continue
		}
		m = be.AppendUint16(be.AppendUint16(m, f.Element|1<<15), f.Length)
		m = be.AppendUint32(m, f.Enterprise)
	}
	return m
}
