package flow

import "time"

// Far is how far from its arrival a record may be dated and believed, in
// nanoseconds: twice the longest active timeout in use (half an hour), and below
// a broken clock.
const Far = int64(time.Hour)

// ahead is how far in the future records that were dated anew may get before
// they are dated anew again: whoever replays a capture may send faster than it
// was taken.
const ahead = int64(30 * time.Second)

// Dating dates the records of a live exporter whose times lie far from their
// arrival although its export times may be right: who exports an old capture
// (softflowd -r), or whose uptime is broken. They keep their distances among
// themselves. The zero value is ready; it is for one goroutine.
type Dating struct {
	shift   int64
	shifted bool
}

// Date dates records anew that lie far from the moment at which they arrived,
// and tells how many those were.
func (d *Dating) Date(records []Record, arrived int64) (anew int) {
	newest, far := int64(0), false
	for i := range records {
		if r := &records[i]; isFar(arrived - r.Time) {
			newest, far = max(newest, r.end()), true
		}
	}
	if !far {
		return 0
	}
	if at := newest + d.shift; !d.shifted || at > arrived+ahead || at < arrived-Far {
		d.shift, d.shifted = arrived-newest, true
	}
	for i := range records {
		r := &records[i]
		switch {
		case isFar(arrived - r.Time):
			r.Time += d.shift
			anew++
			if isFar(arrived - r.Time) { // alone with its date
				r.Time, r.Duration = arrived, 0
			}
		case r.Time > arrived: // not moved, so that it can't have been yet
			r.Time, r.Duration = arrived, 0
			anew++
		}
	}
	return anew
}

func (r *Record) end() int64 { return r.Time + int64(r.Duration)*int64(time.Millisecond) }

func isFar(d int64) bool { return d > Far || d < -Far }
