package web

import (
	"math"
	"time"
)

// linear maps the domain [from, to] onto the pixels [start, end].
type linear struct{ from, to, start, end float64 }

func (s linear) at(v float64) float64 {
	if s.to == s.from {
		return s.start
	}
	return s.start + (v-s.from)/(s.to-s.from)*(s.end-s.start)
}

// niceStep is the smallest of 1, 2, 5 times a power of ten that cuts span into
// at most n pieces (Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990).
func niceStep(span float64, n int) float64 {
	if span <= 0 || n < 1 {
		return 1
	}
	raw := span / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range [...]float64{1, 2, 5} {
		if m*unit >= raw*(1-1e-9) {
			return m * unit
		}
	}
	return 10 * unit
}

// niceTicks returns multiples of a nice step from zero to at most top.
func niceTicks(top float64, n int) []float64 {
	step := niceStep(top, n)
	var ticks []float64
	for i := 0; float64(i)*step <= top*(1+1e-9) && i <= 4*n; i++ {
		ticks = append(ticks, float64(i)*step)
	}
	return ticks
}

// timeScale maps time onto pixels.
type timeScale struct {
	from, to   time.Time
	start, end float64
}

func (s timeScale) at(t time.Time) float64 {
	span := s.to.Sub(s.from)
	if span <= 0 {
		return s.start
	}
	return s.start + float64(t.Sub(s.from))/float64(span)*(s.end-s.start)
}

// time is the moment at a pixel.
func (s timeScale) time(px float64) time.Time {
	if s.end == s.start {
		return s.from
	}
	return s.from.Add(time.Duration((px - s.start) / (s.end - s.start) * float64(s.to.Sub(s.from))))
}

// clamped is at, kept within the drawing.
func (s timeScale) clamped(t time.Time) float64 {
	return min(max(s.at(t), s.start), s.end)
}

func (s timeScale) contains(t time.Time) bool { return !t.Before(s.from) && !t.After(s.to) }

// timeSteps are the distances between ticks that a reader expects.
func timeSteps() []time.Duration {
	return []time.Duration{
		time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
		48 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour,
	}
}

// tickTime is a tick's moment and the form that its distance to the next asks for.
type tickTime struct {
	t    time.Time
	form string
}

// tickForm is how finely ticks a step apart must be written.
func tickForm(step time.Duration) string {
	switch {
	case step < time.Second:
		return formMillis
	case step < time.Minute:
		return formSeconds
	case step < 24*time.Hour:
		return formHour
	}
	return formDay
}

// ticks returns at most n round times within the scale, round in the clock's zone.
func (s timeScale) ticks(c clock, n int) []tickTime {
	span := s.to.Sub(s.from)
	if span <= 0 || n < 1 {
		return nil
	}
	step := span
	for _, candidate := range timeSteps() {
		if span/candidate < time.Duration(n) {
			step = candidate
			break
		}
	}
	_, offset := c.in(s.from).Zone()
	shift := time.Duration(offset) * time.Second
	var ticks []tickTime
	form := tickForm(step)
	for t := s.from.Add(shift).Truncate(step).Add(-shift); !t.After(s.to) && len(ticks) < 2*n; t = t.Add(step) {
		if !t.Before(s.from) {
			ticks = append(ticks, tickTime{t, form})
		}
	}
	return ticks
}
