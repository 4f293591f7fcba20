package attack

import (
	"testing"
	"time"

	"downpour"
)

// TestACarpetGoesOnAfterARestart: so does an attack on a prefix.
func TestACarpetGoesOnAfterARestart(t *testing.T) {
	const prefix, rate = "203.0.112.0/20", 40_000
	made := newTraffic(702)
	servers := made.some(300)
	made.send(0, 14*time.Second, 14*rate, func(i int, f *downpour.Flow) {
		udp(123, 468, downpour.NTPAnswer)(i, f)
		f.Source, f.Destination = servers[made.random.IntN(len(servers))], made.within(prefix)
	})
	first := newWatch(Default())
	first.see(made.flows, 0, 6*time.Second)
	second := first.again(t, otherSeed(), 8*time.Second)
	second.see(made.flows, 8*time.Second, 14*time.Second)
	firsts, _ := latest(first.events)
	list := second.attacks()
	if len(list) != 1 {
		for _, a := range list {
			t.Logf("%s %s %v %s", a.ID, a.Target, a.Ongoing, a.Why)
		}
		t.Fatalf("%d attacks after the restart", len(list))
	}
	a := list[0]
	for _, b := range firsts {
		if b.Ongoing && (a.ID != b.ID || !a.Onset.Equal(b.Onset) || a.Target != b.Target) {
			t.Errorf("before it was %s on %s since %v, now %s on %s since %v", b.ID, b.Target, b.Onset, a.ID, a.Target, a.Onset)
		}
	}
	if a.Target.String() != prefix || !a.Ongoing || a.Total.Packets < 11*rate {
		t.Errorf("%s, ongoing %v, %d packets: %s", a.Target, a.Ongoing, a.Total.Packets, a.Why)
	}
}

// TestWhatIsUsualOfAPrefixSurvives: a prefix that was busy before a restart is no carpet
// right after it.
func TestWhatIsUsualOfAPrefixSurvives(t *testing.T) {
	const prefix, rate = "203.0.112.0/20", 600
	made := newTraffic(703)
	send := func(from, over time.Duration, perSecond int) {
		made.send(from, over, int(over.Seconds())*perSecond, func(i int, f *downpour.Flow) {
			udp(53, 100, downpour.NoPayload)(i, f)
			f.Destination, f.Packets, f.Bytes = made.within(prefix), 2, 200
		})
	}
	for i := range 12 { // rises too slowly to be an attack
		send(time.Duration(i)*time.Minute, time.Minute, min(rate, 100*(i+1)))
	}
	send(13*time.Minute, 30*time.Second, 2*rate)
	first := newWatch(Default())
	first.see(made.flows, 0, 12*time.Minute)
	if len(first.events) > 0 {
		t.Fatalf("the test shows nothing: %s", first.events[0].Attack.Why)
	}
	first.Rest()
	for _, remembers := range []bool{true, false} {
		second := newWatch(otherSeed())
		if remembers {
			if err := second.prefixes.Relearn(first.prefixes.Learned(), time.Unix(0, morning+int64(13*time.Minute))); err != nil {
				t.Fatal(err)
			}
		}
		second.see(made.flows, 13*time.Minute, 14*time.Minute)
		if n := len(second.attacks()); n > 0 == remembers {
			t.Errorf("the restarted detector remembers: %v; attacks: %d", remembers, n)
		}
	}
}
