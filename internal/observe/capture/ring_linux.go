package capture

import (
	"encoding/binary"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"downpour"
	"downpour/internal/observe/packet"
)

// Where things stand in a block (struct tpacket_block_desc, linux/if_packet.h).
const (
	statusAt  = 8
	packetsAt = 12
	firstAt   = 16
)

// Where things stand in a packet of a block (struct tpacket3_hdr, and struct
// sockaddr_ll behind it).
const (
	nextAt       = 0
	secondsAt    = 4
	nanosAt      = 8
	capturedAt   = 12
	lengthAt     = 16
	packetStatus = 20
	frameAt      = 24
	addressAt    = unix.SizeofTpacket3Hdr
	kindAt       = addressAt + 10 // sll_pkttype
	headSize     = addressAt + unix.SizeofSockaddrLinklayer
)

// Where things stand in what describes offload (struct virtio_net_hdr,
// linux/virtio_net.h), which stands right before the frame.
const (
	offloadSize    = 10
	offloadKind    = 1 // not 0 where there is a segment's size
	offloadSegment = 4
)

// tagSize is the size of a VLAN tag, in bytes.
const tagSize = 4

// next is the next block if the kernel has handed it over, else nil.
func (s *socket) next() []byte {
	at := s.block * blockSize
	block := s.ring[at : at+blockSize]
	if atomic.LoadUint32(s.statusOf(block))&unix.TP_STATUS_USER == 0 {
		return nil
	}
	return block
}

// release gives the block at hand back to the kernel.
func (s *socket) release(block []byte) {
	atomic.StoreUint32(s.statusOf(block), unix.TP_STATUS_KERNEL)
	if s.block++; s.block*blockSize == len(s.ring) {
		s.block = 0
	}
}

// captured is a packet as it lies in a block.
type captured struct {
	time     int64 // nanoseconds since the epoch, by the kernel
	frame    []byte
	length   int // on the wire, without the VLAN tag that was taken off
	outgoing bool
	tag      int // bytes of the VLAN tag that was taken off
	segment  int // bytes of payload in each packet that offload made this one of; 0 if none
}

// read reads the packet that head begins with; what follows in the block lies
// behind it.
func (c *captured) read(head []byte, sized bool) {
	order := binary.NativeEndian
	_ = head[headSize-1]
	c.time = int64(order.Uint32(head[secondsAt:]))*1e9 + int64(order.Uint32(head[nanosAt:]))
	at := int(order.Uint16(head[frameAt:]))
	c.frame = head[at : at+int(order.Uint32(head[capturedAt:]))]
	c.length = int(order.Uint32(head[lengthAt:]))
	c.outgoing = head[kindAt] == unix.PACKET_OUTGOING
	c.tag, c.segment = 0, 0
	if sized {
		if b := head[at-offloadSize : at]; b[offloadKind] != 0 {
			c.segment = int(order.Uint16(b[offloadSegment:]))
		}
	}
	if order.Uint32(head[packetStatus:])&unix.TP_STATUS_VLAN_VALID != 0 {
		c.tag = tagSize
	}
}

// decode reads the packet into f; it tells whether it is a flow.
func (c *captured) decode(link packet.LinkType, options packet.Options, f *downpour.Flow) bool {
	if !options.DecodeFrame(link, c.frame, c.length, f) {
		return false
	}
	f.Bytes += uint64(c.tag)
	f.Time = c.time
	if c.segment > 0 {
		c.divide(link, f)
	}
	return true
}

// divide makes f the packets that offload put together, or will take apart: each
// has the headers, and all but the last as much payload as a segment. (The
// headers' length that the kernel tells is but a hint of what lies in one piece.)
func (c *captured) divide(link packet.LinkType, f *downpour.Flow) {
	headers := packet.HeaderLength(link, c.frame)
	if headers == 0 || headers >= c.length {
		return
	}
	segments := (c.length - headers + c.segment - 1) / c.segment
	f.Packets = uint32(segments)
	f.Bytes += uint64(segments-1) * uint64(headers+c.tag)
}
