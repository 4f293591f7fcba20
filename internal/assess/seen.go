package assess

import (
	"time"

	"downpour"
)

// Seen says what the telemetry could have shown, so that what was not looked at
// is never taken for what is not there.
type Seen struct {
	// Traffic tells whether any traffic telemetry of the service was given.
	Traffic bool
	// From and To bound the event time that traffic telemetry covers; zero if
	// unknown, and then it covers nothing for certain.
	From, To time.Time
	// Ingress is the share of the service's ingress that telemetry sees, [0, 1],
	// as the operator states it; nil if nobody said.
	Ingress *float64
	// Days is for how many days attacks on the service have been looked for.
	Days float64
	// Reports are closed buckets of users' reports in order of time; they may
	// be empty.
	Reports []downpour.ExpectedReports
	// Audience is the usual share of the service's traffic by country; nil if
	// not known.
	Audience map[string]float64
}

// Covers tells whether traffic telemetry was there from start to end.
func (s *Seen) Covers(start, end time.Time) bool {
	return s.Traffic && !s.From.IsZero() && !s.From.After(start) && !s.To.Before(end)
}

// MissedAttacks is the share of attacks that bring a service down and yet do
// not stand out in traffic counts of its whole ingress: few requests that cost
// much, slow ones, an attack on a supplier. An assumption, for want of a
// published figure; on the high side, so that seeing nothing proves little.
const MissedAttacks = 0.35

// UnstatedIngress is the share of the ingress that telemetry is assumed to see
// where nobody said.
const UnstatedIngress = 0.5

// Missed is the probability that an attack went on within what telemetry covers
// and was not seen.
func (s *Seen) Missed() float64 {
	share := UnstatedIngress
	if s.Ingress != nil {
		share = min(max(*s.Ingress, 0), 1)
	}
	return 1 - share*(1-MissedAttacks)
}
