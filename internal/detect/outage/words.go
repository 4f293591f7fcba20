package outage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"downpour"
)

func moment(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// identity is the hex of eight bytes of a hash of what makes an outage. The
// onset is part of it because a count may end one outage and begin another.
func identity(service string, dir downpour.Change, alarm, onset int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "outage\x00%s\x00%s\x00%d\x00%d", service, dir, alarm, onset))
	return hex.EncodeToString(sum[:8])
}

// outage is a snapshot of the wave.
func (w *wave) outage(service string, ongoing bool) *downpour.Outage {
	o := &downpour.Outage{
		ID: w.ID, Service: service, Direction: w.Dir, Signals: []string{"reports"},
		Onset: moment(w.Onset), AlarmAt: moment(w.Alarm), PeakAt: moment(w.Peak.At), End: moment(w.end()), Ongoing: ongoing,
		PeakReports: w.Peak.Count, ExpectedReports: w.Expected, Severity: w.severity(),
		Bumps: append([]downpour.Bump{}, w.Bumps...), Why: w.Why, Origins: append([]downpour.CountOrigin{}, w.Origins...),
	}
	if ongoing {
		o.End = moment(max(w.Last, w.Peak.end()))
	}
	if w.OnsetLow != nil && *w.OnsetLow < w.Onset {
		low := moment(*w.OnsetLow)
		o.OnsetLow = &low
	}
	return o
}

// severity grades the excess in units of the usual hour, or of the least rate
// that is an outage where the usual is less; where the bucket is unknown the
// peak's excess, in units of the usual row.
func (w *wave) severity() downpour.Severity {
	excess, unit := w.Excess, max(w.Usual, quietRate)
	if w.Peak.Len == 0 {
		excess, unit = math.Abs(w.Peak.Count-w.Peak.Mean), max(w.Usual, 1)
	}
	switch x := excess / unit; {
	case x >= majorFrom:
		return downpour.Major
	case x >= partialFrom:
		return downpour.Partial
	}
	return downpour.Minor
}

// why says in one sentence what convinced the detector.
func why(dir downpour.Change, r []point, logE float64, note string) string {
	count, mean := 0.0, 0.0
	for _, p := range r {
		count, mean = count+p.Count, mean+p.Mean
	}
	span := "in one row"
	switch length := time.Duration(r[len(r)-1].end() - r[0].At); {
	case len(r) > 1 && r[0].Len == 0:
		span = fmt.Sprintf("in %d rows", len(r))
	case r[0].Len > 0:
		span = "in " + duration(length)
	}
	verb := "rose"
	if dir == downpour.Fall {
		verb = "fell"
	}
	return fmt.Sprintf("Reports %s to %s %s where %s are usual; chance would do that less than once in %s %s%s.",
		verb, number(count), span, number(mean), odds(logE), unit(&r[0]), note)
}

func unit(p *point) string {
	if p.Len == 0 {
		return "rows"
	}
	return "buckets"
}

// odds prints e^l, as a power of ten where it is large.
func odds(l float64) string {
	const most = 13.8 // a million
	if l > most {
		return "a million"
	}
	return number(math.Floor(math.Exp(l)))
}

func bumpSays(p *point, valley float64) string {
	return fmt.Sprintf("A rise to %s from %s inside the outage; the valley is not below a quarter of it, so it is no wave of its own.",
		number(p.Count), number(valley))
}

func ambiguousSays(p *point, valley float64) string {
	return fmt.Sprintf("%s, above the usual %s and the %s before: either a small bump of its own or the beginning of the next wave; "+
		"the rows cannot tell, as nothing is known between them.", number(p.Count), number(p.Mean), number(valley))
}

// duration prints whole minutes and hours without zeros ("5m", "2h", "1h30m").
func duration(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// number prints a count with thousands separated; small ones with one decimal.
func number(v float64) string {
	if v < 10 && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	s := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
