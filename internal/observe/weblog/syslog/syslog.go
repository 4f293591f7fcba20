// Package syslog takes log lines out of syslog messages: the two formats that are
// sent (RFC 3164 and RFC 5424) and the two framings of streams (RFC 6587). Only
// the line matters here, so headers are passed over and nothing is built of them:
// no memory is taken, where leodido/go-syslog makes an object a field.
package syslog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxMessage is the longest message that is read, in bytes; of a longer one the
// rest is dropped.
const MaxMessage = 64<<10 + 1

// Content is what a message says, without its header; a line that has none is
// returned as it is. It points into the message.
func Content(message []byte) []byte {
	message = bytes.TrimRight(message, "\r\n\x00")
	if len(message) < 3 || message[0] != '<' {
		return message
	}
	end := bytes.IndexByte(message[:min(len(message), 5)], '>')
	if end < 2 { // PRIVAL has one to three digits (RFC 5424, 6.2.1)
		return message
	}
	rest := message[end+1:]
	if len(rest) > 2 && rest[0] == '1' && rest[1] == ' ' {
		return modern(rest[2:])
	}
	return old(rest)
}

// modern passes timestamp, host, application, process and message id, and the
// structured data (RFC 5424, 6).
func modern(b []byte) []byte {
	for range 5 {
		i := bytes.IndexByte(b, ' ')
		if i < 0 {
			return nil
		}
		b = b[i+1:]
	}
	b = structured(b)
	return bytes.TrimPrefix(bytes.TrimPrefix(b, []byte(" ")), []byte("\xef\xbb\xbf"))
}

// structured passes elements in brackets (RFC 5424, 6.3), in whose values a
// bracket may stand escaped.
func structured(b []byte) []byte {
	if len(b) > 0 && b[0] == '-' {
		return b[1:]
	}
	for len(b) > 0 && b[0] == '[' {
		inside := false
		i := 1
		for ; i < len(b); i++ {
			switch {
			case b[i] == '\\':
				i++
			case b[i] == '"':
				inside = !inside
			case b[i] == ']' && !inside:
				b, i = b[i+1:], -1
			}
			if i < 0 {
				break
			}
		}
		if i >= 0 {
			return nil
		}
	}
	return b
}

// maxHeader is how far an RFC 3164 header is looked for, in bytes: timestamp, host
// and tag.
const maxHeader = 320

// old passes timestamp, host and tag (RFC 3164, 4.1), each of which senders leave
// out at will: the content begins behind the first colon with a space, or with the
// brace of an object.
func old(b []byte) []byte {
	head := b[:min(len(b), maxHeader)]
	colon := bytes.Index(head, []byte(": "))
	if brace := bytes.IndexByte(head, '{'); brace >= 0 && (colon < 0 || brace < colon) {
		return b[brace:]
	}
	if colon < 0 {
		return b
	}
	return b[colon+2:]
}

// Messages reads a stream's messages, by octet counting where a number and "<"
// begin one, else by lines (RFC 6587, 3.4).
type Messages struct {
	from  *bufio.Reader
	arena []byte
}

// NewMessages reads from r.
func NewMessages(r io.Reader) *Messages { return &Messages{from: bufio.NewReaderSize(r, 32<<10)} }

// Next returns the next message. Its memory is the receiver's.
func (m *Messages) Next() ([]byte, error) {
	n, digits, err := m.count()
	if err != nil {
		return nil, err
	}
	if digits == 0 {
		return m.line()
	}
	if _, err := m.from.Discard(digits + 1); err != nil {
		return nil, err
	}
	b := m.room(min(n, MaxMessage))
	if _, err := io.ReadFull(m.from, b); err != nil {
		return nil, err
	}
	_, err = m.from.Discard(n - len(b))
	return b, err
}

// maxDigits bounds the length of a message at what nobody sends.
const maxDigits = 7

// count looks for "123 <"; digits is 0 if something else begins.
func (m *Messages) count() (n, digits int, err error) {
	for ; digits <= maxDigits+1; digits++ {
		b, err := m.from.Peek(digits + 1)
		if err != nil {
			if digits > 0 && errors.Is(err, io.EOF) {
				return 0, 0, nil // what there is, is a line
			}
			return 0, 0, err
		}
		switch c := b[digits]; {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == ' ' && digits > 0 && digits <= maxDigits:
			if b, _ := m.from.Peek(digits + 2); len(b) == digits+2 && b[digits+1] == '<' {
				return n, digits, nil
			}
			return 0, 0, nil
		default:
			return 0, 0, nil
		}
	}
	return 0, 0, nil
}

// line reads up to a line feed; the last line may lack it.
func (m *Messages) line() ([]byte, error) {
	b, err := m.from.ReadSlice('\n')
	whole := m.room(len(b))
	copy(whole, b)
	for errors.Is(err, bufio.ErrBufferFull) {
		if b, err = m.from.ReadSlice('\n'); len(whole) < MaxMessage {
			whole = append(whole, b[:min(len(b), MaxMessage-len(whole))]...)
		}
	}
	if errors.Is(err, io.EOF) && len(whole) > 0 {
		err = nil
	}
	return whole, err
}

// arenaSize is how much memory messages share.
const arenaSize = 64 << 10

// room gives memory that is not used again.
func (m *Messages) room(n int) []byte {
	if cap(m.arena)-len(m.arena) < n {
		m.arena = make([]byte, 0, max(arenaSize, n))
	}
	start := len(m.arena)
	m.arena = m.arena[:start+n]
	return m.arena[start : start+n : start+n]
}
