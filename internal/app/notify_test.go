package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"downpour"
	"downpour/internal/config"
	"downpour/internal/golden/export"
	"downpour/internal/notify"
	"downpour/internal/observe/flow"
)

// inbox is a real receiver of webhooks.
type inbox struct {
	mu       sync.Mutex
	messages []notify.Message
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var m notify.Message
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	if err != nil || r.Header.Get(notify.SignatureHeader) == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, m)
}

func (b *inbox) all() []notify.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]notify.Message(nil), b.messages...)
}

// TestServeTellsOfAFlood sends a flood as flow export: the webhook and the script
// are told once, also when the server starts again in the middle of it.
func TestServeTellsOfAFlood(t *testing.T) {
	got := &inbox{}
	server := httptest.NewServer(got)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	script, calls, secret := filepath.Join(dir, "notify.sh"), filepath.Join(dir, "calls"), filepath.Join(dir, "secret")
	write := func(path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(script, "#!/bin/sh\necho \"$1 $2 $4\" >>"+calls+"\ncat >/dev/null\n", 0o700)
	write(secret, "hunter2\n", 0o600)
	configured := func(c *config.Config) {
		c.Notify = []config.Notify{
			{URL: config.Location(server.URL + "/hook"), Secret: config.Secret("file:" + secret), Minimum: downpour.Minor},
			{Script: script, Arguments: "fastnetmon", Timeout: config.Duration(10 * time.Second), Minimum: downpour.Minor},
		}
	}
	s := serve(t, filepath.Join(dir, "data"), configured)
	encoder := export.NewEncoder(export.Settings{Version: flow.IPFIX})
	target := netip.MustParseAddr("198.51.100.7")
	load := export.Load{Seed: 3, Network: netip.PrefixFrom(target, 32), Targets: 1, Sources: 50_000}
	flood := func() {
		now := time.Now().UnixNano()
		flows := load.Flows(600, now)
		for i := range flows {
			f := &flows[i]
			f.Destination, f.Protocol, f.TCPFlags, f.DestinationPort, f.Packets, f.Bytes = target, 6, 0x02, 443, 40, 2400
		}
		s.send("127.0.0.3", encoder.Flows(nil, now, flows))
	}
	called := func() string {
		data, _ := os.ReadFile(calls) // not there before the first call
		return string(data)
	}
	s.eventually("both are told", func() bool { flood(); return len(got.all()) > 0 && called() != "" })
	first := got.all()[0]
	if first.Event != notify.Opened || len(first.Attacks) != 1 || first.Attacks[0].Target != downpour.TargetOf(downpour.AddressFrom(target)) {
		t.Errorf("told first: %+v", first)
	}
	s.eventually("the metrics tell of what was sent", func() bool { // once the answer is read
		_, body := s.ask("GET", "/metrics")
		return strings.Contains(body, `downpour_notify_sent_total{kind="webhook",receiver="`+server.URL+`/…"} 1`)
	})
	if _, body := s.ask("GET", "/health/data"); strings.Contains(body, "not delivered:") || strings.Contains(body, "hunter2") || !strings.Contains(body, "messages not delivered to the script "+script) {
		t.Errorf("/health/data: %s", body)
	}
	s.stop()
	s = serve(t, filepath.Join(dir, "data"), configured)
	encoder = export.NewEncoder(export.Settings{Version: flow.IPFIX})
	for range 20 { // as long as it took at first
		flood()
		time.Sleep(100 * time.Millisecond)
	}
	opened := 0
	for _, m := range got.all() {
		if m.Event == notify.Opened {
			opened++
		}
	}
	if opened != 1 || called() != "198.51.100.7 incoming ban\n" {
		t.Errorf("told %d times that it opened; the script's calls:\n%s", opened, called())
	}
}

// TestServeNeedsItsReceivers: what can't work is told at the start, without what
// is secret.
func TestServeNeedsItsReceivers(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for want, n := range map[string]config.Notify{
		"notify[0]: the script: ":                        {Script: none},
		"notify[0]: read " + none:                        {URL: "https://alerts.example.net/t0ken", Secret: config.Secret("file:" + none)},
		"the environment variable DOWNPOUR_TEST_NONE is": {URL: "env:DOWNPOUR_TEST_NONE"},
	} {
		c := config.Default()
		c.Notify = []config.Notify{n}
		_, err := newNotifier(t.Context(), &Options{Config: c}, nil, utcNow)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "t0ken") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
