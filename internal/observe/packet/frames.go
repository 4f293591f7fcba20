package packet

import (
	"bufio"
	"io"
	"runtime/debug"

	"downpour"
)

// Frame is one record of a capture as it stands there.
type Frame struct {
	Link   LinkType
	Data   []byte // as captured; holds until the next frame is read
	Length int    // on the wire, in bytes; at least len(Data)
	Time   int64  // nanoseconds since the Unix epoch
	Offset int64  // of the record in the uncompressed capture
}

// IP returns what was captured of a frame from its IP header on; false if it
// bears none that can be found.
func (f *Frame) IP() ([]byte, bool) {
	at, found := skipLink(f.Link, f.Data)
	if found != fine {
		return nil, false
	}
	return f.Data[at:], true
}

// Frames reads the frames of a capture without decoding them, for those who
// want what they carry. All methods but Progress are for one goroutine.
type Frames struct {
	capture *Capture
	frame   Frame
}

// OpenFrames reads the frames of a stream as Open reads its flows.
func OpenFrames(name string, r io.Reader) (*Frames, error) { return framesOf(Open(name, r)) }

// OpenFramesFile reads the frames of a file as OpenFile reads its flows.
func OpenFramesFile(path string) (*Frames, error) { return framesOf(OpenFile(path)) }

func framesOf(c *Capture, err error) (*Frames, error) {
	if err != nil {
		return nil, err
	}
	return &Frames{capture: c}, nil
}

// Each calls fn for one frame after another, in the order of the capture, until
// fn returns false; the next call goes on from there. It tells whether there may
// be more: false is the end of the capture, or damage, which Input tells. What a
// frame holds must not be kept beyond fn.
func (f *Frames) Each(fn func(*Frame) bool) (more bool) {
	c := f.capture
	if c.mapped {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer c.surviveFault()
	}
	for !c.ended && c.records.next(&c.record) {
		if !fn(f.take(&c.record)) {
			c.tellProgress()
			return true
		}
	}
	c.ended = true
	c.tellProgress()
	return false
}

// take counts a record and shows it as a frame.
func (f *Frames) take(r *record) *Frame {
	c := f.capture
	c.clock(r)
	c.figures.Packets++
	c.figures.Bytes += uint64(r.length)
	if c.figures.Packets%progressEvery == 0 {
		c.tellProgress()
	}
	link := r.link
	if r.found != fine { // of an interface that nobody described, for one
		c.ledger.note(r.found, r.offset)
		link = linkNone
	}
	f.frame = Frame{Link: link, Data: r.frame, Length: r.length, Time: r.time, Offset: r.offset}
	return &f.frame
}

// linkNone is no link type: what its frames begin with is not known.
const linkNone LinkType = 1<<32 - 1

// Input accounts for what has been read so far, as Capture.Input does.
func (f *Frames) Input() downpour.Input { return f.capture.Input() }

// Progress tells how much of the file has been read, as Capture.Progress does.
func (f *Frames) Progress() (read, total int64) { return f.capture.Progress() }

// Close releases the file.
func (f *Frames) Close() error { return f.capture.Close() }

// Decompress returns the plain content of r, by gzip, zstandard or not at all, as
// its first bytes tell, and what releases the decompressor.
func Decompress(r *bufio.Reader) (plain io.Reader, release func() error, err error) {
	return decompress(r)
}
