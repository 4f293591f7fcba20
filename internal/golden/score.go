package golden

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"downpour"
	"downpour/internal/show/document"
)

// check is one thing that is asked of what came out.
type check string

// The checks of an attack, of an outage, and of what should not be there.
const (
	checkVictim     check = "victim"
	checkVector     check = "vector"
	checkOnset      check = "onset"
	checkEnd        check = "end"
	checkSources    check = "sources"
	checkPeak       check = "peak"
	checkSpoofing   check = "spoofing"
	checkReflection check = "reflection"
	checkShape      check = "shape"
	checkOutage     check = "outage"
	checkClaim      check = "claim"
	checkNothing    check = "nothing else"
)

// attackChecks are those that each attack of the truth goes through.
var attackChecks = [...]check{
	checkVictim, checkVector, checkOnset, checkEnd, checkSources, checkPeak, checkSpoofing, checkReflection, checkShape,
}

// The tolerances.
const (
	near          = 0.06                  // of a count
	nearShare     = 0.8                   // of packets that the truth's vectors must hold
	nearTime      = 50 * time.Millisecond // or nearSpan of the capture, if that is less
	nearSpan      = 0.05
	believed      = 0.8 // a likelihood from here on says yes, one below apart no
	apart         = 0.5
	vectorMatters = 0.2 // share of a vector that must be named
	nearBucket    = 2   // rows by which an outage's onset may be off
)

// Failure is a check that does not hold.
type Failure struct {
	Check     check
	Got, Want string
}

// String says the failure in a line.
func (f Failure) String() string {
	return fmt.Sprintf("%s: got %s, want %s", f.Check, f.Got, f.Want)
}

// Result is what came of one case.
type Result struct {
	Name     string
	Says     string
	Held     int // checks that hold
	Failures []Failure
	tally
}

// tally is what totals are made of.
type tally struct {
	attacks, found, extra int // of the truth, found of them, found besides
	vectors               int // found with the right vectors
	mistaken              int // not found although another was
	outages, outagesFound int
	outagesExtra          int
	benign                bool // no attack is in it
	log                   bool // it is a web log
	onsetErrors, delays   []time.Duration
	spoofing, reflection  []forecast
}

// forecast is a likelihood that was printed, and what was so.
type forecast struct {
	said float64
	so   bool
}

// scorer gathers a case's result.
type scorer struct {
	Result
	unsettled []string
	near      time.Duration // by which times of attacks may be off
	bucket    time.Duration // of the reports
}

// score compares what came out with the truth.
func (c *Case) score(truth Truth, a *document.Analysis) Result {
	s := scorer{Result: Result{Name: c.Name, Says: c.Says}, unsettled: truth.Unsettled}
	s.near = min(nearTime, time.Duration(float64(spanOf(a))*nearSpan))
	s.bucket = c.bucket()
	s.log = slices.ContainsFunc(a.Input, func(in downpour.Input) bool { return in.Kind == "web log" })
	if s.log {
		s.near = nearLog
	}
	s.benign = len(truth.Attacks) == 0 && (c.Capture != nil || c.Log != nil || len(c.Files) > 0)
	used := make([]bool, len(a.Attacks))
	for i := range truth.Attacks {
		s.attack(&truth.Attacks[i], a.Attacks, used)
	}
	for i := range a.Attacks {
		if !used[i] {
			s.extra++
			s.fail(checkNothing, attackName(&a.Attacks[i]), "no such attack")
		}
	}
	if len(truth.Attacks) == 0 {
		s.expect(checkNothing, len(a.Attacks) == 0, fmt.Sprint(len(a.Attacks))+" attacks", "none")
	}
	s.scoreOutages(truth.Outages, a.Outages)
	for id, want := range truth.Claims {
		got := downpour.Assessment("no assessment")
		for _, claim := range a.Claims {
			if claim.ID == id {
				got = claim.Assessment
			}
		}
		s.expect(checkClaim, got == want, fmt.Sprintf("%s: %s", id, got), string(want))
	}
	slices.SortStableFunc(s.Failures, func(a, b Failure) int { return strings.Compare(string(a.Check), string(b.Check)) })
	return s.Result
}

