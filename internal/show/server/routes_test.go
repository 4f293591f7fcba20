package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

const browser = "text/html,application/xhtml+xml"

func TestPublicRoutes(t *testing.T) {
	s := start(t, nil)
	file := ""
	for name := range s.static {
		file = name
	}
	for _, tt := range []struct {
		method, path, accept string
		status               int
		kind                 string
	}{
		{"GET", "/", browser, 200, "text/html"},
		{"HEAD", "/", browser, 200, "text/html"},
		{"GET", "/s/example", browser, 200, "text/html"},
		{"GET", "/s/example?fragment=live", "", 200, "text/html"},
		{"GET", "/s/example?reported=counted", browser, 200, "text/html"},
		{"GET", "/s/example/badge.svg", "", 200, "image/svg+xml"},
		{"GET", "/incidents/" + publicIncident, browser, 200, "text/html"},
		{"GET", "/feed.atom", "", 200, "application/atom+xml"},
		{"GET", "/privacy", browser, 200, "text/html"},
		{"GET", "/api/v1/services", "", 200, "application/json"},
		{"GET", "/api/v1/services/example", "", 200, "application/json"},
		{"GET", "/static/" + file, "", 200, ""},
		{"GET", "/livez", "", 200, "text/plain"},
		{"GET", "/readyz", "", 200, "text/plain"},
		{"GET", "/s/other", browser, 404, "text/html"},
		{"GET", "/s/other", "", 404, "application/problem+json"},
		{"GET", "/s/other/events", "", 404, "application/problem+json"},
		{"GET", "/s/other/badge.svg", "", 404, "application/problem+json"},
		{"GET", "/incidents/" + unknownIncident, "", 404, "application/problem+json"},
		{"GET", "/api/v1/services/other", browser, 404, "application/problem+json"},
		{"GET", "/static/none.css", "", 404, "application/problem+json"},
		{"GET", "/nothing/here", browser, 404, "text/html"},
		{"GET", "/ops/nothing", "", 404, "application/problem+json"},
		{"GET", "/.git/config", "", 404, "application/problem+json"},
		{"POST", "/", "", 405, "application/problem+json"},
		{"GET", "/s/example/report", "", 405, "application/problem+json"},
		{"DELETE", "/api/v1/services", "", 405, "application/problem+json"},
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			a := s.ask(t, tt.method, tt.path, "", "Accept", tt.accept)
			if a.status != tt.status || !strings.HasPrefix(a.header.Get("Content-Type"), tt.kind) {
				t.Fatalf("got %d %s: %.200s", a.status, a.header.Get("Content-Type"), a.body)
			}
			checkGuards(t, a)
			if tt.status >= 400 && tt.kind == "application/problem+json" {
				checkProblem(t, a)
			}
			if tt.status == 405 && a.header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}

func checkGuards(t *testing.T, a reply) {
	t.Helper()
	csp := a.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy lacks %s: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("unsafe policy: %s", csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
		if a.header.Get(name) != want {
			t.Errorf("%s: %q", name, a.header.Get(name))
		}
	}
	if a.header.Get("Permissions-Policy") == "" || a.header.Get(requestIDHeader) == "" {
		t.Error("no permissions policy or no request id")
	}
}

// checkProblem reads an RFC 9457 document and compares it with its answer.
func checkProblem(t *testing.T, a reply) {
	t.Helper()
	var p problemDocument
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	if p.Type != "about:blank" || p.Status != a.status || p.Title == "" || !strings.HasSuffix(p.Instance, a.header.Get(requestIDHeader)) {
		t.Errorf("got %+v", p)
	}
}

func TestAllowNamesMethods(t *testing.T) {
	s := start(t, nil)
	for path, want := range map[string]string{"/s/example": "GET, HEAD", "/s/example/report": "POST", "/ops/sign-in": "GET, HEAD, POST"} {
		if a := s.ask(t, "PUT", path, ""); a.status != 405 || a.header.Get("Allow") != want {
			t.Errorf("%s: %d, Allow %q", path, a.status, a.header.Get("Allow"))
		}
	}
}

func TestContractFields(t *testing.T) {
	s := start(t, nil)
	var got map[string]any
	if err := json.Unmarshal([]byte(s.ask(t, "GET", "/api/v1/services/example", "").body), &got); err != nil {
		t.Fatal(err)
	}
	reports, _ := got["reports"].(map[string]any)
	for _, name := range []string{"name", "state", "since"} {
		if _, ok := got[name]; !ok {
			t.Errorf("no field %s", name)
		}
	}
	for _, name := range []string{"received", "counted", "last_minute", "expected_per_minute"} {
		if _, ok := reports[name]; !ok {
			t.Errorf("no field reports.%s", name)
		}
	}
	if got["since"] != nil || reports["expected_per_minute"] != nil {
		t.Errorf("what is not known must be null: %v", got)
	}
}

func TestNotReady(t *testing.T) {
	s := start(t, nil)
	s.backend.notReady = errors.New("the store is closed")
	a := s.ask(t, "GET", "/readyz", "")
	if a.status != 503 || a.header.Get("Retry-After") == "" || strings.Contains(a.body, "store") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := s.ask(t, "GET", "/livez", ""); a.status != 200 {
		t.Errorf("livez: %d", a.status)
	}
}

func TestPathsAreCleaned(t *testing.T) {
	s := start(t, nil)
	for path, want := range map[string]int{"/s//example": 301, "/s/../ops": 301, "/static/..%2f..%2fgo.mod": 404, "/s/a%2fb": 404} {
		a := s.ask(t, "GET", path, "")
		if a.status/100 == 3 && want == 301 { // net/http chooses among the permanent redirects
			continue
		}
		if a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestHostIsChecked(t *testing.T) {
	s := start(t, nil)
	for host, want := range map[string]int{"status.example.net": 200, "[::1]:8080": 200, "a/b": 400, "x<script>": 400, strings.Repeat("a", 300): 400} {
		if a := s.ask(t, "GET", "/", "", "Host", host); a.status != want {
			t.Errorf("%q: %d", host, a.status)
		}
	}
	if a := s.ask(t, "GET", "/", "", "Host", "evil.example"); strings.Contains(a.body, "evil.example") {
		t.Error("a forged Host stands in a page that all share")
	}
}

func TestPanicBecomes500(t *testing.T) {
	s := start(t, nil)
	s.backend.submit = func(Submission) error { panic("client text 192.0.2.200") }
	a := s.ask(t, "POST", "/s/example/report", `{}`, "Content-Type", "application/json")
	if a.status != 500 {
		t.Fatalf("got %d", a.status)
	}
	checkProblem(t, a)
	if strings.Contains(s.log.String(), "192.0.2.200") || !strings.Contains(s.log.String(), "a handler panicked") {
		t.Errorf("log: %s", s.log)
	}
	if got := counterValue(t, s, "downpour_http_panics_total"); got != 1 {
		t.Errorf("counted %v panics", got)
	}
	s.backend.submit = nil
	if a := s.ask(t, "POST", "/s/example/report", `{}`, "Content-Type", "application/json"); a.status != http.StatusAccepted {
		t.Errorf("after the panic: %d", a.status)
	}
}

func TestSlowBackendIs503(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Handle = 30 * time.Millisecond })
	s.backend.view = waitForEnd
	a := s.ask(t, "GET", "/s/example", "")
	if a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("got %d", a.status)
	}
}
