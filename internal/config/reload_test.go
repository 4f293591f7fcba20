package config

import (
	"log/slog"
	"net/netip"
	"slices"
	"testing"
)

func TestReloadAppliesWhatTheTableSaysItDoes(t *testing.T) {
	from, next := Default(), Default()
	from.Services = []Service{{Name: "shop", Title: "Shop"}, {Name: "mail"}}
	next.Services = []Service{{Name: "shop", Title: "The shop", RunBy: "us", Contact: "a@example.com", Symptoms: []string{"other"}, Hosts: []string{"new.example"}}}
	next.Flow.Exporters = []Exporter{{Address: netip.MustParseAddr("203.0.113.1"), Sampling: 1000, Interfaces: Interfaces{12: {Name: "transit", Role: "edge"}}}}
	next.Flow.Allow, next.Flow.Sockets = nil, 2
	next.Packets = []Packets{{Interface: "eth0", Sampling: 100}}
	next.HTTP = HTTP{Listen: "127.0.0.1:9", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, ClientAddressHeader: "X-Real-Ip"}
	next.Store = Store{Path: "elsewhere", Disk: 20 * Megabyte, Keep: next.Store.Keep / 2, KeepIncidents: next.Store.Keep}
	next.Log = Log{Level: slog.LevelDebug, Format: "json"}
	before := Changes(from, next)
	after := Changes(from.Reloaded(next), next)
	live := func(c Change) bool { return c.Live }
	if !slices.ContainsFunc(before, live) {
		t.Fatal("nothing that a reload applies has changed: the test shows nothing")
	}
	for _, c := range after {
		if c.Live {
			t.Errorf("%s is told to be applied by a reload and is not", c.Key)
		}
	}
	waiting := slices.DeleteFunc(slices.Clone(before), live)
	if !slices.Equal(after, waiting) {
		t.Errorf("what waits for a restart is %v, want %v", after, waiting)
	}
}
