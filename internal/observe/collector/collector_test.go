package collector

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
)

// TestCountsAreExact sends each protocol over a socket and wants every record,
// packet and byte out of the queue, none lost and none too many.
func TestCountsAreExact(t *testing.T) {
	for _, sockets := range []int{1, 3} {
		for _, v := range versionsKnown {
			t.Run(v.String(), func(t *testing.T) {
				r := start(t, func(c *Config) { c.Sockets = sockets })
				flows := load(3000)
				s := export.Settings{Version: v, Sampling: 10, Announce: export.ByInterval, Domain: 7, From: netip.MustParseAddrPort("127.0.0.2:1")}
				sampling := uint32(10)
				if v == flow.NetFlow5 {
					s.Announce = export.ByHeader
				}
				list := datagrams(s, flows)
				send(t, "127.0.0.2", r.to[0], list)
				eventually(t, "all records came", func() bool { return r.totals().Flows == uint64(len(flows)) })
				e := r.exporter("127.0.0.2")
				if e.Stats.Datagrams != uint64(len(list)) || e.Stats.Records != uint64(len(flows)) || e.LostRecords+e.LostDatagrams != 0 {
					t.Errorf("%d datagrams, %d records, %d and %d lost; sent %d and %d", e.Stats.Datagrams, e.Stats.Records, e.LostRecords, e.LostDatagrams, len(list), len(flows))
				}
				if !slices.Equal(e.Versions, []flow.Version{v}) || e.Sampling != sampling || e.SamplingBy != "exporter" {
					t.Errorf("versions %v, sampling %d by %s", e.Versions, e.Sampling, e.SamplingBy)
				}
				want := export.Sum(flows, sampling)
				if v == flow.SFlow5 { // a sample is a frame, whose length the encoder makes
					want.Packets, want.Bytes = uint64(len(flows))*uint64(sampling), r.totals().Bytes
				}
				if got := r.totals(); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		}
	}
}

// TestIPv6 receives over IPv6 and counts a sender by its IPv6 address.
func TestIPv6(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Listen, c.Allow = []Endpoint{{UDP, "[::1]:0"}}, []netip.Prefix{netip.MustParsePrefix("::1/128")}
	})
	flows := load(100)
	send(t, "[::1]", r.to[0], datagrams(export.Settings{Version: flow.IPFIX}, flows))
	eventually(t, "all came", func() bool { return r.totals().Flows == 100 })
	if r.exporter("::1").Stats.Records != 100 {
		t.Error("the sender is not known by its address")
	}
}

// TestUnknownExporterIsIgnoredUntilAllowed: it is counted and listed, by what it
// sends; allowed, its next datagrams count.
func TestUnknownExporterIsIgnoredUntilAllowed(t *testing.T) {
	r := start(t, func(c *Config) { c.Allow = nil })
	list := datagrams(export.Settings{Version: flow.NetFlow9}, load(280))
	send(t, "127.0.0.3", r.to[0], list)
	eventually(t, "all were counted", func() bool { return r.Status().UnknownDatagrams == uint64(len(list)) })
	s := r.Status()
	if len(s.Unknown) != 1 || s.Unknown[0].Address.String() != "127.0.0.3" || s.Unknown[0].Version != flow.NetFlow9 || len(s.Exporters) != 0 {
		t.Fatalf("listed as %+v, exporters %+v", s.Unknown, s.Exporters)
	}
	if r.totals().Flows != 0 {
		t.Error("records of an unknown exporter counted")
	}
	r.Allow(netip.MustParseAddr("127.0.0.3"))
	send(t, "127.0.0.3", r.to[0], datagrams(export.Settings{Version: flow.NetFlow9}, load(280)))
	eventually(t, "they count", func() bool { return r.totals().Flows == 280 })
	if s := r.Status(); len(s.Unknown) != 0 {
		t.Errorf("still listed as unknown: %+v", s.Unknown)
	}
}

// TestSFlowByAgentOrSender: an agent counts by itself if it or its sender is
// accepted, and a sender that is not accepted can't pose as one that is behind
// another's.
func TestSFlowByAgentOrSender(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Allow = nil
		c.Exporters = []Exporter{
			{Address: netip.MustParseAddr("127.0.0.4"), Name: "proxy"},
			{Address: netip.MustParseAddr("192.0.2.77"), Name: "agent"},
		}
	})
	agent := func(a string) export.Settings {
		return export.Settings{Version: flow.SFlow5, From: netip.MustParseAddrPort(a + ":1")}
	}
	send(t, "127.0.0.4", r.to[0], datagrams(agent("192.0.2.1"), loadOf(1, 60)))
	send(t, "127.0.0.4", r.to[0], datagrams(agent("192.0.2.2"), loadOf(2, 60)))
	send(t, "127.0.0.5", r.to[0], datagrams(agent("192.0.2.77"), loadOf(3, 60)))
	eventually(t, "all came", func() bool { return r.totals().Flows == 180 })
	if e := r.exporter("192.0.2.1"); e.Stats.Records != 60 || e.Via.String() != "127.0.0.4" {
		t.Errorf("first agent: %d records by %s", e.Stats.Records, e.Via)
	}
	if e := r.exporter("192.0.2.77"); e.Stats.Records != 60 || e.Name != "agent" {
		t.Errorf("told agent: %d records, called %s", e.Stats.Records, e.Name)
	}
	before := r.Status().UnknownDatagrams
	list := datagrams(agent("192.0.2.1"), load(60))
	send(t, "127.0.0.9", r.to[0], list)
	eventually(t, "they were counted as unknown", func() bool { return r.Status().UnknownDatagrams == before+uint64(len(list)) })
	if r.totals().Flows != 180 {
		t.Error("a stranger's datagrams counted under an agent's name")
	}
}

