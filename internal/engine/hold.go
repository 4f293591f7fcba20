package engine

import (
	"iter"

	"downpour"
)

// hold keeps flows until their second is complete. A flow is kept once, in the
// earliest second that it has a part in and that is not closed; when that second
// closes, what is left of it moves on to the next that it has a part in.
type hold struct {
	seconds [holdSpan]held // a ring by second
	free    []*chunk
	order   []uint32 // of the flows of a second, by time
	out     [outSize]downpour.Flow
	first   int64 // the earliest second that is open, in seconds since the epoch
	latest  int64 // the latest second that holds anything
	used    int   // flows that are kept
}

const (
	holdSpan   = 4096 // seconds: the longest delay and leap with room to spare
	chunkFlows = 64   // flows of a chunk: 5.5 KiB
	outSize    = 256  // flows that are let go at once
	// slots divide a tenth of a second as finely as detectors do, so that they see
	// flows in the order of time at no greater cost than a counting sort's.
	slots      = 5
	slotLength = tenthLength / slots
)

// held are the flows of one second, by tenths of it: those of a tenth are sorted
// while a core's cache holds them.
type held [tenths]chunks

const (
	tenths      = 10
	tenthLength = second / tenths
)

// chunks are all full but the last.
type chunks []*chunk

type chunk struct {
	n     int
	flows [chunkFlows]downpour.Flow
}

// put keeps a flow in a second that is open and within the span.
func (h *hold) put(f *downpour.Flow, at int64) {
	s := &h.seconds[at&(holdSpan-1)][floorMod(f.Time, second)/tenthLength]
	n := len(*s)
	if n == 0 || (*s)[n-1].n == chunkFlows {
		*s = append(*s, h.chunk())
		n++
	}
	c := (*s)[n-1]
	c.flows[c.n] = *f
	c.n++
	h.used++
	h.latest = max(h.latest, at)
}

// chunk gives an empty chunk, one used before if there is one.
func (h *hold) chunk() *chunk {
	if n := len(h.free); n > 0 {
		c := h.free[n-1]
		h.free = h.free[:n-1]
		return c
	}
	return new(chunk)
}

// close takes the earliest second out: its flows and parts of flows go to take in
// the order of time, some at once; the slice is used again. What is left of long
// flows moves on.
func (h *hold) close(take func([]downpour.Flow)) {
	open := &h.seconds[h.first&(holdSpan-1)]
	h.first++
	for i, s := range open {
		if len(s) == 0 {
			continue
		}
		open[i] = nil
		h.letGo(s, take)
		for _, c := range s {
			h.used -= c.n
			c.n = 0
		}
		h.recycle(s)
	}
}

// letGo gives what a tenth of the second before the first open one shows.
func (h *hold) letGo(s chunks, take func([]downpour.Flow)) {
	start, n := (h.first-1)*second, 0
	for _, i := range h.sort(s) {
		f := &s[i/chunkFlows].flows[i%chunkFlows]
		if f.Duration < long {
			h.out[n] = *f
			n++
		} else {
			if p, ok := part(f, start); ok {
				h.out[n] = p
				n++
			}
			if endOf(f) > start+second {
				h.put(f, h.first)
			}
		}
		if n == outSize {
			take(h.out[:n])
			n = 0
		}
	}
	if n > 0 {
		take(h.out[:n])
	}
}

// sort orders the flows of a tenth by their slot in it (a counting sort); those
// of one slot stay as they came.
func (h *hold) sort(s chunks) []uint32 {
	var at [slots + 1]uint32
	for _, c := range s {
		for i := range c.flows[:c.n] {
			at[1+slotIn(&c.flows[i])]++
		}
	}
	total := uint32(0)
	for i, n := range at {
		total += n
		at[i] = total
	}
	if uint32(cap(h.order)) < total {
		h.order = make([]uint32, total+total/4)
	}
	order := h.order[:total]
	for k, c := range s {
		for i := range c.flows[:c.n] {
			slot := &at[slotIn(&c.flows[i])]
			order[*slot] = uint32(k*chunkFlows + i)
			*slot++
		}
	}
	return order
}

// slotIn is the slot of a flow in its tenth of a second.
func slotIn(f *downpour.Flow) int64 { return floorMod(f.Time, tenthLength) / slotLength }

// all are the flows of a second, as they came within each tenth.
func (s *held) all() iter.Seq[*downpour.Flow] {
	return func(yield func(*downpour.Flow) bool) {
		for _, tenth := range s {
			for _, c := range tenth {
				for i := range c.flows[:c.n] {
					if !yield(&c.flows[i]) {
						return
					}
				}
			}
		}
	}
}

// empty tells whether nothing is kept in a second.
func (s *held) empty() bool {
	for i := range s {
		if len(s[i]) > 0 {
			return false
		}
	}
	return true
}

// recycle keeps emptied chunks for later, as many as hold what is kept now (and a
// few at least): the next second will need them, and making them anew costs more
// than filling them. After a flood memory falls back.
func (h *hold) recycle(s chunks) {
	const few = 256
	keep := few + h.used/chunkFlows
	h.free = append(h.free, s...)
	if len(h.free) > keep {
		clear(h.free[keep:])
		h.free = h.free[:keep]
	}
	if cap(h.order) > few*chunkFlows && cap(h.order) > 8*len(s)*chunkFlows {
		h.order = nil
	}
}
