package export

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"downpour/internal/observe/flow"
)

// someday is when the tests play, on a whole second.
var someday = time.Date(2024, 5, 14, 10, 0, 0, 0, time.UTC).UnixNano()

func versions() []flow.Version {
	return []flow.Version{flow.NetFlow5, flow.NetFlow9, flow.IPFIX, flow.SFlow5}
}

func load() *Load {
	return &Load{Seed: 1, Network: netip.MustParsePrefix("198.18.0.0/21"), Targets: 2000, Sources: 5000, Longest: time.Second, Interfaces: 3}
}

// TestFullDatagramsFitIntoAFrame: with the default number of records none is
// longer than what Ethernet carries unfragmented.
func TestFullDatagramsFitIntoAFrame(t *testing.T) {
	want := map[flow.Version]int{flow.NetFlow5: 30, flow.NetFlow9: 28, flow.IPFIX: 24, flow.SFlow5: 6}
	for _, v := range versions() {
		e := NewEncoder(Settings{Version: v, Switch: true, Announce: ByInterval, Sampling: 100, Interfaces: []Interface{{1, "transit-a"}, {2, "ix"}}})
		records, full := 0, 0
		for _, d := range e.Flows(nil, someday, load().Flows(1000, someday)) {
			if records += d.Records; d.Records == want[v] {
				full++
			}
			if len(d.Message) > 1472 {
				t.Errorf("%s: %d bytes", v, len(d.Message))
			}
		}
		if records != 1000 || full != 1000/want[v] {
			t.Errorf("%s: %d records, %d full datagrams", v, records, full)
		}
	}
}

// TestAgain wants a datagram that is sent again to be the one that the exporter
// would make of the same flows at the later time.
func TestAgain(t *testing.T) {
	const later = 12_345 * int64(time.Millisecond)
	for _, v := range versions() {
		for _, expanded := range []bool{false, true} {
			settings := Settings{Version: v, Boot: someday - int64(time.Hour), Sampling: 10, Announce: ByPacketSpace, TemplatesEvery: 10, Expanded: expanded}
			flows := load().Flows(700, someday)
			first := NewEncoder(settings)
			again := first.Flows(nil, someday, flows)
			for i := range again {
				first.Again(&again[i], someday+later)
			}
			second := NewEncoder(settings)
			second.Flows(nil, someday, flows) // so that its sequences stand where the first's do
			for i := range flows {
				flows[i].Start, flows[i].End = flows[i].Start+later, flows[i].End+later
			}
			second.told, second.sinceTold = false, 0
			fresh := second.Flows(nil, someday+later, flows)
			if len(fresh) != len(again) {
				t.Fatalf("%s: %d and %d datagrams", v, len(fresh), len(again))
			}
			for i := range fresh {
				if !bytes.Equal(fresh[i].Message, again[i].Message) {
					t.Fatalf("%s: datagram %d differs\n%x\n%x", v, i, fresh[i].Message, again[i].Message)
				}
			}
		}
	}
}

// TestSequences counts what each protocol counts.
func TestSequences(t *testing.T) {
	flows := load().Flows(100, someday)
	for v, want := range map[flow.Version][]uint32{
		flow.NetFlow5: {0, 30, 60, 90},
		flow.NetFlow9: {0, 1, 2, 3, 4},        // templates are a datagram too
		flow.IPFIX:    {0, 1, 25, 49, 73, 97}, // the options record counts, templates do not
	} {
		at := map[flow.Version]int{flow.NetFlow5: 16, flow.NetFlow9: 12, flow.IPFIX: 8}[v]
		for i, d := range NewEncoder(Settings{Version: v, Announce: ByInterval}).Flows(nil, someday, flows) {
			if got := binary.BigEndian.Uint32(d.Message[at:]); got != want[i] {
				t.Errorf("%s: datagram %d has the number %d, want %d", v, i, got, want[i])
			}
		}
	}
}

