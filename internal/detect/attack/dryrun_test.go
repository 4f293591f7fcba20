package attack

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"downpour"
)

// TestDryRun tries floors on some minutes: of a group, of a prefix, above what was
// expected, and joined over a pause that an attack is held over.
func TestDryRun(t *testing.T) {
	cfg := Default()
	gaming := cfg.Floors
	gaming[ClassUDP] = Floor{Bits: 500e6}
	cfg.Groups = []Floors{gaming}
	cfg.GroupOf = func(a downpour.Address) int {
		if a == victim {
			return 1
		}
		return 0
	}
	at := func(minute int, target, class string, packets, bits, usualBits float64, attacked bool) downpour.TrafficMinute {
		return downpour.TrafficMinute{
			Time: time.Unix(0, morning).UTC().Add(time.Duration(minute) * time.Minute), Target: netip.MustParsePrefix(target), Class: class, Attacked: attacked,
			Peak: downpour.TrafficRate{Packets: packets, Bits: bits}, Expected: downpour.TrafficRate{Bits: usualBits},
		}
	}
	const game, other, net = "203.0.113.7/32", "203.0.113.8/32", "203.0.113.0/24"
	d := NewDryRun(cfg)
	d.Take([]downpour.TrafficMinute{
		at(0, game, "udp", 90_000, 400e6, 0, false),  // below the group's floor
		at(1, other, "udp", 90_000, 400e6, 0, false), // above the usual one
		at(2, game, "udp", 90_000, 600e6, 0, false),
		at(3, game, "udp", 90_000, 600e6, 300e6, false), // below three times the usual
		at(4, game, "udp", 90_000, 700e6, 0, true),
		at(5, net, "udp", 30_000, 150e6, 0, false), // below a prefix's
		at(6, net, "udp", 50_000, 150e6, 0, false),
		at(7, game, "a class to come", 1e9, 1e12, 0, false),
		at(30, game, "udp", 90_000, 600e6, 0, false),
	})
	var got []string
	for _, f := range d.Firings() {
		got = append(got, fmt.Sprintf("%d %s %s %s+%v %v: %s", f.Group, f.Class.Word(), f.Target, f.From.Format("15:04"), f.To.Sub(f.From), f.Attacked, &f))
	}
	want := []string{
		"0 udp 203.0.113.8/32 09:01+1m0s false: 90,000 packets/s, and 20,000 packets/s is the limit",
		"0 udp 203.0.113.0/24 09:06+1m0s false: 50,000 packets/s, and 40,000 packets/s is the limit",
		"1 udp 203.0.113.7/32 09:02+3m0s true: 700 Mbit/s, and 500 Mbit/s is the limit",
		"1 udp 203.0.113.7/32 09:30+1m0s false: 600 Mbit/s, and 500 Mbit/s is the limit",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if d.Minutes != 8 || d.To.Sub(d.From) != 31*time.Minute {
		t.Errorf("%d minutes from %v to %v", d.Minutes, d.From, d.To)
	}
}
