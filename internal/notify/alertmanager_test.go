package notify

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store"
	"downpour/internal/testenv"
)

// alertmanagerConfig has one receiver that does nothing.
const alertmanagerConfig = "route: {receiver: nobody, group_by: [incident]}\nreceivers: [{name: nobody}]\n"

// startAlertmanager runs a real Alertmanager until the test ends.
func startAlertmanager(t *testing.T) *url.URL {
	t.Helper()
	program := testenv.Need(t, testenv.Alertmanager())
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(alertmanagerConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := exec.CommandContext(t.Context(), program, "--config.file="+file, "--storage.path="+dir, "--cluster.listen-address=", "--web.listen-address="+address)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	u := &url.URL{Scheme: "http", Host: address, Path: "/"}
	for range 400 {
		if answer, err := http.Get(u.JoinPath("-", "ready").String()); err == nil {
			answer.Body.Close()
			return u
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Alertmanager does not answer")
	return nil
}

// firing asks Alertmanager for the severities of the alerts that fire.
func firing(t *testing.T, u *url.URL) map[string]string {
	t.Helper()
	answer, err := http.Get(u.JoinPath("api", "v2", "alerts").String())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var list []struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		EndsAt      time.Time         `json:"endsAt"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, a := range list {
		if a.Annotations["targets"] != "198.51.100.7/32" || a.Annotations["vectors"] != "SYN flood" || a.Labels["service"] != "shop" {
			t.Errorf("alert: %+v", a)
		}
		out[a.Labels["incident"]+" "+a.Labels["severity"]] = a.EndsAt.UTC().Format(time.RFC3339)
	}
	return out
}

// TestAlertmanagerFiresAndResolves drives a real one through an incident that
// grows and ends.
func TestAlertmanagerFiresAndResolves(t *testing.T) {
	u := startAlertmanager(t)
	n := New(Config{Receivers: []Receiver{{Alertmanager: u, Minimum: downpour.Minor}}, Clock: time.Now, Since: time.Now().Add(-time.Hour), Log: discard()})
	run(t, n)
	now := time.Now().UTC()
	at := func(severity downpour.Severity, ongoing bool) []store.Record {
		r := record(severity, ongoing, "SYN flood")
		r.Incident.Start, r.Incident.End = now.Add(-time.Minute), now
		return []store.Record{r}
	}
	for _, step := range []struct {
		records []store.Record
		after   time.Duration
		want    string // the severity that fires; empty: none
	}{
		{at(downpour.Partial, true), 0, "i1 partial"},
		{at(downpour.Major, true), time.Second, "i1 major"},
		{at(downpour.Major, false), 2 * time.Second, "i1 major"},
		{nil, 2*time.Second + hold, ""},
	} {
		n.Take(now.Add(step.after), step.records, nil)
		var got map[string]string
		for range 200 {
			if got = firing(t, u); len(got) == 0 && step.want == "" || len(got) == 1 && got[step.want] != "" {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if step.want == "" && len(got) > 0 || step.want != "" && (len(got) != 1 || got[step.want] == "") {
			t.Errorf("after %s: %v fires, want %q", step.after, got, step.want)
		}
	}
	// Alertmanager knows before its answer is read.
	until(t, n, "that all was told", func(s Stats) bool { return s.Problem == "" && s.Waiting == 0 && s.Sent > 0 })
}

// TestAlertmanagerAfterARestart: what goes on is told again, what was told to be
// over stays so.
func TestAlertmanagerAfterARestart(t *testing.T) {
	to := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	configuration := Config{Receivers: []Receiver{{Alertmanager: to, Minimum: downpour.Minor}}, Clock: start, Since: start().Add(-time.Hour), Log: discard()}
	n := New(configuration)
	n.Take(start(), []store.Record{record(downpour.Major, true)}, nil)
	kept, _, err := n.State()
	if err != nil {
		t.Fatal(err)
	}
	n = New(configuration)
	if err := n.Restore(kept); err != nil {
		t.Fatal(err)
	}
	n.Take(start().Add(time.Minute), []store.Record{record(downpour.Major, true)}, nil)
	list, over := n.receivers[0].alerts.list(start())
	if len(list) != 1 || over != 0 || list[0].EndsAt != start().Add(expires) {
		t.Errorf("got %+v, %d over", list, over)
	}
}
