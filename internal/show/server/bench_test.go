package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"downpour/internal/show/web"
)

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkServicePage is what a reader of the page costs in the worst hour.
func BenchmarkServicePage(b *testing.B) {
	s := start(b, nil)
	h := s.handler(s.routes(true), true)
	r := httptest.NewRequest("GET", "/s/example", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}

// BenchmarkReport is the server's part of a report, without intake and store.
func BenchmarkReport(b *testing.B) {
	s := start(b, nil)
	h := s.handler(s.routes(true), true)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/s/example/report", strings.NewReader(`{"symptom":"login","text":"it says no"}`))
		r.Header.Set("Content-Type", jsonKind)
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}

// BenchmarkPublish tells a thousand readers one event.
func BenchmarkPublish(b *testing.B) {
	m, err := newMetrics(nil)
	if err != nil {
		b.Fatal(err)
	}
	h := newHub(DefaultLimits(), m)
	readers := make([]*reader, 1000)
	for i := range readers {
		readers[i], _ = h.subscribe("s", addressOf(nil), "")
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.publish("s", web.Status{Version: fmt.Sprint(i)}, testTime())
		for _, r := range readers {
			<-r.events
		}
	}
}
