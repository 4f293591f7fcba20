package golden

import (
	"context"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/golden/traffic"

	"net/netip"
)

// caseOf is one with a stream to a host.
func caseOf(name string, s traffic.Stream) Case {
	return Case{Name: name, Capture: &traffic.Recipe{
		Seed: 5, Start: time.Date(2024, 5, 14, 10, 0, 0, 0, time.UTC), Host: netip.MustParseAddr("203.0.113.10"),
		Streams: []traffic.Stream{s},
	}}
}

// TestViewsOfAnAttack looks at a large attack and at usual traffic in every view:
// where it is due it is found, and the table says what was done.
func TestViewsOfAnAttack(t *testing.T) {
	looks, err := RunViews(context.Background(), []Case{
		caseOf("flood", traffic.Stream{Kind: "NTP amplification", Lasts: time.Second, Rate: 20_000, Sources: 500}),
		caseOf("usual", traffic.Stream{Kind: "download", Lasts: time.Second, Rate: 5e6}),
	}, Views(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(looks.Sightings) != len(Views()) || len(looks.Wrong) != 0 {
		t.Fatalf("%d sightings, wrong %+v", len(looks.Sightings), looks.Wrong)
	}
	for _, s := range looks.Sightings {
		if !s.Due() {
			t.Errorf("%s: %d samples at %.1f times its limit are not enough", s.View, s.Samples, s.Strength)
		}
	}
	for i, v := range looks.Views {
		if u := looks.Usual[i]; u[sudden].Looks != 1 || u[ingress+sudden].Looks != 1 || u[known].Looks != u[ingress+known].Looks {
			t.Errorf("%s: looks at usual traffic: %+v", v.Name, u)
		}
		if total := looks.total(i); v.Sampling <= 1000 && (total.found != 1 || total.vectors != 1) {
			t.Errorf("%s: %+v", v.Name, total)
		}
	}
	if text := looks.Section().Body; !strings.Contains(text, "| sFlow 1:100 | 1 | 100.0 % | 100.0 % | 100.0 % | – | 100.0 % |") {
		t.Error(text)
	}
}

// TestAttackBelowItsLimitIsNotDue wants one that is weaker than its floor, or than
// three times the usual, not to count.
func TestAttackBelowItsLimitIsNotDue(t *testing.T) {
	weak := traffic.FeedTruth{
		Sampled: 100, Rates: map[traffic.Class]traffic.Rate{traffic.TCPData: {Packets: 30_000, Bits: 30e6}},
		Usual: map[traffic.Class]traffic.Rate{traffic.TCPData: {Packets: 15_000, Bits: 90e6}},
	}
	if got := strengthOf(&weak); got < 0.66 || got > 0.67 {
		t.Errorf("30,000 over a usual of 15,000 is %.2f times the limit", got)
	}
	delete(weak.Usual, traffic.TCPData)
	if got := strengthOf(&weak); got != 1.5 {
		t.Errorf("30,000 over a floor of 20,000 is %.2f times the limit", got)
	}
}

// TestVectorsAsFarAsTheViewShows: flow records show no payload.
func TestVectorsAsFarAsTheViewShows(t *testing.T) {
	truth := map[string]float64{"TFTP amplification": 1}
	got := []downpour.Vector{{Name: "UDP amplification", Share: 0.9}, {Name: "UDP flood", Share: 0.1}}
	if !vectorsHold(View{}, truth, got) || vectorsHold(View{SFlow: true}, truth, got) {
		t.Error("TFTP has no port of its own, but a payload")
	}
	if vectorsHold(View{}, map[string]float64{"DNS amplification": 1}, got) {
		t.Error("DNS is told by its port")
	}
}

// TestPageKeepsItsSections wants a section to be replaced, and one that was not measured
// to stay.
func TestPageKeepsItsSections(t *testing.T) {
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	old := Section{Title: titlePackets, Body: "\n| a |\n", Figures: []Figure{part("recall", 9, 10)}}
	page := Page("", []Section{{Title: titleCases, Body: "\n| b |\n"}, old}, "1.0", day)
	if !strings.Contains(page, "on 2026-01-02 with version 1.0") {
		t.Error(page)
	}
	again := Page(page, []Section{{Title: titleCases, Body: "\n| d |\n"}}, "1.1", day)
	if !strings.Contains(again, old.text()) || strings.Contains(again, "| b |") || strings.Count(again, "## ") != 2 {
		t.Error(again)
	}
}

// TestWorse wants what got worse than the page has it to be told, and nothing else.
func TestWorse(t *testing.T) {
	section := func(recall int, delay time.Duration, alarms int) Section {
		return Section{Title: titlePeer, Body: "\ntext\n", Figures: []Figure{part("recall, sFlow 1:1,000", recall, 200), late("delay", delay), wrongly("alarms", alarms)}}
	}
	page := Page("", []Section{section(180, 2*time.Second, 3), {Title: titleCases, Body: "\n| b |\n"}}, "1.0", time.Time{})
	for want, s := range map[string]Section{
		"":                                    section(179, 2*time.Second+100*time.Millisecond, 3),
		"recall, sFlow 1:1,000: 0.7, was 0.9": section(140, time.Second, 0),
		"delay: 4, was 2":                     section(190, 4*time.Second, 2),
		"alarms: 4, was 3":                    section(180, 2*time.Second, 4),
		"it shows something else":             {Title: titleCases, Body: "\n| c |\n"},
	} {
		list, err := s.Worse(page)
		if got := strings.Join(list, ";"); err != nil || want == "" && got != "" || !strings.Contains(got, want) || len(list) > 1 {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := (Section{Title: titleMonth}).Worse(page); err == nil {
		t.Error("a section that is not there is no error")
	}
}

// TestViewsOfShapes wants a carpet and a pulse wave to be seen as such in samples.
func TestViewsOfShapes(t *testing.T) {
	carpet := caseOf("carpet", traffic.Stream{
		Kind: "NTP amplification", Over: netip.MustParsePrefix("203.0.112.0/20"), Lasts: 4 * time.Second, Rate: 50_000, Sources: 600,
	})
	pulses := caseOf("pulses", traffic.Stream{
		Kind: "SYN flood", Lasts: 30 * time.Second, Rate: 60_000, Senders: traffic.Spoofed, On: 500 * time.Millisecond, Off: 4500 * time.Millisecond,
	})
	looks, err := RunViews(context.Background(), []Case{carpet, pulses}, []View{{"sFlow 1:100", 100, true, true}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range looks.Sightings {
		if !s.Due() || !s.Found || !s.Vector || s.Shapes != 1 || s.Shaped != 1 || s.Pieces != 1 {
			t.Errorf("%+v", s)
		}
	}
	if len(looks.Sightings) != 2 || len(looks.Wrong) > 0 {
		t.Errorf("%d attacks, wrong %v", len(looks.Sightings), looks.Wrong)
	}
}
