package export

import (
	"encoding/binary"

	"downpour"
)

// ends are the two ends of what a packet belongs to.
type ends struct {
	source, destination         downpour.Address
	sourcePort, destinationPort uint16
}

// reversed is the other direction.
func (e ends) reversed() ends {
	return ends{e.destination, e.source, e.destinationPort, e.sourcePort}
}

// packet is an IP packet, as far as it was captured.
type packet struct {
	ends     // ports are set by transport
	protocol uint8
	body     []byte // behind the IP header and its extensions
	missing  int    // how many bytes of the body were not captured
	// Of a fragment (RFC 791, 3.2; RFC 8200, 4.5).
	fragmented, more bool
	id               uint32
	offset           int // of body in the whole, in bytes
}

// maxExtensions bounds the IPv6 extension headers that are followed.
const maxExtensions = 8

// readIP reads the packet that b begins with.
func readIP(b []byte, p *packet) bool {
	if len(b) == 0 {
		return false
	}
	switch b[0] >> 4 {
	case 4:
		return readIPv4(b, p)
	case 6:
		return readIPv6(b, p)
	}
	return false
}

func readIPv4(b []byte, p *packet) bool {
	if len(b) < 20 {
		return false
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // segmentation offload: as long as the frame
		total = len(b)
	}
	if header < 20 || total < header || len(b) < header {
		return false
	}
	place := binary.BigEndian.Uint16(b[6:])
	*p = packet{
		ends:     ends{source: downpour.AddressFrom4(binary.BigEndian.Uint32(b[12:])), destination: downpour.AddressFrom4(binary.BigEndian.Uint32(b[16:]))},
		protocol: b[9], id: uint32(binary.BigEndian.Uint16(b[4:])),
		more: place&0x2000 != 0, offset: int(place&0x1fff) * 8,
	}
	p.fragmented = p.more || p.offset > 0
	p.setBody(b, header, total)
	return true
}

func readIPv6(b []byte, p *packet) bool {
	if len(b) < 40 {
		return false
	}
	total := 40 + int(binary.BigEndian.Uint16(b[4:]))
	if total == 40 {
		total = len(b)
	}
	*p = packet{
		ends:     ends{source: downpour.AddressFrom16(b[8:]), destination: downpour.AddressFrom16(b[24:])},
		protocol: b[6],
	}
	at := 40
	for range maxExtensions {
		switch p.protocol {
		case 0, 43, 60: // hop-by-hop, routing, destination options
			if len(b) < at+8 || p.fragmented {
				return false // behind a fragment header they belong to the whole
			}
			p.protocol, at = b[at], at+8+8*int(b[at+1])
		case 44:
			if len(b) < at+8 || p.fragmented {
				return false
			}
			place := binary.BigEndian.Uint16(b[at+2:])
			p.more, p.offset = place&1 != 0, int(place&^7)
			p.fragmented = p.more || p.offset > 0
			p.id = binary.BigEndian.Uint32(b[at+4:])
			p.protocol, at = b[at], at+8
		default:
			if at > len(b) || at > total {
				return false
			}
			p.setBody(b, at, total)
			return true
		}
	}
	return false
}

// setBody takes what was captured from a place up to the packet's end, without
// the padding of its frame.
func (p *packet) setBody(b []byte, from, total int) {
	p.body = b[from:min(len(b), total)]
	p.missing = max(total-len(b), 0)
}

// readUDP reads the header that the body begins with (RFC 768) and returns the
// payload; cut says that not all of it was captured.
func (p *packet) readUDP() (payload []byte, cut, ok bool) {
	const size = 8
	if len(p.body) < size {
		return nil, p.missing > 0, false
	}
	p.sourcePort, p.destinationPort = binary.BigEndian.Uint16(p.body), binary.BigEndian.Uint16(p.body[2:])
	length := int(binary.BigEndian.Uint16(p.body[4:]))
	if length == 0 { // more than 65,535 bytes, or offload
		length = len(p.body) + p.missing
	}
	if length < size {
		return nil, false, false
	}
	return p.body[size:min(length, len(p.body))], length > len(p.body), true
}

// tcpFlags that matter here (RFC 9293, 3.1).
const (
	tcpSYN = 2
	tcpRST = 4
)

// readTCP reads the header that the body begins with (RFC 9293, 3.1).
func (p *packet) readTCP() (sequence uint32, flags uint8, payload []byte, ok bool) {
	const size = 20
	if len(p.body) < size {
		return 0, 0, nil, false
	}
	header := int(p.body[12]>>4) * 4
	if header < size || header > len(p.body) {
		return 0, 0, nil, false
	}
	p.sourcePort, p.destinationPort = binary.BigEndian.Uint16(p.body), binary.BigEndian.Uint16(p.body[2:])
	return binary.BigEndian.Uint32(p.body[4:]), p.body[13], p.body[header:], true
}
