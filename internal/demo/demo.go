// Package demo plays the founding case of Downpour: the outages of the platform
// X on Monday 10 March 2025. What the press published of that day is here as it
// was published (eight report counts, seven public claims); what lies between,
// and all of the traffic, is made by this package from a seed, is marked
// Interpolated or Synthetic, and is shown so wherever it is shown.
package demo

import (
	_ "embed"
	"net/netip"
	"time"

	"downpour"
)

// Service is the name of the demo's one service.
const Service = "X"

// Target is the address that the synthetic flood is aimed at, of a range
// reserved for documentation (RFC 5737).
var Target = netip.MustParseAddr("198.51.100.10")

// Claims are the public statements on the incident in the form of --claims.
//
//go:embed claims.yaml
var Claims []byte

// Zone is the zone of the day's wall clock. The article names none; US Eastern
// is inferred from the time stamp in the identifier of the owner's post, which
// falls into the third wave. Daylight saving had begun the day before.
var Zone = time.FixedZone("EDT", -4*60*60)

// at is a wall-clock minute of the day.
func at(hour, minute int) time.Time {
	return time.Date(2025, time.March, 10, hour, minute, 0, 0, Zone)
}

// Start and End bound the replay.
func Start() time.Time { return at(4, 30) }

// End is the moment after which nothing more is known or made.
func End() time.Time { return at(16, 0) }

// knot is a point of the curve of reports. Between two knots lies a straight
// line, which nobody measured.
type knot struct {
	time   time.Time
	count  float64
	origin downpour.CountOrigin
}

// usual is the level outside of the waves. It is synthetic: the article gives
// none, but 720 is what it calls 'appears to have stopped'.
const usual = 650

// knots is the one list that the day's curve is made of: the eight counts that
// a press article of that day quotes from Downdetector, each at its minute, and
// around them a made-up usual level. 'Appeared to have stopped until around
// 9:30' is read as 720 holding until then.
func knots() []knot {
	published := func(hour, minute int, count float64) knot {
		return knot{at(hour, minute), count, downpour.Published}
	}
	made := func(hour, minute int, count float64) knot {
		return knot{at(hour, minute), count, downpour.Synthetic}
	}
	return []knot{
		made(4, 30, usual), made(5, 45, usual),
		published(6, 0, 20608), published(6, 17, 720), made(9, 30, 720),
		published(10, 2, 41143), published(10, 32, 1361), published(11, 2, 4670),
		published(13, 2, 36064), published(13, 32, 3455), published(14, 2, 19446),
		made(14, 50, 900), made(15, 20, usual), made(16, 0, usual),
	}
}

// curve gives the count at t and where it comes from.
func curve(ks []knot, t time.Time) (float64, downpour.CountOrigin) {
	for i := range ks[:len(ks)-1] {
		a, b := ks[i], ks[i+1]
		if t.Before(a.time) || !t.Before(b.time) {
			continue
		}
		if t.Equal(a.time) {
			return a.count, a.origin
		}
		part := float64(t.Sub(a.time)) / float64(b.time.Sub(a.time))
		return a.count + part*(b.count-a.count), between(a.origin, b.origin)
	}
	return usual, downpour.Synthetic
}

// between tells what a line between two knots is: made up where neither end was
// published, interpolated otherwise.
func between(a, b downpour.CountOrigin) downpour.CountOrigin {
	if a == downpour.Synthetic && b == downpour.Synthetic {
		return downpour.Synthetic
	}
	return downpour.Interpolated
}
