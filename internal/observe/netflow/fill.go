package netflow

import (
	"encoding/binary"
	"math"
	"slices"

	"downpour"
	"downpour/internal/observe/flow"
)

// lead is how many bytes before a record its memory begins, so that each field
// can be read as the end of a word.
const lead = 8

// chunk is how many records are read at once.
const chunk = 64

// decodePlain decodes records of a template that needs no look at one alone.
func (d *Decoder) decodePlain(dst []flow.Record, c *context, t *template, b []byte, at, end int) []flow.Record {
	blank := flow.Record{Domain: c.datagram.Domain}
	blank.Sampling = d.sampling(c, t)
	for {
		n, size := d.place(c, t, b[at:end])
		if n == 0 {
			return dst
		}
		c.units += n
		before := len(dst)
		dst = slices.Grow(dst, n)[:before+n]
		rs := dst[before:]
		for i := range rs {
			rs[i] = blank
		}
		d.fill(rs, t.ops, b[at-lead:at+size], c)
		if d.rates.byInterface && d.config.Sampling == 0 {
			sampleByInterface(rs, c, t)
		}
		d.fill(rs, t.samplers, b[at-lead:at+size], c)
		dst = d.keepComplete(dst, before, c, t)
		at += size
	}
}

// keepComplete settles records from a place on, and leaves out those without
// addresses.
func (d *Decoder) keepComplete(dst []flow.Record, from int, c *context, t *template) []flow.Record {
	kept := from
	for i := from; i < len(dst); i++ {
		if !complete(&dst[i], c, t) {
			d.refuse(&c.datagram, flow.NoAddress)
			continue
		}
		if kept != i {
			dst[kept] = dst[i]
		}
		kept++
	}
	return dst[:kept]
}

// place finds where the next records begin and where in them what follows a field
// of variable length does: d.bases, a row of chunk for each such field and one
// for the record. It tells how many records there are, and their size in bytes.
func (d *Decoder) place(c *context, t *template, b []byte) (n, size int) {
	if !t.variable {
		n = min(len(b)/t.size, chunk)
		for i := range d.bases[:n] {
			d.bases[i] = uint16(i * t.size)
		}
		return n, n * t.size
	}
	for n < chunk && len(b)-size >= t.size {
		more, ok := d.placeVariable(t, b, n, size)
		if !ok {
			if n == 0 {
				d.refuseTail(c, b)
			}
			break // if there were records before, it is met again at the next chunk
		}
		size += more
		n++
	}
	return n, size
}

// placeVariable finds the places in the record that begins at a place, the i-th,
// and tells its size (RFC 7011, 7).
func (d *Decoder) placeVariable(t *template, b []byte, i, at int) (size int, ok bool) {
	begun := at
	d.bases[i] = uint16(at)
	for k, fixed := range t.fixed {
		at += fixed
		if k == len(t.fixed)-1 {
			break
		}
		length, bytes, ok := variableLength(b[min(at, len(b)):])
		if !ok {
			return 0, false
		}
		at += bytes + length
		d.bases[(k+1)*chunk+i] = uint16(at)
	}
	return at - begun, at <= len(b)
}

// variableLength reads the length that a field of variable length begins with: a
// byte, or 255 and two.
func variableLength(b []byte) (length, bytes int, ok bool) {
	switch {
	case len(b) >= 1 && b[0] < 255:
		return int(b[0]), 1, true
	case len(b) >= 3:
		return int(b[1])<<8 | int(b[2]), 3, true
	}
	return 0, 0, false
}

// refuseTail counts what can't be a record, unless it is padding.
func (d *Decoder) refuseTail(c *context, b []byte) {
	if !allZero(b) {
		d.refuse(&c.datagram, flow.BadRecord)
		c.unclear = true
	}
}

// complete settles what depends on several fields of a record; it tells whether
// it has an address.
func complete(r *flow.Record, c *context, t *template) bool {
	if r.Protocol == downpour.ProtocolICMP || r.Protocol == downpour.ProtocolICMPv6 {
		portsToICMP(&r.Flow, t.icmp)
	}
	if r.Time <= 0 {
		r.Time = c.exported
	}
	return r.Source != downpour.Address{} || r.Destination != downpour.Address{}
}

// fill reads the fields of records, whose memory begins lead bytes before the
// first. It goes field by field, not record by record: what is to be done with a
// field is then found out once for all of them.
func (d *Decoder) fill(rs []flow.Record, ops []op, b []byte, c *context) {
	for i := range ops {
		o := &ops[i]
		from := int(o.anchor) * chunk
		bases := d.bases[from : from+len(rs)]
		switch {
		case o.kind < doSource4Set:
			fillColumn(rs, o, b, bases)
		case o.kind < doStartUptime:
			fillSeldom(rs, o, b, bases)
		case o.kind < doSelector:
			fillTime(rs, o, b, bases, c)
		case o.kind < doRare:
			d.fillSampling(rs, o, b, bases, c)
		default:
			c.rare.keep(o.rare, word(b, int(bases[0])+int(o.end))&o.mask)
		}
	}
}

