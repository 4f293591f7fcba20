package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"downpour/internal/observe"
	"downpour/internal/observe/weblog"
	"downpour/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func entry(path string) string {
	return fmt.Sprintf(`192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET %s HTTP/1.1" 200 12 "-" "a"`, path) + "\n"
}

// running is an intake with whoever feeds on its queue.
type running struct {
	*Intake
	queue *observe.Queue
	stop  context.CancelFunc
	done  chan error
}

func start(t *testing.T, state string, logs ...Log) *running {
	t.Helper()
	r := &running{queue: observe.NewQueue(8), done: make(chan error, 1)}
	in, err := New(t.Context(), Config{Logs: logs, State: state, Queue: r.queue, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.Intake, r.stop = in, stop
	go func() { r.done <- in.Run(ctx) }()
	return r
}

// paths takes n requests off the queue and returns what they asked for.
func (r *running) paths(t *testing.T, n int) []string {
	t.Helper()
	var got []string
	for len(got) < n {
		select {
		case b := <-r.queue.Ready():
			for _, q := range b.Requests {
				got = append(got, strings.Clone(q.Path))
			}
			r.queue.Done(b)
		case <-time.After(20 * time.Second):
			t.Fatalf("got %q, want %d", got, n)
		}
	}
	slices.Sort(got)
	return got
}

func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
}

// TestFileOverRestart: what is written and rotated while nobody reads is read
// after, once.
func TestFileOverRestart(t *testing.T) {
	dir := t.TempDir()
	path, state := filepath.Join(dir, "access.log"), filepath.Join(dir, "state.json")
	r := start(t, state, Log{Path: path})
	for r.Status()[0].Files == nil { // a file that comes after the first look is read from its beginning
		time.Sleep(time.Millisecond)
	}
	write(t, path, entry("/1")+entry("/2")+"broken\n")
	if got := r.paths(t, 2); !slices.Equal(got, []string{"/1", "/2"}) {
		t.Errorf("got %q", got)
	}
	r.end(t)
	if a := r.Status()[0].Account; a.Lines != 3 || len(a.Broken) != 1 {
		t.Errorf("account %+v", a)
	}
	write(t, path, entry("/3"))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, path, entry("/4"))
	r = start(t, state, Log{Path: path})
	if got := r.paths(t, 2); !slices.Equal(got, []string{"/3", "/4"}) {
		t.Errorf("after a restart got %q", got)
	}
	r.end(t)
}

