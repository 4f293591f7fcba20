package attack

import (
	"testing"
	"time"

	"downpour"
)

// TestWhy words the rule that fired: traffic, target, rate with its interval, and what
// was expected and why.
func TestWhy(t *testing.T) {
	sampled := func(rate uint32, shape func(int, *downpour.Flow)) func(int, *downpour.Flow) {
		return func(i int, f *downpour.Flow) {
			shape(i, f)
			f.Sampling, f.Bytes = rate, 1400
		}
	}
	for _, c := range []struct {
		name  string
		count int
		shape func(int, *downpour.Flow)
		want  string
	}{
		{"every packet", 15_000, tcp(downpour.SYN),
			"TCP SYN to 203.0.113.7 was 5,000 packets/s; expected at most 1,000 packets/s, the floor (nothing usual is known)"},
		{"sampled, in bits", 1500, sampled(1000, udp(123, 0, downpour.NTPAnswer)),
			"UDP from port 123 to 203.0.113.7 was 5.6 Gbit/s [5.1, 6.1]; expected at most 1 Mbit/s, the floor (nothing usual is known)"},
		{"to one port", 90_000, func(i int, f *downpour.Flow) {
			udp(0, 0, downpour.Unmarked)(i, f)
			f.SourcePort, f.DestinationPort = uint16(1024+i*7919%60000), 27016
		}, "UDP to 203.0.113.7 port 27016 was 30,000 packets/s; expected at most 20,000 packets/s, the floor (nothing usual is known)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := newTraffic(8)
			made.send(0, 3*time.Second, c.count, c.shape)
			if a := one(t, Default(), made.flows); a.Why != c.want {
				t.Errorf("got  %s\nwant %s", a.Why, c.want)
			}
		})
	}
}

func TestRatesInWords(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0 bit/s", 999: "999 bit/s", 1000: "1 kbit/s", 3.14e9: "3.1 Gbit/s", 12.2e6: "12 Mbit/s", 999_900: "1 Mbit/s", 340e6: "340 Mbit/s", 2e12: "2 Tbit/s",
	} {
		if got := bitRate(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0 packets/s", 500: "500 packets/s", 5012: "5,010 packets/s", 1_234_567: "1,230,000 packets/s"} {
		if got := packetRate(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	e := downpour.Estimate{Value: 1.02e9, Low: 0.9e9, High: 1.15e9}
	if got := withLimits(e, bitRate); got != "1 Gbit/s [900 Mbit/s, 1.2]" {
		t.Errorf("an interval over two units is %s", got)
	}
}

// TestSeverity grades one flood by what its target is used to and what its link carries.
func TestSeverity(t *testing.T) {
	for _, c := range []struct {
		name     string
		capacity float64
		usual    float32 // packets/s of other traffic
		want     downpour.Severity
	}{
		{"twenty times the floor", 0, 0, downpour.Major},
		{"to who is used to much", 0, 15_000, downpour.Minor},
		{"a busy target's link that it fills", 200e6, 15_000, downpour.Major},
		{"half of the link", 400e6, 15_000, downpour.Partial},
		{"a thousandth of the link", 200e9, 15_000, downpour.Minor},
		{"many packets on a large link", 200e9, 0, downpour.Major},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Default()
			cfg.Capacity = func(string) float64 { return c.capacity }
			s := &suspect{cfg: &cfg, target: &target{}, attack: &episode{direction: downpour.Inbound}}
			s.classes[ClassTCP].usual = usualRate{c.usual, c.usual * 10_000}
			st := &s.classes[ClassSYN]
			st.alarmed, st.limit, st.peak = true, cfg.Floors[ClassSYN], volume{20_000, 25e6, 20_000}
			if got := s.severity(); got != c.want {
				t.Errorf("it is %s, want %s", got, c.want)
			}
		})
	}
}
