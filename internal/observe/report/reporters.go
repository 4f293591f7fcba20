package report

import "time"

// window is how long a reporter who was counted is not counted again (the
// contract: ten minutes).
const window = 10 * time.Minute

// share is how much of its part one reporter or network has counted in the
// window that its first counted report opened.
type share struct {
	opened  int64 // nanoseconds
	counted int32
}

// shares tells how many reports of one place are counted within a window. A
// window begins with the first counted report and ends ten minutes after it; so
// somebody who keeps reporting counts once in ten minutes, and not never.
type shares struct{ table *table[share] }

// open tells whether a share's window still runs. One that opened long after now
// is of another replay.
func (s *share) open(now int64) bool {
	age := now - s.opened
	return age < int64(window) && age > -int64(window)
}

// find returns the place's share, nil if it has none yet, and whether it has a
// part left of its limit.
func (s shares) find(key uint64, now int64, limit int32) (v *share, left bool) {
	v = s.table.get(key)
	return v, v == nil || !v.open(now) || v.counted < limit
}

// count uses up one part of the share that find returned.
func (s shares) count(v *share, key uint64, now int64) {
	if v == nil || !v.open(now) {
		v = s.table.renew(key)
		*v = share{opened: now}
	}
	v.counted++
}

// giveBack undoes one count.
func (s shares) giveBack(key uint64) {
	v := s.table.get(key)
	if v == nil {
		return
	}
	if v.counted--; v.counted <= 0 {
		s.table.drop(key)
	}
}

// expire forgets the two oldest windows if they are over: as each report opens
// one at most, the table empties faster than it fills.
func (s shares) expire(now int64) {
	for range 2 {
		key, v := s.table.first()
		if v == nil || v.open(now) {
			return
		}
		s.table.drop(key)
	}
}
