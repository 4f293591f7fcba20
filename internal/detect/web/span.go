package web

// The windows, in seconds: window is judged against the limit, halfWindow is half
// of what clients and cells remember.
const (
	window     = 5
	halfWindow = 5
	// lag is by how much learning stays behind, so that an attack's first seconds
	// are judged before they are learnt.
	lag = 15
)

// halves counts requests in the latest two half windows.
type halves struct {
	span            int64 // the latest half window in which there was one
	recent, earlier uint32
}

// turn makes a half window the latest one.
func (h *halves) turn(span int64) {
	if span <= h.span {
		return
	}
	h.earlier = 0
	if span == h.span+1 {
		h.earlier = h.recent
	}
	h.span, h.recent = span, 0
}

// within is how many there were in a half window and the one before.
func (h *halves) within(span int64) uint32 {
	switch h.span {
	case span:
		return h.recent + h.earlier
	case span - 1:
		return h.recent
	}
	return 0
}

// span is the stretch of the latest two half windows, of which the second may be
// running: what clients and cells remember.
type span struct {
	number   int64 // of the later half window
	from, to int64 // seconds, to not included
}

// spanBefore is the span of the seconds before sec.
func spanBefore(sec int64) span {
	n := (sec - 1) / halfWindow
	return span{n, (n - 1) * halfWindow, sec}
}

func (s span) seconds() float64 { return float64(s.to - s.from) }

// count is what a ring of the watch holds of a span.
func (w *watch) count(ring *[ringLength]uint32, s span) (n float64) {
	for t := s.from; t < s.to; t++ {
		if w.holds(t) {
			n += float64(ring[t%ringLength])
		}
	}
	return n
}
