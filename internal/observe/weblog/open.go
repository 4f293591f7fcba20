package weblog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/packet"
)

// Log is a web log that is read to its end.
type Log struct {
	name    string
	lines   lines
	decoder *Decoder
	release func() error // what decompression holds
	// damaged is where and why reading ended before the end, if it did.
	damaged *downpour.Problem
	number  int64 // of the line that was read last
	// firsts are the numbers of the first line broken for each reason.
	firsts [reasonCount]int64
}

// Open reads a web log from a stream, plain or compressed with gzip or zstandard;
// name is only for what is told of it. It does not close r.
func Open(name string, r io.Reader, opt Options) (observe.Source, error) {
	d, err := NewDecoder(opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	plain, release, err := packet.Decompress(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Log{name: name, decoder: d, lines: lines{from: plain}, release: release}, nil
}

// Next fills b with the next requests; io.EOF, with an empty batch, at the end.
func (l *Log) Next(b *observe.Batch) error {
	b.Reset()
	for len(b.Requests) < observe.BatchSize {
		line, err := l.lines.next()
		if err != nil {
			if !errors.Is(err, io.EOF) && l.damaged == nil {
				l.damaged = &downpour.Problem{Offset: l.number, Says: "cannot be read on: " + err.Error(), Count: 1}
			}
			break
		}
		b.Requests = l.append(b.Requests, line)
	}
	if len(b.Requests) == 0 {
		return io.EOF
	}
	return nil
}

// append adds the line's request, if it is one.
func (l *Log) append(to []downpour.Request, line []byte) []downpour.Request {
	l.number++
	n := len(to)
	if n < cap(to) {
		to = to[:n+1]
	} else {
		to = append(to, downpour.Request{})
	}
	if !l.decoder.Decode(line, &to[n]) {
		l.note()
		return to[:n]
	}
	return to
}

// note remembers which line is the first of each reason.
func (l *Log) note() {
	for why := range l.firsts {
		if l.firsts[why] == 0 && l.decoder.account.reasons[why].count == 1 {
			l.firsts[why] = l.number
		}
	}
}

// Input accounts for what has been read so far.
func (l *Log) Input() downpour.Input {
	a := l.decoder.Account()
	in := downpour.Input{Name: l.name, Kind: "web log", Records: a.Requests, Bytes: uint64(l.lines.offset()), Problems: []downpour.Problem{}}
	if a.Requests > 0 {
		first, last := a.First, a.Last
		in.Start, in.End = &first, &last
	}
	for why, b := range l.decoder.account.reasons {
		if b.count > 0 {
			says := fmt.Sprintf("line is %s", reason(why))
			if why := reason(why); why == noClient || why == noTime {
				says = fmt.Sprintf("line has %s", why)
			} else if why == cutShort {
				says = "line ends within a field"
			}
			says += fmt.Sprintf(", as: %s", b.samples[0])
			in.Problems = append(in.Problems, downpour.Problem{Offset: l.firsts[why], Says: says, Count: int(b.count)})
		}
	}
	if a.Cut > 0 {
		in.Problems = append(in.Problems, downpour.Problem{Says: fmt.Sprintf("line is longer than %d bytes and was cut there", MaxLine), Count: int(a.Cut)})
	}
	if a.Warning != "" {
		in.Problems = append(in.Problems, downpour.Problem{Says: a.Warning, Count: 1})
	}
	if l.damaged != nil {
		in.Problems = append(in.Problems, *l.damaged)
	}
	return in
}

// Close releases what decompression holds.
func (l *Log) Close() error { return l.release() }

// looked is how many lines IsLog tries.
const looked = 64

// IsLog tells from the first bytes of an uncompressed input whether it is a web
// log: one of its first lines can be read.
func IsLog(head []byte) bool {
	d, err := NewDecoder(Options{})
	if err != nil {
		return false
	}
	var r downpour.Request
	first := lines{from: bytes.NewReader(head)}
	for range looked {
		line, err := first.next()
		if err != nil {
			return false
		}
		if d.Decode(line, &r) && r.Time < farFuture {
			return true
		}
	}
	return false
}

// farFuture is the year 2100: a number that some other file holds is not a time.
var farFuture = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
