package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"downpour/internal/show/web"
)

// TestEndsAtOnceBesideSilentConnections: a connection that a browser opened
// ahead of need, and an open event stream, hold nothing up.
func TestEndsAtOnceBesideSilentConnections(t *testing.T) {
	pages, err := web.New()
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	s, err := New(Config{Listen: "127.0.0.1:0", OperatorToken: NewToken(), Log: slog.New(slog.NewTextHandler(log, nil))}, newMemory(), pages)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for _, says := range []string{"", "GET /s/example/events HTTP/1.1\r\nHost: h\r\n\r\n"} {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, says); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both connections and the stream", func() bool {
		s.silent.mu.Lock()
		defer s.silent.mu.Unlock()
		return len(s.silent.open) == 1 && s.hub.count() == 1
	})
	began := time.Now()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not end")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if strings.Contains(log.String(), "cut") {
		t.Error(log.String())
	}
}
