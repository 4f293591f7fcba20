package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/show/web"
)

// subscription is an event stream that a test reads.
type subscription struct {
	answer *http.Response
	lines  *bufio.Reader
}

func (s *running) follow(t testing.TB, lastID string) *subscription {
	t.Helper()
	r, _ := http.NewRequest("GET", s.URL()+"/s/example/events", nil)
	r.Header.Set("Last-Event-ID", lastID)
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &subscription{answer, bufio.NewReader(answer.Body)}
}

// next reads one event: its fields by name.
func (s *subscription) next(t testing.TB) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended: %v", err)
		}
		if line == "\n" && len(fields) > 0 {
			return fields
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		fields[name] = value
	}
}

func TestEventsTellChanges(t *testing.T) {
	s := start(t, nil)
	f := s.follow(t, "")
	if f.answer.StatusCode != 200 || f.answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %d %v", f.answer.StatusCode, f.answer.Header)
	}
	if e := f.next(t); e["retry"] != "5000" {
		t.Fatalf("first came %v", e)
	}
	first := f.next(t)
	began := time.Now()
	s.ask(t, "POST", "/s/example/report", `{"symptom":"login"}`, "Content-Type", jsonKind)
	second := f.next(t)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a report showed after %v", took)
	}
	var status web.Status
	if err := json.Unmarshal([]byte(second["data"]), &status); err != nil {
		t.Fatal(err)
	}
	if second["event"] != "status" || status.State != downpour.StateReported || status.Reports.Counted != 1 || status.Version == "" {
		t.Errorf("got %v", second)
	}
	if first["id"] == second["id"] || first["id"] == "" {
		t.Errorf("ids %q and %q", first["id"], second["id"])
	}
	late := s.follow(t, first["id"]) // one who missed the second gets it at once
	late.next(t)
	if e := late.next(t); e["id"] != second["id"] {
		t.Errorf("after %s came %v", first["id"], e)
	}
}

func TestEventsAreBounded(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Subscribers = 20 })
	for range 20 {
		s.follow(t, "")
	}
	a := s.ask(t, "GET", "/s/example/events", "")
	if a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Fatalf("got %d", a.status)
	}
	if got := counterValue(t, s, "downpour_event_subscribers_refused_total", "total"); got != 1 {
		t.Errorf("counted %v", got)
	}
	s.client.CloseIdleConnections()
	if got := counterValue(t, s, "downpour_event_subscribers"); got != 20 {
		t.Errorf("%v streams open", got)
	}
}

func TestManyReadersGetEveryEvent(t *testing.T) {
	const readers = 200
	s := start(t, nil)
	follows := make([]*subscription, readers)
	for i := range follows {
		follows[i] = s.follow(t, "")
		follows[i].next(t)
		follows[i].next(t)
	}
	s.backend.mu.Lock()
	s.backend.state = downpour.StateConfirmed
	s.backend.mu.Unlock()
	for i, f := range follows {
		if e := f.next(t); !strings.Contains(e["data"], "problems confirmed") {
			t.Fatalf("reader %d got %v", i, e)
		}
	}
}

// TestHubDropsSlowReaders fills the queue of one reader that never reads while
// another does.
func TestHubDropsSlowReaders(t *testing.T) {
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newHub(DefaultLimits(), m)
	slow, _ := h.subscribe("a", addressOf(nil), "")
	quick, _ := h.subscribe("a", addressOf(nil), "")
	got := 0
	for i := range readerQueue + 3 {
		if err := h.publish("a", web.Status{Version: fmt.Sprint(i)}, testTime()); err != nil {
			t.Fatal(err)
		}
		<-quick.events
		got++
	}
	waiting := 0
	for range slow.events {
		waiting++
	}
	if waiting != readerQueue || got != readerQueue+3 || h.count() != 1 {
		t.Errorf("slow reader got %d, quick one %d, %v left", waiting, got, h.count())
	}
	h.unsubscribe(slow)
	h.unsubscribe(quick)
	h.unsubscribe(quick)
	if h.count() != 0 || len(h.topics) != 0 || len(h.clients) != 0 {
		t.Errorf("left behind: %+v", h)
	}
}

