package packet

import (
	"encoding/binary"
	"math/bits"
)

// The block types that are read (draft-ietf-opsawg-pcapng, 4); others are passed
// over, as the draft demands.
const (
	blockSection    = 0x0a0d0d0a
	blockInterface  = 1
	blockPacket     = 2 // obsolete, appendix A
	blockSimple     = 3
	blockStatistics = 5
	blockEnhanced   = 6
)

// byteOrderMagic stands in a section header in the section's byte order.
const byteOrderMagic = 0x1a2b3c4d

// The sizes of blocks without their options, in bytes, both lengths included.
const (
	smallestBlock    = 12
	sectionSize      = 28
	interfaceSize    = 20
	packetSize       = 32 // Enhanced and obsolete Packet Blocks
	simpleSize       = 16
	statisticsSize   = 24
	packetDataOffset = 28
	simpleDataOffset = 12
)

// maxInterfaces bounds the interfaces kept of a section.
const maxInterfaces = 1 << 14

// pcapng reads the packets of a pcapng file, section by section.
type pcapng struct {
	window     *window
	ledger     *ledger
	big        bool // the section's byte order
	interfaces []captureInterface
	time       int64 // of the packet before, for packets without one
}

// newPcapng reads from w, which stands at a section header.
func newPcapng(w *window, l *ledger) *pcapng { return &pcapng{window: w, ledger: l} }

// half and word read 16 and 32 bits in the section's byte order.
func (p *pcapng) half(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if p.big {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (p *pcapng) word(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if p.big {
		return bits.ReverseBytes32(v)
	}
	return v
}

// long reads 64 bits that are given as an option.
func (p *pcapng) long(b []byte) uint64 {
	if p.big {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// next reads blocks up to and including the next packet.
func (p *pcapng) next(r *record) bool {
	for {
		r.offset = p.window.offset()
		head, err := p.window.peek(smallestBlock)
		if err != nil {
			p.ledger.stop(r.offset, err, len(head), "block header")
			return false
		}
		kind := p.word(head)
		if kind == blockSection && !p.order(head, r.offset) {
			return false
		}
		length := p.word(head[4:])
		if length < smallestBlock {
			p.ledger.end(r.offset, "block says that it is %d bytes long", length)
			return false
		}
		if length%4 != 0 {
			p.ledger.note(lengthOdd, r.offset)
		}
		if !holds(kind) {
			if !p.pass(length, r.offset) {
				return false
			}
			continue
		}
		block, ok := p.block(length, r.offset)
		if !ok {
			return false
		}
		if p.read(kind, block, r) {
			return true
		}
	}
}

// holds tells whether a block of this kind is read.
func holds(kind uint32) bool {
	return kind == blockEnhanced || kind <= blockSimple && kind != 0 ||
		kind == blockStatistics || kind == blockSection
}

// order takes the byte order from a section header.
func (p *pcapng) order(head []byte, offset int64) bool {
	switch uint32(byteOrderMagic) {
	case binary.LittleEndian.Uint32(head[8:]):
		p.big = false
	case binary.BigEndian.Uint32(head[8:]):
		p.big = true
	default:
		p.ledger.end(offset, "section header without a byte-order magic")
		return false
	}
	p.interfaces = p.interfaces[:0]
	return true
}

// padded is a block's length with what aligns the next one to 32 bits.
func padded(length uint32) int64 { return (int64(length) + 3) &^ 3 }

// pass passes over a block of no matter how many bytes.
func (p *pcapng) pass(length uint32, offset int64) bool {
	if err := p.window.skip(padded(length)); err != nil {
		p.ledger.stop(offset, err, 1, "block")
		return false
	}
	return true
}

// block takes a whole block, whose two lengths must agree.
func (p *pcapng) block(length uint32, offset int64) ([]byte, bool) {
	if padded(length) > maxBlock {
		p.ledger.end(offset, "block says that it is %d bytes long; none is longer than %d", length, maxBlock)
		return nil, false
	}
	block, err := p.window.peek(int(padded(length)))
	if err != nil {
		p.ledger.stop(offset, err, len(block), "block")
		return nil, false
	}
	// Some writers pad the length behind too, some pad after it.
	if p.word(block[len(block)-4:]) != length && p.word(block[length-4:]) != length {
		p.ledger.end(offset, "block says that it is %d bytes long before its content and something else behind", length)
		return nil, false
	}
	p.window.take(len(block))
	return block[:length], true
}

// read takes in one block; it tells whether r is a packet now.
func (p *pcapng) read(kind uint32, block []byte, r *record) bool {
	switch kind {
	case blockEnhanced:
		if len(block) >= packetSize {
			p.packet(p.word(block[8:]), block, r)
			return true
		}
	case blockPacket:
		if len(block) >= packetSize {
			p.packet(uint32(p.half(block[8:])), block, r)
			return true
		}
	case blockSimple:
		if len(block) >= simpleSize {
			p.simple(block, r)
			return true
		}
	case blockInterface:
		if len(block) >= interfaceSize {
			p.describe(block, r.offset)
			return false
		}
	case blockStatistics:
		if len(block) >= statisticsSize {
			p.statistics(block, r.offset)
			return false
		}
	case blockSection:
		if len(block) >= sectionSize {
			return false
		}
	}
	p.ledger.note(blockShort, r.offset)
	return false
}

// packet reads an Enhanced Packet Block (4.3); the obsolete one differs only
// in how it names the interface.
func (p *pcapng) packet(on uint32, block []byte, r *record) {
	captured, length := p.word(block[20:]), p.word(block[24:])
	p.frame(block[packetDataOffset:len(block)-4], captured, length, r)
	if uint64(on) >= uint64(len(p.interfaces)) {
		r.found, r.time = interfaceUnknown, p.time
		return
	}
	i := &p.interfaces[on]
	r.link = i.link
	if i.snap != 0 && captured > i.snap {
		p.ledger.note(snapExceeded, r.offset)
	}
	var ok bool
	if r.time, ok = i.clock.nanoseconds(uint64(p.word(block[12:]))<<32 | uint64(p.word(block[16:]))); !ok {
		p.ledger.note(timeRange, r.offset)
	}
	p.time = r.time
}

// simple reads a Simple Packet Block (4.4), which belongs to the first interface
// and bears neither a time nor how much was captured.
func (p *pcapng) simple(block []byte, r *record) {
	length := p.word(block[8:])
	room := block[simpleDataOffset : len(block)-4]
	captured := min(length, uint32(len(room)))
	r.time, r.link = p.time, 0
	p.ledger.note(timeMissing, r.offset)
	if len(p.interfaces) == 0 {
		p.frame(room, captured, length, r)
		r.found = interfaceUnknown
		return
	}
	i := &p.interfaces[0]
	if i.snap != 0 {
		captured = min(captured, i.snap)
	}
	p.frame(room, captured, length, r)
	r.link = i.link
}

// frame sets the frame of r to the captured bytes of the block's room for it.
func (p *pcapng) frame(room []byte, captured, length uint32, r *record) {
	r.found = fine
	if uint64(captured) > uint64(len(room)) {
		captured = uint32(len(room))
		r.found = capturedBeyond
	}
	if length > maxFrame+maxWire {
		length = captured
		r.found = capturedBeyond
	}
	r.frame = room[:captured]
	r.length = int(max(length, captured))
}
