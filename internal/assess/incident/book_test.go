package incident

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/assess"
)

var day = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

func outage(from, to int) downpour.Event {
	return downpour.Event{Outage: &downpour.Outage{ID: fmt.Sprint("o", from), Service: "example", Direction: downpour.Rise, Onset: at(from), PeakAt: at(from), End: at(to), PeakReports: 41143, Severity: downpour.Partial}}
}

func attack(from, to int) downpour.Event {
	return downpour.Event{Attack: &downpour.Attack{ID: fmt.Sprint("a", from), Service: "example", Direction: downpour.Inbound, Target: downpour.Target{Prefix: netip.MustParsePrefix("198.51.100.7/32")},
		Onset: at(from), End: at(to), Severity: downpour.Major, Vectors: []downpour.Vector{{Name: "SYN flood", Share: 1}}, Peak: downpour.Rate{Packets: 23700}}}
}

func book(events ...downpour.Event) *Book {
	b := New(Default())
	for _, e := range events {
		b.Add(e)
	}
	return b
}

func TestJoining(t *testing.T) {
	other := attack(600, 610)
	other.Attack.ID, other.Attack.Service = "x", "another"
	outbound := attack(600, 610)
	outbound.Attack.ID, outbound.Attack.Direction = "y", downpour.Outbound
	for _, c := range []struct {
		name   string
		events []downpour.Event
		want   []string // each incident's parts
	}{
		{"four waves of a day", []downpour.Event{outage(600, 617), outage(842, 872), outage(1022, 1052), outage(1082, 1110)}, []string{"o600 o842 o1022 o1082"}},
		{"outages of two days", []downpour.Event{outage(600, 617), outage(2000, 2017)}, []string{"o600", "o2000"}},
		{"attack and outage overlap", []downpour.Event{attack(598, 620), outage(600, 640)}, []string{"a598 o600"}},
		{"outage after an attack", []downpour.Event{attack(500, 590), outage(600, 640)}, []string{"a500 o600"}},
		{"outage long after an attack", []downpour.Event{attack(400, 500), outage(600, 640)}, []string{"a400", "o600"}},
		{"two attacks and a bridge", []downpour.Event{attack(400, 500), attack(700, 710), outage(505, 690)}, []string{"a400 a700 o505"}},
		{"another service", []downpour.Event{other, outage(600, 640)}, []string{"x", "o600"}},
		{"outbound", []downpour.Event{outbound, outage(600, 640)}, []string{"y", "o600"}},
		{"days apart", []downpour.Event{attack(-2880, -2870), outage(600, 640)}, []string{"a-2880", "o600"}},
	} {
		var got []string
		for _, in := range book(c.events...).Incidents(assess.Seen{}) {
			got = append(got, strings.Join(append(append([]string{}, in.Attacks...), in.Outages...), " "))
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestIncident(t *testing.T) {
	ongoing := outage(842, 872)
	ongoing.Outage.Ongoing = true
	synthetic := attack(598, 620)
	synthetic.Attack.Synthetic = true
	in := book(synthetic, outage(600, 617), ongoing).Incidents(assess.Seen{Traffic: true})[0]
	if !in.Start.Equal(at(598)) || !in.End.Equal(at(872)) || !in.Ongoing || !in.Synthetic || in.Severity != downpour.Major || len(in.Cause) == 0 {
		t.Errorf("%+v", in)
	}
}

// The name stays when an incident grows and when its onset is dated back.
func TestStableName(t *testing.T) {
	b := book(outage(600, 617))
	name := b.Incidents(assess.Seen{})[0].ID
	b.Add(attack(590, 640))
	dated := outage(600, 640)
	dated.Outage.Onset = at(595)
	b.Add(dated)
	list := b.Incidents(assess.Seen{})
	if len(list) != 1 || list[0].ID != name || !list[0].Start.Equal(at(590)) {
		t.Errorf("%d incidents; %s, was %s", len(list), list[0].ID, name)
	}
}

func TestBound(t *testing.T) {
	b := New(Config{Outages: time.Hour, Attacks: time.Hour, Parts: 10})
	ongoing := outage(-100000, -99000)
	ongoing.Outage.Ongoing = true
	b.Add(ongoing)
	for i := range 40 {
		b.Add(attack(i*1000, i*1000+5))
	}
	list := b.Incidents(assess.Seen{})
	if len(list) != 10 || b.Forgotten() != 31 || list[0].Outages == nil || len(list[0].Outages) != 1 || list[9].Attacks[0] != "a39000" {
		t.Errorf("%d incidents, %d forgotten", len(list), b.Forgotten())
	}
}

func TestVerdicts(t *testing.T) {
	one := 1.0
	whole := assess.Seen{Traffic: true, From: day, To: at(3000), Ingress: &one}
	forged := attack(598, 618)
	forged.Attack.Spoofing.Likelihood = 0.98
	for _, c := range []struct {
		name   string
		events []downpour.Event
		seen   assess.Seen
		says   []string
		settle string
	}{
		{"reports only", []downpour.Event{outage(600, 617), outage(842, 872)}, assess.Seen{}, []string{"in two waves, up to 41,143 reports", "cannot be told", "not ruled out"}, "Traffic of the service's ingress"},
		{"in step", []downpour.Event{forged, outage(600, 617)}, whole, []string{"An attack likely caused it: SYN flood on the service", "23,700 packets/s", "forged addresses"}, "log of deploys"},
		{"after", []downpour.Event{attack(611, 640), outage(600, 617)}, whole, []string{"Attack traffic was seen too", "very unlikely"}, "log of deploys"},
		{"nothing unusual", []downpour.Event{outage(600, 617)}, whole, []string{"makes an attack very unlikely", "not known"}, "log of deploys"},
		{"attack alone", []downpour.Event{attack(611, 640)}, whole, []string{"SYN flood on the service", "No outage"}, "reports or probes"},
	} {
		in := book(c.events...).Incidents(c.seen)[0]
		for _, says := range c.says {
			if !strings.Contains(in.Verdict, says) {
				t.Errorf("%s: %q does not say %q", c.name, in.Verdict, says)
			}
		}
		if !strings.Contains(in.WouldSettle, c.settle) {
			t.Errorf("%s: would settle: %q", c.name, in.WouldSettle)
		}
	}
}

func TestSameAddsSameIncidents(t *testing.T) {
	events := []downpour.Event{}
	for i := range 60 {
		events = append(events, attack(i*40, i*40+5), outage(i*300, i*300+9))
	}
	first := book(events...).Incidents(assess.Seen{})
	for range 5 {
		if !reflect.DeepEqual(first, book(events...).Incidents(assess.Seen{})) {
			t.Fatal("two runs differ")
		}
	}
}
