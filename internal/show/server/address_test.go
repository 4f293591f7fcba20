package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"downpour/internal/observe/report"
	"downpour/internal/store/embedded"
)

// recognisable is a client's address that stands nowhere else, in the ways in
// which it could be written.
const recognisable = "198.51.100.187"

func recognisableForms() []string {
	return []string{recognisable, "198.51.100.0", "c63364bb", "C63364BB", "\xc6\x33\x64\xbb"}
}

// keptReports is a backend whose reports go through the real intake into a real store.
type keptReports struct {
	*memory
	intake *report.Intake
	store  *embedded.Store
}

func (k *keptReports) Submit(ctx context.Context, s Submission) (Receipt, error) {
	r, err := k.intake.Receive(testTime(), s.Client, report.Submission{Service: s.Service, Symptom: s.Symptom, Text: s.Text, CrossSite: s.CrossSite})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Counted: r.Counted, Reason: r.Reason, Time: r.Time}, k.store.AddReport(ctx, r)
}

// TestNoAddressIsKept drives every route as a client of a recognisable address,
// behind a trusted proxy, and looks for it in answers, log, metrics and store.
func TestNoAddressIsKept(t *testing.T) {
	dir := t.TempDir()
	st, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	intake, err := report.NewIntake(report.IntakeConfig{Services: []report.Service{{Name: publicService}}}, rand.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	proxies := report.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	s := start(t, func(c *Config) {
		c.TrustedProxies = proxies.Trusted
		c.Client = func(peer netip.Addr, h http.Header) netip.Addr { return proxies.Client(peer.String(), h) }
	})
	s.Server.backend = &keptReports{s.backend, intake, st}

	seen := driveAll(t, s)
	if want := fmt.Sprint(http.StatusAccepted); !strings.Contains(seen, want) {
		t.Fatalf("no report was taken: %s", seen)
	}
	if received, _, err := st.ReportTotals(t.Context(), publicService); err != nil || received == 0 {
		t.Fatalf("%d reports in the store: %v", received, err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	metrics := s.ask(t, "GET", "/metrics", "", "Authorization", "Bearer "+s.token).body
	for where, text := range map[string]string{"an answer": seen, "the log": s.log.String(), "the metrics": metrics, "the store": contents(t, dir)} {
		for _, form := range recognisableForms() {
			if strings.Contains(text, form) {
				t.Errorf("%s holds the address as %q", where, form)
			}
		}
	}
}

// driveAll asks every route, well and badly, and returns all answers as text.
func driveAll(t *testing.T, s *running) string {
	t.Helper()
	var all strings.Builder
	note := func(a reply) { fmt.Fprintln(&all, a.status, a.header, a.body) }
	from := []string{"X-Forwarded-For", recognisable}
	for _, r := range append(s.publicRoutes(), s.operatorRoutes()...) {
		if r.stream {
			continue // its answer does not end; it holds statuses only
		}
		path := strings.NewReplacer("{$}", "", "{service}", publicService, "{id}", publicIncident, "{file}", "x").Replace(r.pattern)
		for _, method := range []string{"GET", "POST", "PUT"} {
			note(s.ask(t, method, path, "symptom=login&text=from+"+recognisable, append(from, "Content-Type", formKind)...))
			note(s.ask(t, method, path, `{"text":"my address is `+recognisable+`"}`, append(from, "Content-Type", jsonKind, "Accept", browser)...))
			note(s.ask(t, method, path, "", append(from, "Authorization", "Bearer "+s.token)...))
		}
	}
	note(s.ask(t, "GET", "/nothing", "", from...))
	for _, raw := range []string{
		"PROXY TCP4 " + recognisable + " 192.0.2.1 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"PROXY TCP4 " + recognisable + " 192.0.2.1 1 2\r\nnonsense\r\n\r\n",
		"PROXY TCP4 " + recognisable + " nonsense\r\n\r\n",
	} {
		c := s.dial(t)
		io.WriteString(c, raw)
		answer, _ := io.ReadAll(c) // a refused connection may be reset
		all.Write(answer)
		c.Close()
	}
	return all.String()
}

// contents are all files below a directory.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// TestForwardedIsBelievedFromTrustedOnly sends many forged addresses: they count
// as one reporter unless the proxy is trusted.
func TestForwardedIsBelievedFromTrustedOnly(t *testing.T) {
	const forged = 2000
	for _, trusted := range []bool{false, true} {
		s := start(t, func(c *Config) {
			p := report.Proxies{}
			if trusted {
				p.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}
			c.Client = func(peer netip.Addr, h http.Header) netip.Addr { return p.Client(peer.String(), h) }
		})
		for i := range forged {
			s.ask(t, "POST", "/s/example/report", `{}`, "Content-Type", jsonKind, "X-Forwarded-For", fmt.Sprintf("203.0.%d.%d", i>>8, i&255))
		}
		want := uint64(1)
		if trusted {
			want = forged
		}
		if got := s.backend.totals(); got.Received != forged || got.Counted != want {
			t.Errorf("trusted %v: %+v", trusted, *got)
		}
	}
}
