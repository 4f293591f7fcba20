package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store"
)

// posted is what a real receiver of webhooks got.
type posted struct {
	header http.Header
	body   []byte
}

// listen runs an HTTP server that hands on what is posted to it and answers with
// the codes in turn, the last one for good.
func listen(t *testing.T, codes ...int) (*url.URL, <-chan posted) {
	t.Helper()
	got := make(chan posted, 100)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- posted{r.Header, body}
		mu.Lock()
		defer mu.Unlock()
		if codes[0] >= 300 && codes[0] < 400 {
			w.Header().Set("Location", "http://169.254.169.254/latest")
		}
		w.WriteHeader(codes[0])
		if len(codes) > 1 {
			codes = codes[1:]
		}
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL + "/hook-t0ken?key=hunter2")
	if err != nil {
		t.Fatal(err)
	}
	return u, got
}

// begin runs a notifier until the test ends.
func begin(t *testing.T, r Receiver) *Notifier {
	t.Helper()
	n := New(Config{Receivers: []Receiver{r}, Since: start().Add(-time.Hour), Clock: start, SearchPath: os.Getenv("PATH"), Log: discard()})
	run(t, n)
	return n
}

func run(t *testing.T, n *Notifier) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// until waits for what the receiver's numbers must come to.
func until(t *testing.T, n *Notifier, what string, is func(Stats) bool) Stats {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		s := n.Stats()[0]
		if is(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come: %+v", what, s)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestWebhookIsSigned(t *testing.T) {
	to, got := listen(t, http.StatusNoContent)
	n := begin(t, Receiver{Webhook: to, Secret: []byte("a secret"), Minimum: downpour.Minor})
	n.Take(start(), []store.Record{record(downpour.Major, true, "SYN flood")}, nil)
	p := <-got
	mac := hmac.New(sha256.New, []byte("a secret"))
	mac.Write(p.body)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); p.header.Get(SignatureHeader) != want {
		t.Errorf("signature %q, want %q", p.header.Get(SignatureHeader), want)
	}
	var m Message
	if err := json.Unmarshal(p.body, &m); err != nil || m.Schema != Schema || m.ID != "i1-1" || m.Event != Opened || m.Attacks[0].Target.String() != "198.51.100.7/32" {
		t.Errorf("%v: %s", err, p.body)
	}
	if p.header.Get("X-Downpour-Id") != "i1-1" || p.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", p.header)
	}
	until(t, n, "delivery", func(s Stats) bool { return s.Sent == 1 && s.Waiting == 0 })
}

func TestWebhookIsTriedAgainWithTheSameID(t *testing.T) {
	to, got := listen(t, http.StatusServiceUnavailable, http.StatusOK)
	n := begin(t, Receiver{Webhook: to, Minimum: downpour.Minor})
	n.Take(start(), []store.Record{record(downpour.Major, true)}, nil)
	first, second := <-got, <-got
	if string(first.body) != string(second.body) {
		t.Errorf("another message the second time:\n%s\n%s", first.body, second.body)
	}
	s := until(t, n, "delivery", func(s Stats) bool { return s.Sent == 1 })
	if s.Attempts != 1 || s.Problem != "" {
		t.Errorf("got %+v", s)
	}
}

func TestRedirectsAndRefusalsAreFinal(t *testing.T) {
	for code, says := range map[int]string{http.StatusTemporaryRedirect: "redirects are not followed", http.StatusForbidden: "403 Forbidden"} {
		to, got := listen(t, code)
		n := begin(t, Receiver{Webhook: to, Minimum: downpour.Minor})
		n.Take(start(), []store.Record{record(downpour.Major, true)}, nil)
		<-got
		s := until(t, n, "the refusal", func(s Stats) bool { return s.Dropped == 1 })
		if !strings.Contains(s.Problem, says) || s.Waiting != 0 {
			t.Errorf("%d: %+v", code, s)
		}
		if strings.Contains(s.Problem+s.Name, "t0ken") || strings.Contains(s.Problem+s.Name, "hunter2") {
			t.Errorf("a secret is told: %+v", s)
		}
	}
}

// TestADeadReceiverBlocksNobody gives a receiver that never answers more than its
// queue holds.
func TestADeadReceiverBlocksNobody(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(func() { close(hang); server.Close() })
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	n := begin(t, Receiver{Webhook: u, Minimum: downpour.Minor})
	for i := range maxWaiting + 50 {
		r := record(downpour.Minor, true)
		r.Incident.ID = strings.Repeat("i", i+1)
		n.Take(start(), []store.Record{r}, nil) // a call that waited would hang the test
	}
	s := n.Stats()[0]
	if s.Waiting != maxWaiting || s.Dropped != 50 {
		t.Errorf("got %+v", s)
	}
}

