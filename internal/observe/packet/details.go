package packet

import (
	"encoding/binary"

	"downpour"
)

// Details are what a header tells beyond a flow, for people.
type Details struct {
	// MACs tells whether the frame bore MAC addresses.
	MACs                      bool
	SourceMAC, DestinationMAC [6]byte
	// VLAN is the outermost tag's identifier and Priority its class, InnerVLAN the
	// next tag's; 0 where there is none.
	VLAN, InnerVLAN uint16
	Priority        uint8
	// Labels tells how many MPLS labels there were, Label the topmost.
	Labels int
	Label  uint32
	// TOS is IPv4's type of service or IPv6's traffic class.
	TOS uint8
	// FlowLabel is IPv6's.
	FlowLabel uint32
	// Outer is the packet of the frame itself.
	Outer downpour.Flow
	// Tunnel tells how Outer carries Inner; NoTunnel if it carries no packet.
	Tunnel Tunnel
	Inner  downpour.Flow
	// Network is VXLAN's network identifier or GRE's key; 0 if there is none.
	Network uint32
}

// Describe tells what a sampled header holds, as DecodeFrame takes it; false if
// no addresses were found.
func Describe(link LinkType, frame []byte, length int) (Details, bool) {
	length = max(length, len(frame))
	at, found := skipLink(link, frame)
	if found != fine {
		return Details{}, false
	}
	var d Details
	ip := frame[at:]
	if outer := decodeIP(ip, length-at, &d.Outer); outer.undecoded() {
		return Details{}, false
	}
	d.Outer.Bytes = uint64(length)
	if link == LinkEthernet {
		d.describeEthernet(frame[:at])
	}
	d.describeIP(ip)
	d.describeTunnel(ip, length-at)
	return d, true
}

// describeEthernet reads what stands before the IP header of a frame.
func (d *Details) describeEthernet(link []byte) {
	d.MACs = true
	d.DestinationMAC, d.SourceMAC = [6]byte(link), [6]byte(link[6:])
	kind := binary.BigEndian.Uint16(link[12:])
	for rest := link[ethernetSize:]; len(rest) >= tagSize; rest = rest[tagSize:] {
		switch kind {
		case etherVLAN, etherProvider, etherQinQ:
			d.describeTag(binary.BigEndian.Uint16(rest))
			kind = binary.BigEndian.Uint16(rest[2:])
		case etherMPLS, etherMPLSUp:
			d.describeLabel(binary.BigEndian.Uint32(rest))
			if rest[2]&1 == 1 {
				return // what follows is no label, though it may be a pseudowire's
			}
		default:
			return
		}
	}
}

// describeTag reads the two bytes of a VLAN tag (IEEE 802.1Q, 9.6).
func (d *Details) describeTag(tag uint16) {
	switch id := tag & 0x0fff; {
	case d.VLAN == 0:
		d.VLAN, d.Priority = id, uint8(tag>>13)
	case d.InnerVLAN == 0:
		d.InnerVLAN = id
	}
}

// describeLabel reads an MPLS label stack entry (RFC 3032, 2.1).
func (d *Details) describeLabel(entry uint32) {
	if d.Labels == 0 {
		d.Label = entry >> 12
	}
	d.Labels++
}

// describeIP reads what of an IP header is in no flow.
func (d *Details) describeIP(b []byte) {
	if b[0]>>4 == 4 {
		d.TOS = b[1]
		return
	}
	first := binary.BigEndian.Uint32(b)
	d.TOS, d.FlowLabel = uint8(first>>20), first&0xfffff
}

// describeTunnel reads the packet that an IP packet carries.
func (d *Details) describeTunnel(b []byte, length int) {
	c := inside(b, length)
	if c.tunnel == NoTunnel {
		return
	}
	at, found := skipLink(c.link, c.frame)
	if found != fine {
		return
	}
	var inner downpour.Flow
	if found = decodeIP(c.frame[at:], c.length-at, &inner); found.undecoded() {
		return
	}
	inner.Bytes = uint64(c.length)
	d.Tunnel, d.Inner, d.Network = c.tunnel, inner, c.network
}
