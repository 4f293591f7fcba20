package sample

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/netip"
	"testing"
	"time"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/packet"
)

// exhibit holds one of each sort of record.
func exhibit() *downpour.Exhibit {
	start := time.Date(2026, 11, 23, 3, 12, 8, 123_456_789, time.UTC)
	from, to := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("198.51.100.7")
	from6, to6 := netip.MustParseAddr("2001:db8::9"), netip.MustParseAddr("2001:db8::7")
	kind, code := uint8(3), uint8(1)
	record := func(change func(*downpour.SampledFlow)) downpour.SampledFlow {
		f := downpour.SampledFlow{Start: start, Source: from, Destination: to, SourcePort: 123, DestinationPort: 40000, Protocol: 17, Bytes: 482, Packets: 1, Sampling: 1, TTL: 57, IPID: 77, Packet: true}
		change(&f)
		return f
	}
	return &downpour.Exhibit{
		Before: downpour.FlowSample{Of: 2, Flows: []downpour.SampledFlow{
			record(func(f *downpour.SampledFlow) {
				f.Protocol, f.TCPFlags, f.Sequence, f.Window, f.Bytes = 6, downpour.ACK|downpour.PSH, 0xdeadbeef, 512, 1514
			}),
			record(func(f *downpour.SampledFlow) {
				f.Packet, f.TTL, f.Packets, f.Exporter, f.Interface = false, 0, 40, "=edge1", "transit-a"
			}),
		}},
		During: downpour.FlowSample{Of: 900, Flows: []downpour.SampledFlow{
			record(func(*downpour.SampledFlow) {}),
			record(func(f *downpour.SampledFlow) { f.Source, f.Destination, f.IPID = from6, to6, 0 }),
			record(func(f *downpour.SampledFlow) {
				f.Protocol, f.ICMPType, f.ICMPCode, f.SourcePort, f.DestinationPort, f.Bytes = 1, &kind, &code, 0, 0, 70
			}),
			record(func(f *downpour.SampledFlow) {
				f.Fragment, f.SourcePort, f.DestinationPort, f.Bytes = downpour.LaterFragment, 0, 0, 1514
			}),
			record(func(f *downpour.SampledFlow) {
				f.Source, f.Destination, f.Fragment, f.Bytes = from6, to6, downpour.FirstFragment, 1514
			}),
			record(func(f *downpour.SampledFlow) {
				f.Protocol, f.SourcePort, f.DestinationPort, f.Bytes = downpour.ProtocolGRE, 0, 0, 9000
			}),
		}},
	}
}

// TestPcapIsReadAgain: what is written says what was kept, to our own reader.
func TestPcapIsReadAgain(t *testing.T) {
	e := exhibit()
	var file bytes.Buffer
	if err := Pcap(&file, e); err != nil {
		t.Fatal(err)
	}
	c, err := packet.Open("sample", &file)
	if err != nil {
		t.Fatal(err)
	}
	var got []downpour.Flow
	var b observe.Batch
	for err = c.Next(&b); err == nil; err = c.Next(&b) {
		got = append(got, b.Flows...)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	var want []downpour.SampledFlow
	for _, s := range [][]downpour.SampledFlow{e.Before.Flows, e.During.Flows} {
		for _, f := range s {
			if f.Packet {
				want = append(want, f)
			}
		}
	}
	if len(got) != len(want) || len(got) != Packets(e) {
		t.Fatalf("%d packets were written, %d read: %+v", len(want), len(got), c.Input().Problems)
	}
	for i, f := range want {
		g := &got[i]
		if g.Time != f.Start.UnixNano() || g.Source.Netip() != f.Source || g.Destination.Netip() != f.Destination || g.Bytes != f.Bytes || g.TTL != f.TTL ||
			g.Protocol != f.Protocol || g.SourcePort != f.SourcePort || g.DestinationPort != f.DestinationPort || g.TCPFlags != f.TCPFlags ||
			g.Sequence != f.Sequence || g.Window != f.Window || g.IPID != f.IPID || g.Fragment != f.Fragment {
			t.Errorf("packet %d is read as\n%+v, was\n%+v", i, *g, f)
		}
		if f.ICMPType != nil && (g.ICMPType != *f.ICMPType || g.ICMPCode != *f.ICMPCode) {
			t.Errorf("ICMP %d/%d", g.ICMPType, g.ICMPCode)
		}
	}
}

func TestCSV(t *testing.T) {
	var file bytes.Buffer
	if err := CSV(&file, exhibit()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 9 || rows[0][0] != "sample" {
		t.Fatalf("%d rows", len(rows))
	}
	for at, want := range map[[2]int]string{
		{1, 0}: "before", {3, 0}: "during", {1, 1}: "2026-11-23T03:12:08.123456789Z", {1, 7}: "24", {2, 9}: "40", {2, 11}: "", {2, 16}: "'=edge1", {5, 4}: "", {5, 13}: "3", {5, 14}: "1", {6, 12}: "2",
	} {
		if got := rows[at[0]][at[1]]; got != want {
			t.Errorf("row %d, %s: %q, want %q", at[0], rows[0][at[1]], got, want)
		}
	}
}
