package attack

import (
	"cmp"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"downpour"
)

// within draws an address of a prefix.
func (t *traffic) within(p string) downpour.Address {
	at := netip.MustParsePrefix(p)
	a := downpour.AddressFrom(at.Addr())
	bits := at.Addr().BitLen() - at.Bits()
	if bits > 64 {
		a.Hi |= t.random.Uint64() >> (128 - bits)
		bits = 64
	}
	if bits > 0 {
		a.Lo |= t.random.Uint64() >> (64 - bits)
	}
	return a
}

// TestCarpetBombing floods prefixes of which no address stands out: one attack is
// found on each, within seconds, and named.
func TestCarpetBombing(t *testing.T) {
	for name, c := range map[string]struct {
		prefix string
		rate   int // packets/s
		vector string
		shape  func(made *traffic) func(int, *downpour.Flow)
	}{
		"NTP over a /20": {"203.0.112.0/20", 40_000, "NTP amplification", func(made *traffic) func(int, *downpour.Flow) {
			servers := made.some(300)
			return func(i int, f *downpour.Flow) {
				udp(123, 468, downpour.NTPAnswer)(i, f)
				f.Source = servers[made.random.IntN(len(servers))]
			}
		}},
		"SYN over a /24":    {"203.0.113.0/24", 20_000, "SYN flood", func(*traffic) func(int, *downpour.Flow) { return tcp(downpour.SYN) }},
		"UDP over a v6 /48": {"2001:db8:7::/48", 60_000, "UDP flood", func(*traffic) func(int, *downpour.Flow) { return udp(0, 600, downpour.NoPayload) }},
	} {
		t.Run(name, func(t *testing.T) {
			made := newTraffic(701)
			shape := c.shape(made)
			made.send(0, 6*time.Second, 6*c.rate, func(i int, f *downpour.Flow) {
				shape(i, f)
				f.Destination = made.within(c.prefix)
			})
			list, _ := find(Default(), made.flows)
			if len(list) != 1 {
				for _, a := range list {
					t.Logf("%s %v %s", a.Target, a.Vectors, a.Why)
				}
				t.Fatalf("%d attacks, want 1", len(list))
			}
			a := list[0]
			if a.Target.String() != c.prefix || !slices.Contains(a.Shape, "carpet bombing") || shareOf(a, c.vector) < 0.99 {
				t.Errorf("%s, %v, %v: %s", a.Target, a.Shape, a.Vectors, a.Why)
			}
			if late := a.AlarmAt.UnixNano() - morning; late > 5*second {
				t.Errorf("alarm after %v", time.Duration(late))
			}
			if off := a.Onset.UnixNano() - morning; off > second/50 {
				t.Errorf("onset dated %v late", time.Duration(off))
			}
			if a.Peak.Packets < 0.95*float64(c.rate) || a.Peak.Packets > 1.06*float64(c.rate) {
				t.Errorf("peak %v", a.Peak)
			}
		})
	}
}