func TestSockets(t *testing.T) {
	unix := filepath.Join(t.TempDir(), "s")
	r := start(t, "", Log{Listen: "udp://127.0.0.1:0"}, Log{Listen: "tcp://127.0.0.1:0"}, Log{Listen: "unix:" + unix},
		Log{Listen: "udp://127.0.0.1:0", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	defer r.end(t)
	send := func(network, address, text string) {
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
	const head = "<190>Nov 23 21:00:01 web1 nginx: "
	send("udp", r.address(0), head+entry("/udp"))
	counted := strings.TrimSuffix(head+entry("/counted"), "\n")
	send("tcp", r.address(1), fmt.Sprintf("%d %s", len(counted), counted)+head+entry("/lines")+entry("/bare"))
	send("unix", unix, `{"time":1795467601.5,"client":"192.0.2.7","path":"/unix","status":200}`+"\n")
	if got := r.paths(t, 5); !slices.Equal(got, []string{"/bare", "/counted", "/lines", "/udp", "/unix"}) {
		t.Errorf("got %q", got)
	}
	send("udp", r.address(3), entry("/unheard"))
	for r.Status()[3].Refused == 0 {
		time.Sleep(time.Millisecond)
	}
	if n := r.Status()[3].Account.Lines; n != 0 {
		t.Errorf("%d lines of a sender who may not send", n)
	}
}

// address is where the i-th log listens.
func (r *running) address(i int) string { return r.feeds[i].address }

// TestDatagramsAreShed: a pipeline that stands still costs requests, and they are
// counted.
func TestDatagramsAreShed(t *testing.T) {
	r := start(t, "", Log{Listen: "udp://127.0.0.1:0"})
	defer r.end(t)
	c, err := net.Dial("udp", r.address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for r.Status()[0].Shed == 0 {
		if _, err := io.WriteString(c, entry("/x")); err != nil {
			t.Fatal(err)
		}
	}
	if r.queue.Counts().ShedRequests.Load() == 0 {
		t.Error("the queue does not know of it")
	}
}

func TestOnlyASocketGivesWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	write(t, path, "data")
	_, err := New(t.Context(), Config{Logs: []Log{{Listen: "unix:" + path}}, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("error %v", err)
	}
}

// exhausted is a listener that fails at first, as where there are no descriptors.
type exhausted struct {
	net.Listener
	fails int
}

func (l *exhausted) Accept() (net.Conn, error) {
	if l.fails--; l.fails >= 0 {
		return nil, errors.New("accept: too many open files")
	}
	return l.Listener.Accept()
}

// TestAcceptFails: that a connection can't be accepted ends nothing.
func TestAcceptFails(t *testing.T) {
	r := &running{queue: observe.NewQueue(8), done: make(chan error, 1)}
	f := &feed{Log: Log{Listen: "tcp://127.0.0.1:0"}, queue: r.queue}
	d, err := weblog.NewDecoder(weblog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.decoder = d
	s, err := listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	s.streams = &exhausted{s.streams, 2}
	ctx, stop := context.WithCancel(t.Context())
	go func() { r.done <- s.run(ctx) }()
	c, err := net.Dial("tcp", s.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, entry("/after"))
	c.Close()
	if got := r.paths(t, 1); got[0] != "/after" || f.status().Refused != 2 {
		t.Errorf("%q, %+v", got, f.status())
	}
	stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

// TestOneSenderLeavesRoom: who opens connection after connection and sends nothing
// does not keep others out.
func TestOneSenderLeavesRoom(t *testing.T) {
	r := start(t, "", Log{Listen: "tcp://127.0.0.1:0"})
	address := r.Status()[0].Address
	for range maxConnections {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	other := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := other.Dial("tcp", address)
	if err != nil {
		testenv.Lack(t, "needs a second address on loopback, as 127.0.0.2 on Linux: "+err.Error())
	}
	fmt.Fprint(c, entry("/other"))
	c.Close()
	if got := r.paths(t, 1); got[0] != "/other" {
		t.Errorf("%q", got)
	}
	if refused := r.Status()[0].Refused; refused != maxConnections-maxConnectionsOf {
		t.Errorf("%d refused", refused)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

// TestRequestsOfTheFuture: a log whose clock is ahead counts as it comes, so that
// it does not take the time of all else along.
func TestRequestsOfTheFuture(t *testing.T) {
	r := start(t, "", Log{Listen: "tcp://127.0.0.1:0"})
	c, err := net.Dial("tcp", r.Status()[0].Address)
	if err != nil {
		t.Fatal(err)
	}
	ahead := time.Now().Add(2 * time.Hour).UTC().Format("02/Jan/2006:15:04:05 -0700")
	for range 40 {
		fmt.Fprintf(c, `192.0.2.7 - - [%s] "GET / HTTP/1.1" 200 12 "-" "a"`+"\n", ahead)
	}
	c.Close()
	for n := 0; n < 40; {
		b := <-r.queue.Ready()
		for _, q := range b.Requests {
			if n++; q.Time > time.Now().Add(time.Minute).UnixNano() {
				t.Fatalf("request %d is dated %v", n, time.Unix(0, q.Time))
			}
		}
		r.queue.Done(b)
	}
	if s := r.Status()[0]; s.Future != 40 {
		t.Errorf("%+v", s)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}
