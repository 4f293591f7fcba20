package packet

import (
	"encoding/binary"

	"downpour"
)

// Tunnel is how a packet carries another.
type Tunnel uint8

// The tunnels that are seen through.
const (
	NoTunnel Tunnel = iota
	IPInIP          // RFC 2003, RFC 4213 (6in4), RFC 2473
	GRE             // RFC 2784, RFC 2890; with PPP RFC 2637; ERSPAN
	VXLAN           // RFC 7348
)

// String names a tunnel for people.
func (t Tunnel) String() string {
	return [...]string{"none", "IP in IP", "GRE", "VXLAN"}[t]
}

// maxTunnels bounds the tunnels within each other that are followed.
const maxTunnels = 4

// vxlanPort is IANA's for VXLAN.
const vxlanPort = 4789

// vxlanSize is the size of a VXLAN header, in bytes.
const vxlanSize = 8

// What GRE carries, besides IP and MPLS, by EtherType.
const (
	etherBridged = 0x6558 // Ethernet, RFC 1701
	etherPPP     = 0x880b // RFC 2637
	etherSPAN    = 0x88be // Cisco's mirrored Ethernet, of ERSPAN types I and II
)

// Flags of a GRE header's first two bytes (RFC 2784, RFC 2890, RFC 2637).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000 // RFC 1701, long out of use
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080
	greVersion  = 0x0007
)

// carried is what a packet carries in a tunnel.
type carried struct {
	tunnel  Tunnel
	link    LinkType // what frame begins with
	frame   []byte   // what was captured of it
	length  int      // what was on the wire of it
	network uint32   // VXLAN's network identifier, GRE's key; 0 if none
}

// inside finds what the IP packet b carries; length is what was on the wire from
// its header on. The tunnel is NoTunnel if that is no further packet that we know.
func inside(b []byte, length int) carried {
	protocol, at, ok := payloadOf(b, length)
	if !ok {
		return carried{}
	}
	c := carried{frame: b[at:], length: max(length-at, len(b)-at)}
	switch protocol {
	case downpour.ProtocolIPIP:
		c.tunnel, c.link = IPInIP, LinkIPv4
	case downpour.ProtocolIPv6:
		c.tunnel, c.link = IPInIP, LinkIPv6
	case downpour.ProtocolGRE:
		c.openGRE()
	case downpour.ProtocolUDP:
		if len(c.frame) > udpSize && binary.BigEndian.Uint16(c.frame[2:]) == vxlanPort {
			c.openVXLAN()
		}
	}
	return c
}

// payloadOf tells the protocol of an IP packet's payload and where it begins; not
// ok if it isn't there.
func payloadOf(b []byte, length int) (protocol uint8, at int, ok bool) {
	switch {
	case len(b) >= ipv4Size && b[0]>>4 == 4:
		at = int(b[0]&0x0f) * 4
		later := binary.BigEndian.Uint16(b[6:])&0x1fff != 0
		return b[9], at, at >= ipv4Size && len(b) > at && !later
	case len(b) >= ipv6Size && b[0]>>4 == 6:
		chain := followExtensions(b, ipv6Size, b[6], length)
		return chain.protocol, chain.at, chain.reached && len(b) > chain.at
	}
	return 0, 0, false
}

// take passes over n bytes; what is left may be none.
func (c *carried) take(n int) {
	n = min(n, len(c.frame))
	c.frame, c.length = c.frame[n:], c.length-n
}

// openGRE reads a GRE header.
func (c *carried) openGRE() {
	if len(c.frame) < 4 {
		return
	}
	flags, kind := binary.BigEndian.Uint16(c.frame), binary.BigEndian.Uint16(c.frame[2:])
	size := 4
	if flags&greChecksum != 0 {
		size += 4
	}
	if flags&greKey != 0 {
		if len(c.frame) >= size+4 {
			c.network = binary.BigEndian.Uint32(c.frame[size:])
		}
		size += 4
	}
	if flags&greSequence != 0 {
		size += 4
	}
	if flags&greAck != 0 {
		size += 4
	}
	link, ok := greLink(kind, flags)
	if kind == etherSPAN && flags&greSequence != 0 {
		size += 8 // type II has a header of its own, type I has neither that nor a sequence
	}
	if !ok || flags&greRouting != 0 || len(c.frame) <= size {
		return
	}
	c.take(size)
	c.tunnel, c.link = GRE, link
}

