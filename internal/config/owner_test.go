package config

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/gaissmai/bart"

	"downpour"
)

func TestServiceOf(t *testing.T) {
	c := Default()
	if c.ServiceOf() != nil {
		t.Error("without addresses every one may be a target")
	}
	c.Networks.Own = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/22")}
	c.Services = []Service{
		{Name: "shop"},
		{Name: "mail", Targets: []netip.Prefix{netip.MustParsePrefix("198.51.100.25/32"), netip.MustParsePrefix("2001:db8::/64")}},
	}
	of := c.ServiceOf()
	for address, want := range map[string]struct {
		service string
		ours    bool
	}{
		"198.51.100.25": {"mail", true},
		"2001:db8::1":   {"mail", true},
		"198.51.100.26": {"shop", true},
		"203.0.113.1":   {"shop", false},
	} {
		service, ours := of(downpour.AddressFrom(netip.MustParseAddr(address)))
		if service != want.service || ours != want.ours {
			t.Errorf("%s: %s, %v; want %s, %v", address, service, ours, want.service, want.ours)
		}
	}
}

// TestOwnersAgreeWithATable holds the trie against another longest-prefix table.
func TestOwnersAgreeWithATable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		o, table := newOwners("0"), new(bart.Table[int])
		o.names = nil
		var all []owned
		for n := range 1 + rng.IntN(40) {
			o.names = append(o.names, strconv.Itoa(n))
			ip := netip.AddrFrom4([4]byte{10, byte(rng.IntN(2)), byte(rng.IntN(3)), byte(rng.IntN(256))})
			if rng.IntN(4) == 0 {
				ip = netip.AddrFrom16([16]byte{0x20, 1, byte(rng.IntN(2)), 15: byte(rng.IntN(256))})
			}
			p, _ := ip.Prefix(rng.IntN(ip.BitLen() + 1))
			if _, known := table.Get(p); !known {
				table.Insert(p, n)
				all = append(all, owned{p, n})
			}
		}
		slices.SortStableFunc(all, func(a, b owned) int { return a.prefix.Bits() - b.prefix.Bits() })
		for _, p := range all {
			o.insert(p)
		}
		for range 2000 {
			ip := netip.AddrFrom4([4]byte{byte(9 + rng.IntN(3)), byte(rng.IntN(3)), byte(rng.IntN(4)), byte(rng.IntN(256))})
			if rng.IntN(4) == 0 {
				ip = netip.AddrFrom16([16]byte{0x20, byte(rng.IntN(2)), byte(rng.IntN(2)), 15: byte(rng.IntN(256))})
			}
			n, want := table.Lookup(ip)
			service, ours := o.serviceOf(downpour.AddressFrom(ip))
			if ours != want || ours && service != strconv.Itoa(n) {
				t.Fatalf("%s: %s, %v; want %d, %v", ip, service, ours, n, want)
			}
		}
	}
}

func BenchmarkServiceOf(b *testing.B) {
	c := Default()
	c.Networks.Own = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/22"), netip.MustParsePrefix("203.0.113.128/25")}
	of := c.ServiceOf()
	addresses := make([]downpour.Address, 1<<16)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range addresses {
		addresses[i] = downpour.AddressFrom4(rng.Uint32())
		if i%2 == 0 {
			addresses[i] = downpour.AddressFrom4(0xc6336400 + uint32(rng.IntN(1024)))
		}
	}
	ours := 0
	for i := range b.N {
		if _, yes := of(addresses[i&0xffff]); yes {
			ours++
		}
	}
	if ours == 0 && b.N > 1 {
		b.Fatal("none is ours")
	}
}
