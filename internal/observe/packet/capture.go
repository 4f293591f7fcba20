package packet

import (
	"errors"
	"io"
	"runtime/debug"
	"sync/atomic"
	"time"

	"downpour"
	"downpour/internal/observe"
)

// maxStep is how far the time of a packet may lie from that of the one before
// without being remarked on. Captures have gaps and slightly disordered packets,
// but a day's step is nearly always a broken clock or a broken record.
const maxStep = int64(24 * time.Hour)

// progressEvery is after how many packets progress is told within one Next, so
// that a long run without flows does not look like a halt.
const progressEvery = 4096

// record is one packet as the file format gives it.
type record struct {
	frame  []byte   // what was captured; holds until the next record is read
	length int      // bytes on the wire, at least len(frame)
	time   int64    // nanoseconds since the Unix epoch
	offset int64    // of the record in the uncompressed input
	link   LinkType // what the frame begins with
	found  finding  // fine, or why the frame cannot be decoded
}

// format reads the records of one file format. It returns false at the end and
// at damage, which it has then told the ledger.
type format interface {
	next(*record) bool
}

// Capture is a packet capture being read; it is an observe.Source. All methods
// but Progress are for one goroutine.
type Capture struct {
	name    string
	kind    string
	window  *window
	records format
	record  record // the one at hand; here so that it is not made anew
	ledger  *ledger
	mapped  bool // the window's data are a mapped file
	ended   bool
	closers []func() error // in the order of opening

	figures     Figures
	first, last int64 // the earliest and latest time
	before      int64 // the time of the packet before

	consumed atomic.Int64 // bytes of the file, for any goroutine
	total    int64
}

// Figures account for the packets of a capture:
// Packets = Flows + NotIP + Undecoded.
type Figures struct {
	Packets uint64 // all that the capture holds, as far as it was read
	Flows   uint64 // those delivered
	// NotIP are intact frames of other protocols, such as ARP and LLDP.
	NotIP uint64
	// Undecoded are those whose addresses could not be told; the problems of
	// Input say why.
	Undecoded uint64
	Bytes     uint64 // of all packets as sent on the wire, link header included
}

// Next fills b with the flows of the next packets, up to observe.BatchSize of
// them; from a stream with fewer, if more would have to be waited for. Each flow
// stands for one packet. It returns io.EOF with an empty batch at the end of the
// input or at damage, which Input then tells; it returns no other error.
func (c *Capture) Next(b *observe.Batch) error {
	b.Reset()
	if cap(b.Flows) < observe.BatchSize {
		b.Flows = make([]downpour.Flow, 0, observe.BatchSize)
	}
	if c.mapped {
		c.fillMapped(b)
	} else {
		c.fill(b)
	}
	c.tellProgress()
	if len(b.Flows) == 0 {
		return io.EOF
	}
	return nil
}

// fillMapped fills b from a mapped file.
func (c *Capture) fillMapped(b *observe.Batch) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer c.surviveFault()
	c.fill(b)
}

// surviveFault is deferred around what touches a mapped file. Should the file be
// cut or its disk fail meanwhile, touching the mapping faults: that is damage,
// not a crash.
func (c *Capture) surviveFault() {
	cause := recover()
	if cause == nil {
		return
	}
	if _, fault := cause.(interface{ Addr() uintptr }); !fault {
		panic(cause)
	}
	c.ended = true
	c.ledger.end(c.window.offset(), "the file was cut or could not be read while it was being read")
}

// fill appends flows to b, whose capacity suffices.
func (c *Capture) fill(b *observe.Batch) {
	r := &c.record
	for len(b.Flows) < observe.BatchSize && !c.ended {
		if len(b.Flows) > 0 && !c.window.ready(1) {
			return // hand over what there is rather than wait with it
		}
		if !c.records.next(r) {
			c.ended = true
			return
		}
		n := len(b.Flows)
		if c.account(r, &b.Flows[:n+1][n]) {
			b.Flows = b.Flows[:n+1]
		}
	}
}

// account counts a record and decodes it to f; it tells whether f is a flow.
func (c *Capture) account(r *record, f *downpour.Flow) bool {
	found := r.found
	if found == fine {
		found = decode(r.link, r.frame, r.length, f)
	}
	f.Time = r.time
	c.clock(r)
	c.figures.Packets++
	c.figures.Bytes += uint64(r.length)
	f.Bytes = uint64(r.length)
	if c.figures.Packets%progressEvery == 0 {
		c.tellProgress()
	}
	if found == fine {
		c.figures.Flows++
		return true
	}
	return c.remark(found, r.offset)
}

// remark counts a packet that was not plainly fine; it tells whether it is a
// flow all the same.
func (c *Capture) remark(found finding, offset int64) bool {
	if found == notIP {
		c.figures.NotIP++
		return false
	}
	if found == linkUnknown && c.ledger.count[found] == 0 {
		c.ledger.strange = c.record.link
	}
	c.ledger.note(found, offset)
	if found.undecoded() {
		c.figures.Undecoded++
		return false
	}
	c.figures.Flows++
	return true
}

// clock keeps the span of time and remarks on leaps in it.
func (c *Capture) clock(r *record) {
	if c.figures.Packets == 0 {
		c.first, c.last, c.before = r.time, r.time, r.time
		return
	}
	// The difference may wrap around, but then it is far from a day too.
	if step := r.time - c.before; step > maxStep || step < -maxStep {
		c.ledger.note(timeJump, r.offset)
	}
	c.before = r.time
	c.first = min(c.first, r.time)
	c.last = max(c.last, r.time)
}

// tellProgress publishes how far a mapped file is read; streams count by
// themselves.
func (c *Capture) tellProgress() {
	if c.mapped {
		c.consumed.Store(c.window.offset())
	}
}

// Input accounts for what has been read so far. Its offsets count in the
// uncompressed capture, its bytes are those of the packets on the wire.
func (c *Capture) Input() downpour.Input {
	in := downpour.Input{
		Name:     c.name,
		Kind:     c.kind,
		Packets:  c.figures.Packets,
		Bytes:    c.figures.Bytes,
		Problems: c.ledger.problems(),
	}
	if c.figures.Packets > 0 {
		start, end := time.Unix(0, c.first).UTC(), time.Unix(0, c.last).UTC()
		in.Start, in.End = &start, &end
	}
	return in
}

// Figures returns the account of the packets read so far.
func (c *Capture) Figures() Figures { return c.figures }

// Progress tells how many bytes of the file (compressed, if it is) have been
// read, and of how many; total is 0 where it is not known. It is safe to call
// from any goroutine.
func (c *Capture) Progress() (read, total int64) { return c.consumed.Load(), c.total }

// Close releases the file; what Next filled before stays valid. A reader given
// to Open is the caller's to close.
func (c *Capture) Close() error {
	c.ended = true
	c.window = mappedWindow(nil)
	c.mapped = false
	var all error
	for i := len(c.closers) - 1; i >= 0; i-- {
		all = errors.Join(all, c.closers[i]())
	}
	c.closers = nil
	return all
}