// TestToldExporter: the operator's sampling, names and roles hold.
func TestToldExporter(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Exporters = []Exporter{{
			Address: netip.MustParseAddr("127.0.0.6"), Name: "edge1", Sampling: 50,
			Interfaces: map[uint32]Interface{1: {Name: "transit-a", Role: Edge}},
		}}
	})
	flows := load(300)
	s := export.Settings{Version: flow.IPFIX, Sampling: 1000, Announce: export.ByPacketSpace,
		Interfaces: []export.Interface{{Number: 1, Name: "xe-0/0/1"}, {Number: 2, Name: "xe-0/0/2"}}}
	send(t, "127.0.0.6", r.to[0], datagrams(s, flows))
	eventually(t, "all came", func() bool { return r.totals().Flows == 300 })
	if got, want := r.totals(), export.Sum(flows, 50); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	r.nameInterfaces()
	seen := map[downpour.Ingress]bool{}
	for _, f := range r.flows {
		seen[r.cfg.Ingresses.Lookup(f.Ingress)] = true
	}
	for _, name := range []string{"transit-a", "xe-0/0/2", "3", "4"} {
		if !seen[downpour.Ingress{Exporter: "edge1", Interface: name}] {
			t.Errorf("no flow came in at %s of edge1: %v", name, seen)
		}
	}
	if e := r.exporter("127.0.0.6"); e.Sampling != 50 || e.SamplingBy != "configuration" || !e.Told {
		t.Errorf("sampling %d by %s, told %v", e.Sampling, e.SamplingBy, e.Told)
	}
}

// TestClockOneHourOff: counts are right and in our time, and it is told.
func TestClockOneHourOff(t *testing.T) {
	for name, off := range map[string]time.Duration{"behind": -time.Hour, "ahead": time.Hour} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			flows := load(280)
			send(t, "127.0.0.7", r.to[0], datagrams(export.Settings{Version: flow.NetFlow9, ClockOff: off}, flows))
			eventually(t, "all came", func() bool { return r.totals().Flows == 280 })
			if got, want := r.totals(), export.Sum(flows, 1); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			e := r.exporter("127.0.0.7")
			if !e.Corrected || (e.Offset+off).Abs() > 2*time.Second {
				t.Errorf("offset %s, corrected %v", e.Offset, e.Corrected)
			}
			for i, f := range r.flows {
				if far := time.Duration(f.Time - flows[i].Start).Abs(); far > 2*time.Second {
					t.Fatalf("a flow of %d is dated %s from its time", i, far)
				}
			}
		})
	}
}

// TestTooLateIsCountedAsLate: what lies before the horizon is cut off and told,
// and nothing of it counts in another second.
func TestTooLateIsCountedAsLate(t *testing.T) {
	r := start(t, func(c *Config) { c.Patience = time.Minute })
	now := time.Now().UnixNano()
	flows := load(2)
	for i := range flows {
		flows[i].Packets, flows[i].Bytes = 100, 100_000
		flows[i].Exported = now
	}
	flows[0].Start, flows[0].End = now-int64(2*time.Minute), now                       // half is in time
	flows[1].Start, flows[1].End = now-int64(10*time.Minute), now-int64(9*time.Minute) // none is
	send(t, "127.0.0.8", r.to[0], datagrams(export.Settings{Version: flow.IPFIX}, flows))
	eventually(t, "both were judged", func() bool { return r.exporter("127.0.0.8").Late == 2 })
	eventually(t, "the one came", func() bool { return r.totals().Flows == 1 })
	e := r.exporter("127.0.0.8")
	got := r.totals()
	if got.Bytes+e.LateBytes != 200_000 {
		t.Errorf("%d bytes counted, %d late: not what was sent", got.Bytes, e.LateBytes)
	}
	if got.Bytes < 49_000 || got.Bytes > 51_000 || e.LateWhole != 1 {
		t.Errorf("%d bytes of the half that is in time; %d wholly late", got.Bytes, e.LateWhole)
	}
}

