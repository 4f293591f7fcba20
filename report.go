package downpour

import "time"

// Report is one user saying that a service fails for them. It bears no address:
// Network is a keyed hash of the reporter's network whose key lives in memory
// and changes daily.
type Report struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service"`
	Symptom string    `json:"symptom"`
	Text    string    `json:"text,omitempty"`
	Country string    `json:"country,omitempty"` // ISO 3166-1 alpha-2; empty if unknown
	ASN     uint32    `json:"asn,omitempty"`
	Network string    `json:"network,omitempty"`
	// Counted is false for a report that was received but not counted; Reason
	// then says why (a second report within ten minutes, another site's post).
	Counted bool   `json:"counted"`
	Reason  string `json:"reason,omitempty"`
}

// ReportCount is a number of reports in one bucket of time.
type ReportCount struct {
	Service string
	Time    time.Time // start of the bucket
	// Bucket is the bucket's length; 0 where the source does not tell, and then
	// Count is the count shown at that moment and nothing is assumed between
	// two rows.
	Bucket time.Duration
	Count  float64
	Origin CountOrigin
}

// CountOrigin tells where a count of reports came from, so that what is not
// measured is never shown as if it were.
type CountOrigin string

// The origins of a count.
const (
	Received     CountOrigin = "received"     // through our own intake
	Published    CountOrigin = "published"    // a figure that somebody published
	Interpolated CountOrigin = "interpolated" // between two published figures
	Synthetic    CountOrigin = "synthetic"    // made by a generator
)
