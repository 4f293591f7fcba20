package attack

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"downpour"
)

// minutesOf runs flows and returns what was told of their minutes.
func minutesOf(cfg Config, flows []downpour.Flow, over time.Duration) (list []downpour.TrafficMinute) {
	slices.SortStableFunc(flows, func(a, b downpour.Flow) int { return int(a.Time - b.Time) })
	cfg.History = true
	w := newWatch(cfg)
	for at := time.Duration(0); at < over; at += time.Minute {
		w.see(flows, at, at+time.Minute)
		list = w.prefixes.Minutes(list)
	}
	return list
}

// TestMinutes tells of what came near its floor, with its busiest second and what was
// expected, in the minute in which it came, and of nothing else.
func TestMinutes(t *testing.T) {
	made := newTraffic(31)
	trickle(made, 0, 4*time.Minute, 20)
	made.send(59*time.Second, 2*time.Second, 200, udp(53, 0, downpour.NoPayload)) // into the next minute
	made.send(150*time.Second, 2*time.Second, 8000, tcp(downpour.SYN))
	made.send(230*time.Second, 200*time.Millisecond, 120, udp(53, 0, downpour.NoPayload)) // and silence
	var got []string
	for _, m := range minutesOf(Default(), made.flows, 6*time.Minute) {
		if m.Target != victim.Prefix() {
			continue // the same of its prefixes
		}
		got = append(got, fmt.Sprintf("%s %s %.0f %v", m.Time.Format("15:04"), m.Class, m.Peak.Packets/50, m.Attacked))
	}
	want := "[09:00 amplification 2 false 09:01 amplification 2 false 09:02 syn 80 true 09:03 amplification 2 false]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

// TestMinutesKeepTheBusiest where more is busy than can be told of.
func TestMinutesKeepTheBusiest(t *testing.T) {
	cfg := Default()
	cfg.History = true
	d := New(cfg, 0)
	d.Tick(monday)
	for i := range uint32(3 * minutesKept) {
		t := d.admit(downpour.AddressFrom4(i+1), monday)
		rate := uint64(200 + i)
		t.count(ClassSYN, volume{rate, 60 * rate, rate})
		d.roll(t, monday+second)
	}
	d.Tick(monday + 60*second)
	list := d.history.take(nil)
	if len(list) != minutesKept || d.history.shed != 2*minutesKept {
		t.Fatalf("%d are told of, %d shed", len(list), d.history.shed)
	}
	for _, m := range list {
		if m.Peak.Packets < 200+2*minutesKept {
			t.Errorf("%v is among the busiest", m)
		}
	}
	d.Tick(monday + 120*second)
	if again := d.history.take(nil); len(again) != 0 {
		t.Errorf("told again: %v", again)
	}
}
