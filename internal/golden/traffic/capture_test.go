package traffic

import (
	"bytes"
	"io"
	"net/netip"
	"testing"
	"time"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/packet"
)

func recipe(host string, streams ...Stream) *Recipe {
	return &Recipe{
		Seed: 3, Start: time.Date(2024, 5, 14, 10, 0, 0, 0, time.UTC), Host: netip.MustParseAddr(host), Streams: streams,
	}
}

// everyKind is one stream of each vector and of each kind of usual traffic that
// the host's family has.
func everyKind(t *testing.T, host string) []*Recipe {
	t.Helper()
	var list []*Recipe
	add := func(s Stream) {
		r := recipe(host, s)
		if r.Fault() == nil {
			list = append(list, r)
		}
	}
	for _, kind := range Kinds() {
		add(Stream{Kind: kind, Lasts: 20 * time.Millisecond, Rate: 1000, Sources: 20, Errors: 0.2, Answers: 0.3})
	}
	for kind := range usualKinds {
		add(Stream{Kind: kind, Lasts: 300 * time.Millisecond})
	}
	if len(list) < 60 {
		t.Fatalf("only %d kinds", len(list))
	}
	return list
}

// TestSameBytes wants a recipe to give the same bytes each time, in the order of
// time.
func TestSameBytes(t *testing.T) {
	for _, r := range everyKind(t, "203.0.113.10") {
		var a, b bytes.Buffer
		first := Make(r)
		if err := first.Write(&a); err != nil {
			t.Fatal(err)
		}
		if err := Make(r).Write(&b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s differs from run to run", r.Streams[0].Kind)
		}
		for i := 1; i < len(first.packets); i++ {
			if first.packets[i].at < first.packets[i-1].at {
				t.Fatalf("%s goes back in time", r.Streams[0].Kind)
			}
		}
	}
}

// TestFramesDecode reads every kind of capture back: no packet is damaged, and
// all of them are there.
func TestFramesDecode(t *testing.T) {
	for _, host := range []string{"203.0.113.10", "2001:db8:10::10"} {
		for _, link := range []Link{Ethernet, VLAN, Cooked, RawIP} {
			for _, r := range everyKind(t, host) {
				if r.Link = link; r.Fault() != nil {
					continue
				}
				made := Make(r)
				var file bytes.Buffer
				if err := made.Write(&file); err != nil {
					t.Fatal(err)
				}
				flows, input := decoded(t, &file)
				arp := 0
				for _, p := range made.packets {
					if etherType(p.bytes) == etherARP {
						arp++
					}
				}
				if len(input.Problems) > 0 && arp == 0 || len(flows) != len(made.packets)-arp {
					t.Errorf("%s over %s: %d of %d packets, %v", r.Streams[0].Kind, link, len(flows), len(made.packets)-arp, input.Problems)
				}
			}
		}
	}
}

func decoded(t *testing.T, file io.Reader) ([]downpour.Flow, downpour.Input) {
	t.Helper()
	source, err := packet.Open("made", file)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var flows []downpour.Flow
	for b := new(observe.Batch); ; {
		err := source.Next(b)
		flows = append(flows, b.Flows...)
		if err == io.EOF {
			return flows, source.Input()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestChecksums adds up every header and every body with its own checksum in
// it: in ones' complement nothing but ones is left (RFC 1071).
func TestChecksums(t *testing.T) {
	for _, host := range []string{"203.0.113.10", "2001:db8:10::10"} {
		for _, r := range everyKind(t, host) {
			for _, p := range Make(r).packets {
				if !whole(p.bytes) {
					t.Fatalf("%s: a checksum is wrong: % x", r.Streams[0].Kind, p.bytes[:min(60, len(p.bytes))])
				}
			}
		}
	}
}

// whole tells whether the checksums of a packet are right; those of fragments
// and of protocols that have none are not looked at.
func whole(p []byte) bool {
	head, protocol, fragment := ipv6Size, uint8(0), false
	switch etherType(p) {
	case etherIPv4:
		head, protocol = ipv4Size, p[9]
		fragment = word(p[6:])&0x3fff != 0
		if sum(0, p[:head]) != 0xffff {
			return false
		}
	case etherIPv6:
		protocol = p[6]
	default:
		return true
	}
	if fragment {
		return true
	}
	from, _ := netip.AddrFromSlice(p[head-2*len(addressOf(p)) : head-len(addressOf(p))])
	to, _ := netip.AddrFromSlice(p[head-len(addressOf(p)) : head])
	switch protocol {
	case downpour.ProtocolTCP, downpour.ProtocolUDP, downpour.ProtocolICMPv6:
		return sum(pseudo(from, to, protocol, len(p)-head), p[head:]) == 0xffff
	case downpour.ProtocolICMP:
		return sum(0, p[head:]) == 0xffff
	}
	return true
}

// addressOf is the source address's bytes.
func addressOf(p []byte) []byte {
	if etherType(p) == etherIPv4 {
		return p[12:16]
	}
	return p[8:24]
}

// TestTruthCounts counts by hand what a small capture holds.
func TestTruthCounts(t *testing.T) {
	r := recipe("203.0.113.10",
		Stream{Kind: "SYN flood", Lasts: 2 * time.Second, Rate: 500, Senders: Single},
		Stream{Kind: "web server", Lasts: 2 * time.Second})
	made := Make(r)
	got := made.Truth()
	if len(got) != 1 || got[0].Sources != 1 || got[0].Spoofed != nil || got[0].Reflected == nil || *got[0].Reflected {
		t.Fatalf("got %+v", got)
	}
	if got[0].Peak < 400 || got[0].Peak > 620 || got[0].Vectors[0] != (VectorTruth{"SYN flood", 1}) {
		t.Errorf("got %+v", got[0])
	}
	r.View = Ingress
	for _, p := range Make(r).packets {
		if p.from == r.Host {
			t.Fatal("what the host sends is in an ingress view")
		}
	}
}
