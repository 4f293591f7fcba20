package netflow

import (
	"math"

	"downpour"
	"downpour/internal/observe/flow"
)

// rare is what a record tells beyond flow.Record.
type rare struct {
	values [rares]uint64
	told   uint32 // a bit for each value that was there
}

// keep keeps a value.
func (x *rare) keep(which uint8, v uint64) {
	x.values[which] = v
	x.told |= 1 << which
}

// has tells whether there was such a value.
func (x *rare) has(which uint8) bool { return x.told>>which&1 != 0 }

// value is what was told, or 0.
func (x *rare) value(which uint8) uint64 {
	if x.has(which) {
		return x.values[which]
	}
	return 0
}

// decodeFixed decodes records of fixed length.
func (d *Decoder) decodeFixed(dst []flow.Record, c *context, t *template, b []byte, at, end int) []flow.Record {
	for ; at+t.size <= end; at += t.size {
		record := b[at-lead : at+t.size]
		if t.sections || d.walk != nil {
			d.layOut(t)
		}
		dst = d.decodeRecord(dst, c, t, t.ops, record)
	}
	return dst
}

// layOut notes where the fields of a record of fixed length lie.
func (d *Decoder) layOut(t *template) {
	d.spans = d.spans[:0]
	at := lead
	for _, f := range t.fields {
		d.spans = append(d.spans, span{at, at + int(f.length)})
		at += int(f.length)
	}
}

// decodeVariable decodes records with fields of variable length. What is left at
// the end and too short for a record is padding.
func (d *Decoder) decodeVariable(dst []flow.Record, c *context, t *template, b []byte, at, end int) []flow.Record {
	for at+t.size <= end {
		size, ok := d.measure(t, b[at:end])
		if !ok {
			if !allZero(b[at:end]) {
				d.refuse(&c.datagram, flow.BadRecord)
				c.unclear = true
			}
			return dst
		}
		d.scratch = d.scratch[:0]
		for _, o := range t.ops {
			s := d.spans[o.at]
			if length := s.end - s.start; o.kind.reads(length) {
				o.mask, o.end = maskOf(length), uint16(s.end-lead)
				d.scratch = append(d.scratch, o)
			}
		}
		dst = d.decodeRecord(dst, c, t, d.scratch, b[at-lead:at+size])
		at += size
	}
	return dst
}

// reads tells whether a field of a length, which its record told, can be read.
func (k kind) reads(length int) bool {
	return length > 0 && length < anyLength && fits(k, uint16(length))
}

func allZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// measure finds where the fields of the record that b begins with lie, counted
// from lead bytes before it (RFC 7011, 7).
func (d *Decoder) measure(t *template, b []byte) (size int, ok bool) {
	d.spans = d.spans[:0]
	at := 0
	for _, f := range t.fields {
		length := int(f.length)
		if f.length == anyLength {
			if at >= len(b) {
				return 0, false
			}
			length = int(b[at])
			at++
			if length == 255 {
				if at+2 > len(b) {
					return 0, false
				}
				length = int(b[at])<<8 | int(b[at+1])
				at += 2
			}
		}
		if at+length > len(b) {
			return 0, false
		}
		d.spans = append(d.spans, span{lead + at, lead + at + length})
		at += length
	}
	return at, true
}

// decodeRecord decodes one record by the long way: with packets' headers, its own
// sampling, another direction, or to be shown.
func (d *Decoder) decodeRecord(dst []flow.Record, c *context, t *template, ops []op, b []byte) []flow.Record {
	c.units++
	c.rare.told = 0
	before := len(dst)
	dst = append(dst, flow.Record{})
	r := &dst[before]
	size := 0
	if t.sections {
		size = d.decodeSections(r, t, b)
	}
	r.Domain, r.Sampling = c.datagram.Domain, d.sampling(c, t)
	fill(r, ops, b, c)
	if size > 0 {
		standForPacket(r, size)
	}
	if !t.timed {
		fillTimes(r, c)
	}
	if d.rates.byInterface || t.samples {
		r.Sampling = d.samplingOf(r, c, t)
	}
	switch {
	case r.Source == downpour.Address{} && r.Destination == downpour.Address{}:
		d.refuse(&c.datagram, flow.NoAddress)
		dst = dst[:before]
	case t.biflow:
		dst = appendReverse(dst, &c.rare)
	}
	if d.walk != nil {
		d.show(c, dst[before:], t.id, d.fieldsOf(t, b))
	}
	return dst
}

// fillTimes sets the times of a record that does not tell both when it began and
// when it ended.
func fillTimes(r *flow.Record, c *context) {
	x := &c.rare
	switch {
	case x.has(rareFirst) || x.has(rareLast):
		uptimes(r, c)
	case r.Time == c.exported && x.has(rareCollected):
		r.Time = int64(x.value(rareCollected)) * 1e6
	}
	lasted := x.value(rareDuration)
	if !x.has(rareDuration) {
		lasted = x.value(rareDurationMicros) / 1e3
	}
	if lasted > 0 && r.Duration == 0 {
		r.Duration = uint32(min(lasted, math.MaxUint32))
	}
}

// uptimes sets times by the exporter's uptime where the header does not tell it
// (IPFIX): by when it was started, if that is known; else the flow ended when it
// was exported.
func uptimes(r *flow.Record, c *context) {
	first, last := uint32(c.rare.value(rareFirst)), uint32(c.rare.value(rareLast))
	if !c.rare.has(rareFirst) {
		first = last
	}
	lasted := int32(last - first)
	if !c.rare.has(rareLast) || lasted < 0 {
		lasted = 0
	}
	boot := c.domain.boot
	if c.rare.has(rareBoot) {
		boot = int64(c.rare.value(rareBoot)) * 1e6
	}
	r.Duration = uint32(lasted)
	if r.Time = c.exported - int64(lasted)*1e6; boot > 0 {
		r.Time = boot + int64(first)*1e6
	}
}

// appendReverse appends the record of a biflow's other direction, if it had
// traffic, to its own.
func appendReverse(dst []flow.Record, x *rare) []flow.Record {
	bytes, packets := x.value(rareReverseBytes), x.value(rareReversePackets)
	if bytes == 0 && packets == 0 {
		return dst
	}
	r := dst[len(dst)-1]
	r.Source, r.Destination = r.Destination, r.Source
	r.SourcePort, r.DestinationPort = r.DestinationPort, r.SourcePort
	r.Input, r.Output = r.Output, r.Input
	r.Bytes, r.Packets = bytes, uint32(min(packets, math.MaxUint32))
	r.TCPFlags, r.TTL = uint8(x.value(rareReverseFlags)), uint8(x.value(rareReverseTTL))
	r.SourceAS, r.PeerAS = knownAS(x.value(rareReverseAS)), knownAS(x.value(rareReversePeer))
	if x.has(rareReverseInput) {
		r.Input = uint32(x.value(rareReverseInput))
	}
	if x.has(rareReverseOutput) {
		r.Output = uint32(x.value(rareReverseOutput))
	}
	return append(dst, r)
}
