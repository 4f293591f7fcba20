package engine

import (
	"iter"

	"downpour"
)

// hold keeps flows until their second is complete. A flow is kept once, in the
// earliest second that it has a part in and that is not closed; when that second
// closes, what is left of it moves on to the next that it has a part in.
type hold struct {
	seconds [holdSpan]*held // a ring by second; nil where nothing is held
	free    chunks          // emptied, to be used again
	spare   int             // how many those are
	emptied *held           // likewise
	out     [chunkFlows]downpour.Flow
	closing *held // the second before the first open one, as far as it was not let go yet
	slot    int   // that is next of it
	first   int64 // the earliest second that is open, in seconds since the epoch
	latest  int64 // the latest second that holds anything
	used    int   // flows that are kept
}

const (
	holdSpan = 4096 // seconds: the longest delay and leap with room to spare
	// slots divide a second as finely as detectors do, so that they see flows in
	// the order of time although nothing is sorted.
	slots      = 50
	slotLength = second / slots
	chunkFlows = 32 // flows of a chunk: 2.8 KiB
)

// held are the flows of one second by slot, those of a slot as they came.
type held [slots]chunks

// chunks are a list; all are full but the last.
type chunks struct{ head, tail *chunk }

type chunk struct {
	next  *chunk
	n     int
	lasts bool // some flow lasts, and has parts in several seconds
	flows [chunkFlows]downpour.Flow
}

func (c *chunks) push(last *chunk) {
	if c.head == nil {
		c.head = last
	} else {
		c.tail.next = last
	}
	c.tail = last
}

// put keeps a flow in a second that is open and within the span.
func (h *hold) put(f *downpour.Flow, at int64) {
	open := &h.seconds[at&(holdSpan-1)]
	if *open == nil {
		*open = h.second()
	}
	s := &(*open)[uint64(floorMod(f.Time, second)/slotLength)%slots]
	c := s.tail
	if c == nil || c.n == chunkFlows {
		c = h.chunk()
		s.push(c)
	}
	c.flows[c.n%chunkFlows] = *f
	c.n++
	c.lasts = c.lasts || f.Duration >= long
	h.used++
	h.latest = max(h.latest, at)
}

func (h *hold) second() *held {
	if s := h.emptied; s != nil {
		h.emptied = nil
		return s
	}
	return new(held)
}

// chunk gives an empty chunk, one used before if there is one.
func (h *hold) chunk() *chunk {
	c := h.free.head
	if c == nil {
		return new(chunk)
	}
	h.free.head, c.next = c.next, nil
	h.spare--
	return c
}

// close begins to let the earliest open second go, which is not empty. What was
// closed before has been let go.
func (h *hold) close() {
	open := &h.seconds[h.first&(holdSpan-1)]
	h.closing, h.slot = *open, 0
	*open = nil
	h.first++
}

// letGo gives take, some at once, the flows and parts of flows of the next slots of
// the second that closes, and tells of how many: at most n, fewer if it has no more. The
// slice that take gets is used again. What is left of long flows moves on.
func (h *hold) letGo(n int, take func([]downpour.Flow)) int {
	for done := range n {
		if h.closing == nil {
			return done
		}
		s := &h.closing[h.slot]
		for c := s.head; c != nil; c = h.recycle(c) {
			h.used -= c.n
			if c.lasts {
				h.letGoParts(c, take)
			} else {
				take(c.flows[:c.n])
			}
		}
		*s = chunks{}
		if h.slot++; h.slot == slots {
			h.closing, h.emptied = nil, h.closing
		}
	}
	return n
}

// letGoParts gives what the closing second shows of a chunk's flows, and keeps
// what is left of them.
func (h *hold) letGoParts(c *chunk, take func([]downpour.Flow)) {
	start, n := (h.first-1)*second, 0
	for i := range c.flows[:c.n] {
		f := &c.flows[i]
		if f.Duration < long {
			h.out[n] = *f
			n++
			continue
		}
		if p, ok := part(f, start); ok {
			h.out[n] = p
			n++
		}
		if endOf(f) > start+second {
			h.put(f, h.first)
		}
	}
	if n > 0 {
		take(h.out[:n])
	}
}

// all are the flows of a second by slot, as they came within each.
func (s *held) all() iter.Seq[*downpour.Flow] {
	return func(yield func(*downpour.Flow) bool) {
		if s == nil {
			return
		}
		for _, slot := range s {
			for c := slot.head; c != nil; c = c.next {
				for i := range c.flows[:c.n] {
					if !yield(&c.flows[i]) {
						return
					}
				}
			}
		}
	}
}

// recycle gives the chunk after one that is empty now, and keeps that one for
// later if what is kept would fill it: the next second will need it, and making
// it anew costs more than filling it. After a flood memory falls back.
func (h *hold) recycle(c *chunk) (next *chunk) {
	const few = 512
	next = c.next
	if h.spare < few+h.used/chunkFlows {
		c.next, c.n, c.lasts = h.free.head, 0, false
		h.free.head = c
		h.spare++
	}
	return next
}
