package server

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// operatorPaths are all guarded routes, with a path that exists.
func operatorPaths() []struct{ method, path string } {
	return []struct{ method, path string }{
		{"GET", "/ops"}, {"GET", "/health/data"}, {"GET", "/metrics"},
		{"GET", "/api/v1/incidents"}, {"GET", "/api/v1/incidents/" + publicIncident}, {"GET", "/incidents/" + publicIncident + "/attacks/att-1"},
		{"GET", "/incidents/" + publicIncident + "/attacks/att-1/samples.csv"},
		{"POST", "/ops/incidents/" + publicIncident + "/publication"}, {"POST", "/ops/sign-out"}, {"POST", "/ops/exporters/192.0.2.1/allow"},
	}
}

// TestOperatorPathsAreComplete fails when a route is added that the matrix below
// does not try.
func TestOperatorPathsAreComplete(t *testing.T) {
	s := start(t, nil)
	if tried, there := len(operatorPaths()), len(s.operatorRoutes())-1; tried != there { // all but sign-in
		t.Errorf("%d operator routes, %d tried", there, tried)
	}
}

func TestAuthMatrix(t *testing.T) {
	for _, path := range operatorPaths() {
		post := path.method == "POST"
		pick := func(whenPost, whenGet int) int {
			if post {
				return whenPost
			}
			return whenGet
		}
		for _, tt := range []struct {
			name    string
			headers func(s *running, cookie, csrf string) []string
			status  int
		}{
			{"nothing", func(*running, string, string) []string { return nil }, 401},
			{"loopback and forwarded", func(*running, string, string) []string { return []string{"X-Forwarded-For", "127.0.0.1"} }, 401},
			{"wrong bearer", func(*running, string, string) []string { return []string{"Authorization", "Bearer " + NewToken()} }, 401},
			{"empty bearer", func(*running, string, string) []string { return []string{"Authorization", "Bearer "} }, 401},
			{"token as basic", func(s *running, _, _ string) []string { return []string{"Authorization", "Basic " + s.token} }, 401},
			{"wrong cookie", func(*running, string, string) []string { return []string{"Cookie", sessionCookie + "=" + NewToken()} }, 401},
			{"token as cookie", func(s *running, _, _ string) []string { return []string{"Cookie", sessionCookie + "=" + s.token} }, 401},
			{"bearer", func(s *running, _, _ string) []string { return []string{"Authorization", "Bearer " + s.token} }, pick(303, 200)},
			{"bearer of a foreign page", func(s *running, _, _ string) []string {
				return []string{"Authorization", "Bearer " + s.token, "Origin", "https://evil.example"}
			}, pick(403, 200)},
			{"cookie", func(_ *running, c, _ string) []string { return []string{"Cookie", c} }, pick(403, 200)},
			{"cookie and CSRF", func(_ *running, c, x string) []string { return []string{"Cookie", c, "X-CSRF-Token", x} }, pick(303, 200)},
			{"cookie and wrong CSRF", func(_ *running, c, _ string) []string { return []string{"Cookie", c, "X-CSRF-Token", NewToken()} }, pick(403, 200)},
			{"cookie and CSRF of a foreign page", func(_ *running, c, x string) []string {
				return []string{"Cookie", c, "X-CSRF-Token", x, "Origin", "https://evil.example"}
			}, pick(403, 200)},
			{"cookie and CSRF, cross-site", func(_ *running, c, x string) []string {
				return []string{"Cookie", c, "X-CSRF-Token", x, "Sec-Fetch-Site", "cross-site"}
			}, pick(403, 200)},
			{"cookie and CSRF, own page", func(s *running, c, x string) []string {
				return []string{"Cookie", c, "X-CSRF-Token", x, "Origin", s.URL()}
			}, pick(303, 200)},
		} {
			t.Run(path.method+path.path+" "+tt.name, func(t *testing.T) {
				s := start(t, nil)
				cookie := s.signedIn(t)
				csrf := csrfToken(strings.TrimPrefix(cookie, sessionCookie+"="))
				a := s.ask(t, path.method, path.path, "", tt.headers(s, cookie, csrf)...)
				if a.status != tt.status {
					t.Fatalf("got %d, want %d: %s", a.status, tt.status, a.body)
				}
				if a.header.Get("Cache-Control") != "no-store" {
					t.Errorf("Cache-Control: %s", a.header.Get("Cache-Control"))
				}
				if a.status == 401 && a.header.Get("WWW-Authenticate") == "" {
					t.Error("401 without WWW-Authenticate")
				}
				if a.status >= 400 && len(secretsIn(a.body)) > 0 {
					t.Errorf("shows %v", secretsIn(a.body))
				}
			})
		}
	}
}

