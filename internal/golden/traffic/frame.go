package traffic

import (
	"encoding/binary"
	"net/netip"

	"downpour"
)

// The sizes of headers without options, in bytes, and the most that a link
// carries (RFC 894).
const (
	ipv4Size = 20
	ipv6Size = 40
	udpSize  = 8
	tcpSize  = 20
	mtu      = 1500
)

// datagram is what an IP packet carries, before it is cut into fragments.
type datagram struct {
	from, to host
	protocol uint8
	body     []byte
	// offset and more make it a fragment by itself (RFC 791, 3.1): offset counts
	// eight bytes.
	offset int
	more   bool
}

// packets writes the datagram as IP packets: one, or fragments where it is
// longer than a link carries.
func (d *datagram) packets(id uint16) [][]byte {
	room := mtu - ipv4Size
	if d.from.address.Is6() {
		room = mtu - ipv6Size
	}
	if len(d.body) <= room {
		return [][]byte{d.packet(id, d.body, d.offset, d.more, d.offset > 0 || d.more)}
	}
	if d.from.address.Is6() {
		room -= 8 // the fragment header
	}
	room &^= 7
	var list [][]byte
	for at := 0; at < len(d.body); at += room {
		end := min(at+room, len(d.body))
		list = append(list, d.packet(id, d.body[at:end], at/8, end < len(d.body), true))
	}
	return list
}

func (d *datagram) packet(id uint16, body []byte, offset int, more, fragment bool) []byte {
	if d.from.address.Is6() {
		return d.packet6(id, body, offset, more, fragment)
	}
	be := binary.BigEndian
	p := make([]byte, ipv4Size, ipv4Size+len(body))
	p[0] = 0x45
	be.PutUint16(p[2:], uint16(ipv4Size+len(body)))
	be.PutUint16(p[4:], id)
	if flags := uint16(offset); more || fragment {
		if more {
			flags |= 0x2000
		}
		be.PutUint16(p[6:], flags)
	} else if d.from.stack != raw {
		be.PutUint16(p[6:], 0x4000) // a kernel sets don't fragment
	}
	p[8], p[9] = d.from.ttl, d.protocol
	from, to := d.from.address.As4(), d.to.address.As4()
	copy(p[12:], from[:])
	copy(p[16:], to[:])
	be.PutUint16(p[10:], ^sum(0, p))
	return append(p, body...)
}

// packet6 writes RFC 8200's header, with a fragment header (4.5) where needed.
func (d *datagram) packet6(id uint16, body []byte, offset int, more, fragment bool) []byte {
	be := binary.BigEndian
	size := ipv6Size
	if fragment {
		size += 8
	}
	p := make([]byte, size, size+len(body))
	p[0] = 0x60
	be.PutUint16(p[4:], uint16(size-ipv6Size+len(body)))
	p[6], p[7] = d.protocol, d.from.ttl
	from, to := d.from.address.As16(), d.to.address.As16()
	copy(p[8:], from[:])
	copy(p[24:], to[:])
	if fragment {
		p[6] = 44
		p[40] = d.protocol
		tail := uint16(offset) << 3
		if more {
			tail |= 1
		}
		be.PutUint16(p[42:], tail)
		be.PutUint32(p[44:], uint32(id))
	}
	return append(p, body...)
}

// sum adds up 16-bit words in ones' complement (RFC 1071), from a sum before.
func sum(before uint32, b []byte) uint16 {
	s := uint64(before)
	for ; len(b) >= 4; b = b[4:] {
		s += uint64(binary.BigEndian.Uint32(b)) // two words at once; carries are folded below
	}
	if len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// pseudo sums the pseudo-header of RFC 9293, 3.1 and RFC 8200, 8.1.
func pseudo(from, to netip.Addr, protocol uint8, length int) uint32 {
	a, b := from.AsSlice(), to.AsSlice()
	return uint32(sum(uint32(sum(uint32(protocol)+uint32(length), a)), b))
}

// udp makes a UDP datagram (RFC 768).
func udp(from, to host, sport, dport uint16, payload []byte) datagram {
	be := binary.BigEndian
	b := make([]byte, udpSize, udpSize+len(payload))
	be.PutUint16(b, sport)
	be.PutUint16(b[2:], dport)
	be.PutUint16(b[4:], uint16(udpSize+len(payload)))
	b = append(b, payload...)
	check := ^sum(pseudo(from.address, to.address, downpour.ProtocolUDP, len(b)), b)
	if check == 0 {
		check = 0xffff
	}
	be.PutUint16(b[6:], check)
	return datagram{from: from, to: to, protocol: downpour.ProtocolUDP, body: b}
}

// segment is a TCP header's fields that vary here.
type segment struct {
	sport, dport  uint16
	sequence, ack uint32
	flags         uint8
	window        uint16
	options       []byte // a multiple of four bytes
	payload       []byte
}

// tcp makes a TCP segment (RFC 9293, 3.1).
func tcp(from, to host, s segment) datagram {
	be := binary.BigEndian
	head := tcpSize + len(s.options)
	b := make([]byte, head, head+len(s.payload))
	be.PutUint16(b, s.sport)
	be.PutUint16(b[2:], s.dport)
	be.PutUint32(b[4:], s.sequence)
	be.PutUint32(b[8:], s.ack)
	b[12], b[13] = uint8(head/4)<<4, s.flags
	be.PutUint16(b[14:], s.window)
	copy(b[20:], s.options)
	b = append(b, s.payload...)
	be.PutUint16(b[16:], ^sum(pseudo(from.address, to.address, downpour.ProtocolTCP, len(b)), b))
	return datagram{from: from, to: to, protocol: downpour.ProtocolTCP, body: b}
}

// icmp makes an ICMP message (RFC 792) or, between IPv6 addresses, an ICMPv6 one
// (RFC 4443): kind and code are given for both.
func icmp(from, to host, kind, code uint8, rest []byte) datagram {
	b := append([]byte{kind, code, 0, 0}, rest...)
	protocol, before := uint8(downpour.ProtocolICMP), uint32(0)
	if from.address.Is6() {
		protocol = downpour.ProtocolICMPv6
		before = pseudo(from.address, to.address, protocol, len(b))
	}
	binary.BigEndian.PutUint16(b[2:], ^sum(before, b))
	return datagram{from: from, to: to, protocol: protocol, body: b}
}

// echo makes an echo request or reply.
func echo(from, to host, reply bool, id, sequence uint16, payload []byte) datagram {
	kind := uint8(8)
	switch {
	case from.address.Is6() && reply:
		kind = 129
	case from.address.Is6():
		kind = 128
	case reply:
		kind = 0
	}
	rest := binary.BigEndian.AppendUint16(nil, id)
	rest = binary.BigEndian.AppendUint16(rest, sequence)
	return icmp(from, to, kind, 0, append(rest, payload...))
}

// unreachable makes the error of a host that a port is closed on. It quotes the
// packet's first bytes, whose ports are given.
func unreachable(from, to host, asked datagram, code uint8) datagram {
	kind, quotes := uint8(3), ipv4Size+udpSize
	if from.address.Is6() {
		kind, code, quotes = 1, 4, 1232
	}
	quoted := asked.packets(0)[0]
	return icmp(from, to, kind, code, append(make([]byte, 4), quoted[:min(len(quoted), quotes)]...))
}
