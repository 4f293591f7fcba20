package netflow

import (
	"math"

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

// decodeAlone decodes records one by one. What is left at the end and too short
// for a record is padding.
func (d *Decoder) decodeAlone(dst []flow.Record, c *context, t *template, b []byte, at, end int) []flow.Record {
	for at+t.size <= end {
		size, ok := d.measure(t, b[at:end])
		if !ok {
			d.refuseTail(c, b[at:end])
			return dst
		}
		dst = d.decodeRecord(dst, c, t, b[at-lead:at+size])
		at += size
	}
	return dst
}

// measure finds where the fields of the record that b begins with lie, counted
// from lead bytes before it.
func (d *Decoder) measure(t *template, b []byte) (size int, ok bool) {
	d.spans = d.spans[:0]
	at := 0
	for _, f := range t.fields {
		length := int(f.length)
		if f.length == anyLength {
			told, bytes, ok := variableLength(b[min(at, len(b)):])
			if !ok {
				return 0, false
			}
			at, length = at+bytes, told
		}
		d.spans = append(d.spans, span{lead + at, lead + at + length})
		at += length
	}
	return at, at <= len(b)
}

// located gives operations the places of the fields in the record measured last;
// those whose fields can't have the length they have are left out.
func (d *Decoder) located(ops []op) []op {
	d.scratch = d.scratch[:0]
	for _, o := range ops {
		s := d.spans[o.at]
		if length := s.end - s.start; length > 0 && length < anyLength && fits(o.kind, uint16(length)) {
			o.mask, o.end, o.anchor = maskOf(length), uint16(s.end-lead), 0
			d.scratch = append(d.scratch, o)
		}
	}
	return d.scratch
}

func allZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// decodeRecord decodes the record measured last: one with packets' headers, of
// two directions, or to be shown.
func (d *Decoder) decodeRecord(dst []flow.Record, c *context, t *template, b []byte) []flow.Record {
	c.units++
	c.rare.told = 0
	d.bases[0] = 0
	before := len(dst)
	dst = append(dst, flow.Record{})
	r := &dst[before]
	size := 0
	if t.sections {
		size = d.decodeSections(r, t, b)
	}
	r.Domain, r.Sampling = c.datagram.Domain, d.sampling(c, t)
	d.fill(dst[before:], d.located(t.ops), b, c)
	d.sample(dst[before:], c, t, b)
	addressed := complete(r, c, t)
	if size > 0 {
		standForPacket(r, size)
	}
	if !t.timed {
		fillTimes(r, c, t)
	}
	switch {
	case !addressed:
		d.refuse(&c.datagram, flow.NoAddress)
		dst = dst[:before]
	case t.biflow:
		dst = appendReverse(dst, &c.rare)
	}
	if d.walk != nil {
		d.show(c, dst[before:], t.id, d.fieldsOf(c, t, b))
	}
	return dst
}

// sample sets the sampling of the record measured last.
func (d *Decoder) sample(rs []flow.Record, c *context, t *template, b []byte) {
	if d.config.Sampling > 0 {
		return
	}
	if d.rates.byInterface {
		sampleByInterface(rs, c, t)
	}
	d.fill(rs, d.located(t.samplers), b, c)
	if n := c.rare.rate(); n > 0 {
		rs[0].Sampling = n
	}
}

// fillTimes sets the times of a record that does not tell both when it began and
// when it ended.
func fillTimes(r *flow.Record, c *context, t *template) {
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
		r.Duration = saturate(lasted)
		if !t.starts {
			r.Time -= int64(r.Duration) * 1e6
		}
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
