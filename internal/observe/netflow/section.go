package netflow

import (
	"encoding/binary"
	"math"

	"downpour/internal/observe/flow"
	"downpour/internal/observe/packet"
)

// decodeSections decodes the header of a packet that a record bears (RFC 5477,
// 8.5; Cisco's layer 2 export of NetFlow v9) and tells the packet's size in
// bytes: 0 if there is none that could be decoded.
func (d *Decoder) decodeSections(r *flow.Record, t *template, b []byte) int {
	offset, size := d.sectionPlace(t, b)
	for _, o := range t.ops {
		if o.kind > doSectionLayer2 {
			break
		}
		s := d.spans[o.at]
		section, link := b[s.start:s.end], packet.LinkEthernet
		if o.kind == doSectionIP || o.kind == doSectionLayer2 && offset > 0 {
			link = packet.LinkRaw // what begins within a frame is taken for its packet
		}
		whole := size
		if whole == 0 {
			whole = sizeOf(link, section)
		}
		whole = max(whole, len(section))
		if d.config.Headers.DecodeFrame(link, section, whole, &r.Flow) {
			r.Bytes, r.Packets = 0, 0 // the record's own word counts
			return whole
		}
		*r = flow.Record{}
	}
	return 0
}

// standForPacket makes a record one of the packet whose header it bears, unless
// it has counts.
func standForPacket(r *flow.Record, size int) {
	if r.Packets == 0 {
		r.Packets = 1
	}
	if r.Bytes == 0 {
		r.Bytes = uint64(size)
	}
}

// sectionPlace is where in its frame a section begins, and how long the frame
// was on the wire, in bytes; 0 if the record doesn't say.
func (d *Decoder) sectionPlace(t *template, b []byte) (offset, size int) {
	for i, f := range t.fields {
		if f.enterprise != iana || f.element != 102 && f.element != 312 && f.element != 103 {
			continue
		}
		raw := b[d.spans[i].start:d.spans[i].end]
		if !isNumber(raw) {
			continue
		}
		v := int(min(unsigned(raw), math.MaxUint16))
		switch {
		case f.element == 102: // layer2packetSectionOffset
			offset = v
		case f.element == 312 || size == 0: // dataLinkFrameSize before layer2packetSectionSize
			size = v
		}
	}
	return offset, size
}

// sizeOf is how long a packet was by its own header; 0 if that does not say.
func sizeOf(link packet.LinkType, b []byte) int {
	at := 0
	if link == packet.LinkEthernet {
		const addresses, tag = 12, 4
		at = addresses
		for len(b) >= at+2 && (b[at] == 0x81 && b[at+1] == 0 || b[at] == 0x88 && b[at+1] == 0xa8) {
			at += tag
		}
		at += 2
	}
	if len(b) < at+6 {
		return 0
	}
	switch b[at] >> 4 {
	case 4:
		return at + int(binary.BigEndian.Uint16(b[at+2:]))
	case 6:
		return at + 40 + int(binary.BigEndian.Uint16(b[at+4:]))
	}
	return 0
}
