package export

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// Packet is one IP packet of a capture.
type Packet struct {
	At                          int64
	Source, Destination         netip.Addr
	SourcePort, DestinationPort uint16 // 0 of later fragments and of protocols without
	Protocol, TCPFlags          uint8
	TOS, TTL                    uint8
	ICMPType, ICMPCode          uint8
	Bytes                       uint64 // of the IP packet by its header
	IP                          []byte // from its header on, as captured
	Frame                       []byte // with the link's header
	FrameLength                 uint32 // on the wire
}

// Link types of pcap that captures of ours and of others have.
const (
	linkEthernet = 1
	linkRaw      = 101
	linkCooked   = 113
)

// ReadPackets reads the IP packets of a pcap file in time order as it holds
// them; others are left out. It is a reader of its own, so that totals counted
// by it check the product's.
func ReadPackets(r io.Reader) ([]Packet, error) {
	var head [24]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("reading a pcap header: %w", err)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 0xa1 {
		order = binary.BigEndian
	}
	unit := int64(time.Microsecond)
	switch order.Uint32(head[:]) {
	case 0xa1b2c3d4:
	case 0xa1b23c4d:
		unit = 1
	default:
		return nil, errors.New("not a pcap file")
	}
	link := order.Uint32(head[20:])
	var list []Packet
	for {
		var record [16]byte
		if _, err := io.ReadFull(r, record[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return list, nil // cut captures end where they end
		} else if err != nil {
			return list, err
		}
		frame := make([]byte, order.Uint32(record[8:])&0xfffff)
		if _, err := io.ReadFull(r, frame); err != nil {
			return list, nil //nolint:nilerr // the same
		}
		p := Packet{
			At:    int64(order.Uint32(record[:]))*int64(time.Second) + int64(order.Uint32(record[4:]))*unit,
			Frame: frame, FrameLength: order.Uint32(record[12:]),
		}
		p.IP = network(frame, link)
		if p.decode(p.IP) {
			p.IP = p.IP[:min(uint64(len(p.IP)), p.Bytes)] // without what fills the frame up
			list = append(list, p)
		}
	}
}

// network finds the IP packet of a frame; nil if there is none.
func network(frame []byte, link uint32) []byte {
	be := binary.BigEndian
	at := 0
	switch link {
	case linkRaw:
		return frame
	case linkCooked:
		at = 14
	case linkEthernet:
		at = 12
	default:
		return nil
	}
	for len(frame) >= at+2 {
		switch be.Uint16(frame[at:]) {
		case etherVLAN, etherSVLAN:
			at += 4
		case etherIPv4, etherIPv6:
			return frame[at+2:]
		default:
			return nil
		}
	}
	return nil
}

// decode fills in a packet's fields from its IP header on.
func (p *Packet) decode(b []byte) bool {
	be := binary.BigEndian
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		p.Source, p.Destination = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
		p.TOS, p.TTL, p.Protocol, p.Bytes = b[1], b[8], b[9], uint64(be.Uint16(b[2:]))
		if p.Bytes == 0 { // segmentation offload: the frame tells
			p.Bytes = uint64(p.FrameLength) - uint64(len(p.Frame)-len(b))
		}
		if later := be.Uint16(b[6:])&0x1fff != 0; !later {
			p.transport(b[min(len(b), int(b[0]&15)*4):])
		}
	case len(b) >= 40 && b[0]>>4 == 6:
		p.Source, p.Destination = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
		p.TOS, p.TTL, p.Protocol, p.Bytes = b[0]<<4|b[1]>>4, b[7], b[6], 40+uint64(be.Uint16(b[4:]))
		p.extensions(b[40:])
	default:
		return false
	}
	return true
}

// extensions walks over IPv6 extension headers (RFC 8200, 4).
func (p *Packet) extensions(b []byte) {
	for {
		size := 0
		switch p.Protocol {
		case 0, 43, 60:
			size = 8 + 8*int(at(b, 1))
		case 44:
			size = 8
			if len(b) >= 4 && binary.BigEndian.Uint16(b[2:])&0xfff8 != 0 {
				p.Protocol = b[0]
				return
			}
		default:
			p.transport(b)
			return
		}
		if len(b) < size {
			return
		}
		p.Protocol, b = b[0], b[size:]
	}
}

func (p *Packet) transport(b []byte) {
	be := binary.BigEndian
	switch p.Protocol {
	case 6, 17, 132:
		if len(b) >= 4 {
			p.SourcePort, p.DestinationPort = be.Uint16(b), be.Uint16(b[2:])
		}
		if p.Protocol == 6 {
			p.TCPFlags = at(b, 13)
		}
	case 1, 58:
		p.ICMPType, p.ICMPCode = at(b, 0), at(b, 1)
	}
}

func at(b []byte, i int) byte {
	if i >= len(b) {
		return 0
	}
	return b[i]
}
