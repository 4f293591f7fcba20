package test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"downpour/internal/golden/traffic"
	"downpour/internal/testenv"
)

// TestAttacksThroughExporters has real exporters read captures of attacks: what is found
// in their records is found in the packets, at the same victim, and goes by the same
// name.
func TestAttacksThroughExporters(t *testing.T) {
	const lasts = 3 * time.Second
	for _, stream := range []traffic.Stream{
		{Kind: "SYN flood", Lasts: lasts, Rate: 3000, Sources: 12_000, Port: 443},
		{Kind: "SNMP amplification", Lasts: lasts, Rate: 3000, Sources: 500},
		{Kind: "SYN-ACK reflection", Lasts: lasts, Rate: 3000, Sources: 500},
	} {
		t.Run(stream.Kind, func(t *testing.T) {
			capture := captureOfAttack(t, stream)
			want := foundIn(t, capture)
			if want.Vectors[0].Name != stream.Kind {
				t.Fatalf("in packets: %+v", want)
			}
			for _, c := range exporterCases() {
				if !slices.Contains([]string{"softflowd 9", "pmacct 10", "pmacct sFlow"}, c.name) {
					continue // one of each sort is enough
				}
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					for _, tool := range c.tools {
						testenv.Need(t, tool)
					}
					got := foundIn(t, captureOf(t, collect(t, func(to string) { c.export(t, capture, to) })))
					// An exporter counts what it has not sent yet, or padding, as it likes.
					most := want.Total.Packets + want.Total.Packets/20
					if got.Target != want.Target || got.Vectors[0].Name != stream.Kind || got.Total.Packets > most || got.Total.Packets < want.Total.Packets*9/10 {
						t.Errorf("in records: %+v, in packets: %+v", got, want)
					}
				})
			}
		})
	}
}

// captureOfAttack is a capture of an attack that has just passed (see recentCapture).
func captureOfAttack(t *testing.T, stream traffic.Stream) string {
	t.Helper()
	var body bytes.Buffer
	r := &traffic.Recipe{
		Seed: 11, Start: time.Now().Add(-stream.Lasts - time.Second), Host: netip.MustParseAddr("203.0.113.10"),
		View: traffic.Ingress, Streams: []traffic.Stream{stream},
	}
	if err := traffic.Make(r).Write(&body); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "attack.pcap")
	write(t, file, body.String())
	return file
}

// foundAttack is what a test looks at of the one attack in a file.
type foundAttack struct {
	Target  string
	Vectors []struct {
		Name  string
		Share float64
	}
	Total struct{ Packets uint64 }
}

func foundIn(t *testing.T, file string) foundAttack {
	t.Helper()
	var analysis struct{ Attacks []foundAttack }
	if err := json.Unmarshal([]byte(says(t, "analyze", "--format", "json", file)), &analysis); err != nil {
		t.Fatal(err)
	}
	if len(analysis.Attacks) != 1 || len(analysis.Attacks[0].Vectors) == 0 {
		t.Fatalf("%d attacks, want one: %+v", len(analysis.Attacks), analysis.Attacks)
	}
	return analysis.Attacks[0]
}
