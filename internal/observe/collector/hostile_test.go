package collector

import (
	"net/netip"
	"strings"
	"testing"

	"downpour/internal/golden/export"
	"downpour/internal/observe"
	"downpour/internal/observe/flow"
)

// idle makes a collector that is not run.
func idle(t *testing.T, change func(*Config)) *Collector {
	t.Helper()
	cfg := Config{
		Listen: []Endpoint{{UDP, "127.0.0.1:0"}}, Allow: []netip.Prefix{loopback}, Queue: observe.NewQueue(64), Ingresses: flow.NewIngresses(),
		NetFlow: netflowDecoder, SFlow: sflowDecoder,
	}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// agentsFrom hands over a datagram of each of n agents within 198.51.0.0/16 that a
// sender names.
func agentsFrom(c *Collector, sender string, n int) {
	out := c.newOutput()
	for i := range n {
		agent := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), 1)
		for _, d := range datagrams(export.Settings{Version: flow.SFlow5, From: agent}, loadOf(1, 1)) {
			c.handle(&out, source{from: addressOf(sender)}, d.Message, 1e18)
		}
	}
}

// TestStrangersNameAgents: whoever is not accepted himself can't fill the registry
// by naming agents within an accepted prefix, and who is accepted leaves half of
// it to others.
func TestStrangersNameAgents(t *testing.T) {
	within := func(c *Config) { c.Allow = []netip.Prefix{netip.MustParsePrefix("198.51.0.0/16")} }
	c := idle(t, within)
	agentsFrom(c, "203.0.113.1", 2000)
	if s := c.Status(); len(s.Exporters) != 0 || s.UnknownDatagrams == 0 {
		t.Errorf("%d exporters of a stranger", len(s.Exporters))
	}
	agentsFrom(c, "198.51.100.1", 2000)
	if s := c.Status(); len(s.Exporters) < maxAgents || len(s.Exporters) > maxExporters/2 || s.Full {
		t.Errorf("%d exporters of one sender", len(s.Exporters))
	}
}

// TestStrangerPosesAsExporter: an agent that was told of is heard from any sender,
// but not beside its own datagrams.
func TestStrangerPosesAsExporter(t *testing.T) {
	agent := netip.MustParseAddr("198.51.100.7")
	c := idle(t, func(c *Config) { c.Allow, c.Exporters = nil, []Exporter{{Address: agent}} })
	out := c.newOutput()
	from := func(sender string, at int64) uint64 {
		before := c.Status().UnknownDatagrams
		d := datagrams(export.Settings{Version: flow.SFlow5, From: netip.AddrPortFrom(agent, 1)}, loadOf(1, 1))[0]
		c.handle(&out, source{from: addressOf(sender)}, d.Message, at)
		return c.Status().UnknownDatagrams - before
	}
	for i, step := range []struct {
		sender  string
		at      int64
		refused uint64
	}{
		{"203.0.113.1", 1e18, 0}, // as for an agent behind others' addresses
		{"198.51.100.7", 1e18 + 1, 0},
		{"203.0.113.1", 1e18 + 2, 1},
		{"203.0.113.2", 1e18 + 3, 1},
		{"198.51.100.7", 1e18 + 4, 0},
		{"203.0.113.2", 1e18 + 4 + int64(liveFor), 0}, // it fell silent
	} {
		if got := from(step.sender, step.at); got != step.refused {
			t.Errorf("step %d: %d refused", i, got)
		}
	}
}

// TestRelayToItself: a relay that leads back would send every datagram round for
// ever.
func TestRelayToItself(t *testing.T) {
	for _, c := range []struct {
		listen, relay string
		refused       bool
	}{
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "", true},
		{"127.0.0.1", "0.0.0.0", true},
		{"0.0.0.0", "127.0.0.1", true},
		{"0.0.0.0", "127.0.0.9", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"0.0.0.0", "192.0.2.1", false},
	} {
		collector := idle(t, func(cfg *Config) { cfg.Listen = []Endpoint{{UDP, c.listen + ":0"}} })
		if err := collector.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(collector.bound[0].Address, ":")
		collector.cfg.Relay = []Endpoint{{UDP, c.relay + ":" + port}}
		collector.relays.close()
		if err := collector.openRelays(); (err != nil) != c.refused {
			t.Errorf("listening on %s, relaying to %s: %v", c.listen, c.relay, err)
		}
		collector.Close()
	}
}

// TestStrangersStarveNobody: a flood of strangers' datagrams makes the kernel drop,
// interval after interval; holding those back that send little would not help.
func TestStrangersStarveNobody(t *testing.T) {
	s, e := newShare(), &exporter{}
	all := []*exporter{e}
	taken, drops := uint64(0), uint64(0)
	for interval := range 200 {
		admitted := 0
		for range 50 { // datagrams of 30 records
			if !s.skip(e) && s.admit(e, 30) {
				admitted += 30
			}
		}
		taken, drops = taken+uint64(admitted)-uint64(interval%2), drops+1000
		s.turn(all, taken, drops)
		if admitted < 1000 {
			t.Fatalf("interval %d: %d records of 1500", interval, admitted)
		}
	}
}
