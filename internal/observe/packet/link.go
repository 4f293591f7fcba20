package packet

import (
	"encoding/binary"

	"downpour"
)

// LinkType is what a capture says its frames begin with
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint32

// The link types that Downpour decodes.
const (
	LinkNull     LinkType = 0 // BSD loopback: address family in the writer's byte order
	LinkEthernet LinkType = 1
	LinkPPP      LinkType = 9   // with or without the HDLC address and control bytes
	LinkRawBSD   LinkType = 12  // raw IP as some BSDs number it
	LinkRawOpen  LinkType = 14  // raw IP as OpenBSD numbers it
	LinkPPPHDLC  LinkType = 50  // PPP in HDLC-like framing (RFC 1662)
	LinkPPPoE    LinkType = 51  // PPP over Ethernet session (RFC 2516)
	LinkRaw      LinkType = 101 // raw IP, version told from its first nibble
	LinkHDLC     LinkType = 104 // Cisco HDLC (RFC 1547, 4.3.1)
	LinkLoop     LinkType = 108 // OpenBSD loopback: address family in network byte order
	LinkCooked   LinkType = 113 // Linux cooked capture v1
	LinkMPLS     LinkType = 219 // a stack of labels
	LinkIPv4     LinkType = 228
	LinkIPv6     LinkType = 229
	LinkCooked2  LinkType = 276 // Linux cooked capture v2
)

// known tells whether frames of the link type can be decoded.
func (l LinkType) known() bool {
	switch l {
	case LinkNull, LinkEthernet, LinkPPP, LinkRawBSD, LinkRawOpen, LinkPPPHDLC, LinkPPPoE, LinkRaw,
		LinkHDLC, LinkLoop, LinkCooked, LinkMPLS, LinkIPv4, LinkIPv6, LinkCooked2:
		return true
	}
	return false
}

// EtherTypes (IANA, IEEE 802 Numbers).
const (
	etherIPv4     = 0x0800
	etherIPv6     = 0x86dd
	etherVLAN     = 0x8100 // IEEE 802.1Q
	etherProvider = 0x88a8 // IEEE 802.1ad
	etherQinQ     = 0x9100 // as QinQ was sent before 802.1ad
	etherMPLS     = 0x8847 // RFC 3032
	etherMPLSUp   = 0x8848 // RFC 5332
	etherPPPoE    = 0x8864 // RFC 2516
	etherLengths  = 0x0600 // below it the field is a length (IEEE 802.3)
)

// PPP protocol numbers (RFC 1332, RFC 5072, RFC 3032).
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
	pppMPLS = 0x0281
)

// The sizes of link headers, in bytes.
const (
	ethernetSize = 14
	tagSize      = 4 // of a VLAN tag or an MPLS label
	llcSize      = 8 // LLC and SNAP (RFC 1042)
	familySize   = 4
	cookedSize   = 16
	cooked2Size  = 20
	hdlcSize     = 4
	pppoeSize    = 6
	controlSize  = 4 // of a pseudowire
)

// maxTags bounds the VLAN tags, MPLS labels and PPPoE headers of a frame that
// are followed; networks use up to four.
const maxTags = 16

// decode reads a frame into f; length is what it had on the wire, in bytes. It
// tells what it found; f is only a flow if that is neither notIP nor undecoded.
func decode(link LinkType, frame []byte, length int, f *downpour.Flow) finding {
	// Nearly all captured frames are this one.
	if link == LinkEthernet && len(frame) >= ethernetSize+ipv4Size &&
		binary.BigEndian.Uint16(frame[12:]) == etherIPv4 {
		if found := decodeIP(frame[ethernetSize:], length-ethernetSize, f); found != encapsulated {
			return found
		}
		return decodeInside(frame[ethernetSize:], length-ethernetSize, false, f)
	}
	at, found := skipLink(link, frame)
	if found == linkCut && len(frame) < length {
		return linkSnapped
	}
	if found != fine {
		return found
	}
	if found = decodeIP(frame[at:], length-at, f); found != encapsulated {
		return found
	}
	return decodeInside(frame[at:], length-at, false, f)
}

// skipLink tells where the IP header of a frame begins.
func skipLink(link LinkType, frame []byte) (int, finding) {
	switch link {
	case LinkEthernet:
		return skipEthernet(frame)
	case LinkRaw, LinkRawBSD, LinkRawOpen, LinkIPv4, LinkIPv6:
		return 0, fine
	case LinkCooked:
		return skipTyped(frame, cookedSize-2, cookedSize)
	case LinkCooked2:
		return skipTyped(frame, 0, cooked2Size)
	case LinkHDLC:
		return skipTyped(frame, hdlcSize-2, hdlcSize)
	case LinkNull, LinkLoop:
		return skipFamily(frame)
	case LinkPPP, LinkPPPHDLC:
		return skipPPP(frame, 0)
	case LinkPPPoE:
		return skipPPP(frame, pppoeSize)
	case LinkMPLS:
		return skipLabels(frame, 0)
	}
	return 0, linkUnknown
}

