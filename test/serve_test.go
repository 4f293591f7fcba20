package test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"
)

// TestReportsAreCounted sends one by form and one by JSON: received both,
// counted once, since they are from one reporter; kept over a restart.
func TestReportsAreCounted(t *testing.T) {
	data := t.TempDir()
	p := start(t, "serve", "--data", data)
	for kind, body := range map[string]string{asForm: "symptom=login", asJSON: `{"symptom":"loading","text":"slow"}`} {
		if status := p.post(http.DefaultClient, kind, body, ""); status != http.StatusAccepted {
			t.Errorf("%s is answered %d", kind, status)
		}
	}
	want := reports{Received: 2, Counted: 1}
	if got := p.reports(t); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	p.end(t, syscall.SIGTERM)
	if got := start(t, "serve", "--data", data).reports(t); got != want {
		t.Errorf("after a restart %+v, want %+v", got, want)
	}
}

// TestEndsOnSignals: at once, with 0, without a complaint, and also while a
// reader follows the events and another connection has asked nothing.
func TestEndsOnSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			p := start(t, "serve")
			stream, err := http.Get(p.url + "/s/example/events")
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Body.Close()
			if _, err := bufio.NewReader(stream.Body).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			if took := p.end(t, signal); took > 2*time.Second || p.code != 0 {
				t.Errorf("it took %v and exits %d", took, p.code)
			}
			if strings.Contains(p.log.String(), "cut") || strings.Contains(p.log.String(), "level=ERROR") {
				t.Error(p.log)
			}
		})
	}
}

// TestUsedPort gives one line that names the flag.
func TestUsedPort(t *testing.T) {
	p := start(t, "serve")
	for _, command := range []string{"serve", "demo"} {
		cmd := exec.Command(binary, command, "--listen", strings.TrimPrefix(p.url, "http://"))
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		says := string(out)
		// The default ports of flow export are taken as well: that is a warning.
		if before, last, warned := strings.Cut(says, "\ndownpour: "); warned && strings.Contains(before, "level=WARN") {
			says = "downpour: " + last
		}
		if exitCode(err) != 1 || strings.Count(says, "\n") != 1 || !strings.HasPrefix(says, "downpour: ") ||
			!strings.Contains(says, "in use") || !strings.Contains(says, "--listen") {
			t.Errorf("%s: exit %d, %q", command, exitCode(err), says)
		}
	}
}

// TestUsedStore gives one line too.
func TestUsedStore(t *testing.T) {
	data := t.TempDir()
	start(t, "serve", "--data", data)
	out, err := exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0").CombinedOutput()
	if says := string(out); exitCode(err) != 1 || strings.Count(says, "\n") != 1 || !strings.Contains(says, data) {
		t.Errorf("exit %d, %q", exitCode(err), says)
	}
}

// TestReload changes a title and symptoms beneath an open stream; a broken file
// changes nothing, and what takes a restart is told.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "downpour.yaml")
	config := func(title, symptoms, more string) {
		write(t, file, fmt.Sprintf("services:\n  - name: example\n    title: %s\n    symptoms: [%s]\n%s", title, symptoms, more))
	}
	config("Before", "login", "")
	p := start(t, "serve", "--config", file)
	stream, err := http.Get(p.url + "/s/example/events")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	dropped := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, stream.Body)
		close(dropped)
	}()
	reload := func() {
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(want string) func() bool {
		return func() bool { return strings.Contains(p.get(t, "/s/example"), want) }
	}
	config("After", "login, checkout", "")
	reload()
	eventually(t, 5*time.Second, "the new title", shows("After"))
	eventually(t, 5*time.Second, "the new symptom", shows(`value="checkout"`))

	write(t, file, "services: [")
	reload()
	eventually(t, 5*time.Second, "the complaint", func() bool { return strings.Contains(p.log.String(), "not applied") })
	if !shows("After")() {
		t.Error("a broken file changed the page")
	}
	config("After", "login", "http: {operator_listen: \"127.0.0.1:1\"}\n")
	reload()
	eventually(t, 5*time.Second, "that it takes a restart", func() bool {
		return strings.Contains(p.log.String(), "takes a restart") && strings.Contains(p.log.String(), "http.operator_listen")
	})
	select {
	case <-dropped:
		t.Error("the stream was dropped")
	default:
	}
}

// TestMissingProxyIsTold on the operator's page and in the log.
func TestMissingProxyIsTold(t *testing.T) {
	p := start(t, "serve")
	for i := range 30 {
		p.post(http.DefaultClient, asJSON, `{}`, fmt.Sprintf("192.0.2.%d", i))
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	operator := &http.Client{Jar: jar}
	for _, address := range []string{p.signIn, p.url + "/health/data"} {
		r, err := operator.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(address, "/health/data") && !strings.Contains(string(page), "trusted_proxies: [127.0.0.1/32]") {
			t.Errorf("%d: no word of the line that is missing: %s", r.StatusCode, page)
		}
	}
	eventually(t, 10*time.Second, "the warning in the log", func() bool {
		return strings.Contains(p.log.String(), "trusted_proxies: [127.0.0.1/32]")
	})
}