func attackName(a *downpour.Attack) string {
	names := make([]string, len(a.Vectors))
	for i, v := range a.Vectors {
		names[i] = v.Name
	}
	return fmt.Sprintf("%s on %s", strings.Join(names, " + "), a.Target)
}

func (s *scorer) fail(what check, got, want string) {
	s.Failures = append(s.Failures, Failure{what, got, want})
}

// expect counts a check that is settled.
func (s *scorer) expect(what check, holds bool, got, want string) {
	switch {
	case slices.Contains(s.unsettled, string(what)):
	case holds:
		s.Held++
	default:
		s.fail(what, got, want)
	}
}

// attack scores one attack of the truth against the one that is most like it.
func (s *scorer) attack(t *AttackTruth, found []downpour.Attack, used []bool) {
	s.attacks++
	at := match(t, found, used)
	if at < 0 {
		got := "no attack"
		if len(found) > 0 {
			s.mistaken++
			got = attackName(&found[0])
		}
		s.expect(checkVictim, false, got, t.target())
		return
	}
	used[at] = true
	a := &found[at]
	s.found++
	s.expect(checkVictim, true, "", "")
	s.vector(t, a)
	s.shape(t, a)
	s.time(checkOnset, t.Onset, a.Onset)
	s.time(checkEnd, t.End, a.End)
	if !t.Onset.IsZero() {
		s.onsetErrors = append(s.onsetErrors, a.Onset.Sub(t.Onset).Abs())
		told := t.Onset
		if !t.Told.IsZero() {
			told = t.Told
		}
		s.delays = append(s.delays, max(0, a.AlarmAt.Sub(told)))
	}
	s.count(checkSources, t.Sources, a.Sources.Addresses.Value)
	peak, _ := a.Peak.Counted()
	s.count(checkPeak, t.Peak, peak)
	s.spoofing = append(s.spoofing, s.likelihood(checkSpoofing, t.Spoofed, a.Spoofing)...)
	s.reflection = append(s.reflection, s.likelihood(checkReflection, t.Reflected, a.Reflection)...)
}

// match finds the attack on the truth's target whose time overlaps most.
func match(t *AttackTruth, found []downpour.Attack, used []bool) int {
	best, most := -1, time.Duration(math.MinInt64)
	for i := range found {
		a := &found[i]
		if used[i] || !t.isOn(a.Target) {
			continue
		}
		common := min(a.End.UnixNano(), t.End.UnixNano()) - max(a.Onset.UnixNano(), t.Onset.UnixNano())
		if t.Onset.IsZero() || t.End.IsZero() {
			common = int64(a.Total.Packets)
		}
		if time.Duration(common) > most {
			best, most = i, time.Duration(common)
		}
	}
	return best
}

// vector asks that the truth's vectors hold nearly all of the attack's packets,
// and that each one that matters is named.
func (s *scorer) vector(t *AttackTruth, a *downpour.Attack) {
	share, named := 0.0, map[string]bool{}
	for _, v := range a.Vectors {
		if _, ok := t.Vectors[v.Name]; ok {
			share += v.Share
			named[v.Name] = true
		}
	}
	holds := share >= nearShare
	for name, part := range t.Vectors {
		holds = holds && (named[name] || part < vectorMatters)
	}
	if holds {
		s.vectors++
	}
	s.expect(checkVector, holds, vectorsGot(a), vectorsWant(t))
}

// shape asks that the attack has the shapes of the truth.
func (s *scorer) shape(t *AttackTruth, a *downpour.Attack) {
	if len(t.Shape) == 0 {
		return
	}
	holds := !slices.ContainsFunc(t.Shape, func(want string) bool { return !slices.Contains(a.Shape, want) })
	s.expect(checkShape, holds, strings.Join(a.Shape, ", "), strings.Join(t.Shape, ", "))
}

