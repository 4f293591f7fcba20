package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"downpour/internal/show/web"
)

const (
	// readerQueue is how many events may wait for one reader. Each event is a
	// complete status, so a reader that is further behind loses nothing by
	// being cut off: it reconnects and gets the newest.
	readerQueue = 4
	// heartbeat keeps proxies from closing a silent stream (nginx: 60 s) and
	// finds readers that are gone.
	heartbeat = 15 * time.Second
	// reconnectAfter is what clients are told to wait before they reconnect.
	reconnectAfter = 5 * time.Second
	// repeatAfter is when an unchanged status is sent again, for its "as of".
	repeatAfter = 10 * time.Second
)

// hub spreads the status of services to the readers of their event streams. It
// encodes an event once; its readers are bounded in all and of one client.
type hub struct {
	total, perClient int
	boot             string
	metrics          *metrics

	mu      sync.Mutex
	closed  bool
	seq     uint64
	readers int
	clients map[netip.Prefix]int
	topics  map[string]*topic // of services that have readers
}

type topic struct {
	last    event
	status  web.Status
	sent    time.Time
	readers map[*reader]struct{}
}

type event struct {
	id    string
	frame []byte
}

// reader is one open event stream. events is closed when it must end.
type reader struct {
	service string
	client  netip.Prefix
	events  chan event
}

func newHub(l Limits, m *metrics) *hub {
	return &hub{
		total: l.Subscribers, perClient: l.SubscribersPerClient, boot: NewToken()[:6], metrics: m,
		clients: make(map[netip.Prefix]int), topics: make(map[string]*topic),
	}
}

// subscribe opens a stream; it begins with the newest event unless the reader
// says by lastID that it has that. The reason is set if it is refused.
func (h *hub) subscribe(service string, client netip.Addr, lastID string) (_ *reader, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := clientPrefix(client)
	switch {
	case h.closed:
		return nil, "closing"
	case h.readers >= h.total:
		return nil, "total"
	case client.IsValid() && !client.IsLoopback() && h.clients[key] >= h.perClient:
		return nil, "client"
	}
	r := &reader{service: service, client: key, events: make(chan event, readerQueue)}
	t := h.topics[service]
	if t == nil {
		t = &topic{readers: make(map[*reader]struct{})}
		h.topics[service] = t
	}
	t.readers[r] = struct{}{}
	h.readers++
	h.clients[key]++
	if t.last.id != "" && t.last.id != lastID {
		r.events <- t.last
	}
	return r, ""
}

// unsubscribe ends a stream; it may be called again.
func (h *hub) unsubscribe(r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(r)
}

func (h *hub) remove(r *reader) {
	t := h.topics[r.service]
	if t == nil {
		return
	}
	if _, ok := t.readers[r]; !ok {
		return
	}
	close(r.events)
	delete(t.readers, r)
	if len(t.readers) == 0 {
		delete(h.topics, r.service)
	}
	h.readers--
	if h.clients[r.client]--; h.clients[r.client] == 0 {
		delete(h.clients, r.client)
	}
}

// publish tells a service's readers its status, if it is news to them or the
// last was long ago. Readers with a full queue are dropped and counted.
func (h *hub) publish(service string, status web.Status, now time.Time) error {
	data, err := json.Marshal(status)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[service]
	if t == nil || sameStatus(t.status, status) && now.Sub(t.sent) < repeatAfter {
		return nil
	}
	h.seq++
	id := fmt.Sprintf("%s-%d", h.boot, h.seq)
	t.last = event{id, fmt.Appendf(nil, "id: %s\nevent: status\ndata: %s\n\n", id, data)}
	t.status, t.sent = status, now
	h.metrics.events.Inc()
	for r := range t.readers {
		select {
		case r.events <- t.last:
		default:
			h.metrics.subscribeDropped.Inc()
			h.remove(r)
		}
	}
	return nil
}

// sameStatus tells whether two statuses say the same, whenever they did.
func sameStatus(a, b web.Status) bool {
	if (a.Reports == nil) != (b.Reports == nil) || a.Reports != nil && *a.Reports != *b.Reports {
		return false
	}
	return a.State == b.State && a.Sentence == b.Sentence && a.Version == b.Version
}

// services are those that have readers.
func (h *hub) services() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := make([]string, 0, len(h.topics))
	for name := range h.topics {
		names = append(names, name)
	}
	return names
}

func (h *hub) count() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return float64(h.readers)
}

// close ends all streams and refuses new ones.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, t := range h.topics {
		for r := range t.readers {
			h.remove(r)
		}
	}
}

// events serves GET /s/{service}/events.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("service")
	if _, err := s.backend.Service(r.Context(), name); err != nil {
		return err
	}
	reader, reason := s.hub.subscribe(name, client(r), r.Header.Get("Last-Event-ID"))
	if reason != "" {
		s.metrics.subscribeRefused.WithLabelValues(reason).Inc()
		return &problem{Status: http.StatusServiceUnavailable, Title: "Too many live readers at the moment", Detail: "The page works without live updates.", RetryAfter: time.Minute}
	}
	defer s.hub.unsubscribe(reader)
	exchangeOf(r).stream = true
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would collect events otherwise
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	s.stream(w, r, reader)
	return nil
}

// stream writes events until the client goes, is too slow, or the server ends.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, reader *reader) {
	rc := http.NewResponseController(w)
	if rc.SetReadDeadline(time.Time{}) != nil { // else Limits.Read would end the stream
		return
	}
	write := func(b []byte) bool {
		late := time.Now().Add(s.config.Limits.Write) // by the connection's clock, the real one
		if rc.SetWriteDeadline(late) != nil {
			return false
		}
		_, err := w.Write(b)
		return err == nil && rc.Flush() == nil
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	ok := write(fmt.Appendf(nil, "retry: %d\n\n", reconnectAfter.Milliseconds()))
	for ok {
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			ok = write([]byte(": still here\n\n"))
		case e, open := <-reader.events:
			if !open {
				return
			}
			ok = write(e.frame)
		}
	}
}
