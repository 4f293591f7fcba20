package enrich

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"downpour"
)

func addr(s string) downpour.Address { return downpour.AddressFrom(netip.MustParseAddr(s)) }

func open(t testing.TB, cfg Config) *Table {
	t.Helper()
	table, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Addresses whose registration has not changed in decades.
func TestEmbeddedCountries(t *testing.T) {
	table := open(t, Config{})
	for in, want := range map[string]string{
		"8.8.8.8": "US", "193.0.6.139": "NL", "130.79.1.1": "FR", "141.20.1.1": "DE", "133.11.0.1": "JP",
		"166.111.4.1": "CN", "200.160.2.3": "BR", "196.25.1.1": "ZA", "2001:67c:2e8:22::c100:68b": "NL", "2a00:1450::1": "IE",
	} {
		if p := table.Place(addr(in)); p.Country != want || p.Special != "" || p.Kind != downpour.KindUnknown {
			t.Errorf("%s: %+v, want %s", in, p, want)
		}
	}
}

func TestSpecialPurpose(t *testing.T) {
	table := open(t, Config{})
	for in, want := range map[string]string{
		"0.0.0.0": "This host on this network", "0.1.2.3": "This network", "10.255.0.1": "Private-Use",
		"100.64.0.0": "Shared Address Space", "100.127.255.255": "Shared Address Space", "127.0.0.1": "Loopback",
		"169.254.1.1": "Link Local", "172.16.0.5": "Private-Use", "172.31.255.255": "Private-Use",
		"192.0.0.1": "IPv4 Service Continuity Prefix", "192.0.0.8": "IPv4 dummy address", "192.0.0.171": "NAT64/DNS64 Discovery",
		"192.0.0.200": "IETF Protocol Assignments", "192.0.2.7": "Documentation (TEST-NET-1)", "192.88.99.1": "Deprecated (6to4 Relay Anycast)",
		"192.168.50.4": "Private-Use", "198.19.255.255": "Benchmarking", "198.51.100.9": "Documentation (TEST-NET-2)",
		"203.0.113.1": "Documentation (TEST-NET-3)", "224.0.0.1": "Multicast", "239.255.255.255": "Multicast",
		"240.0.0.1": "Reserved", "255.255.255.255": "Limited Broadcast",
		"::1": "Loopback Address", "::": "Unspecified Address", "2001:db8::1": "Documentation", "2001::1": "TEREDO", "2002:a00::1": "6to4",
		"fe80::1": "Link-Local Unicast", "fd00::1": "Unique-Local", "ff02::1": "Multicast", "64:ff9b::1": "IPv4-IPv6 Translat.",
		"3fff:fff::1": "Documentation", "4000::1": "Unallocated",
	} {
		if p := table.Place(addr(in)); p.Special != want || p.Country != "" {
			t.Errorf("%s: %+v, want %q", in, p, want)
		}
	}
	for _, in := range []string{"100.63.255.255", "100.128.0.1", "172.32.0.1", "9.9.9.9", "2003::1"} {
		if p := table.Place(addr(in)); p.Special != "" {
			t.Errorf("%s: %+v is not special", in, p)
		}
	}
}

func TestAllocationShare(t *testing.T) {
	table := open(t, Config{})
	us, cn, jp := table.AllocationShare("US"), table.AllocationShare("CN"), table.AllocationShare("JP")
	if us < 0.35 || us > 0.45 || cn < 0.07 || cn > 0.12 || jp < 0.04 || jp > 0.08 {
		t.Errorf("US %.3f CN %.3f JP %.3f: far from what the registries publish", us, cn, jp)
	}
	if table.AllocationShare("ZZ") != 0 {
		t.Error("an unknown country has a share")
	}
}

func TestDatabases(t *testing.T) {
	list := open(t, Config{}).Databases()
	if len(list) != 1 || list[0].Name == "" || list[0].Licence == "" {
		t.Fatalf("%+v", list)
	}
	if _, err := time.Parse("2006-01-02", list[0].Built); err != nil {
		t.Error(err)
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		if _, err := Open(Config{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlace(b *testing.B) {
	table := open(b, Config{})
	random := rand.New(rand.NewPCG(1, 2))
	list := make([]downpour.Address, 1<<14)
	for i := range list {
		list[i] = downpour.AddressFrom4(random.Uint32())
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		table.Place(list[i%len(list)])
	}
}
