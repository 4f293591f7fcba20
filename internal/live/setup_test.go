package live

import (
	"net/netip"
	"strings"
	"testing"

	"downpour/internal/observe/collector"
)

// TestSetupLines: the page shows a block for each maker of docs/exporters.md, with
// this server's address and ports in it and nothing of the document's left.
func TestSetupLines(t *testing.T) {
	bound := []collector.Endpoint{{Scheme: collector.UDP, Address: "0.0.0.0:9995"}, {Scheme: collector.SFlow, Address: "0.0.0.0:9996"}, {Scheme: collector.TCP, Address: "0.0.0.0:4739"}}
	list := setupLines(bound, func() netip.Addr { return netip.MustParseAddr("198.51.100.5") })
	want := []string{"IOS-XE", "IOS-XR", "Junos", "MikroTik", "Arista", "Huawei", "Nokia", "hsflowd", "softflowd"}
	for _, maker := range want {
		found := false
		for _, s := range list {
			found = found || strings.Contains(s.Maker, maker)
		}
		if !found {
			t.Errorf("no lines for %s", maker)
		}
	}
	if len(list) != len(want) {
		t.Errorf("%d blocks, want %d", len(list), len(want))
	}
	for _, s := range list {
		port := "9995"
		if strings.Contains(s.Lines, "sflow") {
			port = "9996"
		}
		if !strings.Contains(s.Lines, "198.51.100.5") || !strings.Contains(s.Lines, port) {
			t.Errorf("%s: not this server's address and port:\n%s", s.Maker, s.Lines)
		}
		for _, left := range []string{docAddress, " " + docNetFlow, " " + docSFlow, "`"} {
			if strings.Contains(s.Lines+s.Note, left) {
				t.Errorf("%s: %q of the document is left", s.Maker, left)
			}
		}
	}
	if lines := timeoutLines(); !strings.Contains(lines, "flow-active-timeout 10") {
		t.Errorf("no lines for the active timeout: %q", lines)
	}
}
