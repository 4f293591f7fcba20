package sflow

import (
	"encoding/binary"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/packet"
)

// Ranks of what may tell a packet's addresses; the higher one is believed.
const (
	nothing   = iota
	ipRecord  // the fields of an IPv4 or IPv6 record
	rawHeader // the first bytes of the packet
)

// decodeRecords reads the records of a flow sample into r and tells whether there
// were addresses among them. What is wrong is counted; what is well counts.
func (d *Decoder) decodeRecords(s *sample, r *flow.Record) bool {
	rank, damaged := nothing, false
	var near neighbours
	list := cursor{s.records}
	for range s.count {
		format, body, ok := list.next()
		if !ok {
			d.stats.Refused[flow.ShortMessage]++
			return d.settle(rank, true, near, r)
		}
		reason := flow.OK
		switch format {
		case recordHeader:
			if rank == rawHeader {
				continue
			}
			if reason = d.decodeRaw(body, &r.Flow); reason == flow.OK {
				rank = rawHeader
			}
		case recordIPv4, recordIPv6:
			if rank != nothing {
				continue
			}
			if reason = readIP(format, body, &r.Flow); reason == flow.OK {
				rank = ipRecord
			}
		case recordGateway:
			reason = near.read(body)
		}
		if reason == flow.BadRecord {
			d.stats.Refused[flow.BadRecord]++
			damaged = true
		}
	}
	return d.settle(rank, damaged, near, r)
}

// settle completes r from what its sample's records told.
func (d *Decoder) settle(rank int, damaged bool, near neighbours, r *flow.Record) bool {
	r.PeerAS, r.SourceAS = near.peer, near.source
	if rank == nothing && !damaged {
		d.stats.Refused[flow.NoAddress]++
	}
	return rank != nothing
}

// decodeRaw reads a raw packet header (section "sampled_header") into f.
func (d *Decoder) decodeRaw(body []byte, f *downpour.Flow) flow.Reason {
	raw := &d.raw
	if !raw.read(body) {
		return flow.BadRecord
	}
	link, ok := raw.link()
	sent := raw.sent()
	if !ok || !d.config.Headers.DecodeFrame(link, raw.bytes, sent, f) {
		return flow.NoAddress
	}
	f.Bytes = uint64(max(int(raw.length), sent))
	return flow.OK
}

// raw is a raw packet header.
type raw struct {
	protocol uint32
	length   uint32 // of the frame as it was sent, in bytes
	stripped uint32 // bytes of it taken off before the header, or off its end
	bytes    []byte
}

// read reads a raw packet header, whose lengths must be possible.
func (r *raw) read(body []byte) bool {
	if len(body) < rawHeaderSize {
		return false
	}
	r.protocol = binary.BigEndian.Uint32(body)
	r.length = binary.BigEndian.Uint32(body[4:])
	r.stripped = binary.BigEndian.Uint32(body[8:])
	held := binary.BigEndian.Uint32(body[12:])
	body = body[rawHeaderSize:]
	if uint64(held) > uint64(len(body)) || r.length > maxFrame {
		return false
	}
	r.bytes = body[:held]
	return true
}

// sent is how many bytes were on the wire from the header's beginning on.
func (r *raw) sent() int { return max(int(r.length)-int(r.stripped), len(r.bytes)) }

// link is what the header begins with; false if we don't decode such.
func (r *raw) link() (packet.LinkType, bool) {
	switch r.protocol {
	case headerEthernet:
		return packet.LinkEthernet, true
	case headerIPv4:
		return packet.LinkIPv4, true
	case headerIPv6:
		return packet.LinkIPv6, true
	case headerPPP:
		return packet.LinkPPP, true
	case headerMPLS:
		return packet.LinkMPLS, true
	case headerPOS:
		// Cisco HDLC begins with its unicast or broadcast address, PPP with 0xff.
		if len(r.bytes) > 1 && (r.bytes[0] == 0x0f || r.bytes[0] == 0x8f) && r.bytes[1] == 0 {
			return packet.LinkHDLC, true
		}
		return packet.LinkPPPHDLC, true
	}
	return 0, false
}

// readIP reads an IPv4 or IPv6 record (sections "sampled_ipv4", "sampled_ipv6"):
// a packet that the agent took apart itself.
func readIP(format uint32, body []byte, f *downpour.Flow) flow.Reason {
	size, width := sampledIPv4Size, 4
	if format == recordIPv6 {
		size, width = sampledIPv6Size, 16
	}
	if len(body) < size || binary.BigEndian.Uint32(body) > maxFrame {
		return flow.BadRecord
	}
	*f = downpour.Flow{Packets: 1, Sampling: 1}
	f.Bytes = uint64(binary.BigEndian.Uint32(body))
	f.Protocol = uint8(binary.BigEndian.Uint32(body[word:]))
	addresses := body[2*word:]
	if width == 4 {
		f.Source = downpour.AddressFrom4(binary.BigEndian.Uint32(addresses))
		f.Destination = downpour.AddressFrom4(binary.BigEndian.Uint32(addresses[width:]))
	} else {
		f.Source = downpour.AddressFrom16(addresses)
		f.Destination = downpour.AddressFrom16(addresses[width:])
	}
	readPorts(addresses[2*width:], f)
	return flow.OK
}

// readPorts reads what both IP records have behind the addresses. For ICMP the
// ports say nothing that agents agree on.
func readPorts(b []byte, f *downpour.Flow) {
	switch f.Protocol {
	case downpour.ProtocolICMP, downpour.ProtocolICMPv6:
		return
	case downpour.ProtocolTCP:
		f.TCPFlags = uint8(binary.BigEndian.Uint32(b[2*word:]))
	}
	f.SourcePort = uint16(binary.BigEndian.Uint32(b))
	f.DestinationPort = uint16(binary.BigEndian.Uint32(b[word:]))
}

// neighbours are the AS numbers of an extended gateway record that tell whence a
// packet came.
type neighbours struct {
	source uint32 // its origin
	peer   uint32 // who handed it over
}

// read reads an extended gateway record (section "extended_gateway"), as far as
// the source's numbers go: a next hop, our own AS, the source's, its peer's.
func (n *neighbours) read(body []byte) flow.Reason {
	if len(body) < word {
		return flow.BadRecord
	}
	size := addressSize(binary.BigEndian.Uint32(body))
	if size < 0 || len(body) < size+4*word {
		return flow.BadRecord
	}
	body = body[word+size:]
	n.source = binary.BigEndian.Uint32(body[word:])
	n.peer = binary.BigEndian.Uint32(body[2*word:])
	return flow.OK
}
