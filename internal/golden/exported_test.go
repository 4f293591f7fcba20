package golden_test

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour/internal/analysis"
	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe/flow"
	"downpour/internal/show/document"
)

// exported analyzes what a router tells of traffic that was made.
func exported(t *testing.T, made *traffic.Recipe, s export.Settings, sampling uint32) *document.Analysis {
	t.Helper()
	var body bytes.Buffer
	if err := traffic.Make(made).Write(&body); err != nil {
		t.Fatal(err)
	}
	packets, err := export.ReadPackets(&body)
	if err != nil {
		t.Fatal(err)
	}
	m := export.Meter{Active: 5 * time.Second, Inactive: 2 * time.Second, Sampling: sampling}
	flows := m.Flows
	if s.Version == flow.SFlow5 {
		flows = m.Samples
	}
	s.Sampling = sampling
	var file bytes.Buffer
	datagrams := export.NewEncoder(s).Batches(flows(packets), time.Second)
	if err := export.WriteCapture(&file, netip.MustParseAddrPort("192.0.2.250:9996"), datagrams); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "export.pcap")
	if err := os.WriteFile(name, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := analysis.Run(context.Background(), analysis.Options{Shards: 1, Inputs: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// recipe is of streams to one host of which only what comes in is seen.
func recipe(streams ...traffic.Stream) *traffic.Recipe {
	return &traffic.Recipe{
		Seed: 48, Start: time.Date(2024, 5, 14, 10, 0, 0, 0, time.UTC), Host: netip.MustParseAddr("203.0.113.10"),
		View: traffic.Ingress, Streams: streams,
	}
}

// withoutTTL is a template that lacks the TTL, as most routers' do.
func withoutTTL(v flow.Version) (fields []export.Field) {
	for _, f := range export.Fields4(v) {
		if f.Element != export.MinimumTTL {
			fields = append(fields, f)
		}
	}
	return fields
}

// TestWhatIsNotExportedIsNoMark: sequence numbers, windows, ids and TTLs that an
// exporter doesn't tell are no fields that all senders set alike.
func TestWhatIsNotExportedIsNoMark(t *testing.T) {
	for name, s := range map[string]export.Settings{
		"NetFlow v5":             {Version: flow.NetFlow5},
		"NetFlow v9 with TTL":    {Version: flow.NetFlow9},
		"NetFlow v9 without TTL": {Version: flow.NetFlow9, Fields: withoutTTL(flow.NetFlow9)},
		"IPFIX with TTL":         {Version: flow.IPFIX},
		"IPFIX without TTL":      {Version: flow.IPFIX, Fields: withoutTTL(flow.IPFIX)},
		"sFlow":                  {Version: flow.SFlow5},
	} {
		for senders, forged := range map[traffic.Senders]bool{traffic.Botnet: false, traffic.Spoofed: true} {
			t.Run(name+", "+string(senders), func(t *testing.T) {
				a := exported(t, recipe(traffic.Stream{
					Kind: "SYN flood", Lasts: 3 * time.Second, Rate: 8000, Senders: senders, Sources: 1500, Uneven: 0.7, Port: 80,
				}), s, 1)
				if len(a.Attacks) != 1 {
					t.Fatalf("%d attacks", len(a.Attacks))
				}
				spoofing := a.Attacks[0].Spoofing
				for _, e := range spoofing.Evidence {
					for _, field := range []string{"tcp sequence", "ip id", "tcp window"} {
						if !forged && strings.Contains(e.Says, field) {
							t.Errorf("of fields that differ or were not told: %s", e.Says)
						}
					}
				}
				if got := spoofing.Likelihood > 0.5; got != forged {
					t.Errorf("spoofed: %.2f: %+v", spoofing.Likelihood, spoofing.Evidence)
				}
			})
		}
	}
}