// skipTyped passes over a header of so many bytes with its EtherType at a place.
func skipTyped(frame []byte, typeAt, size int) (int, finding) {
	if len(frame) < size {
		return 0, linkCut
	}
	return skipTags(frame, binary.BigEndian.Uint16(frame[typeAt:]), size)
}

// skipEthernet passes over an Ethernet header, with LLC and SNAP behind it where
// there is a length in place of a type.
func skipEthernet(frame []byte) (int, finding) {
	if len(frame) < ethernetSize {
		return 0, linkCut
	}
	kind := binary.BigEndian.Uint16(frame[12:])
	if kind >= etherLengths {
		return skipTags(frame, kind, ethernetSize)
	}
	llc := frame[ethernetSize:]
	if len(llc) < llcSize || string(llc[:6]) != "\xaa\xaa\x03\x00\x00\x00" {
		return 0, notIP
	}
	return skipTags(frame, binary.BigEndian.Uint16(llc[6:]), ethernetSize+llcSize)
}

// skipTags passes over what may stand between an EtherType, whose content begins
// at a place, and IP.
func skipTags(frame []byte, kind uint16, at int) (int, finding) {
	kind, at, found := skipVLANs(frame, kind, at)
	if found != fine {
		return 0, found
	}
	switch kind {
	case etherIPv4, etherIPv6:
		return at, fine
	case etherMPLS, etherMPLSUp:
		return skipLabels(frame, at)
	case etherPPPoE:
		return skipPPP(frame, at+pppoeSize)
	}
	return 0, notIP
}

// skipVLANs passes over VLAN tags; it returns the EtherType behind them and where
// its content begins.
func skipVLANs(frame []byte, kind uint16, at int) (behind uint16, begins int, found finding) {
	for range maxTags {
		switch kind {
		case etherVLAN, etherProvider, etherQinQ:
		default:
			return kind, at, fine
		}
		if len(frame) < at+tagSize {
			return 0, 0, linkCut
		}
		kind = binary.BigEndian.Uint16(frame[at+2:])
		at += tagSize
	}
	return 0, 0, notIP
}

// skipLabels passes over an MPLS label stack (RFC 3032, 2.1); what it carries is
// not said, so that the first nibble has to (RFC 4928): IP, or an Ethernet frame
// behind a control word (RFC 4448, 4.6).
func skipLabels(frame []byte, at int) (int, finding) {
	for range maxTags {
		if len(frame) < at+tagSize+1 {
			return 0, linkCut
		}
		bottom := frame[at+2]&1 == 1
		at += tagSize
		if !bottom {
			continue
		}
		switch frame[at] >> 4 {
		case 4, 6:
			return at, fine
		case 0:
			return skipPseudowire(frame, at)
		}
		return 0, notIP
	}
	return 0, notIP
}

// skipPseudowire passes over a control word and the header of the Ethernet frame
// behind it, which must bear IP: that there is a frame is but a guess.
func skipPseudowire(frame []byte, at int) (int, finding) {
	at += controlSize
	if len(frame) < at+ethernetSize {
		return 0, notIP
	}
	kind, at, found := skipVLANs(frame, binary.BigEndian.Uint16(frame[at+12:]), at+ethernetSize)
	if found != fine || kind != etherIPv4 && kind != etherIPv6 {
		return 0, notIP
	}
	return at, fine
}

// skipFamily passes over the address family of a loopback interface. Its byte
// order may be the writer's, but only the lowest byte is ever used.
func skipFamily(frame []byte) (int, finding) {
	if len(frame) < familySize {
		return 0, linkCut
	}
	family := binary.BigEndian.Uint32(frame)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(frame)
	}
	switch family {
	case 2, 10, 24, 28, 30: // AF_INET; AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, Darwin
		return familySize, fine
	}
	return 0, notIP
}

// skipPPP passes over PPP's protocol field (RFC 1661, 2 and 6.5), which may be
// compressed to a byte, and HDLC's address and control bytes before it.
func skipPPP(frame []byte, at int) (int, finding) {
	if len(frame) < at+2 {
		return 0, linkCut
	}
	if frame[at] == 0xff && frame[at+1] == 0x03 {
		at += 2
	}
	if len(frame) < at+2 {
		return 0, linkCut
	}
	protocol, size := int(frame[at]), 1
	if protocol&1 == 0 { // an odd byte is the last
		protocol, size = protocol<<8|int(frame[at+1]), 2
	}
	switch protocol {
	case pppIPv4, pppIPv6:
		return at + size, fine
	case pppMPLS:
		return skipLabels(frame, at+size)
	}
	return 0, notIP
}