// fillColumn reads one field of all records.
func fillColumn(rs []flow.Record, o *op, b []byte, bases []uint16) {
	rs = rs[:len(bases)]
	end, m := int(o.end), o.mask
	switch o.kind {
	case doSource16:
		for i, p := range bases {
			rs[i].Source = downpour.AddressFrom16(b[int(p)+end-lead:])
		}
	case doDestination16:
		for i, p := range bases {
			rs[i].Destination = downpour.AddressFrom16(b[int(p)+end-lead:])
		}
	case doSource4:
		for i, p := range bases {
			rs[i].Source = downpour.AddressFrom4(uint32(word(b, int(p)+end)))
		}
	case doDestination4:
		for i, p := range bases {
			rs[i].Destination = downpour.AddressFrom4(uint32(word(b, int(p)+end)))
		}
	case doPorts:
		for i, p := range bases {
			v := word(b, int(p)+end)
			rs[i].SourcePort, rs[i].DestinationPort = uint16(v>>16), uint16(v)
		}
	case doSourcePort:
		for i, p := range bases {
			rs[i].SourcePort = uint16(word(b, int(p)+end) & m)
		}
	case doDestinationPort:
		for i, p := range bases {
			rs[i].DestinationPort = uint16(word(b, int(p)+end) & m)
		}
	case doProtocol:
		for i, p := range bases {
			rs[i].Protocol = uint8(word(b, int(p)+end) & m)
		}
	case doBytes:
		for i, p := range bases {
			rs[i].Bytes = word(b, int(p)+end) & m
		}
	case doPackets:
		for i, p := range bases {
			rs[i].Packets = saturate(word(b, int(p)+end) & m)
		}
	case doFlags:
		for i, p := range bases {
			rs[i].TCPFlags = uint8(word(b, int(p)+end) & m) // of two bytes the upper one is of other bits
		}
	case doTTL:
		for i, p := range bases {
			rs[i].TTL = uint8(word(b, int(p)+end) & m)
		}
	case doInput:
		for i, p := range bases {
			rs[i].Input = uint32(word(b, int(p)+end) & m)
		}
	case doOutput:
		for i, p := range bases {
			rs[i].Output = uint32(word(b, int(p)+end) & m)
		}
	case doSourceAS:
		for i, p := range bases {
			rs[i].SourceAS = knownAS(word(b, int(p)+end) & m)
		}
	case doPeerAS:
		for i, p := range bases {
			rs[i].PeerAS = knownAS(word(b, int(p)+end) & m)
		}
	case doDirection:
		for i, p := range bases {
			rs[i].Direction = directionOf(word(b, int(p)+end) & m)
		}
	case doICMP:
		for i, p := range bases {
			v := word(b, int(p)+end) & m
			rs[i].ICMPType, rs[i].ICMPCode = uint8(v>>8), uint8(v)
		}
	}
}

// word is the 8 bytes that end with a field.
func word(b []byte, p int) uint64 { return binary.BigEndian.Uint64(b[p:]) }

// fillSeldom reads one field of all records, of those that few templates have.
func fillSeldom(rs []flow.Record, o *op, b []byte, bases []uint16) {
	for i, p := range bases {
		r, v := &rs[i], word(b, int(p)+int(o.end))&o.mask
		switch o.kind {
		case doSource4Set:
			if v != 0 {
				r.Source = downpour.AddressFrom4(uint32(v))
			}
		case doDestination4Set:
			if v != 0 {
				r.Destination = downpour.AddressFrom4(uint32(v))
			}
		case doSourcePortElse:
			r.SourcePort = orElse(r.SourcePort, uint16(v))
		case doDestinationPortElse:
			r.DestinationPort = orElse(r.DestinationPort, uint16(v))
		case doBytesElse:
			r.Bytes = orElse(r.Bytes, v)
		case doPacketsElse:
			r.Packets = orElse(r.Packets, saturate(v))
		case doTTLElse:
			r.TTL = orElse(r.TTL, uint8(v))
		case doInputElse:
			r.Input = orElse(r.Input, uint32(v))
		case doOutputElse:
			r.Output = orElse(r.Output, uint32(v))
		case doFragmentOffset:
			if v != 0 {
				r.Fragment = downpour.LaterFragment
			}
		case doFragmentFlags:
			if v&moreFragments != 0 && r.Fragment == downpour.NotFragment {
				r.Fragment = downpour.FirstFragment
			}
		case doFragmentID:
			r.IPID = uint16(v)
		case doICMPType:
			r.ICMPType = uint8(v)
		case doICMPCode:
			r.ICMPCode = uint8(v)
		case doSequence:
			r.Sequence = uint32(v)
		case doWindow:
			r.Window = uint16(v)
		}
	}
}

// orElse is a value, or another if it is 0.
func orElse[T uint8 | uint16 | uint32 | uint64](v, other T) T {
	if v != 0 {
		return v
	}
	return other
}

// moreFragments is MF of fragmentFlags (RFC 7270 and IANA: the bits of the IPv4
// header's second-but-last half-word, R, DF, MF from the most significant).
const moreFragments = 0x20

// directionOf reads flowDirection.
func directionOf(v uint64) flow.Direction {
	switch v {
	case 0:
		return flow.In
	case 1:
		return flow.Out
	}
	return flow.Untold
}

// knownAS reads an AS number; the last one, which is nobody's (RFC 7300), is what
// exporters send for "not known".
func knownAS(v uint64) uint32 {
	if v&math.MaxUint32 == math.MaxUint32 {
		return 0
	}
	return uint32(v)
}
