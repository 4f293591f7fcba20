package export

import (
	"encoding/binary"
	"time"

	"downpour/internal/observe/flow"
)

// Again changes a datagram of this encoder in place so that it can be sent once
// more, at a later time: with the next sequence number, a new export time, and
// its records' times moved by as much. The time from its last sending must be
// whole milliseconds. It is for datagrams of one address family with the default
// templates, and for loads that are built once and sent for long.
func (e *Encoder) Again(d *Datagram, at int64) {
	be := binary.BigEndian
	m, moved := d.Message, at-d.At
	d.At = at
	now, ms := e.clock(at), uint64(moved/int64(time.Millisecond))
	switch e.s.Version {
	case flow.NetFlow5:
		be.PutUint32(m[4:], e.uptime(at))
		be.PutUint32(m[8:], uint32(seconds(now)))
		be.PutUint32(m[12:], uint32(now%int64(time.Second)))
		be.PutUint32(m[16:], e.sequence)
		for r := m[24:]; len(r) >= 48; r = r[48:] {
			shift32(r[24:], uint32(ms))
			shift32(r[28:], uint32(ms))
		}
	case flow.NetFlow9:
		be.PutUint32(m[4:], e.uptime(at))
		be.PutUint32(m[8:], uint32(seconds(now)))
		be.PutUint32(m[12:], e.sequence)
		size := length(e.s.Fields)
		for r := m[24:]; d.Records > 0 && len(r) >= size; r = r[size:] {
			shift32(r[size-8:], uint32(ms))
			shift32(r[size-4:], uint32(ms))
		}
	case flow.IPFIX:
		be.PutUint32(m[4:], uint32(seconds(now)))
		be.PutUint32(m[8:], e.sequence)
		size := length(e.s.Fields)
		for r := m[20:]; d.Records > 0 && len(r) >= size; r = r[size:] {
			be.PutUint64(r[size-16:], be.Uint64(r[size-16:])+ms)
			be.PutUint64(r[size-8:], be.Uint64(r[size-8:])+ms)
		}
	case flow.SFlow5:
		e.sflowAgain(m, at)
	}
	e.sequence += d.Advance
}

// sflowAgain renews the samples' own sequence numbers and pools too. The agent
// has an IPv4 address.
func (e *Encoder) sflowAgain(m []byte, at int64) {
	be := binary.BigEndian
	be.PutUint32(m[16:], e.sequence)
	be.PutUint32(m[20:], e.uptime(at))
	source, pooled := 12, 20
	if e.s.Expanded {
		source, pooled = 16, 24
	}
	for s := m[28:]; len(s) > 0; s = s[8+be.Uint32(s[4:]):] {
		p := e.pool(be.Uint32(s[source:]))
		p.packets += max(e.s.Sampling, 1)
		be.PutUint32(s[8:], p.sequence)
		be.PutUint32(s[pooled:], p.packets)
	}
}

func shift32(b []byte, by uint32) { binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+by) }

// length is how many bytes a record of a template without variable fields has.
func length(fields []Field) int {
	n := 0
	for _, f := range fields {
		n += int(f.Length)
	}
	return n
}
