package collector

import "time"

// How late records come is learned over two windows: the one that is being
// filled and the one before.
const (
	delayWindow  = int64(5 * time.Minute)
	delaySeconds = 1024 // the longest delay that is told apart; a quarter of an hour is rare
	freaks       = 2    // records that may be later than all others without being believed
)

// delays learns how long after a moment records of that moment still come: from
// a record's first packet to its arrival, which is the active timeout and what
// the exporter takes to send. The zero value is ready.
type delays struct {
	current, previous [delaySeconds]uint32
	turn              int64
}

// add takes in how long a record came after its first packet, in nanoseconds.
func (d *delays) add(behind int64) {
	second := behind / int64(time.Second)
	if second < 0 {
		second = 0
	}
	d.current[min(second, delaySeconds-1)]++
}

// bound is how many seconds after a moment all but one in a thousand of its
// records have come; 0 if that is within a second, which the engine bears with
// without holding anything back. A longer delay is believed as soon as it is more than a
// freak's; a shorter one when the longer ones are minutes old.
func (d *delays) bound(now int64) time.Duration {
	if now-d.turn >= delayWindow || now < d.turn {
		d.previous, d.current, d.turn = d.current, [delaySeconds]uint32{}, now
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
	for i := delaySeconds - 1; i > 0; i-- {
		n := uint64(d.current[i]) + uint64(d.previous[i])
		if n > spare {
			return time.Duration(i+1) * time.Second
		}
		spare -= n
	}
	return 0
}
