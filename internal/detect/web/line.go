package web

import (
	"time"

	"downpour"
)

// line is the rate of an attack over time in at most downpour.TimelineSteps steps,
// of a second at first and doubling when they run out.
type line struct {
	start     int64 // second
	doublings uint8
	requests  []float64
}

func (l *line) step() int64 { return 1 << l.doublings }

// add counts requests in a second.
func (l *line) add(sec int64, requests float64) {
	i := (sec - l.start) >> l.doublings
	for i >= downpour.TimelineSteps {
		l.coarsen()
		i = (sec - l.start) >> l.doublings
	}
	for int64(len(l.requests)) <= i {
		l.requests = append(l.requests, 0)
	}
	l.requests[i] += requests
}

// coarsen doubles the step.
func (l *line) coarsen() {
	l.doublings++
	half := (len(l.requests) + 1) / 2
	for i := range half {
		sum := l.requests[2*i]
		if 2*i+1 < len(l.requests) {
			sum += l.requests[2*i+1]
		}
		l.requests[i] = sum
	}
	l.requests = l.requests[:half]
}

// timeline gives the rates up to a second, included.
func (l *line) timeline(vector string, end int64) downpour.Timeline {
	n := min(int((end-l.start)>>l.doublings)+1, len(l.requests))
	rates := make([]float64, max(n, 0))
	for i := range rates {
		rates[i] = l.requests[i] / float64(l.step())
	}
	return downpour.Timeline{
		Start: instant(l.start * second), Step: float64(l.step()),
		Rates: []downpour.VectorTimeline{{Vector: vector, Packets: []float64{}, Bits: []float64{}, Requests: rates}},
	}
}

// instant is a time of nanoseconds since the epoch.
func instant(t int64) time.Time { return time.Unix(0, t).UTC() }
