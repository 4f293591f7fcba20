package engine

import "downpour"

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
	chunkFlows = 256  // flows of a chunk: 22 KiB
	outSize    = 256  // flows that are let go at once
	// slots divide a second as finely as detectors do, so that they see flows in
	// the order of time at no greater cost than a counting sort's.
	slots      = 50
	slotLength = second / slots
)

// held are the flows of one second, in chunks of which all but the last are full.
type held struct{ chunks []*chunk }

type chunk struct {
	n     int
	flows [chunkFlows]downpour.Flow
}

// put keeps a flow in a second that is open and within the span.
func (h *hold) put(f *downpour.Flow, at int64) {
	s := &h.seconds[at&(holdSpan-1)]
	n := len(s.chunks)
	if n == 0 || s.chunks[n-1].n == chunkFlows {
		s.chunks = append(s.chunks, h.chunk())
		n++
	}
	c := s.chunks[n-1]
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
	s := h.seconds[h.first&(holdSpan-1)].chunks
	h.seconds[h.first&(holdSpan-1)].chunks = nil
	start := h.first * second
	h.first++
	n := 0
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
				h.put(f, max(h.first, next(f, start+second)))
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
	for _, c := range s {
		h.used -= c.n
		c.n = 0
	}
	h.recycle(s)
}

// sort orders the flows of a second by their slot in it (a counting sort); those
// of one slot stay as they came.
func (h *hold) sort(s []*chunk) []uint32 {
	var at [slots + 1]uint32
	for _, c := range s {
		for i := range c.flows[:c.n] {
			at[1+floorMod(c.flows[i].Time, second)/slotLength]++
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
			slot := &at[floorMod(c.flows[i].Time, second)/slotLength]
			order[*slot] = uint32(k*chunkFlows + i)
			*slot++
		}
	}
	return order
}

// recycle keeps emptied chunks for later, as many as hold what is kept now (and a
// few at least): the next second will need them, and making them anew costs more
// than filling them. After a flood memory falls back.
func (h *hold) recycle(s []*chunk) {
	const few = 64
	keep := few + h.used/chunkFlows
	h.free = append(h.free, s...)
	if len(h.free) > keep {
		clear(h.free[keep:])
		h.free = h.free[:keep]
	}
	if cap(h.order) > 4*chunkFlows && cap(h.order) > 8*len(s)*chunkFlows {
		h.order = nil
	}
}
