package flow

import "time"

// The habits of Clock.
const (
	clockWindow = int64(2 * time.Minute)         // of arrivals, over which the least difference is sought
	clockJump   = int64(5 * time.Second)         // a difference this far from the offset is a jump, or an outlier
	clockAgree  = 4                              // datagrams in a row that must agree on a jump
	clockStands = int64(1500 * time.Millisecond) // after which an export time that stays the same is no clock's
)

// Clock estimates how far an exporter's clock is from that of who receives its
// datagrams: the least of arrival minus export over the last few minutes, since
// delays only ever add to it. One outlier moves nothing; datagrams that agree on
// another offset do. The zero value is ready; it is for one goroutine.
type Clock struct {
	known             bool
	current, previous leastDifference
	turn              int64 // arrival at which the current window began
	candidate         leastDifference
	jumps             uint64
	exported, since   int64 // the latest export time, and the arrival at which it was new
}

// leastDifference is the least arrival minus export of some datagrams.
type leastDifference struct {
	least int64
	n     int
}

func (l *leastDifference) add(difference int64) {
	if l.n == 0 || difference < l.least {
		l.least = difference
	}
	l.n++
}

// Add takes in a datagram: its export time by the exporter's clock and its
// arrival by ours, nanoseconds since the epoch. A datagram without an export
// time (0) tells nothing.
func (c *Clock) Add(exported, arrived int64) {
	if exported == 0 {
		return
	}
	difference := arrived - exported
	if c.stands(exported, arrived) {
		c.previous, c.current, c.turn = leastDifference{}, leastDifference{least: difference, n: 1}, arrived
		return
	}
	if !c.known {
		c.known, c.turn = true, arrived
		c.current.add(difference)
		return
	}
	if distance := difference - c.Offset(); distance > clockJump || distance < -clockJump {
		c.doubt(difference, arrived)
		return
	}
	c.candidate = leastDifference{}
	if arrived-c.turn >= clockWindow || arrived < c.turn {
		c.previous, c.current, c.turn = c.current, leastDifference{}, arrived
	}
	c.current.add(difference)
}

// stands tells whether the exporter's clock stands still, as that of somebody who
// sends the same datagrams again and again does: its offset is then always new.
func (c *Clock) stands(exported, arrived int64) bool {
	if exported != c.exported {
		c.exported, c.since = exported, arrived
		return false
	}
	return arrived-c.since > clockStands
}

// doubt weighs a difference that is far from the offset.
func (c *Clock) doubt(difference, arrived int64) {
	if far := difference - c.candidate.least; c.candidate.n > 0 && (far > clockJump || far < -clockJump) {
		c.candidate = leastDifference{}
	}
	c.candidate.add(difference)
	if c.candidate.n < clockAgree {
		return
	}
	c.previous, c.current, c.turn = leastDifference{}, c.candidate, arrived
	c.candidate = leastDifference{}
	c.jumps++
}

// Offset is what has to be added to the exporter's times to have ours, in
// nanoseconds; 0 before the first datagram.
func (c *Clock) Offset() int64 {
	if c.previous.n > 0 && (c.current.n == 0 || c.previous.least < c.current.least) {
		return c.previous.least
	}
	return c.current.least
}

// Wrong is the offset if it reaches a tolerance, else 0: what is to be corrected
// and told. The tolerance is a second at least, since export times have the
// resolution of one.
func (c *Clock) Wrong(tolerance time.Duration) int64 {
	if o := c.Offset(); o >= int64(tolerance) || o <= -int64(tolerance) {
		return o
	}
	return 0
}

// Jumps counts how often the exporter's clock was set.
func (c *Clock) Jumps() uint64 { return c.jumps }
