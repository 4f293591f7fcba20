package enrich

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"downpour"
)

// node is a node of the search tree that writeMMDB builds.
type node struct {
	child [2]*node
	data  int // offset of the data plus one; 0 is none
	id    int
}

// writeMMDB writes a file in the MaxMind DB format 2.0 (record size 32, IPv6
// tree) that holds the given records, and returns its path.
func writeMMDB(t *testing.T, kind string, records map[string]map[string]any) string {
	t.Helper()
	root, data := &node{}, []byte{}
	prefixes := make([]string, 0, len(records))
	for p := range records {
		prefixes = append(prefixes, p)
	}
	sort.Strings(prefixes)
	for _, p := range prefixes {
		prefix := netip.MustParsePrefix(p)
		bits, address := prefix.Bits(), prefix.Addr().As16()
		if prefix.Addr().Is4() {
			bits, address = bits+96, netip.AddrFrom16(address).As16()
			copy(address[:12], make([]byte, 12)) // IPv4 lives in ::/96
		}
		at := root
		for i := range bits {
			bit := address[i/8] >> (7 - i%8) & 1
			if at.child[bit] == nil {
				at.child[bit] = &node{}
			}
			at = at.child[bit]
		}
		at.data = len(data) + 1
		data = appendValue(data, records[p])
	}
	nodes := numberNodes(root, nil)
	out := []byte{}
	for _, n := range nodes {
		for _, c := range n.child {
			value := len(nodes) // nothing there
			if c != nil && c.data > 0 {
				value = len(nodes) + 16 + c.data - 1
			} else if c != nil {
				value = c.id
			}
			out = binary.BigEndian.AppendUint32(out, uint32(value))
		}
	}
	out = append(append(out, make([]byte, 16)...), data...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	out = appendValue(out, map[string]any{
		"binary_format_major_version": uint32(2), "binary_format_minor_version": uint32(0), "build_epoch": uint32(1781725900),
		"database_type": kind, "ip_version": uint32(6), "node_count": uint32(len(nodes)), "record_size": uint32(32),
	})
	path := filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// numberNodes gives the inner nodes their places in the file.
func numberNodes(n *node, list []*node) []*node {
	if n == nil || n.data > 0 {
		return list
	}
	n.id = len(list)
	list = append(list, n)
	return numberNodes(n.child[1], numberNodes(n.child[0], list))
}

// appendValue encodes maps, strings, booleans and 32-bit numbers.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		if len(v) >= 29 {
			return append(append(b, 2<<5|29, byte(len(v)-29)), v...)
		}
		return append(append(b, 2<<5|byte(len(v))), v...)
	case uint32:
		return binary.BigEndian.AppendUint32(append(b, 6<<5|4), v)
	case bool:
		if v {
			return append(b, 1, 14-7)
		}
		return append(b, 0, 14-7)
	case map[string]any:
		b = append(b, 7<<5|byte(len(v)))
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			b = appendValue(appendValue(b, k), v[k])
		}
	}
	return b
}

func TestCountryForms(t *testing.T) {
	path := writeMMDB(t, "Test-Country", map[string]map[string]any{
		"9.1.0.0/16":      {"country": map[string]any{"iso_code": "DE", "geoname_id": uint32(7)}},
		"9.2.0.0/16":      {"country": "FR", "continent": "EU"},
		"9.3.0.0/16":      {"country_code": "US"},
		"9.4.0.0/16":      {"registered_country": map[string]any{"iso_code": "SE"}},
		"9.5.0.0/16":      {"country_code": "ZZ"},
		"2001:67c::/32":   {"country": map[string]any{"iso_code": "NL"}},
		"9.6.0.0/16":      {"country_code": uint32(4), "country": map[string]any{"iso_code": "IT"}},
		"192.168.50.0/24": {"country_code": "UA"},
	})
	table := open(t, Config{Country: path})
	for in, want := range map[string]string{
		"9.1.2.3": "DE", "9.2.0.1": "FR", "9.3.0.1": "US", "9.4.1.1": "SE", "9.5.1.1": "", "9.7.1.1": "",
		"2001:67c::1": "NL", "9.6.0.1": "IT", "192.168.50.4": "",
	} {
		if got := table.Place(addr(in)).Country; got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	want := downpour.Database{Name: "test (Test-Country)", Built: "2026-06-17"}
	if got := table.Databases(); len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestNetworkForms(t *testing.T) {
	path := writeMMDB(t, "Test-ASN", map[string]map[string]any{
		"9.1.0.0/16": {"autonomous_system_number": uint32(64500), "autonomous_system_organization": "Example One"},
		"9.2.0.0/16": {"asn": "AS64501", "as_name": "Example Two", "type": "hosting"},
		"9.3.0.0/16": {"asn": "64502", "as": "Example Three", "usage_type": "ISP/MOB"},
		"9.4.0.0/16": {"asn": uint32(64503), "name": "Example Four", "is_anonymous": true},
	})
	table := open(t, Config{Network: path})
	for in, want := range map[string]downpour.Place{
		"9.1.2.3": {ASN: 64500, Network: "Example One", Kind: downpour.KindUnknown},
		"9.2.2.3": {ASN: 64501, Network: "Example Two", Kind: downpour.KindHosting},
		"9.3.2.3": {ASN: 64502, Network: "Example Three", Kind: downpour.KindAccess},
		"9.4.2.3": {ASN: 64503, Network: "Example Four", Kind: downpour.KindAnonymiser},
		"9.5.2.3": {Kind: downpour.KindUnknown},
	} {
		got := table.Place(addr(in))
		got.Country = ""
		if got != want {
			t.Errorf("%s: %+v, want %+v", in, got, want)
		}
	}
	if !table.KnowsNetworks() || len(table.Databases()) != 2 {
		t.Error("the network database is not named")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mmdb")
	if err := os.WriteFile(text, []byte("a text file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	asn := writeMMDB(t, "Test-ASN", map[string]map[string]any{"9.1.0.0/16": {"asn": "AS64501"}})
	for name, c := range map[string]struct {
		cfg  Config
		says []string
	}{
		"missing":   {Config{Country: filepath.Join(dir, "none.mmdb")}, []string{"country database", "none.mmdb", "no such file"}},
		"text":      {Config{Network: text}, []string{"network database", "text.mmdb", "not a MaxMind DB"}},
		"directory": {Config{Country: dir}, []string{"country database", dir}},
		"wrong one": {Config{Country: asn}, []string{"Test-ASN", "no record has a country"}},
	} {
		_, err := Open(c.cfg)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %q does not say %q", name, err, says)
			}
		}
	}
}
