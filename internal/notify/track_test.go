package notify

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store"
)

func start() time.Time { return time.Date(2026, 3, 10, 3, 0, 0, 0, time.UTC) }

// record is an incident of one attack.
func record(severity downpour.Severity, ongoing bool, vectors ...string) store.Record {
	a := downpour.Attack{
		ID: "a1", Direction: downpour.Inbound, Target: downpour.Target{Prefix: netip.MustParsePrefix("198.51.100.7/32")}, Ongoing: ongoing,
		Onset: start(), End: start().Add(time.Minute), Severity: severity, Peak: downpour.Rate{Packets: 25_000.4, Bits: 3.1e9}, Why: "the rule",
	}
	for _, v := range vectors {
		a.Vectors = append(a.Vectors, downpour.Vector{Name: v})
	}
	return store.Record{
		Incident: downpour.Incident{ID: "i1", Service: "shop", Severity: severity, Ongoing: ongoing, Start: start(), End: a.End, Verdict: "SYN flood."},
		Attacks:  []downpour.Attack{a},
	}
}

func fresh(minimum downpour.Severity) *tracker {
	return &tracker{minimum: minimum, since: start().Add(-time.Hour), told: map[string]*told{}}
}

func events(list []Message) (out []string) {
	for i := range list {
		out = append(out, fmt.Sprint(list[i].ID, " ", list[i].Event, " ", list[i].Changes))
	}
	return out
}

// TestAnIncidentIsToldThreeTimes follows an attack of ten minutes that is seen
// four times a second: it opens, gets a vector, and is over.
func TestAnIncidentIsToldThreeTimes(t *testing.T) {
	k := fresh(downpour.Minor)
	var said []Message
	for i := range 4 * 900 {
		now := start().Add(time.Duration(i) * 250 * time.Millisecond)
		r := record(downpour.Minor, i < 2400, "SYN flood")
		if i >= 20 {
			r = record(downpour.Minor, i < 2400, "SYN flood", "DNS amplification")
		}
		said = append(said, k.observe(now, &r)...)
		said = append(said, k.due(now)...)
	}
	want := []string{"i1-1 opened []", "i1-2 changed [new vector DNS amplification]", "i1-3 ended []"}
	if got := events(said); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	if wait := said[1].At.Sub(start()); wait != pause {
		t.Errorf("the change was told after %s, not %s", wait, pause)
	}
	if late := said[2].At.Sub(start().Add(10 * time.Minute)); late != hold {
		t.Errorf("the end was told %s after it, not %s", late, hold)
	}
}

func TestMinimumAndGravity(t *testing.T) {
	k := fresh(downpour.Partial)
	minor, major := record(downpour.Minor, true, "SYN flood"), record(downpour.Major, true, "SYN flood")
	if got := k.observe(start(), &minor); got != nil {
		t.Errorf("a minor incident was told: %q", events(got))
	}
	partial := record(downpour.Partial, true, "SYN flood")
	if got := events(k.observe(start().Add(time.Second), &partial)); !slices.Equal(got, []string{"i1-1 opened []"}) {
		t.Errorf("when it reaches the minimum: %q", got)
	}
	if got := events(k.observe(start().Add(2*time.Second), &major)); !slices.Equal(got, []string{"i1-2 changed [severity is major now]"}) {
		t.Errorf("a graver one is told at once: %q", got)
	}
	if got := k.observe(start().Add(3*time.Second), &partial); got != nil {
		t.Errorf("a lesser one is told: %q", events(got))
	}
}

func TestAPauseIsNoEnd(t *testing.T) {
	k := fresh(downpour.Minor)
	on, off := record(downpour.Minor, true), record(downpour.Minor, false)
	said := k.observe(start(), &on)
	said = append(said, k.observe(start().Add(time.Minute), &off)...)
	said = append(said, k.due(start().Add(time.Minute+hold-time.Second))...)
	said = append(said, k.observe(start().Add(time.Minute+hold-time.Second), &on)...)
	said = append(said, k.due(start().Add(time.Hour))...)
	if got := events(said); !slices.Equal(got, []string{"i1-1 opened []"}) {
		t.Fatalf("got %q", got)
	}
	k.observe(start().Add(time.Hour), &off)
	said = k.due(start().Add(time.Hour + hold))
	said = append(said, k.observe(start().Add(2*time.Hour), &off)...)
	said = append(said, k.observe(start().Add(3*time.Hour), &on)...)
	if got := events(said); !slices.Equal(got, []string{"i1-2 ended []", "i1-3 opened [it began again]"}) {
		t.Errorf("got %q", got)
	}
}

