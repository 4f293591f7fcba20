package collector

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// shareInterval is how often room is shared out anew.
const shareInterval = 100 * time.Millisecond

// leastShare is how many records an exporter may have in an interval although the
// kernel drops, as long as the pipeline has room: to read so many takes a few
// thousandths of it, so they are not what keeps us from reading. It may be
// strangers, whom nothing here holds back.
const leastShare = 4000

// share keeps one exporter from starving the others when more comes in than the
// pipeline takes: then each may have the same number of records in an interval,
// and what some don't use goes to the rest (max-min fairness). As long as there
// is room for all, nobody is limited.
type share struct {
	level   atomic.Uint64  // records an exporter may have in the interval
	starved atomic.Bool    // the kernel drops datagrams: we don't even keep up with reading
	short   atomic.Bool    // somebody waited for room since the last interval
	taken   [second]uint64 // flows that the queue had handed over at each of the last intervals
	turns   int
	drops   uint64 // of the kernel, at the last interval
}

// second is how many intervals the pipeline's pace is taken from: it works in bursts,
// and an interval in which it took nothing says nothing about its room.
const second = 10

func newShare() *share {
	s := &share{}
	s.level.Store(math.MaxUint64)
	return s
}

// admit tells whether an exporter may have n more records in this interval.
func (s *share) admit(e *exporter, n int) bool {
	return e.sent.Add(uint64(n)) <= s.level.Load()
}

// skip tells whether a datagram should not even be decoded: its exporter has had
// its share, and time is short.
func (s *share) skip(e *exporter) bool {
	return s.starved.Load() && e.sent.Load() > s.level.Load()
}

// turn begins a new interval: what was offered in the last one, what the
// pipeline took of it, and what the kernel dropped decide on the shares.
func (s *share) turn(all []*exporter, taken, drops uint64) {
	demands := make([]uint64, 0, len(all))
	for _, e := range all {
		n := e.sent.Swap(0)
		e.offered.Store(n)
		if n > 0 {
			demands = append(demands, n)
		}
	}
	room := s.room(taken)
	starved := drops > s.drops
	s.drops = drops
	s.starved.Store(starved)
	short := s.short.Swap(false)
	if !short && !starved {
		s.relax(demands)
		return
	}
	level := fairLevel(demands, room)
	if !short {
		level = max(level, leastShare)
	}
	s.level.Store(level)
}

// room is how many flows the pipeline takes in an interval.
func (s *share) room(taken uint64) uint64 {
	at := s.turns % second
	s.turns++
	since := s.taken[at]
	s.taken[at] = taken
	return (taken - since) / uint64(min(s.turns, second))
}

// relax lifts the limit by steps once there is room, so that a flood that goes on
// does not come and go with each interval.
func (s *share) relax(demands []uint64) {
	level := s.level.Load()
	if level == math.MaxUint64 {
		return
	}
	if len(demands) == 0 || slices.Max(demands) <= level || level > 1<<40 {
		s.level.Store(math.MaxUint64)
		return
	}
	s.level.Store(2*level + 1)
}

// fairLevel is the largest equal bound under which the demands fit into the room.
func fairLevel(demands []uint64, room uint64) uint64 {
	slices.Sort(demands)
	for i, d := range demands {
		each := room / uint64(len(demands)-i)
		if d > each {
			return max(each, 1)
		}
		room -= d
	}
	return math.MaxUint64
}

// limits tells whether anybody is held to a share now.
func (s *share) limits() bool { return s.level.Load() != math.MaxUint64 }