func TestHubSaysNothingTwice(t *testing.T) {
	m, _ := newMetrics(nil)
	h := newHub(DefaultLimits(), m)
	r, _ := h.subscribe("a", addressOf(nil), "")
	now := testTime()
	for i, tt := range []struct {
		after time.Duration
		v     string
		want  int
	}{{0, "x", 1}, {time.Second, "x", 0}, {time.Second, "y", 1}, {repeatAfter, "y", 1}, {0, "y", 0}} {
		now = now.Add(tt.after)
		h.publish("a", web.Status{Version: tt.v, AsOf: now}, now)
		if len(r.events) != tt.want {
			t.Errorf("step %d: %d events", i, len(r.events))
		}
		for len(r.events) > 0 {
			<-r.events
		}
	}
	h.publish("nobody reads", web.Status{}, now)
	if len(h.topics) != 1 {
		t.Error("a service without readers took room")
	}
	again, _ := h.subscribe("a", addressOf(nil), "other-boot-1")
	if len(again.events) != 1 {
		t.Error("an id of another run must give the newest event")
	}
	h.close()
	if _, reason := h.subscribe("a", addressOf(nil), ""); reason != "closing" || h.count() != 0 {
		t.Errorf("after closing: %q", reason)
	}
}

func TestHubBoundsOneClient(t *testing.T) {
	m, _ := newMetrics(nil)
	l := DefaultLimits()
	l.SubscribersPerClient = 2
	h := newHub(l, m)
	a := addressOf(&net.TCPAddr{IP: net.ParseIP("2001:db8::1")})
	b := addressOf(&net.TCPAddr{IP: net.ParseIP("2001:db8::ffff")}) // of the same /64
	c := addressOf(&net.TCPAddr{IP: net.ParseIP("2001:db8:0:1::1")})
	one, _ := h.subscribe("s", a, "")
	h.subscribe("s", b, "")
	if _, reason := h.subscribe("s", a, ""); reason != "client" {
		t.Errorf("third of one /64: %q", reason)
	}
	if _, reason := h.subscribe("s", c, ""); reason != "" {
		t.Errorf("another /64: %q", reason)
	}
	h.unsubscribe(one)
	if _, reason := h.subscribe("s", b, ""); reason != "" {
		t.Errorf("after one left: %q", reason)
	}
}

// TestStalledReaderIsCut has a client that stops reading its stream: the server
// gives it up, and others are not held up.
func TestStalledReaderIsCut(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Write = 200 * time.Millisecond })
	stalled := s.dial(t)
	stalled.(*net.TCPConn).SetReadBuffer(1 << 10)
	fmt.Fprintf(stalled, "GET /s/example/events HTTP/1.1\r\nHost: x\r\n\r\n")
	f := s.follow(t, "")
	f.next(t)
	f.next(t)
	eventually(t, "both streams open", func() bool { return s.hub.count() == 2 })
	long := strings.Repeat("x", 256<<10)
	for i := 0; s.hub.count() == 2 && i < 200; i++ {
		s.hub.publish("example", web.Status{Sentence: long, Version: fmt.Sprint(i)}, testTime())
		for e := f.next(t); !strings.Contains(e["data"], fmt.Sprintf(`"version":"%d"`, i)); e = f.next(t) {
		}
	}
	eventually(t, "the stalled stream cut", func() bool { return s.hub.count() == 1 })
}

func TestStreamOutlivesReadTimeout(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Read = 300 * time.Millisecond; c.Limits.Write = 300 * time.Millisecond })
	f := s.follow(t, "")
	f.next(t)
	f.next(t)
	time.Sleep(time.Second)
	s.ask(t, "POST", "/s/example/report", `{}`, "Content-Type", jsonKind)
	if e := f.next(t); !strings.Contains(e["data"], `"counted":1`) {
		t.Errorf("got %v", e)
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	s := start(t, nil)
	f := s.follow(t, "")
	f.next(t)
	f.next(t)
	s.hub.close()
	if _, err := io.ReadAll(f.lines); err != nil {
		t.Errorf("a stream must end cleanly: %v", err)
	}
}
