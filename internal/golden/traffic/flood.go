package traffic

import (
	"encoding/binary"
	"math/rand/v2"

	"downpour"
)

// TCP's flags, short.
const (
	fin = downpour.FIN
	syn = downpour.SYN
	rst = downpour.RST
	psh = downpour.PSH
	ack = downpour.ACK
	urg = downpour.URG
)

// noise is bytes without a meaning.
func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, (n+7)&^7)
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return b[:n]
}

// sizeOr is the stream's payload size, or the kind's own.
func (s *Stream) sizeOr(own int) int {
	if s.Size > 0 {
		return s.Size
	}
	return own
}

// dport is the stream's destination port, or a random one.
func (s *Stream) dport(r *rand.Rand) uint16 {
	if s.Port != 0 {
		return s.Port
	}
	return uint16(1 + r.IntN(65535))
}

// synOptions are those of a client's SYN (RFC 9293, 3.7.1; RFC 2018; RFC 7323).
func synOptions(h host, r *rand.Rand) []byte {
	if h.stack == windows {
		return []byte{2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2}
	}
	b := []byte{2, 4, 5, 0xb4, 4, 2, 8, 10}
	b = binary.BigEndian.AppendUint32(b, r.Uint32())
	return append(b, 0, 0, 0, 0, 1, 3, 3, 7)
}

func craftSYN(m *maker, s *Stream, from, to host) []datagram {
	seg := segment{sport: uint16(1024 + m.r.IntN(64512)), dport: s.dport(m.r), sequence: m.r.Uint32(), flags: syn, window: 65535}
	if s.Senders == Botnet {
		kernel := from
		kernel.stack = stack(1 + int(from.ttl)%2)
		seg.options = synOptions(kernel, m.r)
		seg.window = [...]uint16{64240, 29200, 65535, 8192}[int(from.ttl)%4]
	}
	return []datagram{tcp(from, to, seg)}
}

// flags makes segments with a set of flags and, asked for, a payload.
func flags(set uint8) craft {
	return func(m *maker, s *Stream, from, to host) []datagram {
		seg := segment{
			sport: uint16(1024 + m.r.IntN(64512)), dport: s.dport(m.r),
			sequence: m.r.Uint32(), flags: set, window: uint16(m.r.Uint32()),
		}
		if set&ack != 0 {
			seg.ack = m.r.Uint32()
		}
		if s.Size > 0 {
			seg.payload = noise(m.r, s.Size)
		}
		return []datagram{tcp(from, to, seg)}
	}
}

// craftMixedTCP draws any flags, none of them more than others.
func craftMixedTCP(m *maker, s *Stream, from, to host) []datagram {
	return flags(uint8(m.r.IntN(64)))(m, s, from, to)
}

func craftUDP(m *maker, s *Stream, from, to host) []datagram {
	// Bots send from one socket each, programs from any port.
	sport := uint16(1024 + m.r.IntN(64512))
	if s.Senders == Botnet || s.Senders == Single {
		b := from.address.AsSlice()
		sport = 32768 + binary.BigEndian.Uint16(b[len(b)-2:])%28000
	}
	return []datagram{udp(from, to, sport, s.dport(m.r), noise(m.r, s.sizeOr(512)))}
}

// craftFragment makes fragments of packets that never come whole.
func craftFragment(protocol uint8) craft {
	return func(m *maker, s *Stream, from, to host) []datagram {
		return []datagram{{
			from: from, to: to, protocol: protocol, body: noise(m.r, s.sizeOr(1024)&^7),
			offset: 1 + m.r.IntN(4000), more: m.r.IntN(2) == 0,
		}}
	}
}

func craftEcho(m *maker, s *Stream, from, to host) []datagram {
	return []datagram{echo(from, to, false, uint16(m.r.Uint32()), uint16(m.r.Uint32()), noise(m.r, s.sizeOr(56)))}
}