// TestDelayIsLearned: an exporter that holds flows for a minute says so by what
// it sends, one freak record does not.
func TestDelayIsLearned(t *testing.T) {
	r := start(t, nil)
	now := time.Now().UnixNano()
	flows := load(100)
	flows[50].Start = now - int64(100*time.Second)
	encoder := export.NewEncoder(export.Settings{Version: flow.IPFIX})
	send(t, "127.0.0.10", r.to[0], encoder.Flows(nil, now, flows))
	eventually(t, "they came", func() bool { return r.totals().Flows == 100 })
	r.learn(time.Now().UnixNano())
	if d := r.Delay(); d > 10*time.Second {
		t.Errorf("a freak record made the delay %s", d)
	}
	for i := range flows {
		flows[i].Start = now - int64(60*time.Second)
	}
	send(t, "127.0.0.10", r.to[0], encoder.Flows(nil, time.Now().UnixNano(), flows))
	eventually(t, "they came", func() bool { return r.totals().Flows == 200 })
	eventually(t, "the delay is believed", func() bool { return r.Delay() >= time.Minute && r.Delay() <= 90*time.Second })
}

// TestTemplatesOutliveARestart: data that comes before its template after a
// restart is read at once, because the template was kept.
func TestTemplatesOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "templates.json")
	kept := func(c *Config) { c.State = path }
	r := start(t, kept)
	encoder := export.NewEncoder(export.Settings{Version: flow.NetFlow9, TemplatesEvery: 1000})
	send(t, "127.0.0.11", r.to[0], encoder.Flows(nil, time.Now().UnixNano(), load(280)))
	eventually(t, "they came", func() bool { return r.totals().Flows == 280 })
	r.stop()

	r = start(t, kept)
	send(t, "127.0.0.11", r.to[0], encoder.Flows(nil, time.Now().UnixNano(), load(280)))
	eventually(t, "they are read without a template", func() bool { return r.totals().Flows == 280 })
	if e := r.exporter("127.0.0.11"); e.Stats.Misses != 0 || e.Mistake != "" {
		t.Errorf("%d misses; %s", e.Stats.Misses, e.Mistake)
	}
	r.stop()

	for name, content := range map[string]string{"cut": `{"schema": "downpour.templates/1", "exp`, "other": `{"schema": "x"}`, "hostile": `{"schema": "downpour.templates/1", "exporters": {"127.0.0.11": "AAAA////AAAA"}}`} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			r := start(t, kept)
			fresh := export.Settings{Version: flow.NetFlow9}
			send(t, "127.0.0.11", r.to[0], datagrams(fresh, load(280)))
			eventually(t, "they came all the same", func() bool { return r.totals().Flows == 280 })
			if name == "hostile" && r.exporter("127.0.0.11").Mistake == "" {
				t.Error("nothing is said of templates that can't be")
			}
		})
	}
}

// TestBusyAddressIsTold: two collectors don't share an address unawares, not even
// when both use several sockets.
func TestBusyAddressIsTold(t *testing.T) {
	r := start(t, func(c *Config) { c.Sockets = 2 })
	again := r.cfg
	again.Listen = []Endpoint{{UDP, r.to[0].String()}}
	c, err := New(again)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Open(t.Context()); err == nil {
		t.Error("an address that is in use was opened again")
	}
}

// TestGarbage: what is of no protocol is counted and harms nobody.
func TestGarbage(t *testing.T) {
	r := start(t, nil)
	var list []export.Datagram
	for _, m := range []string{"", "x", "hello world", "\x00\x07\x00\x01aaaaaaaaaaaaaaaaaaaaaaaaaa", "\x00\x09", "\x00\x00\x00\x05\x00\x00\x00\x01"} {
		list = append(list, export.Datagram{Message: []byte(m)})
	}
	send(t, "127.0.0.12", r.to[0], list)
	send(t, "127.0.0.12", r.to[0], datagrams(export.Settings{Version: flow.NetFlow5}, load(30)))
	eventually(t, "what came after it counts", func() bool { return r.totals().Flows == 30 })
	if r.Status().Unread == 0 {
		t.Error("no datagram was counted as unread")
	}
}

// TestTwoExporters: the same traffic told by two counts once, different traffic
// adds up, and it is said what was left out.
func TestTwoExporters(t *testing.T) {
	r := start(t, nil)
	flows := load(1000)
	for _, from := range []string{"127.0.0.13", "127.0.0.14"} {
		send(t, from, r.to[0], datagrams(export.Settings{Version: flow.IPFIX}, flows))
		eventually(t, "they were decoded", func() bool { return r.exporter(from).Flows == 1000 })
	}
	eventually(t, "one's count", func() bool { return r.totals() == export.Sum(flows, 1) })
	other := loadOf(9, 1000)
	send(t, "127.0.0.15", r.to[0], datagrams(export.Settings{Version: flow.IPFIX}, other))
	both := export.Sum(append(flows, other...), 1)
	eventually(t, "the other's count too", func() bool { return r.totals() == both })
}
