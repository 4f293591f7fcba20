package export

import (
	"errors"
	"fmt"
	"io"

	"downpour"
)

// Reader gives the messages of several inputs in the order in which they arrived.
// Inputs are opened when their time has come and closed at their end, so that a
// thousand rotated files need one or two descriptors.
type Reader struct {
	parts []*part // in the order in which they were named
	due   []*part // those that were not begun, by start
	open  []*part // those that are being read
	last  *part   // whose head was given last
	// streamed says that an input can be read but once, as it comes.
	streamed bool
	closers  []io.Closer
}

// Streamed tells whether an input is a stream, which may still be growing.
func (r *Reader) Streamed() bool { return r.streamed }

// part is one input.
type part struct {
	name string
	size int64 // bytes, for progress; 0 if not known
	// begin opens the input from its beginning.
	begin func() (feed, error)
	start int64 // when its first message arrived
	feed  feed  // nil before it was begun
	head  Message
	files []*file
	done  bool
}

// add takes a part in, whose first message is read to know its place. Parts that
// can be begun only once (streams) stay open.
func (r *Reader) add(p *part, again bool) error {
	f, err := p.begin()
	if err != nil {
		return err
	}
	r.parts = append(r.parts, p)
	p.feed, p.files = f, f.inputs()
	if !f.next(&p.head) {
		p.finish()
		return nil
	}
	p.start = p.head.At
	if !again {
		r.streamed = true
		r.open = append(r.open, p)
		return nil
	}
	p.feed = nil
	if err := f.close(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	r.queue(p)
	return nil
}

// queue puts a part into the order of starts; the first named is first of equals.
func (r *Reader) queue(p *part) {
	i := len(r.due)
	for i > 0 && r.due[i-1].start > p.start {
		i--
	}
	r.due = append(r.due, nil)
	copy(r.due[i+1:], r.due[i:])
	r.due[i] = p
}

// Next reads the message that arrived next; false at the end of all inputs. It
// holds until the next call.
func (r *Reader) Next(m *Message) bool {
	if r.last != nil {
		r.advance(r.last)
		r.last = nil
	}
	for {
		first := r.first()
		if len(r.due) > 0 && (first == nil || r.due[0].start <= first.head.At) {
			r.beginNext()
			continue
		}
		if first == nil {
			return false
		}
		*m, r.last = first.head, first
		return true
	}
}

// first is the open part whose head arrived first; the one opened first of equals.
func (r *Reader) first() *part {
	var first *part
	for _, p := range r.open {
		if first == nil || p.head.At < first.head.At {
			first = p
		}
	}
	return first
}

// beginNext opens the part that is due first.
func (r *Reader) beginNext() {
	p := r.due[0]
	r.due = r.due[1:]
	f, err := p.begin()
	if err != nil {
		p.fail(err)
		return
	}
	p.feed, p.files = f, f.inputs()
	r.open = append(r.open, p)
	r.advance(p)
}

// advance reads a part's next message, or ends it.
func (r *Reader) advance(p *part) {
	if p.feed.next(&p.head) {
		return
	}
	p.finish()
	for i, o := range r.open {
		if o == p {
			r.open = append(r.open[:i], r.open[i+1:]...)
			return
		}
	}
}

// finish ends a part and keeps its accounts.
func (p *part) finish() {
	p.files = p.feed.inputs()
	if err := p.feed.close(); err != nil {
		p.fail(err)
	}
	p.feed, p.done = nil, true
}

// fail tells that a part can't be read (on).
func (p *part) fail(err error) {
	p.done = true
	for _, f := range p.files {
		f.damage = append(f.damage, downpour.Problem{Says: fmt.Sprintf("cannot be read: %v", err), Count: 1})
	}
}

// Inputs accounts for all inputs, in the order in which they were named.
func (r *Reader) Inputs() []downpour.Input {
	var all []downpour.Input
	for _, p := range r.parts {
		if p.feed != nil {
			p.files = p.feed.inputs()
		}
		for _, f := range p.files {
			all = append(all, f.input())
		}
	}
	return all
}

// Progress tells how many bytes of all inputs have been read, and of how many; a
// part of unknown size counts with neither.
func (r *Reader) Progress() (read, total int64) {
	for _, p := range r.parts {
		total += p.size
		switch {
		case p.done:
			read += p.size
		case p.feed != nil:
			n, _ := p.feed.progress()
			read += min(n, p.size)
		}
	}
	return read, total
}

// Close releases what is still open.
func (r *Reader) Close() error {
	for _, p := range r.open {
		p.finish()
	}
	r.open, r.due, r.last = nil, nil, nil
	var all error
	for _, c := range r.closers {
		all = errors.Join(all, c.Close())
	}
	r.closers = nil
	return all
}

// AddUnread takes in an input that can't be read, or is no flow export, so that
// it is accounted for.
func (r *Reader) AddUnread(name string, why error) {
	p := &part{name: name, files: []*file{{name: name, kind: "unknown"}}, done: true}
	p.files[0].damage = []downpour.Problem{{Says: fmt.Sprintf("left out: %v", why), Count: 1}}
	r.parts = append(r.parts, p)
}
