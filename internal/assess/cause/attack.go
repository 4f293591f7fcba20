package cause

import (
	"fmt"
	"math"
	"strings"
	"time"

	"downpour"
	"downpour/internal/assess"
)

// What the order of onsets weighs for one outage. The ratio of an attack that
// begins within half an hour before to one that begins by chance then is far
// higher; but attacks are found most where people look, and one that follows is
// sometimes drawn by the outage's publicity.
const (
	weightBefore   = 1.7  // begins at most promptly before
	weightLong     = 0.3  // had been going on for longer
	weightWithin   = 0.7  // begins within the interval of the outage's onset
	weightAfter    = -1.2 // begins after it
	promptly       = 30 * time.Minute
	clockSlack     = time.Minute // of two clocks, and of counts by the minute
	weightTogether = 0.4         // ends when the outage does, which its beginning half tells already
	weightOutlived = -0.4        // ends long before it
	repetition     = 0.5         // what each further wave tells of what the one before told
)

// weighAttack weighs the attack as the cause of all the outages.
func weighAttack(l *assess.Ledger, waves []wave, attacks []downpour.Attack, seen assess.Seen) {
	attacked := 0
	for _, w := range waves {
		if w.attack != nil {
			attacked++
		}
	}
	if attacked == 0 {
		weighNothing(l, waves, attacks, seen)
		return
	}
	weighOrder(l, waves)
	weighUnattacked(l, waves, seen)
	weighEnds(l, waves)
	weighDose(l, waves, attacks, seen)
	weighSize(l, waves)
}

// weighNothing weighs that no attack was seen near the outages.
func weighNothing(l *assess.Ledger, waves []wave, attacks []downpour.Attack, seen assess.Seen) {
	n := covered(waves, seen)
	elsewhere := ""
	if len(attacks) > 0 {
		elsewhere = fmt.Sprintf("; %d attack(s) were seen, at other times or on other services, which does not count", len(attacks))
	}
	switch {
	case !seen.Traffic:
		l.Add("traffic", 0, "no traffic was seen, so an attack is not ruled out, and nothing speaks for one either")
	case n < len(waves):
		l.Add("traffic", 0, "traffic telemetry covers %d of %d outages, so an attack is not ruled out%s", n, len(waves), elsewhere)
	case seen.Ingress == nil:
		l.Add("traffic", math.Log(seen.Missed()), "the traffic seen during the outages shows no attack; how much of the ingress it is was not stated%s", elsewhere)
	default:
		l.Add("traffic", math.Log(seen.Missed()), "telemetry of %.0f %% of the ingress shows no attack during the outages%s", 100**seen.Ingress, elsewhere)
	}
}

// weighOrder weighs which began first, over all outages.
func weighOrder(l *assess.Ledger, waves []wave) {
	var sum float64
	before, within, after := 0, 0, 0
	nearest := time.Duration(math.MaxInt64)
	for _, w := range waves {
		if w.attack == nil {
			continue
		}
		lead := w.low.Sub(w.attack.Onset)
		switch {
		case lead > promptly:
			sum += weightLong
			before++
		case lead >= -clockSlack:
			sum += weightBefore
			before++
		case w.outage.Onset.Sub(w.attack.Onset) >= -clockSlack:
			sum += weightWithin
			within++
		default:
			sum += weightAfter
			after++
		}
		if d := w.outage.Onset.Sub(w.attack.Onset); d.Abs() < nearest.Abs() {
			nearest = d
		}
	}
	l.Add("order", sum*dependent(before+within+after), "%s; the closest began %s", orderSays(before, within, after, len(waves)), relative(nearest))
}

// orderSays says in half a sentence which came first, how often.
func orderSays(before, within, after, waves int) string {
	var parts []string
	for _, p := range []struct {
		n    int
		when string
	}{{before, "before"}, {within, "within the time in which the onset must lie of"}, {after, "after"}} {
		switch {
		case p.n == 0:
		case p.n == waves && waves > 1:
			parts = append(parts, fmt.Sprintf("%s each of the %d outages", p.when, waves))
		case p.n == waves:
			parts = append(parts, p.when+" the outage")
		default:
			parts = append(parts, fmt.Sprintf("%s %d of %d outages", p.when, p.n, waves))
		}
	}
	return "attack traffic began " + strings.Join(parts, ", ")
}

// dependent shrinks the sum over n waves: they are no n independent trials, for
// whatever made one coincide may have made the next.
func dependent(n int) float64 {
	return (1 - math.Pow(repetition, float64(n))) / (float64(n) * (1 - repetition))
}

// relative says how long before or after the outage something began.
func relative(d time.Duration) string {
	switch {
	case d == 0:
		return "at the same moment"
	case d > 0:
		return Span(d) + " before the outage"
	}
	return Span(-d) + " after the outage"
}

// Span writes a duration as people say it: two significant units at most.
func Span(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.3g min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.3g h", d.Hours())
	}
	if days := d.Hours() / 24; days < 100 {
		return fmt.Sprintf("%.3g days", days)
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// weighUnattacked weighs outages that were watched and bore no attack, while
// others did.
func weighUnattacked(l *assess.Ledger, waves []wave, seen assess.Seen) {
	without := 0
	for _, w := range waves {
		if w.attack == nil && seen.Covers(w.low, w.outage.End) {
			without++
		}
	}
	if without > 0 {
		l.Add("outages without attack", float64(without)*math.Log(seen.Missed()), "%d of %d outages happened without attack traffic in what was seen", without, len(waves))
	}
}

// weighEnds weighs whether attack and outage ended together.
func weighEnds(l *assess.Ledger, waves []wave) {
	var sum float64
	compared, together := 0, 0
	for _, w := range waves {
		if w.attack == nil || w.attack.Ongoing || w.outage.Ongoing {
			continue
		}
		compared++
		length := w.outage.End.Sub(w.low)
		late := w.outage.End.Sub(w.attack.End)
		switch {
		case late.Abs() <= max(10*time.Minute, length/4):
			sum += weightTogether
			together++
		case late > length/2:
			sum += weightOutlived
		}
	}
	if compared > 0 {
		l.Add("end", min(max(sum, -0.8), 0.8), "%d of %d outages ended about when the attack did", together, compared)
	}
}

// weighSize weighs how large the attack was for the service.
func weighSize(l *assess.Ledger, waves []wave) {
	for _, w := range waves {
		if w.attack != nil && w.attack.Severity != downpour.Minor {
			return
		}
	}
	l.Add("size", -0.7, "all attacks seen were minor for the service")
}
