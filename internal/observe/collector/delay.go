package collector

import "time"

// How late records come is learned over two windows: the one that is being
// filled and the one before.
const (
	delayWindow = int64(5 * time.Minute)
	delaySteps  = 1024 // delays that are told apart; a quarter of an hour is rare
	// Short delays are told apart by quarters of a second: the engine holds so many
	// fewer flows, and judges them so much earlier.
	quarter   = int64(time.Second) / perSecond
	perSecond = 4
	quarters  = 16 * perSecond
	freaks    = 2 // records that may be later than all others without being believed
)

// delays learns how long after a moment records of that moment still come: from
// a record's first packet to its arrival, which is the active timeout and what
// the exporter takes to send. The zero value is ready.
type delays struct {
	current, previous [delaySteps]uint32
	turn              int64
}

// add takes in how long a record came after its first packet, in nanoseconds.
func (d *delays) add(behind int64) {
	d.current[stepOf(behind)]++
}

// stepOf is the step that a delay falls into, in nanoseconds.
func stepOf(behind int64) int64 {
	step := max(behind, 0) / quarter
	if step >= quarters {
		step = quarters - quarters/perSecond + step/perSecond
	}
	return min(step, delaySteps-1)
}

// endOf is the longest delay of a step.
func endOf(step int) time.Duration {
	if step < quarters {
		return time.Duration(step+1) * time.Duration(quarter)
	}
	return time.Duration(step+1-quarters+quarters/perSecond) * time.Second
}

// bound is how long after a moment all but one in a thousand of its records have
// come; 0 if that is within a second, which the engine bears with without holding
// anything back. A longer delay is believed as soon as it is more than a
// freak's; a shorter one when the longer ones are minutes old.
func (d *delays) bound(now int64) time.Duration {
	if now-d.turn >= delayWindow || now < d.turn {
		d.previous, d.current, d.turn = d.current, [delaySteps]uint32{}, now
	}
	var all uint64
	for i := range d.current {
		all += uint64(d.current[i]) + uint64(d.previous[i])
	}
	if all == 0 {
		return 0
	}
	spare := max(all/1000, freaks)
	if all <= freaks {
		spare = 0
	}
	for i := delaySteps - 1; i >= perSecond; i-- {
		n := uint64(d.current[i]) + uint64(d.previous[i])
		if n > spare {
			return endOf(i)
		}
		spare -= n
	}
	return 0
}
