package downpour

import "time"

// Outage is a stretch in which a service's users report (or a signal shows) far
// more trouble than expected. A wave of reports is one outage.
type Outage struct {
	ID        string     `json:"id"` // hash of service, direction, alarm time and onset
	Service   string     `json:"service"`
	Direction Change     `json:"direction"`
	Signals   []string   `json:"signals"`
	OnsetLow  *time.Time `json:"onset_low"` // earliest the onset can be; null if it is exact
	Onset     time.Time  `json:"onset"`
	AlarmAt   time.Time  `json:"alarm_at"`
	PeakAt    time.Time  `json:"peak_at"`
	End       time.Time  `json:"end"`
	Ongoing   bool       `json:"ongoing"`
	// PeakReports is the largest bucket as counted, ExpectedReports what was
	// expected in that bucket.
	PeakReports     float64  `json:"peak_reports"`
	ExpectedReports Estimate `json:"expected_reports"`
	Severity        Severity `json:"severity"`
	Bumps           []Bump   `json:"bumps"`
	// Why is the rule that fired, with its numbers, in one sentence.
	Why string `json:"why"`
	// Origins are the origins of the counts it rests on.
	Origins []CountOrigin `json:"origins,omitempty"`
}

// Change is the direction in which a series left its expectation.
type Change string

// The directions of an outage's series.
const (
	Rise Change = "rise"
	Fall Change = "fall"
)

// Bump is a local peak inside or after an outage that does not stand far enough
// above its valley to be an outage of its own.
type Bump struct {
	At      time.Time `json:"at"`
	Reports float64   `json:"reports"`
	Says    string    `json:"says,omitempty"`
}
