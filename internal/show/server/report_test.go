package server

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"downpour/internal/store"
)

const (
	formKind = "application/x-www-form-urlencoded"
	jsonKind = "application/json"
)

func TestReportIsTaken(t *testing.T) {
	for _, tt := range []struct {
		name, kind, body, symptom, text string
		status                          int
	}{
		{"JSON", jsonKind, `{"symptom":"login","text":"it says no"}`, "login", "it says no", 202},
		{"JSON with a charset", jsonKind + "; charset=utf-8", `{"symptom":"login"}`, "login", "", 202},
		{"empty JSON", jsonKind, `{}`, "", "", 202},
		{"unknown fields", jsonKind, `{"symptom":"login","browser":"x"}`, "login", "", 202},
		{"form", formKind, "symptom=posting&text=%C3%A4h", "posting", "äh", 202},
		{"empty form", formKind, "", "", "", 202},
		{"nothing at all", "", "", "", "", 202},
		{"unknown symptom", jsonKind, `{"symptom":"it smells"}`, "it smells", "", 202},
		{"cut JSON", jsonKind, `{"symptom":`, "", "", 400},
		{"two values", jsonKind, `{}{}`, "", "", 400},
		{"a list", jsonKind, `[]`, "", "", 400},
		{"a number for a text", jsonKind, `{"text":4}`, "", "", 400},
		{"no JSON", jsonKind, "", "", "", 400},
		{"bad escape", formKind, "symptom=%zz", "", "", 400},
		{"not UTF-8", formKind, "text=%ff%fe", "", "", 400},
		{"XML", "application/xml", "<a/>", "", "", 415},
		{"multipart", "multipart/form-data; boundary=x", "--x--", "", "", 415},
		{"unreadable kind", "a/b/c;;", "x", "", "", 415},
		{"no kind but a body", "", "symptom=login", "", "", 415},
		{"too large a JSON", jsonKind, `{"text":"` + strings.Repeat("a", 8<<10) + `"}`, "", "", 413},
		{"too large a form", formKind, "text=" + strings.Repeat("a", 8<<10), "", "", 413},
		{"just as large as allowed", formKind, "text=" + strings.Repeat("a", 8<<10-5), "", strings.Repeat("a", 8<<10-5), 202},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, nil)
			var headers []string
			if tt.kind != "" {
				headers = []string{"Content-Type", tt.kind}
			}
			a := s.ask(t, "POST", "/s/example/report", tt.body, headers...)
			if a.status != tt.status {
				t.Fatalf("got %d: %s", a.status, a.body)
			}
			got := s.backend.last()
			if tt.status != http.StatusAccepted {
				checkProblem(t, a)
				if s.backend.kept() != "null" {
					t.Errorf("a refused report was kept: %s", s.backend.kept())
				}
				return
			}
			if got.Symptom != tt.symptom || got.Text != tt.text || !got.Counted {
				t.Errorf("got %+v", got)
			}
			if !strings.Contains(a.body, `"counted":true`) || !strings.Contains(a.body, `"time":"2025-03-10T14:03:20Z"`) {
				t.Errorf("answer %s", a.body)
			}
		})
	}
}

func TestReportByBrowser(t *testing.T) {
	s := start(t, nil)
	post := func() reply {
		return s.ask(t, "POST", "/s/example/report", "symptom=login", "Content-Type", formKind, "Accept", browser, "Origin", s.URL(), "Sec-Fetch-Site", "same-origin")
	}
	for i, outcome := range []string{"counted", "received"} { // the second is a repeat
		a := post()
		if a.status != 202 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("got %d %v", a.status, a.header)
		}
		delay, next, _ := strings.Cut(a.header.Get("Refresh"), "; url=")
		if delay != "0" || next != "/s/example?reported="+outcome {
			t.Errorf("a reload would send report %d again: Refresh %q", i, a.header.Get("Refresh"))
		}
		if a := s.ask(t, "GET", next, "", "Accept", browser); a.status != 200 || a.header.Get("Refresh") != "" {
			t.Errorf("the page after: %d", a.status)
		}
	}
}

func TestReportFromAnotherSite(t *testing.T) {
	for _, tt := range []struct {
		headers []string
		counted bool
	}{
		{nil, true},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, true},
		{[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://www.other.example"}, true},
		{[]string{"Sec-Fetch-Site", "none"}, true},
		{[]string{"Sec-Fetch-Site", "cross-site"}, false},
		{[]string{"Sec-Fetch-Site", "something new"}, false},
		{[]string{"Origin", "https://evil.example"}, false},
		{[]string{"Origin", "null"}, false},
		{[]string{"Origin", "http://[broken"}, false},
		{[]string{"Origin", "OWN"}, true},
	} {
		t.Run(strings.Join(tt.headers, " "), func(t *testing.T) {
			s := start(t, nil)
			for i := range tt.headers {
				tt.headers[i] = strings.Replace(tt.headers[i], "OWN", s.URL(), 1)
			}
			a := s.ask(t, "POST", "/s/example/report", "symptom=login", append([]string{"Content-Type", formKind}, tt.headers...)...)
			if a.status != 202 || s.backend.last().Counted != tt.counted {
				t.Errorf("got %d, %+v", a.status, s.backend.last())
			}
		})
	}
}

func TestReportIsShed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		status int
		after  string
		labels []string
	}{
		{"client's limit", &ShedError{Reason: "network limit", After: 89*time.Second + 1}, 429, "90", []string{"shed", "network limit"}},
		{"busy store", store.ErrBusy, 503, "5", []string{"shed", "store busy"}},
		{"unknown service", store.ErrNotFound, 404, "", []string{"refused", "Not Found"}},
		{"broken store", errors.New("disk of 192.0.2.200 is on fire"), 500, "", []string{"refused", "Internal Server Error"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, nil)
			s.backend.submit = func(Submission) error { return tt.err }
			for i, accept := range []string{"", browser} {
				a := s.ask(t, "POST", "/s/example/report", "symptom=login", "Content-Type", formKind, "Accept", accept)
				if a.status != tt.status || a.header.Get("Retry-After") != tt.after || a.header.Get("Refresh") != "" {
					t.Errorf("got %d %v", a.status, a.header)
				}
				if strings.Contains(a.body, "fire") {
					t.Error("the cause was told to the client")
				}
				if got := counterValue(t, s, "downpour_reports_total", tt.labels...); got != float64(i+1) {
					t.Errorf("counted %v", got)
				}
			}
		})
	}
}

// TestFormFloodRendersFewPages holds the cost of thanks below that of reports.
func TestFormFloodRendersFewPages(t *testing.T) {
	s := start(t, nil)
	for range 200 {
		s.ask(t, "POST", "/s/example/report", "symptom=login", "Content-Type", formKind, "Accept", browser)
	}
	if s.backend.made > 20 { // two outcomes a second; 200 requests take less than a few seconds
		t.Errorf("%d views for 200 forms", s.backend.made)
	}
}

func TestReasonLabelsAreBounded(t *testing.T) {
	var l reasonLabels
	for i := range 1000 {
		l.label(url.QueryEscape(strings.Repeat("r", i)))
	}
	if len(l.seen) != maxReasons || l.label("new") != "other" || l.label("r") != "r" {
		t.Errorf("%d labels", len(l.seen))
	}
}
