package web

import (
	"math"
	"time"

	"downpour"
)

// Sentence is the page's answer as one line of plain text, for shared links,
// server-sent events and the API.
func (v ServiceView) Sentence() string {
	c := newClock(v.Zone, v.Now)
	headline, lede := c.phraseText(v.headline()), c.phraseText(v.lede())
	if o := worst(v.Outages); o != nil && v.troubled() {
		return headline + "; " + count(o.PeakReports) + " reports" + v.perBucket() + " at the peak."
	}
	if lede == "" {
		return headline + "."
	}
	return headline + ". " + lede
}

func (v ServiceView) troubled() bool {
	return v.State == downpour.StateReported || v.State == downpour.StateConfirmed
}

// current is the outage that the page speaks of: the one that lasts, or else
// the latest of the window.
func (v ServiceView) current() *downpour.Outage {
	if len(v.Outages) == 0 {
		return nil
	}
	for i := range v.Outages {
		if v.Outages[i].Ongoing {
			return &v.Outages[i]
		}
	}
	return &v.Outages[len(v.Outages)-1]
}

// since is when the present trouble began.
func (v ServiceView) since() *time.Time {
	if o := v.current(); o != nil && o.Ongoing {
		return &o.Onset
	}
	return v.Since
}

// headline is the answer, without its full stop.
func (v ServiceView) headline() phrase {
	name := v.Service.label()
	var p phrase
	switch v.State {
	case downpour.StateOK:
		return phrase{"No unusual problems with " + name}
	case downpour.StateMaintain:
		p = phrase{"Planned work on " + name}
	case downpour.StateReported:
		p = phrase{"Users report problems with " + name}
	case downpour.StateConfirmed:
		p = phrase{name + " has had problems"}
		if v.since() == nil {
			p = phrase{name + " has problems"}
		}
	default:
		if v.heard() {
			return phrase{"Too little is known yet about " + name}
		}
		return phrase{"Nothing is known yet about " + name}
	}
	if at := v.since(); at != nil {
		p = append(p, " since ", *at)
	}
	return p
}

// lede is the sentence below the headline, with its numbers.
func (v ServiceView) lede() phrase {
	switch {
	case v.troubled() && v.current() != nil:
		o := worst(v.Outages)
		p := phrase{count(o.PeakReports) + " reports" + v.perBucket() + " at the peak"}
		if len(v.Outages) > 1 {
			p = append(p, ", ", o.PeakAt)
		}
		if u := v.usual(); u != "" {
			p = append(p, "; "+u)
		}
		return append(p, ".")
	case v.State == downpour.StateOK && v.current() != nil:
		return phrase{"Reports are back to usual since ", v.current().End, "."}
	case v.State == downpour.StateOK:
		if u := v.usualCount(); u != "" {
			return phrase{"Users report no more than usual, " + u + "."}
		}
		return phrase{"Users report no more than usual."}
	case v.State == downpour.StateMaintain:
		return phrase{"The people who run it said so in advance."}
	case v.troubled():
		return phrase{"Far more people than usual say so."}
	}
	if v.heard() {
		return phrase{"Reports have come in, but what is usual is not known yet."}
	}
	return phrase{"No reports have come in, and nothing else tells how it is. If it fails for you, be the first to say so."}
}

// heard tells whether any report has come in.
func (v ServiceView) heard() bool {
	return v.Totals != nil && v.Totals.Received > 0 || len(v.BySymptom) > 0 || len(v.Buckets) > 0
}

// usual says what is expected per bucket; empty if that is not known.
func (v ServiceView) usual() string {
	u := v.usualCount()
	switch {
	case u == "":
		return ""
	case math.Round(v.Usual.Value) <= 1:
		return u + " is usual"
	}
	return u + " are usual"
}

// usualCount is the expectation with its unit: "about 3 a minute".
func (v ServiceView) usualCount() string {
	switch {
	case v.Usual == nil || !known(*v.Usual):
		return ""
	case v.Usual.Value < 1:
		return "fewer than one" + v.perBucket()
	case math.Round(v.Usual.Value) == 1:
		return "about one" + v.perBucket()
	}
	return approximate(*v.Usual) + v.perBucket()
}

func (v ServiceView) perBucket() string {
	if per := perBucket(v.Buckets); per != "" {
		return " " + per
	}
	return ""
}

// perBucket says what a count counts: "a minute", "in 5 min"; nothing for
// figures that were published without saying over what time.
func perBucket(buckets []downpour.ExpectedReports) string {
	if len(buckets) == 0 || originsOf(buckets)[downpour.Published] {
		return ""
	}
	switch d := buckets[len(buckets)-1].Bucket; {
	case d <= 0:
		return ""
	case d == time.Second:
		return "a second"
	case d == time.Minute:
		return "a minute"
	case d == time.Hour:
		return "an hour"
	default:
		return "in " + duration(d)
	}
}

// originsOf tells which origins of counts occur.
func originsOf(buckets []downpour.ExpectedReports) map[downpour.CountOrigin]bool {
	seen := map[downpour.CountOrigin]bool{}
	for _, b := range buckets {
		seen[b.Origin] = true
	}
	return seen
}

// facts are the short remarks below the lede.
func (v ServiceView) facts() []phrase {
	var out []phrase
	if o := v.current(); o != nil && v.troubled() {
		if o.OnsetLow != nil {
			out = append(out, phrase{"Started between ", *o.OnsetLow, " and ", o.Onset})
		}
		if o.Ongoing {
			out = append(out, phrase{map[bool]string{true: "Still", false: "still"}[len(out) == 0] + " going"})
		} else {
			out = append(out, phrase{"over since ", o.End})
		}
		if n := len(v.Outages); n > 1 {
			out = append(out, phrase{ordinal(n) + " wave since ", v.Outages[0].Onset})
		}
		if s := v.mostly(); s != "" {
			out = append(out, phrase{"mostly " + s})
		}
	}
	return out
}

// mostly names the symptom of at least two fifths of the reports that say one.
func (v ServiceView) mostly() string {
	var total, best uint64
	name := ""
	for _, t := range v.BySymptom {
		total += t.Count
		if t.Count > best && t.Key != "" && t.Key != "other" {
			best, name = t.Count, t.Key
		}
	}
	const share, enough = 0.4, 10
	if total < enough || float64(best) < share*float64(total) {
		return ""
	}
	return lower(symptomLabel(v.Symptoms, name))
}
