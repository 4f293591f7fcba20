package export

import (
	capture "downpour/internal/observe/packet"
)

// extractor takes the messages of flow export out of a capture's frames.
type extractor struct {
	fragments fragments
	streams   streams
	packet    packet
	// known are the conversations in which a message was told strictly; what
	// else comes in them goes to the decoder, which says what is wrong with it.
	known   map[ends]struct{}
	ip      uint64 // IP packets
	carried uint64 // of which in messages that were told strictly
	cut     uint64 // datagrams that were captured in part
}

// emitter takes a message: its conversation, whether it came over TCP, and its
// payload, which holds until it returns.
type emitter func(from ends, stream bool, payload []byte)

// maxKnown bounds the conversations remembered. A capture that Judge holds to be
// of flow export has few.
const maxKnown = 4096

func newExtractor() *extractor { return &extractor{known: map[ends]struct{}{}} }

// frame takes in a frame and hands on the messages that it completes. Their
// payloads hold until emit returns. It tells whether the frame belonged to flow
// export.
func (x *extractor) frame(f *capture.Frame, emit emitter) bool {
	b, ok := f.IP()
	p := &x.packet
	if !ok || !readIP(b, p) {
		return false
	}
	x.ip++
	made := 1
	if p.fragmented {
		if made, ok = x.fragments.add(p, f.Time); !ok {
			return true // until its whole is known
		}
	}
	switch p.protocol {
	case 17:
		return x.datagram(made, emit)
	case 6:
		return x.segment(f.Time, emit)
	}
	return false
}

// datagram looks at a whole UDP datagram, which made so many packets.
func (x *extractor) datagram(made int, emit emitter) bool {
	payload, cut, ok := x.packet.readUDP()
	if !ok {
		return false
	}
	conversation := x.packet.ends
	conversation.sourcePort = 0 // exporters may change it
	_, known := x.known[conversation]
	switch {
	case protocolOf(payload) != 0 && !cut:
		x.carried += uint64(made)
		if !known && len(x.known) < maxKnown {
			x.known[conversation] = struct{}{}
		}
	case !known && !(cut && resembles(payload) != 0):
		return false
	}
	if cut {
		x.cut++
	}
	emit(x.packet.ends, false, payload)
	return true
}

// segment looks at a TCP segment.
func (x *extractor) segment(at int64, emit emitter) bool {
	conversation := x.packet.ends
	t := x.streams.add(&x.packet, at, func(message []byte) {
		emit(conversation, true, message)
	})
	if t == nil || t.messages == 0 {
		return t != nil
	}
	x.carried++
	return true
}

// captureFeed reads a capture of flow export.
type captureFeed struct {
	frames  *capture.Frames
	extract *extractor
	file    *file
	ready   []Message // of the frame at hand, several over TCP
	given   int
	ended   bool
}

func newCaptureFeed(frames *capture.Frames, name string) *captureFeed {
	return &captureFeed{frames: frames, extract: newExtractor(), file: &file{name: name, kind: Kind}}
}

func (c *captureFeed) next(m *Message) bool {
	for c.given == len(c.ready) {
		if c.ended {
			return false
		}
		c.ready, c.given = c.ready[:0], 0
		c.ended = !c.frames.Each(c.frame)
	}
	*m = c.ready[c.given]
	c.given++
	return true
}

// frame looks at one frame; it stops the reading once there are messages.
func (c *captureFeed) frame(f *capture.Frame) bool {
	cut := c.extract.cut
	belongs := c.extract.frame(f, func(from ends, stream bool, payload []byte) {
		m := Message{
			Version: resembles(payload), At: f.Time, Timed: true,
			sender: from.source, stream: stream, from: c.file, offset: f.Offset,
		}
		if stream {
			m.port = from.sourcePort
		}
		c.append(m, payload)
	})
	if !belongs {
		c.file.trouble[foreign].add(f.Offset, 1)
	}
	c.file.trouble[cutPayload].add(f.Offset, c.extract.cut-cut)
	return len(c.ready) == 0
}

// append keeps a message with a copy of its payload, in memory that is used over
// and over: the frame may lie in a file's mapping, or be overwritten.
func (c *captureFeed) append(m Message, payload []byte) {
	var memory []byte
	if n := len(c.ready); n < cap(c.ready) {
		memory = c.ready[:n+1][n].Payload
	}
	memory = append(memory[:0], payload...)
	m.Payload = memory
	c.ready = append(c.ready, m)
}

// inputs gives the account, with what only the end tells.
func (c *captureFeed) inputs() []*file {
	c.file.damage = c.frames.Input().Problems
	lost, gaps := &c.file.trouble[fragmentsLost], &c.file.trouble[streamGap]
	lost.count, gaps.count = c.extract.fragments.lost(), c.extract.streams.gaps
	return []*file{c.file}
}

func (c *captureFeed) progress() (read, total int64) { return c.frames.Progress() }

func (c *captureFeed) close() error { return c.frames.Close() }