// greLink tells what a GRE packet carries.
func greLink(kind, flags uint16) (LinkType, bool) {
	if flags&greVersion == 1 {
		return LinkPPP, kind == etherPPP
	}
	if flags&(greVersion|greAck) != 0 {
		return 0, false
	}
	switch kind {
	case etherIPv4:
		return LinkIPv4, true
	case etherIPv6:
		return LinkIPv6, true
	case etherBridged, etherSPAN:
		return LinkEthernet, true
	case etherMPLS, etherMPLSUp:
		return LinkMPLS, true
	}
	return 0, false
}

// openVXLAN reads a UDP datagram's VXLAN header.
func (c *carried) openVXLAN() {
	payload := c.frame[udpSize:]
	if !isVXLAN(payload) {
		return
	}
	c.network = binary.BigEndian.Uint32(payload[4:]) >> 8
	c.take(udpSize + vxlanSize)
	c.tunnel, c.link = VXLAN, LinkEthernet
}

// isVXLAN tells whether a UDP payload begins with a VXLAN header: only the flag
// of a valid network identifier, all that is reserved zero (RFC 7348, 5).
func isVXLAN(p []byte) bool {
	return len(p) > vxlanSize && binary.BigEndian.Uint32(p) == 0x08000000 && p[7] == 0
}

// decodeInside reads the packet that the IP packet b carries into f, the
// innermost one if any is set, else through VXLAN of the operator's own only. f
// stays as it is, the outer packet, if there is none or its addresses can't be
// told: then the tunnel is fine by itself.
func decodeInside(b []byte, length int, every bool, f *downpour.Flow) finding {
	found := fine
	for range maxTunnels {
		c := inside(b, length)
		if c.tunnel == NoTunnel {
			return found
		}
		at, skipped := skipLink(c.link, c.frame)
		if skipped != fine {
			return found
		}
		b, length = c.frame[at:], c.length-at
		var inner downpour.Flow
		deeper := decodeIP(b, length, &inner)
		if deeper == notIP || deeper.undecoded() {
			return found
		}
		*f, found = inner, deeper
		if deeper == encapsulated {
			found = fine
		} else if !every {
			return found
		}
	}
	return found
}

// ownUnderlay tells whether a tunnel's end is an address that nobody reaches from
// outside (IANA's special-purpose registries, and groups): then the tunnel is the
// operator's own. Through others VXLAN is not looked as a matter of course, since
// a flood of such packets would then seem to go where their content says.
func ownUnderlay(a downpour.Address) bool {
	if a.Is4() {
		return ownUnderlay4(a.V4())
	}
	switch {
	case a.Hi>>57 == 0xfc>>1, a.Hi>>54 == 0xfe80>>6, a.Hi>>56 == 0xff:
		return true // unique local, link local, multicast
	case a.Hi>>32 == 0x20010db8:
		return true // documentation
	}
	return a == downpour.Address{Lo: 1}
}

func ownUnderlay4(v uint32) bool {
	switch v >> 24 {
	case 10, 127:
		return true
	case 100:
		return v>>22 == 100<<2|1 // 100.64.0.0/10, shared
	case 169:
		return v>>16 == 169<<8|254
	case 172:
		return v>>20 == 172<<4|1
	case 192:
		return v>>16 == 192<<8|168 || v>>8 == 192<<16 || v>>8 == 192<<16|2
	case 198:
		return v>>17 == (198<<8|18)>>1 || v>>8 == 198<<16|51<<8|100
	case 203:
		return v>>8 == 203<<16|113
	}
	return v>>28 >= 0xe // multicast, reserved
}
