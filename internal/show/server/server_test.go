package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"downpour/internal/show/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a server on a real listener, with its backend and its log.
type running struct {
	*Server
	backend *memory
	log     *logBuffer
	client  *http.Client
	token   string
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a server until the test ends; change may alter its configuration.
func start(t testing.TB, change func(*Config)) *running {
	t.Helper()
	pages, err := web.New()
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	token := NewToken()
	c := Config{
		Listen: "127.0.0.1:0", OperatorToken: token,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	backend := newMemory()
	s, err := New(c, backend, pages)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       10 * time.Second,
	}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run did not end")
		}
	})
	return &running{Server: s, backend: backend, log: log, client: client, token: token}
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request; headers come in pairs of name and value.
func (s *running) ask(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	return s.askAt(t, s.URL(), method, path, body, headers...)
}

func (s *running) askAt(t testing.TB, base, method, path, body string, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(data)}
}

// signedIn returns the session cookie of a new sign-in.
func (s *running) signedIn(t testing.TB) string {
	t.Helper()
	a := s.ask(t, "GET", "/ops/sign-in?token="+s.token, "")
	cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(cookie, sessionCookie+"=") {
		t.Fatalf("sign-in: %d %v", a.status, a.header)
	}
	return cookie
}

// eventually waits for something that another goroutine does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not seen in 5 s: %s", what)
}

// dial opens a bare connection to the server.
func (s *running) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