func TestSignIn(t *testing.T) {
	s := start(t, nil)
	a := s.ask(t, "GET", strings.TrimPrefix(s.SignInLink(), s.URL()), "")
	set := a.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie lacks %s: %s", want, set)
		}
	}
	if a.header.Get("Location") != "/ops" || strings.Contains(set, s.token) || strings.Contains(set, "Secure") {
		t.Errorf("got %v", a.header)
	}
	if a := s.ask(t, "GET", "/ops/sign-in?token="+NewToken(), "", "Accept", browser); a.status != 401 || a.header.Get("Set-Cookie") != "" {
		t.Errorf("wrong token: %d", a.status)
	}
	form := url.Values{"token": {s.token}, "next": {"/health/data"}}.Encode()
	kind := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if a := s.ask(t, "POST", "/ops/sign-in", form, kind...); a.status != 303 || a.header.Get("Location") != "/health/data" {
		t.Errorf("form: %d %v", a.status, a.header)
	}
	if a := s.ask(t, "POST", "/ops/sign-in", form, append(kind, "Origin", "https://evil.example")...); a.status != 403 {
		t.Errorf("a foreign page's form: %d", a.status)
	}
	if strings.Contains(s.log.String(), s.token) {
		t.Error("the token is in the log")
	}
}

func TestSignInNeverLeavesTheSite(t *testing.T) {
	for next, want := range map[string]string{
		"/health/data": "/health/data", "": "/ops", "//evil.example": "/ops", `/\evil.example`: "/ops",
		"https://evil.example/": "/ops", "/ops\r\nX: y": "/ops", "javascript:alert(1)": "/ops", "ops": "/ops",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q: %q", next, got)
		}
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	s := start(t, nil)
	cookie := s.signedIn(t)
	csrf := csrfToken(strings.TrimPrefix(cookie, sessionCookie+"="))
	a := s.ask(t, "POST", "/ops/sign-out", "csrf="+url.QueryEscape(csrf), "Cookie", cookie, "Content-Type", "application/x-www-form-urlencoded")
	if a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Fatalf("got %d %v", a.status, a.header)
	}
	if a := s.ask(t, "GET", "/ops", "", "Cookie", cookie); a.status != 401 {
		t.Errorf("after sign-out: %d", a.status)
	}
}

func TestSessions(t *testing.T) {
	now := testTime()
	s := newSessions(Limits{Session: time.Hour, Sessions: 2}, func() time.Time { return now })
	first := s.open()
	now = now.Add(time.Minute)
	second := s.open()
	now = now.Add(time.Minute)
	third := s.open()
	if s.valid(first) || !s.valid(second) || !s.valid(third) || s.valid("") {
		t.Error("the oldest session must give way, and no other")
	}
	now = now.Add(time.Hour - time.Minute)
	if s.valid(second) || !s.valid(third) || len(s.ends) != 1 {
		t.Error("a session must end an hour after its sign-in")
	}
	if csrfToken(second) == csrfToken(third) || !csrfValid(third, csrfToken(third)) || csrfValid(third, csrfToken(second)) {
		t.Error("a CSRF token is its session's")
	}
}

func TestOperatorListener(t *testing.T) {
	s := start(t, func(c *Config) { c.OperatorListen = "127.0.0.1:0" })
	private := localURL(s.doors[1].listener.Addr())
	if !strings.HasPrefix(s.SignInLink(), private) {
		t.Errorf("the link leads to %s", s.SignInLink())
	}
	bearer := []string{"Authorization", "Bearer " + s.token}
	for _, p := range operatorPaths() {
		if a := s.ask(t, p.method, p.path, "", bearer...); a.status != 404 {
			t.Errorf("public %s: %d", p.path, a.status)
		}
		if a := s.askAt(t, private, p.method, p.path, "", bearer...); a.status != 200 && a.status != 303 {
			t.Errorf("private %s: %d", p.path, a.status)
		}
	}
	if a := s.ask(t, "GET", "/incidents/"+publicIncident, "", bearer...); len(secretsIn(a.body)) > 0 {
		t.Errorf("a credential counts on the public listener: %v", secretsIn(a.body))
	}
}

func TestOperatorUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ops.sock")
	s := start(t, func(c *Config) { c.OperatorListen = "unix:" + path })
	if s.SignInLink() != "" {
		t.Errorf("link %s", s.SignInLink())
	}
	over := unixClient(t, path)
	for token, want := range map[string]int{s.token: 200, "": 401} {
		r, _ := http.NewRequest("GET", "http://localhost/metrics", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		a, err := over.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != want {
			t.Errorf("got %d, want %d", a.StatusCode, want)
		}
	}
}
