package export

import (
	"encoding/binary"
	"io"
	"net/netip"

	"downpour/internal/observe/packet"
)

// WriteCapture writes datagrams as a pcap file (Ethernet, IPv4 or IPv6, UDP) in
// the order given, as a capture at the collector would hold them.
func WriteCapture(w io.Writer, to netip.AddrPort, datagrams []Datagram) error {
	out, err := packet.NewWriter(w, packet.LinkEthernet, true)
	if err != nil {
		return err
	}
	for _, d := range datagrams {
		if err := out.WritePacket(d.At, d.frame(to), 0); err != nil {
			return err
		}
	}
	return nil
}

// frame wraps a message as it travels.
func (d *Datagram) frame(to netip.AddrPort) []byte {
	be := binary.BigEndian
	carrier := Flow{Source: d.From.Addr(), Destination: to.Addr(), Protocol: 17}
	size := uint16(28 + len(d.Message))
	if carrier.Source.Is6() {
		size += 20
	}
	b := append([]byte(nil), 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1)
	b = carrier.ipHeader(b, size)
	if !carrier.Source.Is6() {
		be.PutUint16(b[14+10:], checksum(b[14:]))
	}
	b = be.AppendUint16(b, d.From.Port())
	b = be.AppendUint16(b, to.Port())
	b = be.AppendUint16(b, uint16(8+len(d.Message)))
	b = append(b, 0, 0) // no checksum: allowed over IPv4, not looked at elsewhere
	return append(b, d.Message...)
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// Messages are the bare payloads.
func Messages(datagrams []Datagram) [][]byte {
	list := make([][]byte, len(datagrams))
	for i := range datagrams {
		list[i] = datagrams[i].Message
	}
	return list
}
