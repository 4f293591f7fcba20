package outage

import (
	"math"

	"downpour"
)

// Detector finds outages in the series of all services. It implements
// engine.CountDetector and is used from one goroutine.
type Detector struct {
	cfg    Config
	series map[key]*series
	order  []*series // of first appearance
	now    int64
	events []downpour.Event
	stats  Stats
}

// key tells series apart: rows of an unknown bucket are never mixed with buckets.
type key struct {
	service string
	rows    bool
}

// Stats counts what was not taken in.
type Stats struct {
	Shed    uint64 `json:"shed"`    // counts of services beyond MaxServices
	Late    uint64 `json:"late"`    // counts of buckets that were closed
	Refused uint64 `json:"refused"` // negative or not finite counts, impossible buckets and times
}

// New makes a detector that knows nothing yet. Zero fields of cfg take their
// defaults.
func New(cfg Config) *Detector {
	return &Detector{cfg: cfg.filled(), series: map[key]*series{}, now: math.MinInt64}
}

// Stats tells what was shed, late or refused so far.
func (d *Detector) Stats() Stats { return d.stats }

// Count takes a count in. Counts of the same service and bucket start add up
// until a later bucket of the service, or a Tick past the bucket's end, closes
// it; a count for a closed bucket is late and dropped. A rise is looked for at
// each count, so an alarm need not wait for the close; so the edge may send
// parts of a minute as they come, and must send a zero for a minute in which
// nothing came: a bucket never told is a gap. A count of an unknown bucket
// (Bucket zero) is a row of its own and closed at once.
func (d *Detector) Count(c *downpour.ReportCount) {
	if !valid(c) {
		d.stats.Refused++
		return
	}
	s := d.of(key{c.Service, c.Bucket == 0})
	if s == nil {
		d.stats.Shed++
		return
	}
	at := c.Time.UnixNano()
	d.now = max(d.now, at)
	p := point{At: at, Len: int64(c.Bucket), Count: min(c.Count, maxCount), Origin: c.Origin}
	if !s.count(&p, d.observer()) {
		d.stats.Late++
	}
}

func valid(c *downpour.ReportCount) bool {
	const first, last = 1900, 2200 // years whose nanoseconds fit, with room
	y := c.Time.UTC().Year()
	return c.Count >= 0 && !math.IsInf(c.Count, 0) && c.Bucket >= 0 && c.Bucket <= maxBucket && y >= first && y <= last
}

// of returns the key's series, a new one while there is room.
func (d *Detector) of(k key) *series {
	if s, ok := d.series[k]; ok {
		return s
	}
	if len(d.order) >= d.cfg.MaxServices {
		return nil
	}
	s := newSeries(k.service)
	d.series[k] = s
	d.order = append(d.order, s)
	return s
}

func (d *Detector) observer() *observer {
	return &observer{cfg: &d.cfg, now: d.now, emit: func(e downpour.Event) { d.events = append(d.events, e) }}
}

// Ongoing tells whether the outage of that id is going on, as it may after a
// Restore.
func (d *Detector) Ongoing(id string) bool {
	for _, s := range d.order {
		if s.Wave != nil && s.Wave.ID == id {
			return true
		}
	}
	return false
}

// Tick says that event time has reached now (nanoseconds since the epoch).
func (d *Detector) Tick(now int64) {
	if now < d.now {
		return
	}
	d.now = now
	o := d.observer()
	for _, s := range d.order {
		s.tick(o)
	}
}

// Finish says that the input has ended: open buckets are taken as they are.
func (d *Detector) Finish(now int64) {
	d.now = max(d.now, now)
	o := d.observer()
	for _, s := range d.order {
		s.finish(o)
	}
}

// Events appends what there is to say since the last call: the expectation of
// each closed bucket, and each state of an outage.
func (d *Detector) Events(dst []downpour.Event) []downpour.Event {
	dst = append(dst, d.events...)
	clear(d.events)
	d.events = d.events[:0]
	return dst
}
