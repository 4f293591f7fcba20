package config

import (
	"net/netip"
	"testing"

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
