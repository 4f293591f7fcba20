package packet

import (
	"encoding/binary"

	"downpour"
)

// The sizes of IP headers without options, in bytes (RFC 791, RFC 8200).
const (
	ipv4Size     = 20
	ipv6Size     = 40
	fragmentSize = 8
)

// IPv6 extension headers that are passed over (IANA, IPv6 Extension Header
// Types). AH and ESP are counted as what they are.
const (
	extensionHopByHop    = 0
	extensionRouting     = 43
	extensionFragment    = 44
	extensionDestination = 60
	extensionMobility    = 135
	extensionHIP         = 139
	extensionShim6       = 140
)

// maxExtensions bounds the extension headers of a packet that are followed. RFC
// 8200, 4.1 knows an order of seven; hardware gives up long before.
const maxExtensions = 16

// decodeIP reads the packet b into f; length is what was on the wire from the IP
// header on, in bytes.
func decodeIP(b []byte, length int, f *downpour.Flow) finding {
	if len(b) == 0 {
		return cut(b, length, headerCut, headerSnapped)
	}
	switch b[0] >> 4 {
	case 4:
		return decodeIPv4(b, length, f)
	case 6:
		return decodeIPv6(b, length, f)
	}
	return versionBad
}

// cut chooses between two findings for a packet that ends too early: it was
// short on the wire, or only its capture was.
func cut(b []byte, length int, short, snapped finding) finding {
	if len(b) < length {
		return snapped
	}
	return short
}

// decodeIPv4 reads an IPv4 packet (RFC 791, 3.1).
func decodeIPv4(b []byte, length int, f *downpour.Flow) finding {
	if len(b) < ipv4Size {
		return cut(b, length, headerCut, headerSnapped)
	}
	header := int(b[0]&0x0f) * 4
	if header < ipv4Size {
		return headerLengthBad
	}
	total, found := total(int(binary.BigEndian.Uint16(b[2:])), header, length)
	// Field by field: a literal would be built elsewhere and copied.
	*f = downpour.Flow{}
	f.Source = downpour.AddressFrom4(binary.BigEndian.Uint32(b[12:]))
	f.Destination = downpour.AddressFrom4(binary.BigEndian.Uint32(b[16:]))
	f.Packets, f.Sampling = 1, 1
	f.TTL, f.Protocol = b[8], b[9]
	f.IPID = binary.BigEndian.Uint16(b[4:])
	place := binary.BigEndian.Uint16(b[6:])
	f.Fragment = fragment(place&0x1fff != 0, place&0x2000 != 0)
	if f.Fragment == downpour.LaterFragment {
		return found
	}
	if len(b) < header {
		return either(found, cut(b, length, transportCut, fine))
	}
	return either(found, decodeTransport(within(b, total)[header:], total-header, f))
}

// total is an IP packet's length: its own word for it, unless that is 0, as
// segmentation offload leaves it, or impossible; then what the frame holds. A
// length beyond the frame stands: some tools rewrite a cut frame's length.
func total(said, header, length int) (int, finding) {
	switch {
	case said == 0:
		return max(length, header), fine
	case said < header:
		return max(length, header), totalShort
	case said > length:
		return said, totalLong
	}
	return said, fine
}

// within is the captured part of a packet without the padding of its frame.
func within(b []byte, total int) []byte { return b[:min(len(b), total)] }

// fragment tells the kind of fragment from whether it has an offset and whether
// more follow.
func fragment(offset, more bool) downpour.Fragment {
	switch {
	case offset:
		return downpour.LaterFragment
	case more:
		return downpour.FirstFragment
	}
	return downpour.NotFragment
}

// either is the first finding that is one.
func either(a, b finding) finding {
	if a != fine {
		return a
	}
	return b
}

// decodeIPv6 reads an IPv6 packet (RFC 8200, 3).
func decodeIPv6(b []byte, length int, f *downpour.Flow) finding {
	if len(b) < ipv6Size {
		return cut(b, length, headerCut, headerSnapped)
	}
	payload := int(binary.BigEndian.Uint16(b[4:]))
	if payload != 0 { // else a jumbogram (RFC 2675) or segmentation offload
		payload += ipv6Size
	}
	total, found := total(payload, ipv6Size, length)
	*f = downpour.Flow{
		Source:      downpour.AddressFrom16(b[8:]),
		Destination: downpour.AddressFrom16(b[24:]),
		Packets:     1,
		Sampling:    1,
		TTL:         b[7],
	}
	b = within(b, total)
	chain := followExtensions(b, ipv6Size, b[6], total)
	f.Protocol, f.Fragment, f.IPID = chain.protocol, chain.fragment, chain.id
	if !chain.reached {
		return either(found, chain.found)
	}
	return either(found, decodeTransport(b[chain.at:], total-chain.at, f))
}

// extensions is what a chain of IPv6 extension headers comes to.
type extensions struct {
	protocol uint8 // the first header that is none of them, or the last one seen
	at       int   // where its content begins
	reached  bool  // the content was captured and belongs to this packet's protocol
	fragment downpour.Fragment
	id       uint16 // lower half of the fragment's identification
	found    finding
}

// followExtensions walks the chain (RFC 8200, 4) that begins in b at a place; b
// is what was captured of total bytes.
func followExtensions(b []byte, at int, next uint8, total int) extensions {
	x := extensions{protocol: next, at: at}
	for range maxExtensions {
		switch x.protocol {
		case extensionHopByHop, extensionRouting, extensionDestination,
			extensionMobility, extensionHIP, extensionShim6, extensionFragment:
		default:
			if x.reached = len(b) >= x.at; !x.reached {
				x.found = cut(b, total, extensionCut, fine)
			}
			return x
		}
		if len(b) < x.at+fragmentSize { // they are all 8 bytes at least
			x.found = cut(b, total, extensionCut, fine)
			return x
		}
		if done := x.pass(b[x.at:]); done {
			return x
		}
	}
	x.found = extensionsMany
	return x
}

// pass passes over the extension header that h begins with; it tells whether the
// packet is a later fragment, in which no more headers are found.
func (x *extensions) pass(h []byte) (done bool) {
	if x.protocol != extensionFragment {
		x.protocol = h[0]
		x.at += 8 + 8*int(h[1])
		return false
	}
	place := binary.BigEndian.Uint16(h[2:])
	x.protocol = h[0]
	x.at += fragmentSize
	x.id = binary.BigEndian.Uint16(h[6:])
	// Neither offset nor more: an atomic fragment, which is none (RFC 6946).
	x.fragment = fragment(place&0xfff8 != 0, place&1 != 0)
	return x.fragment == downpour.LaterFragment
}
