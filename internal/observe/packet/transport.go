package packet

import (
	"encoding/binary"

	"downpour"
)

// The sizes of transport headers without options, in bytes, and how many bytes
// of one the ports take.
const (
	tcpSize   = 20
	udpSize   = 8
	icmpSize  = 8
	portsSize = 4
)

// Protocols that bear ports as TCP does but are otherwise only counted (IANA).
const (
	protocolDCCP    = 33
	protocolUDPLite = 136
)

// decodeTransport reads what an IP packet carries into f, whose protocol is set:
// b is what was captured of length bytes.
func decodeTransport(b []byte, length int, f *downpour.Flow) finding {
	switch f.Protocol {
	case downpour.ProtocolTCP:
		return decodeTCP(b, length, f)
	case downpour.ProtocolUDP:
		return decodeUDP(b, length, f)
	case downpour.ProtocolICMP, downpour.ProtocolICMPv6:
		return decodeICMP(b, length, f)
	case downpour.ProtocolSCTP, protocolDCCP, protocolUDPLite:
		if !decodePorts(b, f) {
			return cut(b, length, transportCut, fine)
		}
	}
	return fine
}

// decodePorts reads the ports if they were captured.
func decodePorts(b []byte, f *downpour.Flow) bool {
	if len(b) < portsSize {
		return false
	}
	f.SourcePort = binary.BigEndian.Uint16(b)
	f.DestinationPort = binary.BigEndian.Uint16(b[2:])
	return true
}

// decodeTCP reads a TCP segment (RFC 9293, 3.1), as far as it was captured.
func decodeTCP(b []byte, length int, f *downpour.Flow) finding {
	if len(b) < tcpSize {
		decodeCutTCP(b, f)
		return cut(b, length, transportCut, fine)
	}
	_ = b[tcpSize-1]
	f.SourcePort = binary.BigEndian.Uint16(b)
	f.DestinationPort = binary.BigEndian.Uint16(b[2:])
	f.Sequence = binary.BigEndian.Uint32(b[4:])
	f.TCPFlags = b[13]
	f.Window = binary.BigEndian.Uint16(b[14:])
	header := int(b[12]>>4) * 4
	if header < tcpSize || header > length && f.Fragment == downpour.NotFragment {
		return tcpOffsetBad
	}
	if len(b) > header {
		f.Mark = markTCP(b[header:])
	}
	return fine
}

// decodeCutTCP reads the fields of a TCP header that are there whole.
func decodeCutTCP(b []byte, f *downpour.Flow) {
	decodePorts(b, f)
	if len(b) >= 8 {
		f.Sequence = binary.BigEndian.Uint32(b[4:])
	}
	if len(b) >= 14 {
		f.TCPFlags = b[13]
	}
	if len(b) >= 16 {
		f.Window = binary.BigEndian.Uint16(b[14:])
	}
}

// markedWithin is the payload in which every mark that we know shows itself; less
// of a longer one, as a short snap length leaves, proves nothing.
const markedWithin = 64

// tellsAtOnce tells the ports to which a question shows itself in its first bytes:
// DNS and QUIC. What does not is something else, however little of it is seen.
func tellsAtOnce(port uint16) bool { return port == 53 || port == 443 }

// decodeUDP reads a UDP datagram (RFC 768), as far as it was captured.
func decodeUDP(b []byte, length int, f *downpour.Flow) finding {
	if len(b) < udpSize {
		decodePorts(b, f)
		return cut(b, length, transportCut, fine)
	}
	decodePorts(b, f)
	said := int(binary.BigEndian.Uint16(b[4:]))
	found := fine
	switch {
	case said == 0: // of a jumbogram (RFC 2675, 4) or left to offload
		said = length
	case said < udpSize || said > length && f.Fragment == downpour.NotFragment:
		said, found = length, udpLengthBad
	}
	if payload := within(b, said)[udpSize:]; len(payload) > 0 {
		f.Mark = markUDP(f.SourcePort, f.DestinationPort, payload)
		if f.Mark == downpour.Unmarked && len(payload) < markedWithin && len(b) < min(said, length) && !tellsAtOnce(f.DestinationPort) {
			f.Mark = downpour.NoPayload // what would tell may be in what was cut
		}
		if f.DestinationPort == vxlanPort && f.Fragment == downpour.NotFragment && isVXLAN(payload) && ownUnderlay(f.Destination) {
			return encapsulated
		}
	}
	return found
}

// decodeICMP reads an ICMP or ICMPv6 message (RFC 792, RFC 4443), and the packet
// that an error quotes.
func decodeICMP(b []byte, length int, f *downpour.Flow) finding {
	if len(b) < 2 {
		return cut(b, length, transportCut, fine)
	}
	f.ICMPType, f.ICMPCode = b[0], b[1]
	if len(b) > icmpSize && quotes(f.Protocol, f.ICMPType) {
		decodeQuoted(b[icmpSize:], f)
	}
	return fine
}

// quotes tells whether a type of message is an error that quotes a packet: of
// ICMP destination unreachable, source quench, redirect, time exceeded and
// parameter problem (RFC 792); of ICMPv6 all below 128 (RFC 4443, 2.1), and
// redirect carries it in an option only.
func quotes(protocol, kind uint8) bool {
	if protocol == downpour.ProtocolICMPv6 {
		return kind > 0 && kind < 128
	}
	switch kind {
	case 3, 4, 5, 11, 12:
		return true
	}
	return false
}

// decodeQuoted reads protocol and ports of the packet that an error quotes. It
// is mostly cut, which is in the nature of it.
func decodeQuoted(b []byte, f *downpour.Flow) {
	switch {
	case len(b) >= ipv4Size && b[0]>>4 == 4:
		f.Quoted = b[9]
		header := int(b[0]&0x0f) * 4
		later := binary.BigEndian.Uint16(b[6:])&0x1fff != 0
		if header >= ipv4Size && len(b) >= header && !later {
			decodeQuotedPorts(b[header:], f)
		}
	case len(b) >= ipv6Size && b[0]>>4 == 6:
		chain := followExtensions(b, ipv6Size, b[6], len(b))
		f.Quoted = chain.protocol
		if chain.reached {
			decodeQuotedPorts(b[chain.at:], f)
		}
	}
}

// decodeQuotedPorts reads the ports of a quoted packet whose protocol has such.
func decodeQuotedPorts(b []byte, f *downpour.Flow) {
	switch f.Quoted {
	case downpour.ProtocolTCP, downpour.ProtocolUDP, downpour.ProtocolSCTP, protocolDCCP, protocolUDPLite:
		decodePorts(b, f)
	}
}
