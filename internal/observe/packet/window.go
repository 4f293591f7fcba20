package packet

import (
	"errors"
	"io"
)

// maxBlock bounds what is held of a stream at once, in bytes: a whole record or
// pcapng block must fit. A packet with 64 KiB of options on each side does.
const maxBlock = 1 << 20

// maxIdle is how often in a row a reader may return nothing and no error.
const maxIdle = 100

// errLong says that more was asked for at once than a window holds.
var errLong = errors.New("longer than any sound record")

// window is the part of an input that is in memory: all of it where the file is
// mapped, a sliding buffer where it is a stream.
type window struct {
	data []byte    // what is in memory
	at   int       // the next unread byte of data
	base int64     // offset of data[0] in the (uncompressed) input
	from io.Reader // the rest of a stream; nil where data is all there is
	err  error     // why nothing more comes: io.EOF or what the reader said
}

// newWindow slides over a stream.
func newWindow(r io.Reader) *window {
	return &window{data: make([]byte, 0, readAhead), from: r}
}

// mappedWindow looks at data that is all in memory.
func mappedWindow(data []byte) *window { return &window{data: data, err: io.EOF} }

// offset is where the next unread byte stands in the uncompressed input.
func (w *window) offset() int64 { return w.base + int64(w.at) }

// ready tells whether n bytes can be had without waiting for the stream.
func (w *window) ready(n int) bool { return len(w.data)-w.at >= n }

// peek returns the next n bytes and leaves them unread; they hold until the
// next peek or skip. With less than n left it returns those and why: io.EOF,
// errLong or the reader's error.
func (w *window) peek(n int) ([]byte, error) {
	if len(w.data)-w.at >= n {
		return w.data[w.at : w.at+n], nil
	}
	return w.fill(n)
}

// fill reads on until n bytes are unread.
func (w *window) fill(n int) ([]byte, error) {
	if n > maxBlock && w.from != nil {
		return w.data[w.at:], errLong
	}
	for idle := 0; len(w.data)-w.at < n && w.err == nil; {
		if cap(w.data)-w.at < n {
			w.slide(n)
		}
		got, err := w.from.Read(w.data[len(w.data):cap(w.data)])
		w.data = w.data[:len(w.data)+got]
		w.err = err
		if idle++; got > 0 {
			idle = 0
		} else if idle == maxIdle && err == nil {
			w.err = io.ErrNoProgress
		}
	}
	if len(w.data)-w.at < n {
		return w.data[w.at:], w.err
	}
	return w.data[w.at : w.at+n], nil
}

// slide drops what was read and makes room for n bytes, at most maxBlock.
func (w *window) slide(n int) {
	to := w.data
	if cap(to) < n {
		to = make([]byte, 0, min(maxBlock, max(2*cap(w.data), n)))
	}
	left := copy(to[:cap(to)], w.data[w.at:])
	w.base += int64(w.at)
	w.data, w.at = to[:left], 0
}

// take passes over n bytes that were peeked.
func (w *window) take(n int) { w.at += n }

// skip passes over n bytes of any number without holding them; it tells whether
// they were there, and why not.
func (w *window) skip(n int64) error {
	for n > int64(len(w.data)-w.at) {
		n -= int64(len(w.data) - w.at)
		w.at = len(w.data)
		if _, err := w.fill(1); err != nil {
			return err
		}
	}
	w.at += int(n)
	return nil
}
