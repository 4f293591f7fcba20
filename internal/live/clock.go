package live

import (
	"time"
)

// ReplayClock runs through the past faster than real time and, at the end of
// the replay, goes on at the pace of real time.
type ReplayClock struct {
	began      time.Time // real time
	start, end time.Time // event time
	speed      float64
	real       func() time.Time
}

// NewReplayClock returns a clock that shows start now and moves speed times as
// fast as the real clock until it shows end.
func NewReplayClock(real func() time.Time, start, end time.Time, speed float64) *ReplayClock {
	return &ReplayClock{began: real(), start: start, end: end, speed: speed, real: real}
}

// Now is the event time that the replay has reached.
func (c *ReplayClock) Now() time.Time {
	passed := c.real().Sub(c.began)
	length := time.Duration(float64(c.end.Sub(c.start)) / c.speed)
	if passed >= length {
		return c.end.Add(passed - length)
	}
	return c.start.Add(time.Duration(float64(passed) * c.speed))
}
