package attack

import (
	"time"

	"downpour"
)

// clock divides the time of a collection into at most downpour.TimelineSteps
// equal steps, from firstStep on doubling when they run out.
type clock struct {
	start     int64
	doublings uint8
}

// step is the length of a step in nanoseconds.
func (c clock) step() int64 { return firstStep << c.doublings }

// firstStep draws a capture of 20 ms in 20 steps.
const firstStep = int64(time.Millisecond)

type stepVolume struct{ packets, bytes uint64 }

// stepOf is the step that t falls into; what is older than the start is in the first.
func (c clock) stepOf(t int64) int64 { return max(0, t-c.start) / firstStep >> c.doublings }

// draw adds a record to the timeline of its row.
func (s *suspect) draw(r *row, now int64, v volume) {
	i := s.clock.stepOf(now)
	for i >= downpour.TimelineSteps {
		s.coarsen()
		i = s.clock.stepOf(now)
	}
	for int64(len(r.steps)) <= i {
		r.steps = append(r.steps, stepVolume{})
	}
	r.steps[i].packets += v.packets
	r.steps[i].bytes += v.bytes
}

// coarsen doubles the step.
func (s *suspect) coarsen() {
	s.clock.doublings++
	for _, k := range s.active {
		r := s.rows[k]
		half := (len(r.steps) + 1) / 2
		for i := range half {
			sum := r.steps[2*i]
			if 2*i+1 < len(r.steps) {
				sum.packets += r.steps[2*i+1].packets
				sum.bytes += r.steps[2*i+1].bytes
			}
			r.steps[i] = sum
		}
		r.steps = r.steps[:half]
	}
}

// timeline gives the rates of the vectors from onset to end.
func (s *suspect) timeline(parts []part, onset, end int64) downpour.Timeline {
	from, to := s.clock.stepOf(onset), s.clock.stepOf(end)
	seconds := float64(s.clock.step()) / float64(second)
	out := downpour.Timeline{
		Start: instant(s.clock.start + from*s.clock.step()), Step: seconds,
		Rates: make([]downpour.VectorTimeline, len(parts)),
	}
	for n, p := range parts {
		line := downpour.VectorTimeline{
			Vector: p.name, Packets: make([]float64, to-from+1), Bits: make([]float64, to-from+1),
		}
		for _, k := range s.active {
			if !p.kinds.has(k) {
				continue
			}
			for i := from; i <= to && i < int64(len(s.rows[k].steps)); i++ {
				line.Packets[i-from] += float64(s.rows[k].steps[i].packets) / seconds
				line.Bits[i-from] += float64(s.rows[k].steps[i].bytes) * 8 / seconds
			}
		}
		out.Rates[n] = line
	}
	return out
}

// instant is a time of nanoseconds since the epoch.
func instant(t int64) time.Time { return time.Unix(0, t).UTC() }
