package attack

import (
	"testing"
	"time"

	"downpour"
)

// answered sends a flood by one machine and gives the answers of its victim back.
func answered(seed uint64, count int, over time.Duration, flood, answer func(*downpour.Flow)) []downpour.Flow {
	made := newTraffic(seed)
	attacker := address(198, 51, 100, 66)
	made.send(0, over, count, func(_ int, f *downpour.Flow) {
		f.Source = attacker
		flood(f)
	})
	for _, f := range made.flows {
		g := f
		g.Source, g.Destination, g.SourcePort, g.DestinationPort = f.Destination, f.Source, f.DestinationPort, f.SourcePort
		g.Time += int64(100 * time.Microsecond)
		answer(&g)
		made.flows = append(made.flows, g)
	}
	return made.flows
}

// TestVictimNotAttacker shows both directions of floods by one machine: who gets
// the answers is no victim.
func TestVictimNotAttacker(t *testing.T) {
	set := func(protocol, flags uint8) func(*downpour.Flow) {
		return func(f *downpour.Flow) { f.Protocol, f.TCPFlags = protocol, flags }
	}
	tests := []struct {
		name          string
		flood, answer func(*downpour.Flow)
		vector        string
	}{
		{"closed ports", set(downpour.ProtocolTCP, downpour.SYN), set(downpour.ProtocolTCP, downpour.RST|downpour.ACK), "SYN flood"},
		{"open port", set(downpour.ProtocolTCP, downpour.SYN), set(downpour.ProtocolTCP, downpour.SYN|downpour.ACK), "SYN flood"},
		{"stray ACKs", set(downpour.ProtocolTCP, downpour.ACK), set(downpour.ProtocolTCP, downpour.RST), "ACK flood"},
		{"UDP to closed ports", set(downpour.ProtocolUDP, 0), func(f *downpour.Flow) {
			f.Protocol, f.ICMPType, f.Quoted = downpour.ProtocolICMP, 3, downpour.ProtocolUDP
			f.SourcePort, f.DestinationPort = f.DestinationPort, f.SourcePort
		}, "UDP flood"},
		{"pings", func(f *downpour.Flow) { f.Protocol, f.ICMPType = downpour.ProtocolICMP, 8 },
			func(f *downpour.Flow) { f.Protocol, f.ICMPType = downpour.ProtocolICMP, 0 }, "ICMP flood"},
		{"questions to a resolver", func(f *downpour.Flow) {
			f.Protocol, f.DestinationPort, f.Mark = downpour.ProtocolUDP, 53, downpour.DNSQuery
		}, func(f *downpour.Flow) {
			f.Protocol, f.Mark = downpour.ProtocolUDP, downpour.DNSAnswer
		}, "DNS query flood"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := one(t, Default(), answered(2, 60_000, 2*time.Second, test.flood, test.answer))
			if shareOf(a, test.vector) < 0.99 {
				t.Errorf("vectors: %v", a.Vectors)
			}
			if a.Footprint.OutgoingVisible != downpour.Yes || a.Footprint.Distinct != downpour.Exactly(1) {
				t.Errorf("outgoing %v, sources %v", a.Footprint.OutgoingVisible, a.Footprint.Distinct)
			}
		})
	}
}

// TestReflectionFolds sends answers with fragments, errors and resets of the
// reflectors: one vector each.
func TestReflectionFolds(t *testing.T) {
	t.Run("fragments and errors", func(t *testing.T) {
		made := newTraffic(3)
		made.send(0, 30*time.Millisecond, 3000, func(i int, f *downpour.Flow) {
			udp(53, 4444, downpour.DNSAnswer)(i, f)
			switch i % 10 {
			case 0, 1, 2, 3:
				f.Fragment = downpour.FirstFragment
			case 9:
				icmp(3)(i, f)
				f.Quoted, f.SourcePort, f.DestinationPort = downpour.ProtocolUDP, 4444, 53
			default:
				fragment(downpour.ProtocolUDP)(i, f)
			}
		})
		a := one(t, Default(), made.flows)
		if shareOf(a, "DNS amplification") != 1 || a.Footprint.Distinct.Value < 2950 {
			t.Errorf("vectors %v, sources %v", a.Vectors, a.Footprint.Distinct)
		}
		if a.Footprint.Reflected != 3000 {
			t.Errorf("%d packets are called reflected", a.Footprint.Reflected)
		}
		checkCourse(t, a, made.flows)
	})
	t.Run("resets", func(t *testing.T) {
		made := newTraffic(4)
		made.send(0, 100*time.Millisecond, 4000, func(i int, f *downpour.Flow) {
			tcp(downpour.SYN|downpour.ACK)(i, f)
			f.SourcePort = 80 + uint16(i%2)*363
			if i%8 == 7 {
				f.TCPFlags = downpour.RST
			}
		})
		a := one(t, Default(), made.flows)
		if shareOf(a, "SYN-ACK reflection") != 1 {
			t.Errorf("vectors %v", a.Vectors)
		}
		checkCourse(t, a, made.flows)
	})
	t.Run("several services", func(t *testing.T) {
		made := newTraffic(5)
		ports := []uint16{53, 123, 389, 11211}
		made.send(0, time.Second, 4000, func(i int, f *downpour.Flow) { udp(ports[i%4], 0, downpour.NoPayload)(i, f) })
		a := one(t, Default(), made.flows)
		for _, name := range []string{"DNS", "NTP", "CLDAP", "memcached"} {
			if got := shareOf(a, name+" amplification"); got != 0.25 {
				t.Errorf("share of %s is %v", name, got)
			}
		}
		if len(a.Shape) != 1 || a.Shape[0] != "multi-vector" {
			t.Errorf("shape %v", a.Shape)
		}
	})
}

// TestNoiseIsNoVector mixes a flood with a little traffic of other kinds.
func TestNoiseIsNoVector(t *testing.T) {
	made := newTraffic(6)
	made.send(0, 2*time.Second, 20_000, tcp(downpour.SYN))
	made.send(0, 2*time.Second, 150, udp(0, 5000, downpour.Unmarked))
	made.send(0, 2*time.Second, 50, icmp(8))
	a := one(t, Default(), made.flows)
	if len(a.Vectors) != 1 || a.Total.Packets != 20_000 {
		t.Errorf("vectors %v, total %d", a.Vectors, a.Total.Packets)
	}
	if d := a.Footprint.Distinct; d.Value < 19_000 || d.Value > 20_000*1.04 {
		t.Errorf("sources %v", d)
	}
}

// TestShortCaptureSaysHow words the verdict on an input of 20 ms.
func TestShortCaptureSaysHow(t *testing.T) {
	made := newTraffic(7)
	made.send(0, 20*time.Millisecond, 251, udp(0, 0, downpour.Unmarked))
	a := one(t, Default(), made.flows)
	want := "UDP to 203.0.113.7 came at 12,600 packets/s and 47 Mbit/s over the 20 ms seen; " +
		"expected at most 5,000 packets/s or 25 Mbit/s, 0.25 of the usual limit since hardly anything else came"
	if a.Why != want {
		t.Errorf("why: %s", a.Why)
	}
	if a.Peak.Packets != 251 {
		t.Errorf("the peak is extrapolated: %v", a.Peak)
	}
}
