package report

import (
	"slices"
	"sync"
	"time"

	"downpour"
)

const (
	// minute is the length of the buckets.
	minute = time.Minute
	// longestGap is the longest time between two Drains whose silence is data.
	// After a longer one (a suspended machine) nobody could have reported, and
	// the minutes between are not known rather than zero.
	longestGap = 15 * time.Minute
	// maxPending bounds the minutes that wait, whatever times reports bear; what
	// is beyond counts in the latest of them.
	maxPending = 64
)

// Counter makes of counted reports the counts by minute that the engine reads.
//
// The counts of one service and minute that it emits ADD UP: each Drain gives
// what came since the last one, as an increment, in the minute of its time. For
// a service without any report in a minute that has ended it gives one count of
// 0, so that silence is data. A report that comes after its minute was closed
// counts in the first minute that is still open: none is lost and none is older
// than what the detector has closed. Its methods may be called concurrently.
type Counter struct {
	mu       sync.Mutex
	services map[string]*tally
	names    []string  // sorted
	open     time.Time // start of the first minute that is not closed
	began    time.Time // before it there is no silence to tell
	drained  time.Time
	unknown  uint64
}

// tally is one service's reports that were not drained yet, by minute. It holds
// few minutes: those since the last Drain.
type tally struct {
	pending map[time.Time]float64
	told    time.Time // the last minute of which something was emitted
}

// NewCounter counts for these services from start on. Other services' reports
// are not counted but told by Unknown.
func NewCounter(start time.Time, services []string) *Counter {
	c := &Counter{services: map[string]*tally{}, open: start.UTC().Truncate(minute), drained: start}
	c.began = c.open
	if c.began.Before(start) {
		c.began = c.began.Add(minute) // the first minute is not whole
	}
	for _, name := range services {
		if c.services[name] == nil {
			c.services[name] = &tally{pending: map[time.Time]float64{}}
			c.names = append(c.names, name)
		}
	}
	slices.Sort(c.names)
	return c
}

// Add counts one report of a service at time t. A time ahead of what Drain will
// be told next waits for its minute.
func (c *Counter) Add(service string, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[service]
	if s == nil {
		c.unknown++
		return
	}
	at := t.UTC().Truncate(minute)
	if at.Before(c.open) {
		at = c.open
	}
	if _, ok := s.pending[at]; !ok && len(s.pending) >= maxPending {
		at = latest(s.pending)
	}
	s.pending[at]++
}

func latest(pending map[time.Time]float64) (last time.Time) {
	for at := range pending {
		if at.After(last) {
			last = at
		}
	}
	return last
}

// Unknown is how many reports were of no known service.
func (c *Counter) Unknown() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unknown
}

// Drain returns what has come up to now, in order of time and then of service,
// and closes the minutes that have ended. Time that goes back closes nothing.
func (c *Counter) Drain(now time.Time) []downpour.ReportCount {
	c.mu.Lock()
	defer c.mu.Unlock()
	current := now.UTC().Truncate(minute)
	awake := now.Sub(c.drained) <= longestGap
	if !awake {
		c.began = current.Add(minute) // the minute in which we woke is not whole
	}
	var out []downpour.ReportCount
	for _, at := range c.minutes(current, awake) {
		ended := at.Before(current)
		for _, name := range c.names {
			out = c.services[name].emit(out, name, at, ended, !at.Before(c.began))
		}
	}
	if current.After(c.open) {
		c.open = current
	}
	if now.After(c.drained) {
		c.drained = now
	}
	return out
}

// minutes returns those up to current that there is something to say of: all
// that are open or, if nobody was awake meanwhile, those with reports.
func (c *Counter) minutes(current time.Time, awake bool) (out []time.Time) {
	if awake {
		for at := c.open; !at.After(current); at = at.Add(minute) {
			out = append(out, at)
		}
		return out
	}
	for _, s := range c.services {
		for at := range s.pending {
			if !at.After(current) {
				out = append(out, at)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.Compact(out)
}

// emit appends what a minute has gained and, if it has ended without anything
// and that is known, its zero.
func (t *tally) emit(out []downpour.ReportCount, name string, at time.Time, ended, known bool) []downpour.ReportCount {
	n, some := t.pending[at]
	delete(t.pending, at)
	if some || ended && known && t.told != at {
		out = append(out, downpour.ReportCount{Service: name, Time: at, Bucket: minute, Count: n, Origin: downpour.Received})
		t.told = at
	}
	return out
}