// TestARestartTellsNothingTwice stops a notifier whose receiver is away, and goes
// on with another one of the same configuration.
func TestARestartTellsNothingTwice(t *testing.T) {
	to, got := listen(t, http.StatusOK)
	configuration := Config{Receivers: []Receiver{{Webhook: to, Minimum: downpour.Minor}}, Since: start().Add(-time.Hour), Clock: start, Log: discard()}
	n := New(configuration)
	stop := run(t, n)
	n.Take(start(), []store.Record{record(downpour.Minor, true)}, nil)
	<-got
	until(t, n, "delivery", func(s Stats) bool { return s.Sent == 1 })
	stop()
	n.Take(start().Add(time.Second), []store.Record{record(downpour.Major, true)}, nil) // not sent any more
	kept, changed, err := n.State()
	if err != nil || !changed {
		t.Fatalf("state: %v, %v", changed, err)
	}
	if _, changed, _ := n.State(); changed {
		t.Error("what was kept is to be kept again")
	}
	n = New(configuration)
	if err := n.Restore(kept); err != nil {
		t.Fatal(err)
	}
	run(t, n)
	n.Take(start().Add(2*time.Second), []store.Record{record(downpour.Major, true)}, nil)
	n.Take(start().Add(3*time.Second), []store.Record{record(downpour.Major, false)}, nil)
	n.Take(start().Add(3*time.Second+hold), nil, nil)
	for _, want := range []string{"i1-2 changed", "i1-3 ended"} {
		var m Message
		if err := json.Unmarshal((<-got).body, &m); err != nil || m.ID+" "+string(m.Event) != want {
			t.Errorf("got %s %s, want %s (%v)", m.ID, m.Event, want, err)
		}
	}
	until(t, n, "delivery", func(s Stats) bool { return s.Sent == 2 && s.Waiting == 0 })
	if err := New(configuration).Restore([]byte("{")); err == nil {
		t.Error("a damaged state is accepted")
	}
}

// script writes a real script.
func scriptFile(t *testing.T, text string) (path, out string) {
	t.Helper()
	dir := t.TempDir()
	path, out = filepath.Join(dir, "notify it; touch hacked"), filepath.Join(dir, "out")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nout='"+out+"'\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, out
}

func TestScriptGetsJSON(t *testing.T) {
	t.Setenv("DOWNPOUR_TEST_SECRET", "hunter2")
	path, out := scriptFile(t, `cat >"$out"; echo "$# $DOWNPOUR_EVENT $DOWNPOUR_ID $DOWNPOUR_INCIDENT $DOWNPOUR_TEST_SECRET" >>"$out"`)
	n := begin(t, Receiver{Script: path, Timeout: 20 * time.Second, Minimum: downpour.Minor})
	r := record(downpour.Major, true, "SYN flood")
	r.Incident.Verdict = "$(touch hacked); `touch hacked`"
	n.Take(start(), []store.Record{r}, nil)
	until(t, n, "the script's end", func(s Stats) bool { return s.Sent == 1 })
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	body, rest, _ := strings.Cut(string(data), "}0 ")
	var m Message
	if err := json.Unmarshal([]byte(body+"}"), &m); err != nil || m.Incident.Verdict != r.Incident.Verdict || rest != "opened i1-1 i1 \n" {
		t.Errorf("%v: %s", err, data)
	}
	if found, _ := filepath.Glob(filepath.Join(filepath.Dir(out), "hacked*")); len(found) > 0 {
		t.Error("a shell has read what is data")
	}
}

// TestScriptGetsFastNetMonsArguments runs a script as people have it for
// FastNetMon.
func TestScriptGetsFastNetMonsArguments(t *testing.T) {
	path, out := scriptFile(t, `
if [ "$4" = "unban" ]; then
    echo "unban $1" >>"$out"
    exit 0
fi
if [ "$4" = "ban" ]; then
    echo "$1|$2|$3" >>"$out"
    cat >>"$out"
fi
`)
	n := begin(t, Receiver{Script: path, FastNetMon: true, Timeout: 20 * time.Second, Minimum: downpour.Minor})
	n.Take(start(), []store.Record{record(downpour.Minor, true, "SYN flood")}, nil)
	n.Take(start().Add(time.Second), []store.Record{record(downpour.Minor, false, "SYN flood")}, nil)
	n.Take(start().Add(time.Second+hold), nil, nil)
	until(t, n, "both calls", func(s Stats) bool { return s.Sent == 2 })
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"198.51.100.7|incoming|25000\nIP: 198.51.100.7\nAttack type: SYN flood\n", "\nPeak attack power: 25000 packets per second\n", "\nunban 198.51.100.7\n"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%q is missing in:\n%s", want, data)
		}
	}
}

func TestScriptsThatFailOrHang(t *testing.T) {
	path, _ := scriptFile(t, "echo no route to the mail server >&2\nexit 3")
	n := begin(t, Receiver{Script: path, Timeout: 20 * time.Second, Minimum: downpour.Minor})
	n.Take(start(), []store.Record{record(downpour.Minor, true)}, nil)
	s := until(t, n, "the failure", func(s Stats) bool { return s.Attempts > 0 })
	if !strings.Contains(s.Problem, "exit status 3 (no route to the mail server)") || s.Waiting != 1 {
		t.Errorf("got %+v", s)
	}
	n = begin(t, Receiver{Script: path, FastNetMon: true, Timeout: 20 * time.Second, Minimum: downpour.Minor})
	n.Take(start(), []store.Record{record(downpour.Minor, true)}, nil)
	if s = until(t, n, "the failure", func(s Stats) bool { return s.Attempts > 0 }); s.Waiting != 0 || s.Dropped != 1 {
		t.Errorf("a script made for FastNetMon is called again: %+v", s)
	}
	path, _ = scriptFile(t, "sleep 1000 & sleep 1000")
	n = begin(t, Receiver{Script: path, Timeout: 100 * time.Millisecond, Minimum: downpour.Minor})
	n.Take(start(), []store.Record{record(downpour.Minor, true)}, nil)
	if s = until(t, n, "the end of patience", func(s Stats) bool { return s.Attempts > 0 }); !strings.Contains(s.Problem, "not done after 100ms") {
		t.Errorf("got %+v", s)
	}
}
