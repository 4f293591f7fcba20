package export

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"downpour"
	"downpour/internal/observe/flow"
)

// maxPayload is the longest that a message can be, in bytes: a UDP datagram's
// payload, or what IPFIX's 16 bits of length say.
const maxPayload = 65_535

// payloadFeed reads a file of messages: of IPFIX, one behind the other (RFC 5655),
// of NetFlow 5 and sFlow, whose structure tells their length, too; a message of
// NetFlow 9 is as long as its file.
type payloadFeed struct {
	from   io.ReadCloser
	file   *file
	buffer []byte
	at     int // of the message to come, in buffer
	base   int64
	filled int // end of what was read
	ended  bool
}

func newPayloadFeed(name string, r io.ReadCloser) *payloadFeed {
	return &payloadFeed{
		from: r, buffer: make([]byte, 2*maxPayload),
		file: &file{name: name, kind: Kind, group: groupOf(name)},
	}
}

// next reads a message. What follows a message must be one too; else it is told
// and left out.
func (p *payloadFeed) next(m *Message) bool {
	if !p.fill() {
		return false
	}
	rest := p.buffer[p.at:p.filled]
	length := messageLength(rest)
	*m = Message{
		Payload: rest[:length], Version: resembles(rest), from: p.file, offset: p.base + int64(p.at),
		stream: true, // samples of what an exporter sent: their sequence numbers say nothing
	}
	if p.at+int(p.base) > 0 && m.Version == 0 {
		p.file.trouble[notMessage].add(m.offset, uint64(len(rest)))
		p.at = p.filled // what follows has no beginning to be told by
		p.ended = true
		return false
	}
	m.At = exportTime(m.Payload)
	if m.Version == flow.SFlow5 {
		m.At = sflowUptime(m.Payload)
		p.file.trouble[noTimeOfDay].add(m.offset, 1)
	}
	p.at += length
	return true
}

// fill makes sure that a whole message is in the buffer, if there is one; false
// at the end.
func (p *payloadFeed) fill() bool {
	if p.filled-p.at < maxPayload && !p.ended {
		copy(p.buffer, p.buffer[p.at:p.filled])
		p.base += int64(p.at)
		p.filled, p.at = p.filled-p.at, 0
		n, err := io.ReadFull(p.from, p.buffer[p.filled:])
		p.filled += n
		if err != nil {
			p.ended = true
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				p.file.damage = append(p.file.damage, downpour.Problem{
					Offset: p.base + int64(p.filled), Says: fmt.Sprintf("cannot be read on: %v", err), Count: 1})
			}
		}
	}
	return p.filled > p.at
}

// messageLength is how much of b is its first message: all of it where its
// protocol does not tell, or contradicts itself.
func messageLength(b []byte) int {
	n := len(b)
	switch resembles(b) {
	case flow.NetFlow5:
		if count := int(binary.BigEndian.Uint16(b[2:])); count >= 1 && count <= v5MaxRecords {
			n = v5HeaderSize + count*v5RecordSize
		}
		if n < len(b) && resembles(b[n:]) != flow.NetFlow5 {
			n = len(b) // the count is wrong, or what follows is
		}
	case flow.IPFIX:
		if said := int(binary.BigEndian.Uint16(b[2:])); said >= ipfixHeaderSize {
			n = said
		}
	case flow.SFlow5:
		if said, ok := sflowLength(b); ok {
			n = said
		}
	}
	return min(n, len(b), maxPayload)
}

func (p *payloadFeed) inputs() []*file { return []*file{p.file} }

func (p *payloadFeed) progress() (read, total int64) { return p.base + int64(p.at), 0 }

func (p *payloadFeed) close() error { return p.from.Close() }

// groupOf is whose payloads a file holds: files whose names share a prefix up to
// "_tpl", "_opttpl" or "_data" are one exporter, others each their own.
func groupOf(name string) string {
	folder, base := path.Split(filepath.ToSlash(name))
	end := len(base)
	for _, mark := range []string{"_tpl", "_opttpl", "_data"} {
		if at := strings.Index(base, mark); at >= 0 {
			end = min(end, at)
		}
	}
	return folder + base[:end]
}