// TestNoCarpet is traffic of a whole prefix that is nobody's attack, though it passes
// the floors of addresses and prefixes together.
func TestNoCarpet(t *testing.T) {
	const seconds, own = 8, "203.0.112.0/20"
	span := seconds * time.Second
	customers := func(made *traffic) func() downpour.Address {
		list, upTo, total := make([]downpour.Address, 4000), make([]float64, 4000), 0.0
		for i := range list {
			list[i] = made.within(own)
			total += math.Exp(2 * made.random.NormFloat64())
			upTo[i] = total
		}
		return func() downpour.Address {
			i, _ := slices.BinarySearch(upTo, made.random.Float64()*total)
			return list[i]
		}
	}
	for name, fill := range map[string]func(made *traffic){
		"customers' downloads and videos, seen one way": func(made *traffic) {
			pick, servers := customers(made), made.some(2000)
			made.send(0, span, seconds*60_000, func(i int, f *downpour.Flow) {
				to := pick()
				f.Destination, f.Source = to, servers[(int(to.V4())+made.random.IntN(4))%len(servers)]
				f.SourcePort, f.DestinationPort, f.Bytes = 443, uint16(40_000+made.random.IntN(3)), 1400
				if i%2 == 0 {
					tcp(downpour.ACK)(i, f)
				} else {
					f.Protocol = downpour.ProtocolUDP
				}
			})
		},
		"a scan of a port": func(made *traffic) {
			scanner := made.anyone()
			made.send(0, span, seconds*8_000, func(i int, f *downpour.Flow) {
				tcp(downpour.SYN)(i, f)
				f.Source, f.Destination, f.DestinationPort = scanner, address(203, 0, byte(112+i/256%16), byte(i)), uint16(1+i/4096)
			})
		},
		"backscatter of three victims": func(made *traffic) {
			victims := made.some(3)
			made.send(0, span, seconds*15_000, func(i int, f *downpour.Flow) {
				shapes := [...]func(int, *downpour.Flow){tcp(downpour.SYN | downpour.ACK), tcp(downpour.RST | downpour.ACK), icmp(3)}
				shapes[i%3](i, f)
				f.Source, f.Destination, f.SourcePort = victims[i%3], made.within(own), 443
			})
		},
		"a cache's /24 is filled": func(made *traffic) {
			origins := made.some(4)
			made.send(0, span, seconds*40_000, func(i int, f *downpour.Flow) {
				tcp(downpour.ACK)(i, f)
				f.Source, f.Destination = origins[i%4], address(203, 0, 113, byte(i%48))
				f.SourcePort, f.DestinationPort, f.Bytes = 443, uint16(40_000+i%4), 1500
			})
		},
		"file sharing of a hundred customers": func(made *traffic) {
			made.send(0, span, seconds*30_000, func(i int, f *downpour.Flow) {
				f.Protocol, f.Bytes = downpour.ProtocolUDP, 1200
				f.Destination, f.DestinationPort = address(203, 0, 112, byte(i%100)), 6881
				f.Source = address(byte(20+i%100), byte(i/100%40), 7, 9)
				f.SourcePort = 51413
				if i%3 == 0 {
					f.Source, f.Destination = f.Destination, f.Source
					f.SourcePort, f.DestinationPort = f.DestinationPort, f.SourcePort
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			made := newTraffic(711)
			fill(made)
			list, _ := find(Default(), made.flows)
			for _, a := range list {
				if slices.Contains(a.Shape, "carpet bombing") {
					t.Errorf("%s %v %s", a.Target, a.Vectors, a.Why)
				}
			}
		})
	}
}

// TestAddressesOfACarpet: addresses that alarm by themselves belong to it, and what was
// told of one before is its beginning; an attack of another kind does not.
func TestAddressesOfACarpet(t *testing.T) {
	made := newTraffic(721)
	made.send(0, 9*time.Second, 9*3000, func(i int, f *downpour.Flow) { // at first alone
		udp(123, 468, downpour.NTPAnswer)(i, f)
		f.Destination = address(203, 0, 113, 9)
	})
	made.send(4*time.Second, 6*time.Second, 6*60_000, func(i int, f *downpour.Flow) {
		udp(123, 468, downpour.NTPAnswer)(i, f)
		f.Destination = address(203, 0, 113, byte(made.random.IntN(64)))
	})
	made.send(5*time.Second, 4*time.Second, 4*4000, func(i int, f *downpour.Flow) {
		tcp(downpour.SYN)(i, f)
		f.Destination = address(203, 0, 113, 30)
	})
	_, events := find(Default(), made.flows)
	last := map[string]downpour.Event{}
	for _, e := range events {
		last[e.Attack.ID] = e
	}
	var carpets, others []downpour.Attack
	for _, e := range last {
		switch {
		case e.PartOf != "":
		case e.Attack.Target.String() == "203.0.113.0/26":
			carpets = append(carpets, *e.Attack)
		default:
			others = append(others, *e.Attack)
		}
	}
	if len(carpets) != 1 || len(others) != 1 || shareOf(others[0], "SYN flood") < 0.5 {
		for _, e := range last {
			t.Logf("%s %v part of %q", e.Attack.Target, e.Attack.Vectors, e.PartOf)
		}
		t.Fatalf("%d carpets, %d others", len(carpets), len(others))
	}
	if !carpets[0].AlarmAt.Equal(events[0].Attack.AlarmAt) || carpets[0].Onset.After(carpets[0].AlarmAt) {
		t.Errorf("began %v, alarm %v; what was told of first was at %v", carpets[0].Onset, carpets[0].AlarmAt, events[0].Attack.AlarmAt)
	}
	if carpets[0].ID != events[0].Attack.ID || events[0].Attack.Target.String() != "203.0.113.9/32" {
		t.Errorf("the carpet does not go on as what was told of first: %s", events[0].Attack.Target)
	}
}

// TestCarpetGrows: a carpet that spreads from a /24 to the /20 around it stays one attack.
func TestCarpetGrows(t *testing.T) {
	made := newTraffic(725)
	for n, p := range []string{"203.0.113.0/24", "203.0.112.0/20"} {
		made.send(time.Duration(4*n)*time.Second, 6*time.Second, 6*40_000*(1+2*n), func(i int, f *downpour.Flow) {
			udp(123, 468, downpour.NTPAnswer)(i, f)
			f.Destination = made.within(p)
		})
	}
	_, events := find(Default(), made.flows)
	var targets []string
	for _, e := range events {
		if e.Attack.ID != events[0].Attack.ID {
			t.Errorf("another attack is told of, on %s (part of %q)", e.Attack.Target, e.PartOf)
		}
		if at := e.Attack.Target.String(); len(targets) == 0 || targets[len(targets)-1] != at {
			targets = append(targets, at)
		}
	}
	if want := []string{"203.0.113.0/24", "203.0.112.0/20"}; !slices.Equal(targets, want) {
		t.Errorf("told of %v, want %v", targets, want)
	}
}

// TestSampledCarpet: sixteen networks of 256 addresses get 1.5 Mbit/s an address, of
// which a router samples a thousandth, on top of what their customers usually get or
// of nothing.
func TestSampledCarpet(t *testing.T) {
	const rate, own = 1000, "203.0.112.0/20"
	for name, c := range map[string]struct {
		size  uint64
		kind  string
		shape func(int, *downpour.Flow)
	}{
		"UDP":  {1400, "UDP flood", udp(0, 1400, downpour.NoPayload)},
		"NTP":  {468, "NTP amplification", udp(123, 468, downpour.NoPayload)},
		"SYN":  {60, "SYN flood", tcp(downpour.SYN)},
		"GRE":  {540, "GRE flood", protocol(downpour.ProtocolGRE)},
		"ACK":  {60, "ACK flood", tcp(downpour.ACK)},
		"DNS":  {1200, "DNS amplification", udp(53, 1200, downpour.NoPayload)},
		"ICMP": {600, "ICMP flood", icmp(8)},
	} {
		for _, before := range []time.Duration{0, 90 * time.Second, 15 * time.Minute} {
			if name == "ACK" == (before < 10*time.Minute) && name != "SYN" {
				continue // of sampled data seen one way nothing is said early
			}
			t.Run(name+" after "+before.String(), func(t *testing.T) {
				made := newTraffic(731)
				made.send(0, before+10*time.Second, int((before+10*time.Second)/time.Second)*400, func(i int, f *downpour.Flow) {
					tcp(downpour.ACK)(i, f)
					f.Destination = address(203, 0, byte(112+made.random.IntN(2)), byte(made.random.ExpFloat64()*30))
					f.SourcePort, f.Bytes, f.Sampling = 443, 1400, rate
				})
				packets := 4096 * 1_500_000 / 8 / int(c.size) // a second
				made.send(before, 10*time.Second, 10*packets/rate, func(i int, f *downpour.Flow) {
					c.shape(i, f)
					f.Destination, f.Bytes, f.Sampling = made.within(own), c.size, rate
				})
				list, _ := find(Default(), made.flows)
				if len(list) != 1 {
					for _, a := range list[:min(len(list), 5)] {
						t.Logf("%s %v %v..%v: %s", a.Target, a.Vectors, a.AlarmAt.Sub(list[0].AlarmAt), a.End.Sub(list[0].AlarmAt), a.Why)
					}
					t.Fatalf("%d attacks, want 1", len(list))
				}
				a := list[0]
				late := time.Duration(a.AlarmAt.UnixNano()-morning) - before
				if a.Target.String() != own || shareOf(a, c.kind) < 0.9 || late < 0 || late > 5*time.Second {
					t.Errorf("%s after %v, %v: %s", a.Target, late, a.Vectors, a.Why)
				}
			})
		}
	}
}

// TestCarpetsOnShards: what is found doesn't depend on how many goroutines look.
func TestCarpetsOnShards(t *testing.T) {
	made := newTraffic(741)
	for n, p := range []string{"203.0.112.0/20", "198.51.100.0/24", "2001:db8:7::/56"} {
		made.send(time.Duration(n)*time.Second, 4*time.Second, 4*50_000, func(i int, f *downpour.Flow) {
			udp(0, 900, downpour.NoPayload)(i, f)
			f.Destination = made.within(p)
		})
	}
	slices.SortStableFunc(made.flows, func(a, b downpour.Flow) int { return cmp.Compare(a.Time, b.Time) })
	var first []downpour.Event
	for _, shards := range []int{1, 3, 8} {
		events := runOn(shards, Default(), made.flows)
		if first == nil {
			first = events
		}
		if len(events) == 0 || !reflect.DeepEqual(first, events) {
			t.Errorf("%d shards: %d events differ from the %d of one", shards, len(events), len(first))
		}
	}
}

// TestOutgoingCarpet: one of our hosts floods a network that is not ours; that is told
// of as an attack that it takes part in. What it asks a network of servers is none.
func TestOutgoingCarpet(t *testing.T) {
	cfg := Default()
	ours := address(192, 0, 2, 10)
	cfg.Service = func(a downpour.Address) (string, bool) { return "shop", a == ours || a == victim }
	made := newTraffic(751)
	made.send(0, 6*time.Second, 6*60_000, func(i int, f *downpour.Flow) {
		udp(0, 1400, downpour.NoPayload)(i, f)
		f.Source, f.Destination = ours, made.within("198.51.100.0/24")
		f.SourcePort, f.DestinationPort = uint16(1024+made.random.IntN(60_000)), uint16(1+made.random.IntN(60_000))
	})
	list, _ := find(cfg, made.flows)
	if len(list) != 1 || list[0].Direction != downpour.Outbound || list[0].Target.String() != "198.51.100.0/24" || list[0].Service != "shop" {
		for _, a := range list {
			t.Logf("%s %s %v %s", a.Direction, a.Target, a.Vectors, a.Why)
		}
		t.Fatalf("%d attacks, want one that leaves for 198.51.100.0/24", len(list))
	}
	made = newTraffic(752)
	for i := range 40_000 {
		f := downpour.Flow{
			Time: morning + int64(i)*200_000, Source: ours, Destination: made.within("198.51.100.0/24"), Protocol: downpour.ProtocolTCP,
			TCPFlags: downpour.ACK, Packets: 1, Sampling: 1, Bytes: 1400, SourcePort: uint16(40_000 + i%500), DestinationPort: 443, TTL: 64,
		}
		g := f
		g.Time += 20_000
		g.Source, g.Destination, g.SourcePort, g.DestinationPort, g.Bytes = f.Destination, f.Source, 443, f.SourcePort, 52
		made.flows = append(made.flows, f, g)
	}
	if list, _ := find(cfg, made.flows); len(list) != 0 {
		t.Errorf("uploads are taken for an attack: %s", list[0].Why)
	}
}
