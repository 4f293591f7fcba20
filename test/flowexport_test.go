package test

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe/flow"
)

// victim is whom the traffic of these tests goes to.
const victim = "203.0.113.10"

// noon is when it begins.
func noon() time.Time { return time.Date(2024, 5, 14, 12, 0, 0, 0, time.UTC) }

// attackTraffic is a flood of 12 s and 127 Mbit/s, from the 30th second on, over
// usual traffic.
func attackTraffic(t *testing.T) (packets []export.Packet, truth traffic.Truth) {
	t.Helper()
	return trafficOf(t,
		traffic.Stream{Kind: "web server", Lasts: 80 * time.Second, Rate: 2},
		traffic.Stream{Kind: "UDP flood", From: 30 * time.Second, Lasts: 12 * time.Second, Rate: 12_000, Sources: 300, Senders: traffic.Botnet, Port: 4500, Size: 1300})
}

// trafficOf makes packets of streams to the victim, of which one is an attack.
func trafficOf(t *testing.T, streams ...traffic.Stream) (packets []export.Packet, truth traffic.Truth) {
	t.Helper()
	return trafficFrom(t, noon(), streams...)
}

// trafficFrom is the same from a time on.
func trafficFrom(t *testing.T, begins time.Time, streams ...traffic.Stream) (packets []export.Packet, truth traffic.Truth) {
	t.Helper()
	made := traffic.Make(&traffic.Recipe{
		Seed: 11, Start: begins, Host: netip.MustParseAddr(victim), Link: traffic.VLAN, Snap: 96, Streams: streams,
	})
	var body bytes.Buffer
	if err := made.Write(&body); err != nil {
		t.Fatal(err)
	}
	packets, err := export.ReadPackets(&body)
	if err != nil {
		t.Fatal(err)
	}
	return packets, made.Truth()[0]
}

// document is what these tests read of an analysis.
type document struct {
	Input []struct {
		Records  int
		Problems []struct {
			Says  string
			Count int
		}
	}
	Attacks []struct {
		Target      string
		Onset, End  time.Time
		PeakAt      time.Time `json:"peak_at"`
		Peak, Total struct{ Packets, Bytes float64 }
		Vectors     []struct{ Name string }
	}
}

func analyzed(t *testing.T, datagrams []export.Datagram) document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(says(t, "analyze", "--format", "json", captureOf(t, datagrams))), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *document) problems() string {
	var list []string
	for _, in := range d.Input {
		for _, p := range in.Problems {
			list = append(list, p.Says)
		}
	}
	return strings.Join(list, "; ")
}

// metered is what one router exports of packets.
func metered(packets []export.Packet, s export.Settings, m export.Meter) []export.Datagram {
	m.Active, m.Inactive = 10*time.Second, 5*time.Second
	return export.NewEncoder(s).Batches(m.Flows(packets), time.Second)
}

// merged puts the datagrams of several routers into the order of their arrival.
func merged(lists ...[]export.Datagram) []export.Datagram {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b export.Datagram) int { return int(a.At - b.At) })
	return all
}

func router(last byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, last}), 50000)
}

func placed(input, output uint32, d flow.Direction) func(*export.Packet) (uint32, uint32, flow.Direction) {
	return func(*export.Packet) (uint32, uint32, flow.Direction) { return input, output, d }
}

// half is every other flow of packets: those that took one of two borders.
func half(packets []export.Packet, which byte) (list []export.Packet) {
	for i := range packets {
		ends := packets[i].Source.As4()[3] ^ packets[i].Destination.As4()[3]
		if ends&1 == which {
			list = append(list, packets[i])
		}
	}
	return list
}