func vectorsGot(a *downpour.Attack) string {
	list := make([]string, len(a.Vectors))
	for i, v := range a.Vectors {
		list[i] = fmt.Sprintf("%s %.2f", v.Name, v.Share)
	}
	return strings.Join(list, ", ")
}

func vectorsWant(t *AttackTruth) string {
	list := make([]string, 0, len(t.Vectors))
	for name, share := range t.Vectors {
		list = append(list, fmt.Sprintf("%s %.2f", name, share))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func (s *scorer) time(what check, want, got time.Time) {
	if want.IsZero() {
		return
	}
	off := got.Sub(want)
	s.expect(what, off.Abs() <= s.near, clock(got)+" ("+off.String()+")", clock(want))
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

func (s *scorer) count(what check, want int, got float64) {
	if want == 0 {
		return
	}
	s.expect(what, math.Abs(got-float64(want)) <= near*float64(want), fmt.Sprintf("%.0f", got), fmt.Sprint(want))
}

// likelihood checks on which side a likelihood is, and returns it as a forecast.
func (s *scorer) likelihood(what check, want *bool, got downpour.Finding) []forecast {
	if want == nil || slices.Contains(s.unsettled, string(what)) {
		return nil
	}
	said := float64(got.Likelihood)
	holds := said < apart
	if *want {
		holds = said >= believed
	}
	s.expect(what, holds, fmt.Sprintf("%.2f", said), map[bool]string{true: "yes", false: "no"}[*want])
	return []forecast{{said, *want}}
}

// scoreOutages scores the outages: each found once, with its peak as counted.
func (s *scorer) scoreOutages(truth []OutageTruth, found []downpour.Outage) {
	used := make([]bool, len(found))
	for _, t := range truth {
		s.outages++
		at := slices.IndexFunc(found, func(o downpour.Outage) bool {
			return int(o.PeakReports) == t.Peak && (t.PeakAt.IsZero() || o.PeakAt.Equal(t.PeakAt))
		})
		if at < 0 {
			s.fail(checkOutage, outagesGot(found), fmt.Sprintf("a peak of %d at %s", t.Peak, t.PeakAt.Format(time.RFC3339)))
			continue
		}
		used[at] = true
		s.outagesFound++
		s.outageOnset(t, &found[at])
	}
	for i := range found {
		if !used[i] {
			s.outagesExtra++
			s.fail(checkNothing, outagesGot(found[i:i+1]), "no such outage")
		}
	}
	if len(truth) == 0 && len(found) == 0 {
		s.Held++
	}
}

// outageOnset asks that the onset is within nearBucket rows, or between the two
// bounds that rows of an unknown length give.
func (s *scorer) outageOnset(t OutageTruth, o *downpour.Outage) {
	if t.Onset.IsZero() {
		s.Held++
		return
	}
	low, high := o.Onset, o.Onset
	if o.OnsetLow != nil {
		low = *o.OnsetLow
	}
	slack := nearBucket * s.bucket
	holds := !t.Onset.Before(low.Add(-slack)) && !t.Onset.After(high.Add(slack))
	s.expect(checkOutage, holds, "onset "+o.Onset.Format(time.RFC3339), t.Onset.Format(time.RFC3339))
}

// bucket is the length of the case's rows of reports, 0 if nobody said it.
func (c *Case) bucket() time.Duration {
	if c.Reports != nil {
		return c.Reports.Bucket
	}
	return c.Bucket
}

func outagesGot(found []downpour.Outage) string {
	if len(found) == 0 {
		return "no outage"
	}
	list := make([]string, len(found))
	for i, o := range found {
		list[i] = fmt.Sprintf("%.0f at %s", o.PeakReports, o.PeakAt.Format(time.RFC3339))
	}
	return strings.Join(list, ", ")
}
