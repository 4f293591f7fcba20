package downpour

import "time"

// Event is what detection says at a moment of event time: the newest state of
// one attack or one outage. Exactly one of the pointers is set. What it points
// to is a snapshot that is not changed afterwards.
type Event struct {
	At     time.Time
	Attack *Attack
	// PartOf is set with an attack that turned out to be a part of another, whose ID
	// it is: it's told of no longer.
	PartOf string
	Outage *Outage
	// Expected is set with neither of the above: what a service's reports were
	// expected to be in a bucket that has closed.
	Expected *ExpectedReports
}

// ExpectedReports is one closed bucket of a service's reports with its band.
type ExpectedReports struct {
	Service  string
	Time     time.Time
	Bucket   time.Duration
	Count    float64
	Expected Estimate
	Origin   CountOrigin
}
