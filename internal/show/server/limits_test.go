package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestSlowClientsAreCut opens connections that send too little, too slowly.
func TestSlowClientsAreCut(t *testing.T) {
	s := start(t, func(c *Config) {
		c.Limits.ReadHeader, c.Limits.Read, c.Limits.Idle = 200*time.Millisecond, 400*time.Millisecond, 300*time.Millisecond
	})
	for name, sent := range map[string]string{
		"nothing":       "",
		"half a line":   "GET /s/exam",
		"half a header": "GET / HTTP/1.1\r\nHost: x\r\nX-A: b",
		"half a body":   "POST /s/example/report HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"idle":          "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t)
			fmt.Fprint(c, sent)
			c.SetReadDeadline(time.Now().Add(3 * time.Second))
			began := time.Now()
			if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("still open after %v", time.Since(began))
			}
		})
	}
	eventually(t, "no connection left", func() bool { s.client.CloseIdleConnections(); return s.connections.count() == 0 })
	if s.backend.kept() != "null" {
		t.Errorf("half a report was kept: %s", s.backend.kept())
	}
}

func TestLargeHeaderIsRefused(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Header = 4 << 10 })
	c := s.dial(t)
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Large: %s\r\n\r\n", strings.Repeat("a", 8<<10))
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, " 431 ") {
		t.Errorf("got %q %v", line, err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Connections = 10 })
	for range 10 {
		s.dial(t)
	}
	eventually(t, "ten connections", func() bool { return s.connections.count() == 10 })
	over := s.dial(t)
	over.SetReadDeadline(time.Now().Add(3 * time.Second))
	if _, err := over.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the eleventh connection stayed open: %v", err)
	}
	if got := counterValue(t, s, "downpour_http_connections_refused_total", "total"); got != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestConnectionsOfOneClient(t *testing.T) {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "r", Help: "r"}, []string{"reason"})
	proxy := netip.MustParseAddr("198.51.100.9")
	c := newConnections(Limits{Connections: 100, ConnectionsPerClient: 2}, []netip.Prefix{netip.PrefixFrom(proxy, 32)}, refused)
	one, two := netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("::ffff:203.0.113.1") // the same client
	release, _ := c.take(one)
	c.take(two)
	if _, reason := c.take(one); reason != "client" {
		t.Errorf("third connection: %q", reason)
	}
	release()
	release()
	if _, reason := c.take(one); reason != "" {
		t.Errorf("after one closed: %q", reason)
	}
	for _, free := range []netip.Addr{proxy, netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), {}} {
		for range 5 {
			if _, reason := c.take(free); reason != "" {
				t.Errorf("%v: %q", free, reason)
			}
		}
	}
	if len(c.of) != 1 || c.count() != 22 {
		t.Errorf("%d open, of %v", c.open, c.of)
	}
}

func TestProxyProtocol(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, tt := range []struct {
		name, preface string
		trusted       []netip.Prefix
		status        string
		client        string
	}{
		{"trusted", "PROXY TCP4 203.0.113.5 192.0.2.1 5000 80\r\n", loopback, "202", "203.0.113.5"},
		{"trusted, IPv6", "PROXY TCP6 2001:db8::5 2001:db8::1 5000 80\r\n", loopback, "202", "2001:db8::5"},
		{"trusted, without", "", loopback, "202", "127.0.0.1"},
		{"not trusted", "PROXY TCP4 203.0.113.5 192.0.2.1 5000 80\r\n", nil, "400", ""},
		{"not trusted, others are", "PROXY TCP4 203.0.113.5 192.0.2.1 5000 80\r\n", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "400", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, func(c *Config) { c.TrustedProxies = tt.trusted })
			var seen netip.Addr
			s.backend.submit = func(r Submission) error { seen = r.Client; return nil }
			c := s.dial(t)
			fmt.Fprintf(c, "%sPOST /s/example/report HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", tt.preface)
			line, err := bufio.NewReader(c).ReadString('\n')
			if err != nil || !strings.Contains(line, tt.status) {
				t.Fatalf("got %q %v", line, err)
			}
			if tt.client != "" && seen.String() != tt.client {
				t.Errorf("client %v", seen)
			}
		})
	}
}

func TestListenErrorsNameTheFlag(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	socket := filepath.Join(dir, "busy.sock")
	open, err := listenUnix(socket, "--listen")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	for address, want := range map[string]string{
		busy.Addr().String():    "address " + busy.Addr().String() + " is in use: choose another with --listen",
		"8080":                  `"8080" is not an address to listen on: write host:port with --listen`,
		"203.0.113.7:0":         "address 203.0.113.7:0 is not one of this machine's: choose another with --listen",
		"127.0.0.1:99999":       "cannot listen on 127.0.0.1:99999: address 99999: invalid port: choose another address with --listen",
		"unix:" + file:          file + " exists and is not a socket: choose another with --listen",
		"unix:" + socket:        "socket " + socket + " is in use: choose another with --listen",
		"unix:" + dir + "/no/s": "cannot listen on unix:" + dir + "/no/s: bind: no such file or directory: choose another with --listen",
	} {
		if l, err := listen(address, "--listen"); err == nil {
			l.Close()
			t.Errorf("%s: no error", address)
		} else if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}

func TestOldSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ops.sock")
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false) // as after kill -9
	old.Close()
	l, err := listenUnix(path, "--listen")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for want, c := range map[string]Config{
		"no address to listen on":           {OperatorToken: NewToken()},
		"the operator's token has 5 charac": {Listen: "127.0.0.1:0", OperatorToken: "short"},
	} {
		if _, err := New(c, nil, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	c, err := Config{Listen: "x", OperatorToken: NewToken(), Limits: Limits{Connections: 7}}.complete()
	want := DefaultLimits()
	want.Connections = 7
	if err != nil || c.Limits != want || c.Log == nil || c.Now == nil {
		t.Errorf("got %+v %v", c.Limits, err)
	}
}
