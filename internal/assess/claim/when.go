package claim

import (
	"fmt"
	"math"
	"time"

	"downpour"
	"downpour/internal/assess/cause"
	"downpour/internal/wording"
)

// period is the length in days of an interval that people name.
func period(value string) (days float64, ok bool) {
	switch plain(value) {
	case "hourly", "every hour":
		return 1.0 / 24, true
	case "daily", "every day", "each day":
		return 1, true
	case "weekly", "every week":
		return 7, true
	case "monthly", "every month":
		return 30, true
	case "yearly", "every year":
		return 365, true
	}
	return 0, false
}

// Days of history without which a frequency is not judged: a month, or eight of
// the intervals claimed.
const (
	leastDays      = 30
	leastIntervals = 8
)

// frequency answers how often the service is attacked, by the history at hand.
func (s *scene) frequency(a downpour.Assertion) answer {
	days, ok := period(a.Value)
	if !ok {
		return answer{downpour.NotTestable, fmt.Sprintf("%q names no interval that a count could test.", a.Value), nil, "The claim as an interval: daily, weekly, monthly."}
	}
	need := max(leastDays, leastIntervals*days)
	hit := map[int64]bool{}
	for i := range s.Attacks {
		if s.Attacks[i].Direction != downpour.Outbound {
			hit[int64(math.Floor(float64(s.Attacks[i].Onset.Unix())/86400/days))] = true
		}
	}
	settle := fmt.Sprintf("At least %.0f days of history of attacks on the service.", need)
	seen := fmt.Sprintf("%s seen; %s of history exist", wording.Count(len(s.Attacks), "attack was", "attacks were"), cause.Span(time.Duration(s.Seen.Days*24*float64(time.Hour))))
	if !s.Seen.Traffic {
		return answer{downpour.NotTestable, "It needs a history of attacks, and no traffic was seen: 0 days of history exist.", nil, settle}
	}
	if s.Seen.Days < need {
		return answer{downpour.NotTestable, fmt.Sprintf("%s; to judge a frequency takes %.0f days.", seen, need), s.facts(), settle}
	}
	share := float64(len(hit)) / math.Max(s.Seen.Days/days, 1)
	why := fmt.Sprintf("%s; %.0f %% of the intervals claimed had one.", seen, 100*min(share, 1))
	switch {
	case share >= 0.9:
		return s.decided(!a.Negated, why, "A longer history.")
	case share < mostly:
		return s.decided(a.Negated, why, "Telemetry of the rest of the ingress, where smaller attacks may have gone.")
	}
	return answer{downpour.PartlySupported, why, s.facts(), "A longer history."}
}

// timeSlack is how far a moment told by people may be from what was measured.
const timeSlack = 15 * time.Minute

// time answers whether it happened when the claim says.
func (s *scene) time(a downpour.Assertion) answer {
	from, to, ok := window(a.Value)
	if !ok {
		return answer{downpour.NotTestable, fmt.Sprintf("%q names no moment.", a.Value), nil, "The claim with a time as RFC 3339 writes it."}
	}
	for i := range s.Attacks {
		x := &s.Attacks[i]
		if x.Direction != downpour.Outbound && !x.Onset.After(to.Add(timeSlack)) && !x.End.Add(timeSlack).Before(from) {
			return s.decided(!a.Negated, "An attack was seen at that time: "+describe(x)+".", "Nothing further is needed for the time.")
		}
	}
	if s.Seen.Covers(from, to) && s.ingress != nil && *s.ingress >= complete {
		return s.decided(a.Negated, fmt.Sprintf("Telemetry of %.0f %% of the ingress shows no attack within %.0f minutes of that time.", 100**s.ingress, timeSlack.Minutes()), "Telemetry of the rest of the ingress.")
	}
	r := s.unseen()
	r.why = "No attack was seen at that time, and telemetry of the whole ingress then is not there. " + r.why
	return r
}