// TestWhatRoutersTell: however the same traffic is told of, its attack has the
// same volume and times; and what was odd about the telling is said.
func TestWhatRoutersTell(t *testing.T) {
	packets, truth := attackTraffic(t)
	one := export.Settings{Version: flow.IPFIX, From: router(1)}
	two := export.Settings{Version: flow.NetFlow9, From: router(2)}
	off := one
	off.ClockOff = time.Hour
	cases := []struct {
		name      string
		datagrams func() []export.Datagram
		warns     string // a part of what must be said
	}{
		{"one router", func() []export.Datagram { return metered(packets, one, export.Meter{}) }, ""},
		{"two that see the same", func() []export.Datagram {
			return merged(metered(packets, one, export.Meter{}), metered(packets, two, export.Meter{}))
		}, ""},
		{"two borders", func() []export.Datagram {
			return merged(metered(half(packets, 0), one, export.Meter{}), metered(half(packets, 1), two, export.Meter{}))
		}, ""},
		{"ingress and egress of one", func() []export.Datagram {
			in, out := export.Meter{Place: placed(1, 2, flow.In)}, export.Meter{Place: placed(1, 2, flow.Out)}
			in.Active, in.Inactive, out.Active, out.Inactive = 10*time.Second, 5*time.Second, 10*time.Second, 5*time.Second
			flows := slices.Concat(in.Flows(packets), out.Flows(packets))
			slices.SortStableFunc(flows, func(a, b export.Flow) int { return int(a.Exported - b.Exported) })
			return export.NewEncoder(one).Batches(flows, time.Second)
		}, ""},
		{"restarted", func() []export.Datagram { return restarted(packets, two) }, "restart"},
		{"reordered and doubled", func() []export.Datagram { return disturbed(metered(packets, one, export.Meter{})) }, "twice"},
		{"template changes its meaning", func() []export.Datagram { return retold(packets, one) }, "template"},
		{"an hour ahead", func() []export.Datagram { return metered(packets, off, export.Meter{}) }, "clock"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := analyzed(t, c.datagrams())
			if len(d.Attacks) != 1 {
				t.Fatalf("%d attacks; %s", len(d.Attacks), d.problems())
			}
			a := d.Attacks[0]
			var sent float64
			for i := range packets {
				if packets[i].Protocol == 17 && packets[i].Destination.String() == victim {
					sent++
				}
			}
			if math.Abs(a.Total.Packets-sent) > 0.02*sent {
				t.Errorf("%.0f packets, %.0f were sent", a.Total.Packets, sent)
			}
			if math.Abs(a.Peak.Packets-float64(truth.Peak)) > 0.06*float64(truth.Peak) {
				t.Errorf("%.0f packets/s at the peak, %d were sent", a.Peak.Packets, truth.Peak)
			}
			near(t, "onset", a.Onset, truth.Onset)
			near(t, "end", a.End, truth.End)
			if c.warns != "" && !strings.Contains(d.problems(), c.warns) {
				t.Errorf("nothing says %q: %s", c.warns, d.problems())
			}
		})
	}
}

// near wants a moment right to the second.
func near(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if off := got.Sub(want); off.Abs() > time.Second {
		t.Errorf("%s %v from the truth", what, off)
	}
}

// restarted is a router that reboots after 40 seconds: its sequence numbers,
// uptime and templates begin anew.
func restarted(packets []export.Packet, s export.Settings) []export.Datagram {
	m := export.Meter{Active: 10 * time.Second, Inactive: 5 * time.Second}
	flows, at := m.Flows(packets), noon().Add(40*time.Second).UnixNano()
	s.Boot = noon().Add(-time.Hour).UnixNano()
	i := slices.IndexFunc(flows, func(f export.Flow) bool { return f.Exported > at })
	e := export.NewEncoder(s)
	list := e.Batches(flows[:i], time.Second)
	e.Restart(at - int64(20*time.Second)) // so that no record is older than the uptime
	return append(list, e.Batches(flows[i:], time.Second)...)
}

// disturbed swaps neighbours and doubles every seventh datagram.
func disturbed(list []export.Datagram) (out []export.Datagram) {
	for i := range list {
		if i > 1 && i%5 == 0 {
			n := len(out)
			at := out[n-1].At
			out = append(out[:n-1], list[i], out[n-1])
			out[n-1].At, out[n].At = at, list[i].At
			continue
		}
		if out = append(out, list[i]); i%7 == 0 {
			out = append(out, list[i])
		}
	}
	return out
}

// retold is a router whose template gets other fields under the same id.
func retold(packets []export.Packet, s export.Settings) []export.Datagram {
	m := export.Meter{Active: 10 * time.Second, Inactive: 5 * time.Second}
	flows := m.Flows(packets)
	e := export.NewEncoder(s)
	list := e.Batches(flows[:len(flows)/2], time.Second)
	fields := slices.Clone(export.Fields4(s.Version))
	slices.Reverse(fields)
	e.SetFields(fields)
	return append(list, e.Batches(flows[len(flows)/2:], time.Second)...)
}

// TestActiveTimeout: a burst in the middle of a minute, told by a router that
// lets a flow go after 60 seconds only, is dated right to the second, since each
// record's volume is spread over its own time.
func TestActiveTimeout(t *testing.T) {
	packets, truth := attackTraffic(t)
	m := export.Meter{Active: 60 * time.Second, Inactive: 15 * time.Second}
	d := analyzed(t, export.NewEncoder(export.Settings{Version: flow.NetFlow9}).Batches(m.Flows(packets), time.Second))
	if len(d.Attacks) != 1 {
		t.Fatalf("%d attacks; %s", len(d.Attacks), d.problems())
	}
	a := d.Attacks[0]
	near(t, "onset", a.Onset, truth.Onset)
	near(t, "end", a.End, truth.End)
	if a.PeakAt.Before(truth.Onset) || a.PeakAt.After(truth.End) || math.Abs(a.Peak.Packets-float64(truth.Peak)) > 0.06*float64(truth.Peak) {
		t.Errorf("%.0f packets/s at %v, the truth is %d", a.Peak.Packets, a.PeakAt, truth.Peak)
	}
}
