package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"downpour/internal/observe/flow"
)

// inbox is a receiver of alerts that takes none before it is open.
type inbox struct {
	mu   sync.Mutex
	open bool
	// Of the messages that an incident has opened: the IDs that were refused, and taken.
	refused, taken []string
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct{ ID, Event string }
	err := json.NewDecoder(r.Body).Decode(&m)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil || m.ID == "" || r.Header.Get("X-Downpour-Id") != m.ID:
		w.WriteHeader(http.StatusBadRequest)
	case !b.open:
		if m.Event == "opened" {
			b.refused = append(b.refused, m.ID)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	case m.Event == "opened":
		b.taken = append(b.taken, m.ID)
	}
}

// told is a copy of what came.
func (b *inbox) told() (refused, taken []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.refused...), append([]string(nil), b.taken...)
}

// TestAlertsSurviveAKill: a message that a receiver would not take before the server was
// killed is told after it has started again, under the same ID.
func TestAlertsSurviveAKill(t *testing.T) {
	t.Parallel()
	box := &inbox{}
	receiver := httptest.NewServer(box)
	t.Cleanup(receiver.Close)
	config, data, to := collecting(t, flow.SFlow5)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, string(text)+fmt.Sprintf("notify: [{url: %q, minimum: minor}]\n", receiver.URL))
	go play(t, to, floodExport(t, flow.SFlow5))
	p := start(t, "serve", "--config", config, "--data", data)
	eventually(t, 30*time.Second, "it is refused three times, a second and two apart: what waits is kept by then", func() bool {
		refused, _ := box.told()
		return len(refused) >= 3
	})
	p.end(t, syscall.SIGKILL)
	box.mu.Lock()
	box.open = true
	box.mu.Unlock()

	p = start(t, "serve", "--config", config, "--data", data)
	eventually(t, 30*time.Second, "it is taken", func() bool {
		_, taken := box.told()
		return len(taken) > 0
	})
	refused, taken := box.told()
	for _, id := range append(refused, taken...) {
		if id != refused[0] {
			t.Fatalf("refused %v, taken %v: want one ID", refused, taken)
		}
	}
	eventually(t, 20*time.Second, "the server knows that it was taken", func() bool {
		m := p.metrics(t)
		return metric(m, "downpour_notify_sent_total") >= 1 && metric(m, "downpour_notify_waiting") == 0
	})
}
