package sample

import (
	"encoding/binary"
	"io"

	"downpour"
)

// The file's format: libpcap's of nanoseconds, little endian (draft-ietf-opsawg-pcap), of
// Ethernet frames (LINKTYPE 1).
const (
	magicNanos   = 0xa1b23c4d
	snapLength   = 128
	linkEthernet = 1
)

// The headers that are written, in bytes.
const (
	etherHeader = 14
	ip4Header   = 20
	ip6Header   = 40
	ip6Fragment = 8
	tcpHeader   = 20
	udpHeader   = 8
	icmpHeader  = 4
)

// Packets is how many records of an exhibit are packets whose header was seen: as many
// as Pcap writes.
func Packets(e *downpour.Exhibit) (n int) {
	for _, s := range stretches(e) {
		for i := range s.of.Flows {
			if s.of.Flows[i].Packet {
				n++
			}
		}
	}
	return n
}

// Pcap writes the packets whose header was seen, those from before the attack first. Their
// headers are rebuilt from the fields that are kept: addresses, ports, flags, sequence,
// window, identification, time to live, length. Hardware addresses, acknowledgement,
// checksums and unknown fields are 0, options and payload are cut; the length on the wire
// is the packet's own.
func Pcap(w io.Writer, e *downpour.Exhibit) error {
	le := binary.LittleEndian
	file := le.AppendUint32(nil, magicNanos)
	file = le.AppendUint16(le.AppendUint16(file, 2), 4)
	file = le.AppendUint64(file, 0) // time zone and accuracy: always 0
	file = le.AppendUint32(le.AppendUint32(file, snapLength), linkEthernet)
	for _, s := range stretches(e) {
		for i := range s.of.Flows {
			f := &s.of.Flows[i]
			if !f.Packet {
				continue
			}
			head := frame(f)
			at := f.Start.UnixNano()
			file = le.AppendUint32(file, uint32(at/1e9))
			file = le.AppendUint32(file, uint32(at%1e9))
			file = le.AppendUint32(file, uint32(len(head)))
			file = le.AppendUint32(file, uint32(max(f.Bytes, uint64(len(head)))))
			file = append(file, head...)
		}
	}
	_, err := w.Write(file)
	return err
}

// frame is an Ethernet frame's headers.
func frame(f *downpour.SampledFlow) []byte {
	b := make([]byte, etherHeader, snapLength)
	length := max(int(min(f.Bytes, 65535+etherHeader))-etherHeader, 0)
	if f.Source.Is4() {
		binary.BigEndian.PutUint16(b[12:], 0x0800)
		b = ip4(b, f, length)
	} else {
		binary.BigEndian.PutUint16(b[12:], 0x86dd)
		b = ip6(b, f, length)
	}
	if f.Fragment == downpour.LaterFragment {
		return b
	}
	return transport(b, f, length)
}

// moreFragments and someOffset are how a fragment is written, whose offset is not kept.
const (
	moreFragments = 1 << 13 // RFC 791, 3.1
	someOffset    = 185     // in 8 bytes: that of the second one at an MTU of 1,500
)

func ip4(b []byte, f *downpour.SampledFlow, length int) []byte {
	be := binary.BigEndian
	place := uint16(0)
	switch f.Fragment {
	case downpour.FirstFragment:
		place = moreFragments
	case downpour.LaterFragment:
		place = someOffset
	}
	b = append(b, 0x45, 0)
	b = be.AppendUint16(b, uint16(min(max(length, ip4Header), 65535)))
	b = be.AppendUint16(b, f.IPID)
	b = be.AppendUint16(b, place)
	b = append(b, f.TTL, f.Protocol, 0, 0)
	from, to := f.Source.As4(), f.Destination.Unmap().As16()
	b = append(b, from[:]...)
	return append(b, to[12:]...)
}

func ip6(b []byte, f *downpour.SampledFlow, length int) []byte {
	be := binary.BigEndian
	next, fragment := f.Protocol, f.Fragment != downpour.NotFragment
	if fragment {
		next = 44 // RFC 8200, 4.5
	}
	b = append(b, 0x60, 0, 0, 0)
	b = be.AppendUint16(b, uint16(min(max(length-ip6Header, 0), 65535)))
	b = append(b, next, f.TTL)
	from, to := f.Source.As16(), f.Destination.As16()
	b = append(append(b, from[:]...), to[:]...)
	if !fragment {
		return b
	}
	place := uint16(1) // more follow
	if f.Fragment == downpour.LaterFragment {
		place = someOffset << 3
	}
	b = append(b, f.Protocol, 0)
	b = be.AppendUint16(b, place)
	return be.AppendUint32(b, uint32(f.IPID))
}

// transport appends the header of TCP, UDP or ICMP; of others there is none.
func transport(b []byte, f *downpour.SampledFlow, length int) []byte {
	be := binary.BigEndian
	switch f.Protocol {
	case downpour.ProtocolTCP:
		b = be.AppendUint16(be.AppendUint16(b, f.SourcePort), f.DestinationPort)
		b = be.AppendUint64(b, uint64(f.Sequence)<<32)
		b = append(b, tcpHeader/4<<4, f.TCPFlags)
		b = be.AppendUint16(b, f.Window)
		return append(b, 0, 0, 0, 0)
	case downpour.ProtocolUDP:
		header := ip4Header
		if !f.Source.Is4() {
			header = ip6Header
		}
		b = be.AppendUint16(be.AppendUint16(b, f.SourcePort), f.DestinationPort)
		b = be.AppendUint16(b, uint16(min(max(length-header, udpHeader), 65535)))
		return append(b, 0, 0)
	case downpour.ProtocolICMP, downpour.ProtocolICMPv6:
		if f.ICMPType != nil && f.ICMPCode != nil {
			return append(b, *f.ICMPType, *f.ICMPCode, 0, 0)
		}
	}
	return b
}
