package server

import (
	"compress/gzip"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"downpour/internal/show/web"
)

func TestEncodingAndETag(t *testing.T) {
	s := start(t, nil)
	plain := s.ask(t, "GET", "/s/example", "")
	zipped := s.ask(t, "GET", "/s/example", "", "Accept-Encoding", "gzip, br")
	if plain.header.Get("Content-Encoding") != "" || zipped.header.Get("Content-Encoding") != "gzip" || zipped.header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("got %v and %v", plain.header, zipped.header)
	}
	z, err := gzip.NewReader(strings.NewReader(zipped.body))
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(z); string(body) != plain.body || plain.header.Get("ETag") != zipped.header.Get("ETag") {
		t.Error("the encodings differ")
	}
	again := s.ask(t, "GET", "/s/example", "", "If-None-Match", `"x", `+plain.header.Get("ETag"))
	if again.status != 304 || again.body != "" || again.header.Get("ETag") != plain.header.Get("ETag") {
		t.Errorf("got %d", again.status)
	}
	if a := s.ask(t, "GET", "/s/example", "", "If-None-Match", `"other"`); a.status != 200 {
		t.Errorf("got %d", a.status)
	}
	for name := range s.static {
		a := s.ask(t, "GET", web.StaticPrefix+name, "")
		if a.status != 200 || !strings.Contains(a.header.Get("Cache-Control"), "immutable") || a.header.Get("Content-Type") == "application/octet-stream" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
}

func TestFeed(t *testing.T) {
	s := start(t, func(c *Config) { c.PublicURL = "https://status.example.net/" })
	var f struct {
		Updated string `xml:"updated"`
		Entries []struct {
			ID      string `xml:"id"`
			Updated string `xml:"updated"`
			Summary string `xml:"summary"`
		} `xml:"entry"`
	}
	a := s.ask(t, "GET", "/feed.atom", "")
	if err := xml.Unmarshal([]byte(a.body), &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Entries) != 1 || f.Entries[0].ID != "https://status.example.net/incidents/"+publicIncident || f.Updated != f.Entries[0].Updated {
		t.Errorf("got %+v", f)
	}
	if len(secretsIn(a.body)) > 0 || !strings.Contains(f.Entries[0].Summary, "still going on") {
		t.Errorf("shows %v: %s", secretsIn(a.body), f.Entries[0].Summary)
	}
}

func TestBaseURL(t *testing.T) {
	s := start(t, nil)
	if s.baseURL() != s.URL() {
		t.Errorf("got %s", s.baseURL())
	}
	all := start(t, func(c *Config) { c.Listen = "0.0.0.0:0" })
	if all.baseURL() != "" || !strings.HasPrefix(all.URL(), "http://127.0.0.1:") {
		t.Errorf("got %q, %s", all.baseURL(), all.URL())
	}
}
