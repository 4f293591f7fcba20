package export

import (
	"bytes"
	"encoding/hex"
	"math"
	"net/netip"
	"testing"
	"time"

	"downpour/internal/golden/traffic"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// packetsOf makes the packets of a recipe over a link.
func packetsOf(t *testing.T, link traffic.Link, host string, streams ...traffic.Stream) []Packet {
	t.Helper()
	r := &traffic.Recipe{Seed: 5, Start: time.Unix(0, someday), Host: netip.MustParseAddr(host), Link: link, Streams: streams}
	if err := r.Fault(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := traffic.Make(r).Write(&file); err != nil {
		t.Fatal(err)
	}
	list, err := ReadPackets(&file)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d packets, %v", len(list), err)
	}
	return list
}

func flood(kind string) traffic.Stream {
	return traffic.Stream{Kind: kind, Lasts: 100 * time.Second, Rate: 50, Sources: 20, Senders: traffic.Botnet, Port: 80}
}

// TestLinksGiveTheSamePackets but for their frames.
func TestLinksGiveTheSamePackets(t *testing.T) {
	for _, host := range []string{"203.0.113.10", "2001:db8::10"} {
		want := packetsOf(t, traffic.RawIP, host, flood("UDP flood"), flood("SYN flood"))
		for _, link := range []traffic.Link{traffic.Ethernet, traffic.VLAN, traffic.Cooked} {
			got := packetsOf(t, link, host, flood("UDP flood"), flood("SYN flood"))
			for i := range got {
				got[i].Frame, got[i].FrameLength = want[i].Frame, want[i].FrameLength
				a, b := got[i], want[i]
				a.Frame, b.Frame = nil, nil
				if len(got) != len(want) || a.At != b.At || a.Source != b.Source || a.DestinationPort != b.DestinationPort || a.Bytes != b.Bytes || a.TCPFlags != b.TCPFlags {
					t.Fatalf("%s: packet %d is %+v, want %+v", link, i, a, b)
				}
			}
		}
	}
}

// TestMeterLosesNothing: flows add up to their packets, and none is older or
// longer than the timeouts allow.
func TestMeterLosesNothing(t *testing.T) {
	packets := packetsOf(t, traffic.Ethernet, "203.0.113.10", flood("UDP flood"), flood("SYN flood"))
	var bytes uint64
	for i := range packets {
		bytes += packets[i].Bytes
	}
	m := Meter{Active: 10 * time.Second, Inactive: 2 * time.Second}
	flows := m.Flows(packets)
	if got := Sum(flows, 1); got.Packets != uint64(len(packets)) || got.Bytes != bytes {
		t.Errorf("got %+v of %d packets and %d bytes", got, len(packets), bytes)
	}
	longest, last := int64(0), int64(0)
	for i := range flows {
		f := &flows[i]
		longest = max(longest, f.End-f.Start)
		if f.Exported < last || f.Exported < f.End || f.Exported-f.Start > int64(12*time.Second) {
			t.Fatalf("flow %d: from %d to %d, let go at %d after %d", i, f.Start, f.End, f.Exported, last)
		}
		last = f.Exported
	}
	if longest < int64(5*time.Second) || longest >= int64(10*time.Second) {
		t.Errorf("the longest flow lasts %v", time.Duration(longest))
	}
}

// TestSamplingKeepsTheMean over many seeds.
func TestSamplingKeepsTheMean(t *testing.T) {
	packets := packetsOf(t, traffic.Ethernet, "203.0.113.10", flood("SYN flood"))
	var total float64
	const seeds, n = 200, 100
	for seed := range uint64(seeds) {
		m := Meter{Sampling: n, Seed: seed}
		total += float64(Sum(m.Samples(packets), n).Packets)
	}
	mean, truth := total/seeds, float64(len(packets))
	if off := math.Abs(mean-truth) / math.Sqrt(truth*n/seeds); off > 4 {
		t.Errorf("the mean is %.0f, the truth %.0f: %.1f standard errors", mean, truth, off)
	}
}
