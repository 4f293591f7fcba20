package netflow

import (
	"encoding/binary"

	"downpour"
	"downpour/internal/observe/flow"
)

// decode5 reads a message of NetFlow v5 (Cisco, NetFlow Export Datagram Format,
// tables B-3 and B-4).
func (d *Decoder) decode5(dst []flow.Record, b []byte) ([]flow.Record, flow.Datagram) {
	c := context{datagram: flow.Datagram{Version: flow.NetFlow5}}
	if len(b) < header5Size {
		d.refuse(&c.datagram, flow.ShortMessage)
		return dst, c.datagram
	}
	count := int(binary.BigEndian.Uint16(b[2:]))
	c.uptime = binary.BigEndian.Uint32(b[4:])
	c.exported = int64(binary.BigEndian.Uint32(b[8:]))*1e9 + int64(binary.BigEndian.Uint32(b[12:]))
	c.datagram.Uptime, c.datagram.Exported = int64(c.uptime), c.exported
	c.datagram.Domain = uint32(binary.BigEndian.Uint16(b[20:])) // engine type and id
	if count == 0 || len(b) < header5Size+count*record5Size {
		d.refuse(&c.datagram, flow.BadCount)
		return dst, c.datagram
	}
	b = b[:header5Size+count*record5Size]
	number := binary.BigEndian.Uint32(b[16:])
	c.domain = d.domain(flow.NetFlow5, c.datagram.Domain)
	arrival := d.arrive(&c, b, number)
	if arrival == duplicate {
		return dst, c.datagram
	}
	c.units = count
	dst = d.decodeRecords5(dst, &c, b[header5Size:], d.sampling5(binary.BigEndian.Uint16(b[22:])))
	d.advance(&c, arrival, number)
	return dst, c.datagram
}

// sampling5 is the rate that a header tells: two bits of mode, 14 of interval.
// Exporters set an interval without a mode; it counts all the same.
func (d *Decoder) sampling5(field uint16) uint32 {
	told := uint32(field & 0x3fff)
	if told > 0 {
		d.stats.Sampling = told
	}
	if d.config.Sampling > 0 {
		return d.config.Sampling
	}
	return max(1, told)
}

// decodeRecords5 reads the records of a message.
func (d *Decoder) decodeRecords5(dst []flow.Record, c *context, b []byte, sampling uint32) []flow.Record {
	for ; len(b) >= record5Size; b = b[record5Size:] {
		dst = append(dst, flow.Record{})
		read5(&dst[len(dst)-1], b[:record5Size:record5Size], c, sampling)
		if d.walk != nil {
			d.show(c, dst[len(dst)-1:], 0, d.fields5(b[:record5Size]))
		}
	}
	return dst
}

// read5 reads a record of v5.
func read5(r *flow.Record, b []byte, c *context, sampling uint32) {
	_ = b[record5Size-1]
	r.Domain, r.Sampling = c.datagram.Domain, sampling
	r.Source = downpour.AddressFrom4(binary.BigEndian.Uint32(b))
	r.Destination = downpour.AddressFrom4(binary.BigEndian.Uint32(b[4:]))
	interfaces := binary.BigEndian.Uint32(b[12:])
	r.Input, r.Output = interfaces>>16, interfaces&0xffff
	r.Packets = binary.BigEndian.Uint32(b[16:])
	r.Bytes = uint64(binary.BigEndian.Uint32(b[20:]))
	first, last := binary.BigEndian.Uint32(b[24:]), binary.BigEndian.Uint32(b[28:])
	r.Time = sinceUptime(c, first)
	if lasted := last - first; int32(lasted) > 0 {
		r.Duration = lasted
	}
	ports := binary.BigEndian.Uint32(b[32:])
	r.SourcePort, r.DestinationPort = uint16(ports>>16), uint16(ports)
	r.TCPFlags, r.Protocol = b[37], b[38]
	r.SourceAS = uint32(binary.BigEndian.Uint16(b[40:]))
	if r.Protocol == downpour.ProtocolICMP {
		portsToICMP(&r.Flow, false)
	}
}

// sinceUptime is when the exporter's uptime, in milliseconds, was what it was: as
// long before its export as the header's uptime says. Uptime runs over after 49.7
// days; the difference is right across that.
func sinceUptime(c *context, uptime uint32) int64 {
	return c.exported - int64(int32(c.uptime-uptime))*1e6
}

// portsToICMP reads type and code of ICMP, which exporters put into the
// destination's port if they have no fields for them, and leaves no ports.
func portsToICMP(f *downpour.Flow, told bool) {
	if !told {
		f.ICMPType, f.ICMPCode = uint8(f.DestinationPort>>8), uint8(f.DestinationPort)
	}
	f.SourcePort, f.DestinationPort = 0, 0
}

// layout5 is a record of v5 as a template of IANA's elements; 210 is padding.
var layout5 = [...]struct{ element, length uint16 }{
	{8, 4}, {12, 4}, {15, 4}, {10, 2}, {14, 2}, {2, 4}, {1, 4}, {22, 4}, {21, 4}, {7, 2}, {11, 2},
	{210, 1}, {6, 1}, {4, 1}, {5, 1}, {16, 2}, {17, 2}, {9, 1}, {13, 1}, {210, 2},
}

// fields5 lists the fields of a record of v5.
func (d *Decoder) fields5(b []byte) []Field {
	d.shown = d.shown[:0]
	for _, f := range layout5 {
		d.addField(field{element: f.element, length: f.length}, b[:f.length])
		b = b[f.length:]
	}
	return d.shown
}
