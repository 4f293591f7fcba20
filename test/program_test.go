// Package test holds the tests of the whole program: its real binary, started,
// asked over HTTP, signalled and killed.
package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "downpour-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "downpour")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/downpour").CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// program is a running Downpour.
type program struct {
	cmd    *exec.Cmd
	url    string // of its pages
	signIn string // the operator's link
	log    *output
	ended  chan struct{}
	code   int // once ended
}

// output is what a program wrote, which may be read while it writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start runs the program until it tells where its pages are and is ready. It
// listens on a free port of loopback and is killed with the test.
func start(t testing.TB, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(binary, append(args, "--listen", "127.0.0.1:0")...), log: &output{}, ended: make(chan struct{})}
	p.cmd.Dir = t.TempDir()
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	lines := bufio.NewScanner(out)
	for p.signIn == "" && lines.Scan() {
		address := regexp.MustCompile(`http://[^/ ]+`).FindString(lines.Text())
		if _, link, ok := strings.Cut(lines.Text(), "sign in at "); ok {
			p.signIn = link
		} else if address != "" {
			p.url = address
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		p.code = exitCode(p.cmd.Wait())
		close(p.ended)
	}()
	if p.signIn == "" {
		<-p.ended
		t.Fatalf("it did not start: %s", p.log)
	}
	eventually(t, 10*time.Second, "it is ready", func() bool {
		r, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return p
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// end sends a signal that ends the program and returns how long that took.
func (p *program) end(t testing.TB, s syscall.Signal) time.Duration {
	t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("it did not end in 10 s: %s", p.log)
	}
	return time.Since(began)
}

// reports is what the API tells of a service's reports.
type reports struct {
	Received uint64 `json:"received"`
	Counted  uint64 `json:"counted"`
}

func (p *program) reports(t testing.TB) reports {
	t.Helper()
	var service struct{ Reports reports }
	if err := json.Unmarshal([]byte(p.get(t, "/api/v1/services/example")), &service); err != nil {
		t.Fatal(err)
	}
	return service.Reports
}

func (p *program) get(t testing.TB, path string) string {
	t.Helper()
	r, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// post sends a report and returns the answer's status; 0 if there is none.
func (p *program) post(client *http.Client, kind, body, forwarded string) int {
	r, err := http.NewRequest(http.MethodPost, p.url+"/s/example/report", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", kind)
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}

func eventually(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not seen in %v: %s", limit, what)
}

// write makes a file in a folder that goes with the test.
func write(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
