package downpour

import (
	"net/netip"
	"time"
)

// TrafficMinute is what one class of traffic brought to one target in a minute, as far
// as it came near its floor: what is kept of the past.
type TrafficMinute struct {
	Time   time.Time    `json:"time"` // when the minute began
	Target netip.Prefix `json:"target"`
	Class  string       `json:"class"` // as a configuration calls it
	// Peak is the busiest second, each rate by itself; Expected is the most that was
	// expected then.
	Peak     TrafficRate `json:"peak"`
	Expected TrafficRate `json:"expected"`
	// Attacked tells whether the class was part of an attack that was told of.
	Attacked bool `json:"attacked"`
}

// TrafficRate is a rate in both units.
type TrafficRate struct {
	Packets float64 `json:"packets"` // packets/s
	Bits    float64 `json:"bits"`    // bits/s
}
