package middleware

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// line is what a listener gets.
type line struct {
	Time                                            time.Time
	Client, Host, Method, Path, Agent, Referer, XFF string
	Status                                          int
	Bytes                                           int64
	Duration                                        int64 `json:"duration_us"`
}

// listener is the server's side: a unix socket.
func listener(t *testing.T) (address string, lines <-chan line) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	out := make(chan line, 1000)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for s := bufio.NewScanner(c); s.Scan(); {
			var got line
			if err := json.Unmarshal(s.Bytes(), &got); err != nil {
				t.Errorf("%s: %v", s.Bytes(), err)
			}
			out <- got
		}
	}()
	return "unix:" + path, out
}

func TestWhatIsTold(t *testing.T) {
	address, lines := listener(t)
	o := New(Options{Address: address, Forwarded: true})
	mux := http.NewServeMux()
	mux.HandleFunc("/text", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	mux.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/missing", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		http.NotFound(w, r)
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("on purpose") })
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			io.WriteString(w, "part")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprint(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		c.Close()
	})
	s := httptest.NewUnstartedServer(o.Handler(mux))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // the panic is on purpose
	s.Start()
	defer s.Close()
	transport := &http.Transport{DisableKeepAlives: true} // on a kept connection a request that was cut off is sent again
	for _, c := range []struct {
		path   string
		status int
		bytes  int64
	}{{"/text?secret=1", 200, 5}, {"/nothing", 200, 0}, {"/missing", 404, 19}, {"/panic", 500, 0}, {"/file", 200, 1 << 20}, {"/stream", 200, 12}, {"/hijack", 200, 0}} {
		r, err := http.NewRequest(http.MethodGet, s.URL+c.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", "say \"hi\"\t\xff")
		r.Header.Set("X-Forwarded-For", "198.51.100.3")
		if answer, err := transport.RoundTrip(r); err == nil {
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		got := <-lines
		path, _, _ := strings.Cut(c.path, "?")
		if got.Path != path || got.Status != c.status || got.Bytes != c.bytes || got.Method != "GET" || got.Duration < 1 ||
			!strings.HasPrefix(got.Client, "127.0.0.1:") || got.Agent != "say \"hi\"\t\uFFFD" || got.XFF != "198.51.100.3" || time.Since(got.Time) > time.Minute {
			t.Errorf("%s: told %+v", c.path, got)
		}
	}
	o.Close()
	if st := o.Stats(); st.Sent != 7 || st.Shed != 0 {
		t.Errorf("%+v", st)
	}
}

// TestNobodyListens: requests are answered as ever, and counted.
func TestNobodyListens(t *testing.T) {
	o := New(Options{Address: "unix:" + filepath.Join(t.TempDir(), "none"), Queue: 4})
	s := httptest.NewServer(o.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })))
	for range 100 {
		answer, err := http.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	s.Close()
	o.Close()
	if st := o.Stats(); st.Sent != 0 || st.Shed != 100 {
		t.Errorf("%+v", st)
	}
}

// TestServerThatDoesNotRead: a queue that fills up costs lines, not requests.
func TestServerThatDoesNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path) // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := New(Options{Address: "unix:" + path, Queue: 16})
	h := o.Handler(http.NotFoundHandler())
	r := httptest.NewRequest(http.MethodGet, "/"+strings.Repeat("x", maxText), http.NoBody)
	for o.Stats().Shed == 0 {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	o.Close()
}

func TestFormatIsAsDescribed(t *testing.T) {
	var got line
	if err := json.Unmarshal([]byte(Format), &got); err != nil || got.Path != "/" || got.Duration != 1500 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLongForwardedList: a client that fills the header up must not push out what
// the proxy wrote of it.
func TestLongForwardedList(t *testing.T) {
	forged := strings.Repeat("203.0.113.9, ", 1000)
	for _, c := range []struct {
		lines []string
		end   string
	}{
		{[]string{forged + "198.51.100.3"}, ", 198.51.100.3"},
		{[]string{forged[:len(forged)-2], "198.51.100.3"}, ", 198.51.100.3"},
		{[]string{"203.0.113.9", "198.51.100.3"}, ", 198.51.100.3"},
		{[]string{strings.Repeat("1", 5000)}, "unknown"},
		{[]string{strings.Repeat("1", 5000) + ",198.51.100.3"}, "198.51.100.3"},
	} {
		if got := lastHops(c.lines); !strings.HasSuffix(got, c.end) || len(got) > maxText || strings.HasPrefix(got, ".") {
			t.Errorf("%q", got)
		}
	}
	var b bytes.Buffer
	write(&b, entry{forwarded: lastHops([]string{forged + "198.51.100.3"})})
	var got line
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || !strings.HasSuffix(got.XFF, ", 198.51.100.3") {
		t.Errorf("%+v, %v", got, err)
	}
}
