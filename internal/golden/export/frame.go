package export

import "encoding/binary"

// EtherTypes (IEEE 802 numbers).
const (
	etherIPv4  = 0x0800
	etherIPv6  = 0x86dd
	etherVLAN  = 0x8100
	etherSVLAN = 0x88a8
)

// frame makes the head of an Ethernet frame that carries the flow as one packet,
// and tells how long it is on the wire without its checksum.
func (f *Flow) frame() (head []byte, length uint32) {
	b := append(make([]byte, 0, maxHeader), 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1)
	if f.VLAN != 0 {
		b = binary.BigEndian.AppendUint16(b, etherVLAN)
		b = binary.BigEndian.AppendUint16(b, f.VLAN)
	}
	size := max(f.Bytes, 40)
	b = f.ipHeader(b, uint16(size))
	b = f.transport(b, uint16(size))
	length = uint32(size) + 14
	if f.VLAN != 0 {
		length += 4
	}
	for len(b) < min(int(length), maxHeader) {
		b = append(b, 'x')
	}
	return b[:min(len(b), int(length))], max(length, 60)
}

func (f *Flow) ipHeader(b []byte, size uint16) []byte {
	be := binary.BigEndian
	ttl := f.TTL
	if ttl == 0 {
		ttl = 64
	}
	if f.Source.Is6() {
		b = be.AppendUint16(b, etherIPv6)
		b = append(b, 0x60|f.TOS>>4, f.TOS<<4, 0, 0)
		b = be.AppendUint16(b, size-40)
		b = append(b, f.Protocol, ttl)
	} else {
		b = be.AppendUint16(b, etherIPv4)
		b = append(b, 0x45, f.TOS)
		b = be.AppendUint16(b, size)
		b = append(b, 0, 0, 0, 0, ttl, f.Protocol, 0, 0)
	}
	return append(append(b, f.Source.AsSlice()...), f.Destination.AsSlice()...)
}

func (f *Flow) transport(b []byte, size uint16) []byte {
	be := binary.BigEndian
	switch f.Protocol {
	case 1, 58:
		return append(b, f.ICMPType, f.ICMPCode, 0, 0, 0, 0, 0, 0)
	case 6:
		b = be.AppendUint16(be.AppendUint16(b, f.SourcePort), f.DestinationPort)
		return append(b, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, f.TCPFlags, 4, 0, 0, 0, 0, 0)
	case 17:
		b = be.AppendUint16(be.AppendUint16(b, f.SourcePort), f.DestinationPort)
		return append(be.AppendUint16(b, size-20), 0, 0)
	}
	return b
}
