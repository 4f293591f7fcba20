package server

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"downpour/internal/show/web"
)

// TestPublicSeesNoSecret asks every public page about an incident that has
// something secret in every private field.
func TestPublicSeesNoSecret(t *testing.T) {
	s := start(t, nil)
	for _, path := range []string{
		"/", "/s/example", "/s/example?fragment=live", "/incidents/" + publicIncident, "/feed.atom", "/api/v1/services", "/api/v1/services/example", "/s/example/badge.svg",
	} {
		if found := secretsIn(s.ask(t, "GET", path, "", "Accept", browser).body); len(found) > 0 {
			t.Errorf("%s shows %v", path, found)
		}
	}
}

// TestRedactIncident checks the view model itself, whatever the page makes of it.
func TestRedactIncident(t *testing.T) {
	for _, tt := range []struct {
		published web.Publication
		secrets   []string
	}{
		{web.Publication{}, nil},
		{web.Publication{Claims: true}, []string{secretClaim}},
		{web.Publication{Cause: true}, []string{secretVerdict}},
		{web.Publication{Traffic: true, Origin: true}, nil},
		{web.Publication{Cause: true, Traffic: true, Origin: true, Claims: true}, []string{secretClaim, secretVerdict}},
	} {
		m := newMemory()
		m.published = tt.published
		view, err := m.IncidentView(t.Context(), publicIncident)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := json.Marshal(view)
		after, err := json.Marshal(redactIncident(view))
		if err != nil {
			t.Fatal(err)
		}
		if found := secretsIn(string(after)); !slices.Equal(found, tt.secrets) {
			t.Errorf("%+v shows %v", tt.published, found)
		}
		if again, _ := json.Marshal(view); string(again) != string(before) {
			t.Error("redaction changed the backend's memory")
		}
		if tt.published.Traffic && !strings.Contains(string(after), "SYN flood") {
			t.Error("published traffic is missing")
		}
	}
}

// TestAttackPageIsTheOperators: it names target and sources, so whoever has no credential
// is asked for one, whether there is such an attack or not.
func TestAttackPageIsTheOperators(t *testing.T) {
	s := start(t, nil)
	s.backend.published = web.Publication{Cause: true, Traffic: true, Origin: true, Claims: true}
	path := "/incidents/" + publicIncident + "/attacks/att-1"
	for _, p := range []string{path, path + "0"} {
		if a := s.ask(t, "GET", p, "", "Accept", browser); a.status != 401 || len(secretsIn(a.body)) > 0 {
			t.Errorf("without a credential %s answers %d and shows %v", p, a.status, secretsIn(a.body))
		}
	}
	cookie := s.signedIn(t)
	if a := s.ask(t, "GET", path, "", "Cookie", cookie, "Accept", browser); a.status != 200 || !strings.Contains(a.body, secretTarget) || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("an operator gets %d", a.status)
	}
	if a := s.ask(t, "GET", path+"0", "", "Cookie", cookie); a.status != 404 {
		t.Errorf("no such attack: %d", a.status)
	}
	if a := s.ask(t, "GET", "/incidents/"+publicIncident, "", "Cookie", cookie, "Accept", browser); !strings.Contains(a.body, path) {
		t.Error("the incident's page does not lead to it")
	}
}

func TestOperatorSeesAllAndPublishes(t *testing.T) {
	s := start(t, nil)
	cookie := s.signedIn(t)
	path := "/incidents/" + publicIncident
	seen := s.ask(t, "GET", path, "", "Cookie", cookie, "Accept", browser)
	if !strings.Contains(seen.body, secretTarget) || !strings.Contains(seen.body, secretClaim) || seen.header.Get("Cache-Control") != "no-store" {
		t.Errorf("an operator does not see all: %v", secretsIn(seen.body))
	}
	if a := s.ask(t, "GET", path, ""); len(secretsIn(a.body)) > 0 || !slices.Contains(a.header.Values("Vary"), "Cookie") {
		t.Errorf("the operator's page was given to the public: %v", secretsIn(a.body))
	}
	form := url.Values{"csrf": {csrfToken(strings.TrimPrefix(cookie, sessionCookie+"="))}, "claims": {"on"}}.Encode()
	a := s.ask(t, "POST", "/ops/incidents/"+publicIncident+"/publication", form, "Cookie", cookie, "Content-Type", formKind)
	if a.status != 303 || a.header.Get("Location") != path || s.backend.published != (web.Publication{Claims: true}) {
		t.Fatalf("got %d, %+v", a.status, s.backend.published)
	}
	if a := s.ask(t, "GET", path, ""); !slices.Equal(secretsIn(a.body), []string{secretClaim}) {
		t.Errorf("after publication the public sees %v", secretsIn(a.body))
	}
	if a := s.ask(t, "POST", "/ops/incidents/"+unknownIncident+"/publication", form, "Cookie", cookie, "Content-Type", formKind); a.status != 404 {
		t.Errorf("unknown incident: %d", a.status)
	}
}
