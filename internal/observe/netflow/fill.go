package netflow

import (
	"encoding/binary"
	"math"

	"downpour"
	"downpour/internal/observe/flow"
)

// lead is how many bytes before a record its memory begins, so that each field
// can be read as the end of a word.
const lead = 8

// decodePlain decodes records of a template that needs nothing beyond fill.
func (d *Decoder) decodePlain(dst []flow.Record, c *context, t *template, b []byte, at, end int) []flow.Record {
	blank := flow.Record{Domain: c.datagram.Domain}
	blank.Sampling = d.sampling(c, t)
	for ; at+t.size <= end; at += t.size {
		dst = append(dst, blank)
		r := &dst[len(dst)-1]
		fill(r, t.ops, b[at-lead:at+t.size], c)
		c.units++
		if r.Source == (downpour.Address{}) && r.Destination == (downpour.Address{}) {
			d.refuse(&c.datagram, flow.NoAddress)
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// fill reads the fields of a record, whose memory begins lead bytes before it.
func fill(r *flow.Record, ops []op, b []byte, c *context) {
	var start, end int64
	for i := range ops {
		o := &ops[i]
		v := binary.BigEndian.Uint64(b[o.end:]) & o.mask
		switch o.kind {
		case doSource16:
			r.Source = downpour.AddressFrom16(b[o.end-lead:])
		case doDestination16:
			r.Destination = downpour.AddressFrom16(b[o.end-lead:])
		case doSource4:
			r.Source = downpour.AddressFrom4(uint32(v))
		case doDestination4:
			r.Destination = downpour.AddressFrom4(uint32(v))
		case doSource4Set:
			if v != 0 {
				r.Source = downpour.AddressFrom4(uint32(v))
			}
		case doDestination4Set:
			if v != 0 {
				r.Destination = downpour.AddressFrom4(uint32(v))
			}
		case doPorts:
			r.SourcePort, r.DestinationPort = uint16(v>>16), uint16(v)
		case doSourcePort:
			r.SourcePort = uint16(v)
		case doDestinationPort:
			r.DestinationPort = uint16(v)
		case doSourcePortElse:
			if r.SourcePort == 0 {
				r.SourcePort = uint16(v)
			}
		case doDestinationPortElse:
			if r.DestinationPort == 0 {
				r.DestinationPort = uint16(v)
			}
		case doProtocol:
			r.Protocol = uint8(v)
		case doBytes:
			r.Bytes = v
		case doBytesElse:
			if r.Bytes == 0 {
				r.Bytes = v
			}
		case doPackets:
			r.Packets = uint32(min(v, math.MaxUint32))
		case doPacketsElse:
			if r.Packets == 0 {
				r.Packets = uint32(min(v, math.MaxUint32))
			}
		case doFlags:
			r.TCPFlags = uint8(v) // of two bytes the upper one is of other bits
		case doTTL:
			r.TTL = uint8(v)
		case doTTLElse:
			if r.TTL == 0 {
				r.TTL = uint8(v)
			}
		case doInput:
			r.Input = uint32(v)
		case doInputElse:
			if r.Input == 0 {
				r.Input = uint32(v)
			}
		case doOutput:
			r.Output = uint32(v)
		case doOutputElse:
			if r.Output == 0 {
				r.Output = uint32(v)
			}
		case doSourceAS:
			r.SourceAS = knownAS(v)
		case doPeerAS:
			r.PeerAS = knownAS(v)
		case doDirection:
			r.Direction = directionOf(v)
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
		case doICMP:
			r.ICMPType, r.ICMPCode = uint8(v>>8), uint8(v)
		case doICMPType:
			r.ICMPType = uint8(v)
		case doICMPCode:
			r.ICMPCode = uint8(v)
		case doSequence:
			r.Sequence = uint32(v)
		case doWindow:
			r.Window = uint16(v)
		case doStartUptime:
			start = sinceUptime(c, uint32(v))
		case doEndUptime:
			end = sinceUptime(c, uint32(v))
		case doStartSeconds:
			start = int64(v) * 1e9
		case doEndSeconds:
			end = int64(v) * 1e9
		case doStartMillis:
			start = int64(v) * 1e6
		case doEndMillis:
			end = int64(v) * 1e6
		case doStartNTP:
			start = fromNTP(v)
		case doEndNTP:
			end = fromNTP(v)
		case doStartDelta:
			start = c.exported - int64(v)*1e3
		case doEndDelta:
			end = c.exported - int64(v)*1e3
		case doBothSeconds:
			start = int64(v) * 1e9
			end = start
		case doBothMillis:
			start = int64(v) * 1e6
			end = start
		case doBothNTP:
			start = fromNTP(v)
			end = start
		case doRare:
			c.rare.keep(o.rare, v)
		case doSectionIP, doSectionEthernet, doSectionLayer2:
			// whoever knows the fields' lengths has decoded them
		}
	}
	if r.Protocol == downpour.ProtocolICMP || r.Protocol == downpour.ProtocolICMPv6 {
		portsToICMP(&r.Flow)
	}
	setTimes(r, c, start, end)
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

// setTimes sets when a record began and how long it went on. What is not told is
// the other; if neither is, it is when the record was exported.
func setTimes(r *flow.Record, c *context, start, end int64) {
	if start <= 0 {
		if start = end; end <= 0 {
			start = c.exported
		}
	}
	r.Time = start
	if lasted := end - start; lasted >= 1e6 {
		r.Duration = uint32(min(uint64(lasted)/1e6, math.MaxUint32))
	}
}

// knownAS reads an AS number; the last one, which is nobody's (RFC 7300), is what
// exporters send for "not known".
func knownAS(v uint64) uint32 {
	if uint32(v) == math.MaxUint32 {
		return 0
	}
	return uint32(v)
}