// TestReducedAndVariableFields writes numbers in fewer bytes and octets with
// their length (RFC 7011, 6.2 and 7).
func TestReducedAndVariableFields(t *testing.T) {
	e := NewEncoder(Settings{Version: flow.IPFIX, Fields: []Field{
		{SourceIPv4Address, 4, 0}, {OctetDeltaCount, 3, 0}, {OctetDeltaCount, 8, 0}, {PacketDeltaCount, 2, ReversePEN},
		{DataLinkFrameSection, Variable, 0}, {IPHeaderPacketSection, Variable, 0}, {1, 2, 9},
	}})
	f := Flow{
		Source: netip.MustParseAddr("192.0.2.7"), Destination: netip.MustParseAddr("192.0.2.8"), Bytes: 0x010203, ReversePackets: 5,
		Frame: bytes.Repeat([]byte{7}, 300),
	}
	list := e.Flows(nil, someday, []Flow{f})
	want := "c0000207" + "010203" + "0000000000010203" + "0005" + "ff012c" + strings.Repeat("07", 300) + "ff011e" + strings.Repeat("07", 286) + "dead"
	if got := list[1].Message[20:]; hexOf(got) != want {
		t.Errorf("got  %s\nwant %s", hexOf(got), want)
	}
}

// TestTemplateMessage compares IPFIX's templates with what RFC 7011 draws.
func TestTemplateMessage(t *testing.T) {
	e := NewEncoder(Settings{
		Version: flow.IPFIX, Domain: 7, Sampling: 1000, Announce: ByPacketSpace, Interfaces: []Interface{{12, "ix"}},
		Fields: []Field{{SourceIPv4Address, 4, 0}, {PacketDeltaCount, 8, ReversePEN}}, Fields6: []Field{{SourceIPv6Address, 16, 0}},
	})
	got := e.Flows(nil, someday, load().Flows(1, someday))[0].Message
	want := "000a" + "006f" + "66433620" + "00000000" + "00000007" + // header
		"0002001c" + "01000002" + "00080004" + "80020008" + "00007279" + "01010001" + "001b0010" + // templates
		"00030016" + "01020003" + "0001" + "00950004" + "01310004" + "01320004" + // the sampling's
		"01020010" + "00000007" + "00000001" + "000003e7" + // 1 taken, 999 left out
		"00030012" + "01030002" + "0001" + "000a0004" + "0052ffff" + "0103000b" + "0000000c" + "026978"
	if hexOf(got) != want {
		t.Errorf("got  %s\nwant %s", hexOf(got), want)
	}
}

// TestSameSeedSameBytes, and another seed others.
func TestSameSeedSameBytes(t *testing.T) {
	for _, v := range versions() {
		made := func(seed uint64) []byte {
			l := load()
			l.Seed = seed
			var b bytes.Buffer
			list := NewEncoder(Settings{Version: v}).Flows(nil, someday, l.Flows(200, someday))
			if err := WriteCapture(&b, netip.MustParseAddrPort("192.0.2.254:2055"), list); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		if !bytes.Equal(made(1), made(1)) || bytes.Equal(made(1), made(2)) {
			t.Errorf("%s: the seed does not decide", v)
		}
	}
}

// TestValuesThatDoNotFit are refused loudly: cut silently, they would falsify
// the truth of a test.
func TestValuesThatDoNotFit(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("5 GB were written into 4 bytes")
		}
	}()
	f := load().Flows(1, someday)
	f[0].Bytes = 5 << 30
	NewEncoder(Settings{Version: flow.NetFlow5}).Flows(nil, someday, f)
}

// TestLoadsHaveTheirSources: as many as said, each before any comes again.
func TestLoadsHaveTheirSources(t *testing.T) {
	l, sources, targets := load(), map[netip.Addr]int{}, map[netip.Addr]bool{}
	for range 10 {
		for _, f := range l.Flows(1000, someday) {
			sources[f.Source]++
			targets[f.Destination] = true
		}
	}
	for a, n := range sources {
		if n != 2 {
			t.Fatalf("%s occurs %d times", a, n)
		}
	}
	if len(sources) != 5000 || len(targets) < 1900 || len(targets) > 2000 {
		t.Errorf("%d sources, %d targets", len(sources), len(targets))
	}
}

// TestSendersStayOnLoopback: nothing that was made up leaves this machine.
func TestSendersStayOnLoopback(t *testing.T) {
	for from, to := range map[string]string{"127.0.0.1:0": "192.0.2.1:2055", "0.0.0.0:0": "127.0.0.1:2055", "127.0.0.2:0": "[2001:db8::1]:2055"} {
		if s, err := NewSender(context.Background(), netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)); err == nil {
			_ = s.Close()
			t.Errorf("it would send from %s to %s", from, to)
		}
	}
}