// craftUnreachable makes what a host that is being attacked in the target's name
// sends back (and what BlackNurse floods look like).
func craftUnreachable(m *maker, _ *Stream, from, to host) []datagram {
	asked := to
	asked.ttl = 50
	return []datagram{unreachable(from, to, udp(asked, from, to.port(m.r), 1+uint16(m.r.IntN(65000)), noise(m.r, 32)), 3)}
}

// craftGRE makes what IoT bots send: GRE (RFC 2784) around IPv4 and UDP.
func craftGRE(m *maker, s *Stream, from, to host) []datagram {
	inner := udp(host{address: addr4(m.r.Uint32()), ttl: 64}, host{address: addr4(m.r.Uint32())},
		uint16(m.r.Uint32()), uint16(m.r.Uint32()), noise(m.r, s.sizeOr(512)))
	body := append([]byte{0, 0, 0x08, 0}, inner.packets(1)[0]...)
	return []datagram{{from: from, to: to, protocol: downpour.ProtocolGRE, body: body}}
}

// craftESP makes RFC 4303's header and ciphertext.
func craftESP(m *maker, s *Stream, from, to host) []datagram {
	return []datagram{{from: from, to: to, protocol: downpour.ProtocolESP, body: noise(m.r, s.sizeOr(400))}}
}

// craftProtocol makes packets of a protocol that nobody there speaks (the
// stream's port is its number).
func craftProtocol(m *maker, s *Stream, from, to host) []datagram {
	protocol := uint8(s.Port)
	if protocol == 0 {
		protocol = 253 // for experiments, RFC 3692
	}
	return []datagram{{from: from, to: to, protocol: protocol, body: noise(m.r, s.sizeOr(256))}}
}

func craftDNSQuery(m *maker, _ *Stream, from, to host) []datagram {
	name := make([]byte, 8+m.r.IntN(8))
	for i := range name {
		name[i] = 'a' + byte(m.r.IntN(26))
	}
	return []datagram{udp(from, to, from.port(m.r), 53, dnsQuery(m.r, string(name)+".example.com", 1))}
}

// craftQUIC makes Initial packets (RFC 9000, 17.2.2; 1200 bytes by 14.1).
func craftQUIC(m *maker, s *Stream, from, to host) []datagram {
	return []datagram{udp(from, to, from.port(m.r), 443, quicInitial(m.r, s.sizeOr(1200)))}
}

func quicInitial(r *rand.Rand, size int) []byte {
	p := []byte{0xc0 | byte(r.IntN(4)), 0, 0, 0, 1, 8}
	p = append(p, noise(r, 8)...)
	p = append(p, 0, 0, 0x44, 0x9e) // no source ID, no token, length 1182
	return append(p, noise(r, max(0, size-len(p)))...)
}

// craftSYNACK makes what a server answers a forged SYN with.
func craftSYNACK(m *maker, s *Stream, from, to host) []datagram {
	sport := [...]uint16{80, 443, 443, 22, 179, 25}[int(from.address.As16()[14])%6]
	return []datagram{tcp(from, to, segment{
		sport: sport, dport: s.dport(m.r), sequence: m.r.Uint32(), ack: m.r.Uint32(), flags: syn | ack,
		window: 65160, options: synOptions(from, m.r),
	})}
}

// craftMiddlebox makes a censor's block page for a forged request (Bock et al.,
// USENIX Security 2021), with the reset that follows.
func craftMiddlebox(m *maker, s *Stream, from, to host) []datagram {
	page := "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><head><title>Blocked</title></head><body>"
	seg := segment{sport: 80, dport: s.dport(m.r), sequence: m.r.Uint32(), ack: m.r.Uint32(), flags: psh | ack, window: 229}
	seg.payload = append([]byte(page), make([]byte, s.sizeOr(600))...)
	for i := len(page); i < len(seg.payload); i++ {
		seg.payload[i] = 'x'
	}
	return []datagram{tcp(from, to, seg)}
}
