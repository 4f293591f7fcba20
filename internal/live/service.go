package live

import (
	"time"

	"downpour"
)

// service is what is known of a service at this moment.
type service struct {
	Service
	buckets bucketRing
	recent  recentCounts
}

// window is how much of the past a service's chart shows.
const window = 24 * time.Hour

// bucketRing holds the closed buckets of the window, oldest first.
type bucketRing struct{ list []downpour.ExpectedReports }

// maxBuckets bounds the ring: the window in minutes, and room to spare.
const maxBuckets = 1600

// add puts a bucket at its place; one of the same time replaces the earlier.
func (r *bucketRing) add(b downpour.ExpectedReports) {
	if n := len(r.list); n > 0 && r.list[n-1].Time.Equal(b.Time) {
		r.list[n-1] = b
		return
	}
	r.list = append(r.list, b)
	if len(r.list) > maxBuckets {
		r.list = append(r.list[:0], r.list[len(r.list)-maxBuckets:]...)
	}
}

// between copies the buckets that begin in [from, to).
func (r *bucketRing) between(from, to time.Time) []downpour.ExpectedReports {
	var out []downpour.ExpectedReports
	for _, b := range r.list {
		if !b.Time.Before(from) && b.Time.Before(to) {
			out = append(out, b)
		}
	}
	return out
}

// usual is what is expected in a bucket now; nil before the first bucket closed.
func (r *bucketRing) usual() *downpour.Estimate {
	if len(r.list) == 0 {
		return nil
	}
	e := r.list[len(r.list)-1].Expected
	return &e
}

// recentCounts remembers the counts of the last minute of event time.
type recentCounts struct{ list []downpour.ReportCount }

func (r *recentCounts) add(c downpour.ReportCount) {
	r.list = append(r.list, c)
	if len(r.list) >= 256 {
		r.trim(c.Time)
	}
}

func (r *recentCounts) trim(now time.Time) {
	keep := r.list[:0]
	for _, c := range r.list {
		if now.Sub(c.Time) <= 2*time.Minute {
			keep = append(keep, c)
		}
	}
	r.list = keep
}

// lastMinute adds up what the minute before now counted: buckets that began in
// it. A bucket of a minute that began 90 s ago ended half a minute ago and is
// the newest that is whole.
func (r *recentCounts) lastMinute(now time.Time) uint64 {
	var n float64
	for _, c := range r.list {
		if age := now.Sub(c.Time); age >= 0 && age <= time.Minute {
			n += c.Count
		}
	}
	return uint64(n)
}
