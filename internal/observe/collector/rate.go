package collector

import (
	"math"
	"time"
)

// rateMemory is over how long a rate is averaged.
const rateMemory = 10 * time.Second

// rate is a counter's growth a second, smoothed. The zero value is ready.
type rate struct {
	value float64
	count uint64
	at    int64
}

// turn brings the rate up to date with what was counted by now.
func (r *rate) turn(now int64, count uint64) {
	passed := time.Duration(now - r.at)
	if r.at != 0 && passed > 0 {
		growth := float64(count-r.count) / passed.Seconds()
		weight := 1 - math.Exp(-passed.Seconds()/rateMemory.Seconds())
		r.value += weight * (growth - r.value)
	}
	r.count, r.at = count, now
}
