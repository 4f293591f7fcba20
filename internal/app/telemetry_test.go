package app

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour/internal/config"
	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
)

// serving is a server that runs in this test.
type serving struct {
	t     *testing.T
	base  string
	flow  netip.AddrPort
	token string
	stop  func()
}

// serve runs the whole program on ports of its own choice.
func serve(t *testing.T, dir string, change func(*config.Config)) *serving {
	t.Helper()
	cfg := config.Default()
	cfg.HTTP.Listen, cfg.Store.Path = "127.0.0.1:0", dir
	cfg.Flow.Listen, cfg.Flow.Default = []config.FlowEndpoint{{Scheme: "udp", Address: "127.0.0.1:0"}}, false
	change(cfg)
	lines, out := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- Serve(ctx, Options{Config: cfg, Out: out, Log: slog.New(slog.DiscardHandler), Level: new(slog.LevelVar), Version: "test"})
		out.Close()
	}()
	s := &serving{t: t}
	scanner := bufio.NewScanner(lines)
	for s.token == "" && scanner.Scan() {
		line := scanner.Text()
		if at, ok := strings.CutPrefix(line, "Flow export is received on udp://"); ok {
			s.flow = netip.MustParseAddrPort(at)
		}
		if link, ok := strings.CutPrefix(line, "Operators sign in at "); ok {
			u, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			s.base, s.token = "http://"+u.Host, u.Query().Get("token")
		}
	}
	if s.token == "" {
		t.Fatal("the server did not start:", <-done)
	}
	go io.Copy(io.Discard, lines) // nobody reads on
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.stop = func() {}
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// ask sends a request with the operator's token.
func (s *serving) ask(method, path string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// health is the part of /health/data that these tests look at.
type health struct {
	Flow struct {
		Exporters []struct {
			Name    string
			Records uint64
		}
		Unknown []struct {
			Address   string
			Datagrams int
		}
	}
}

func (s *serving) health() (h health) {
	_, body := s.ask("GET", "/health/data")
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		s.t.Fatal(err)
	}
	return h
}

func (s *serving) send(from string, datagrams []export.Datagram) {
	s.t.Helper()
	sender, err := export.NewSender(s.t.Context(), netip.MustParseAddrPort(from+":0"), s.flow)
	if err != nil {
		s.t.Fatal(err)
	}
	defer sender.Close()
	if err := sender.Send(export.Messages(datagrams)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *serving) eventually(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("waited in vain until " + what)
		}
	}
}

// TestServeAllowsAnExporterForGood: an unknown exporter is listed, one click
// allows it, a restart keeps that, and the metrics tell of it.
func TestServeAllowsAnExporterForGood(t *testing.T) {
	dir := t.TempDir()
	strict := func(c *config.Config) { c.Flow.Allow = nil }
	s := serve(t, dir, strict)
	load := export.Load{Seed: 1, Network: netip.MustParsePrefix("198.51.100.0/24"), Targets: 10, Sources: 100}
	encoder := export.NewEncoder(export.Settings{Version: flow.NetFlow9})
	next := func() []export.Datagram {
		now := time.Now().UnixNano()
		return encoder.Flows(nil, now, load.Flows(280, now))
	}
	first := next()
	s.send("127.0.0.2", first)
	s.eventually("it is listed with all that it sent", func() bool {
		unknown := s.health().Flow.Unknown
		return len(unknown) == 1 && unknown[0].Datagrams == len(first)
	})
	if status, body := s.ask("POST", "/ops/exporters/127.0.0.2/allow"); status != http.StatusSeeOther {
		t.Fatalf("allowing it answers %d: %s", status, body)
	}
	encoder = export.NewEncoder(export.Settings{Version: flow.NetFlow9})
	s.send("127.0.0.2", next())
	s.eventually("it counts", func() bool {
		h := s.health()
		return len(h.Flow.Unknown) == 0 && len(h.Flow.Exporters) == 1 && h.Flow.Exporters[0].Records == 280
	})
	if _, body := s.ask("GET", "/metrics"); !strings.Contains(body, `downpour_exporter_records_total{exporter="127.0.0.2",name="127.0.0.2"} 280`) {
		t.Error("the metrics don't tell of its records")
	}
	s.stop()
	if _, err := os.Stat(filepath.Join(dir, templatesFile)); err != nil {
		t.Error("the templates were not kept:", err)
	}
	s = serve(t, dir, strict)
	s.send("127.0.0.2", next()) // without a template: that of before the restart holds
	s.eventually("it still counts", func() bool {
		h := s.health()
		return len(h.Flow.Exporters) == 1 && h.Flow.Exporters[0].Records == 280
	})
}

// TestServeFindsAFlood: a flood that an exporter tells of becomes an incident.
func TestServeFindsAFlood(t *testing.T) {
	s := serve(t, t.TempDir(), func(*config.Config) {})
	encoder := export.NewEncoder(export.Settings{Version: flow.IPFIX})
	target := netip.MustParseAddr("198.51.100.7")
	load := export.Load{Seed: 3, Network: netip.PrefixFrom(target, 32), Targets: 1, Sources: 50_000}
	found := func() bool {
		now := time.Now().UnixNano()
		flows := load.Flows(600, now)
		for i := range flows {
			f := &flows[i]
			f.Destination, f.Protocol, f.TCPFlags, f.DestinationPort, f.Packets, f.Bytes = target, 6, 0x02, 443, 40, 2400
		}
		s.send("127.0.0.3", encoder.Flows(nil, now, flows))
		_, body := s.ask("GET", "/api/v1/incidents")
		return strings.Contains(body, `"id"`)
	}
	s.eventually("the flood is an incident", found)
	_, body := s.ask("GET", "/api/v1/incidents")
	var list struct{ Incidents []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	_, incident := s.ask("GET", "/api/v1/incidents/"+list.Incidents[0].ID)
	for _, want := range []string{"SYN flood", "198.51.100.7", `"exporter":"127.0.0.3"`} {
		if !strings.Contains(incident, want) {
			t.Errorf("the incident does not tell of %s: %.500s", want, incident)
		}
	}
}
