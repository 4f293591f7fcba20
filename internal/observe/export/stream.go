package export

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The bounds of reassembly of IPFIX over TCP (RFC 7011, 10.4).
const (
	maxStreams     = 256     // connections at once
	maxAhead       = 64      // segments of a connection that came before an earlier one
	maxAheadBytes  = 1 << 18 // their bytes
	ipfixLeastRead = 4       // bytes that tell a message's version and length
)

// stream is one direction of a TCP connection that carries IPFIX.
type stream struct {
	ends     ends
	used     int64 // when a segment last came
	next     uint32
	unsynced bool   // bytes were lost; waits for a segment that begins a message
	buffer   []byte // in order, from the beginning of a message
	ahead    []segment
	bytes    int // of ahead
	messages uint64
}

// segment is one that came before an earlier one.
type segment struct {
	sequence uint32
	payload  []byte
}

// streams puts messages of IPFIX over TCP together.
type streams struct {
	open []*stream // the most recently begun last
	gaps uint64    // stretches of a connection that were lost
}

// add takes in a TCP segment and hands complete messages on; they hold until emit
// returns. It returns the stream that the segment belongs to, nil if to none.
func (s *streams) add(p *packet, at int64, emit func(message []byte)) *stream {
	sequence, flags, payload, ok := p.readTCP()
	if !ok {
		return nil
	}
	t := s.find(p.ends)
	if t == nil {
		if !beginsMessage(payload) {
			return s.find(p.ends.reversed()) // the collector's acknowledgments
		}
		t = s.begin(p.ends, sequence)
	}
	t.used = at
	if flags&tcpSYN != 0 && t.messages > 0 { // the port is used again
		t.restart(sequence + 1)
		return t
	}
	if len(payload) > 0 {
		s.take(t, sequence, payload)
		s.deliver(t, emit)
		if p.missing > 0 {
			s.lose(t)
		}
	}
	if flags&tcpRST != 0 {
		s.remove(t)
	}
	return t
}

func (s *streams) find(e ends) *stream {
	for _, t := range s.open {
		if t.ends == e {
			return t
		}
	}
	return nil
}

// begin opens a stream; the one unused for longest makes room.
func (s *streams) begin(e ends, sequence uint32) *stream {
	if len(s.open) == maxStreams {
		oldest := s.open[0]
		for _, t := range s.open {
			if t.used < oldest.used {
				oldest = t
			}
		}
		s.remove(oldest)
	}
	t := &stream{ends: e, next: sequence}
	s.open = append(s.open, t)
	return t
}

func (s *streams) remove(t *stream) {
	s.open = slices.DeleteFunc(s.open, func(o *stream) bool { return o == t })
}

// restart forgets what a stream holds: sequence is what comes next.
func (t *stream) restart(sequence uint32) {
	t.next, t.unsynced = sequence, false
	t.buffer, t.ahead, t.bytes = t.buffer[:0], t.ahead[:0], 0
}

// lose gives up what is missing of a stream; it goes on where a message begins.
func (s *streams) lose(t *stream) {
	s.gaps++
	t.restart(t.next)
	t.unsynced = true
}

// take puts a segment in its place.
func (s *streams) take(t *stream, sequence uint32, payload []byte) {
	if t.unsynced {
		if !beginsMessage(payload) {
			return
		}
		t.restart(sequence)
	}
	switch distance := ahead(sequence, t.next); {
	case distance > 0:
		if len(t.ahead) == maxAhead || t.bytes+len(payload) > maxAheadBytes {
			s.lose(t)
			s.take(t, sequence, payload)
			return
		}
		t.ahead = append(t.ahead, segment{sequence, bytes.Clone(payload)})
		t.bytes += len(payload)
		return
	case distance < 0: // came again, perhaps with something new behind
		if -distance >= int64(len(payload)) {
			return
		}
		payload = payload[-distance:]
	}
	t.buffer = append(t.buffer, payload...)
	t.next += uint32(len(payload))
	t.join()
}

// ahead is how far a sequence number is after another (RFC 9293, 3.4), wide enough
// to be negated: of numbers that are 2^31 apart either could be the later.
func ahead(sequence, of uint32) int64 { return int64(int32(sequence - of)) }

// join appends what came before its turn and is due now.
func (t *stream) join() {
	for again := true; again; {
		again = false
		for i, a := range t.ahead {
			distance := ahead(a.sequence, t.next)
			if distance > 0 {
				continue
			}
			t.ahead = slices.Delete(t.ahead, i, i+1)
			t.bytes -= len(a.payload)
			if skip := -distance; skip < int64(len(a.payload)) {
				t.buffer = append(t.buffer, a.payload[skip:]...)
				t.next += uint32(int64(len(a.payload)) - skip)
			}
			again = true
			break
		}
	}
}

// deliver hands on the complete messages that a stream holds.
func (s *streams) deliver(t *stream, emit func(message []byte)) {
	from := 0
	for len(t.buffer)-from >= ipfixLeastRead {
		b := t.buffer[from:]
		length := int(binary.BigEndian.Uint16(b[2:]))
		if binary.BigEndian.Uint16(b) != 10 || length < ipfixHeaderSize {
			s.lose(t) // not where a message begins, or no IPFIX
			return
		}
		if len(b) < length {
			break
		}
		t.messages++
		emit(b[:length])
		from += length
	}
	t.buffer = append(t.buffer[:0], t.buffer[from:]...)
}

// beginsMessage tells whether a segment could begin with a message: its header,
// and the first set's if that much is there.
func beginsMessage(payload []byte) bool {
	if len(payload) < ipfixHeaderSize || binary.BigEndian.Uint16(payload) != 10 {
		return false
	}
	length := int(binary.BigEndian.Uint16(payload[2:]))
	if length < ipfixHeaderSize+setHeaderSize {
		return false
	}
	if len(payload) < ipfixHeaderSize+setHeaderSize {
		return true
	}
	set := payload[ipfixHeaderSize:]
	id, of := binary.BigEndian.Uint16(set), int(binary.BigEndian.Uint16(set[2:]))
	return (id == 2 || id == 3 || id >= 256) && of >= setHeaderSize && of <= length-ipfixHeaderSize
}
