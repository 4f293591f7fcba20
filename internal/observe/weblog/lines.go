package weblog

import (
	"bytes"
	"io"
)

// chunkSize is how much memory lines are read into at a time. It is not used
// again: what points into it keeps it, and the collector frees it. So requests
// may travel on while the reader reads, at one allocation for a thousand lines.
const chunkSize = 256 << 10

// lines splits a stream into lines. Each returned line stays as it is, and may be
// changed by who has it.
type lines struct {
	from     io.Reader
	chunk    []byte
	start    int  // of what is not returned yet
	end      int  // of what was read
	scanned  int  // up to where there is no line feed
	skipping bool // the rest of a line that was too long
	err      error
	consumed int64
}

// offset is where in the stream the line begins that comes next.
func (l *lines) offset() int64 { return l.consumed }

// next returns the next line without its line feed; at the end what is left
// without one, then the stream's error, io.EOF at the end. A line of more than MaxLine
// bytes is returned with MaxLine+1 of them, so that a Decoder counts it as cut.
func (l *lines) next() ([]byte, error) {
	for {
		if i := bytes.IndexByte(l.chunk[l.scanned:l.end], '\n'); i >= 0 {
			line := l.chunk[l.start : l.scanned+i]
			l.pass(l.scanned + i + 1)
			if l.skipping {
				l.skipping = false
				continue
			}
			return bounded(line), nil
		}
		l.scanned = l.end
		switch {
		case l.skipping:
			l.pass(l.end)
		case l.end-l.start > MaxLine:
			line := l.chunk[l.start:l.end]
			l.pass(l.end)
			l.skipping = true
			return bounded(line), nil
		case l.err != nil && l.start < l.end:
			line := l.chunk[l.start:l.end]
			l.pass(l.end)
			return line, nil
		}
		if l.err != nil {
			return nil, l.err
		}
		l.fill()
	}
}

func bounded(line []byte) []byte { return line[:min(len(line), MaxLine+1)] }

func (l *lines) pass(to int) {
	l.consumed += int64(to - l.start)
	l.start, l.scanned = to, to
}

// fill reads once more, into new memory if the old is used up.
func (l *lines) fill() {
	if len(l.chunk)-l.end < chunkSize/8 {
		chunk := make([]byte, chunkSize)
		n := copy(chunk, l.chunk[l.start:l.end])
		l.scanned -= l.start
		l.chunk, l.start, l.end = chunk, 0, n
	}
	for range 100 { // as bufio: a reader that gives nothing and no error is broken
		n, err := l.from.Read(l.chunk[l.end:])
		l.end += n
		l.err = err
		if n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}