func TestWhatWasOverBeforeIsNotTold(t *testing.T) {
	k := fresh(downpour.Minor)
	k.since = start().Add(time.Hour)
	r := record(downpour.Major, false)
	if got := k.observe(start().Add(2*time.Hour), &r); got != nil {
		t.Errorf("got %q", events(got))
	}
}

func TestMergedIncidentsEnd(t *testing.T) {
	k := fresh(downpour.Minor)
	r := record(downpour.Minor, true)
	k.observe(start(), &r)
	got := k.merged(start().Add(time.Minute), "i1", "i0")
	if len(got) != 1 || got[0].Event != Ended || got[0].Incident.MergedInto != "i0" {
		t.Errorf("got %+v", got)
	}
	if k.merged(start(), "i1", "i0") != nil || k.merged(start(), "i9", "i0") != nil {
		t.Error("what is over, or was never told, is told to be merged")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	k := fresh(downpour.Minor)
	for i := range maxTold + 100 {
		r := record(downpour.Minor, true)
		r.Incident.ID = fmt.Sprintf("i%05d", i)
		for j := range 2 * maxKnown / 100 {
			r.Attacks = append(r.Attacks, downpour.Attack{ID: fmt.Sprint(j), Target: downpour.Target{Name: fmt.Sprint(i, j)}})
		}
		k.observe(start().Add(time.Duration(i)*time.Second), &r)
	}
	if len(k.told) != maxTold || k.told["i00000"] != nil || k.told["i00100"] == nil {
		t.Errorf("%d incidents are remembered, want the latest %d", len(k.told), maxTold)
	}
	var q queue
	for i := range maxWaiting + 10 {
		q.push(item{ID: fmt.Sprint(i)})
	}
	if len(q.items) != maxWaiting || q.items[0].ID != "10" || q.stats.Dropped != 10 {
		t.Errorf("%d wait, first %s, %d dropped", len(q.items), q.items[0].ID, q.stats.Dropped)
	}
}

func TestBansCallOnceAnAddress(t *testing.T) {
	b := &bans{minimum: downpour.Minor, banned: map[string]*banned{}}
	on, off := record(downpour.Minor, true, "SYN flood"), record(downpour.Minor, false, "SYN flood")
	prefix := record(downpour.Minor, true)
	prefix.Attacks[0].Target.Prefix = netip.MustParsePrefix("198.51.100.0/24")
	var said []string
	step := func(after time.Duration, r *store.Record) {
		now := start().Add(after)
		for _, i := range append(b.observe(now, r), b.due(now)...) {
			said = append(said, fmt.Sprint(i.Call.arguments()))
		}
	}
	step(0, &on)
	step(time.Second, &on)
	step(time.Second, &prefix)
	step(time.Minute, &off)
	step(time.Minute+time.Second, &on)
	step(time.Hour, &off)
	step(time.Hour+hold, &off)
	want := []string{"[198.51.100.7 incoming 25000 ban]", "[198.51.100.7 incoming 25000 unban]"}
	if !slices.Equal(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
}

// TestWhatAnEarlierRunLostEnds: an incident that an earlier run told of and did not come to
// keep is told to be over, once.
func TestWhatAnEarlierRunLostEnds(t *testing.T) {
	tr := tracker{minimum: downpour.Minor, since: start(), told: map[string]*told{"lost": {Count: 1, Severity: downpour.Major, At: start().Add(-time.Minute)}}}
	if got := tr.due(start().Add(hold - 1)); len(got) > 0 {
		t.Errorf("too early: %+v", got)
	}
	got := tr.due(start().Add(hold))
	if len(got) != 1 || got[0].Event != Ended || got[0].ID != "lost-2" || got[0].Incident.ID != "lost" {
		t.Errorf("got %+v", got)
	}
	if got := tr.due(start().Add(2 * hold)); len(got) > 0 {
		t.Errorf("and again: %+v", got)
	}
}
