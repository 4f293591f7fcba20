package web

import (
	"time"

	"downpour/internal/detect/state"
)

// showing is how long the visitors of a site take until what they ask for shows that they
// are some: a browser asks for the parts of a page within moments, and how soon differs
// from site to site. So a rise by clients none of which does is known for what it is
// before their time is up.
type showing struct {
	bins  [showingBins]uint32
	total uint32
}

const (
	showingBins   = 20
	showingStep   = int64(100 * time.Millisecond)
	showingEnough = 50   // visitors, from which on it tells something
	showingMost   = 4096 // at which they are halved, so that it follows a site that changes
)

// note takes a visitor in that took so long.
func (s *showing) note(took int64) {
	i := took / showingStep
	if i < 0 || i >= showingBins {
		return
	}
	s.bins[i]++
	if s.total++; s.total < showingMost {
		return
	}
	s.total = 0
	for i := range s.bins {
		s.bins[i] /= 2
		s.total += s.bins[i]
	}
}

// by is the share of visitors who have shown it by an age.
func (s *showing) by(age int64) float64 {
	if s.total < showingEnough {
		return 0
	}
	var n uint32
	for i := range min(max(age/showingStep, 0), showingBins) {
		n += s.bins[i]
	}
	return float64(n) / float64(s.total)
}

func (s *showing) code(c *state.Coder) {
	s.total = 0
	for i := range s.bins {
		state.Number(c, &s.bins[i])
		if s.bins[i] > showingMost {
			c.Refuse("%d visitors", s.bins[i])
			s.bins[i] = 0
		}
		s.total += s.bins[i]
	}
}
