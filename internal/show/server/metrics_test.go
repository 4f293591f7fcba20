package server

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestMetricsAreDescribed lints every metric of the server after every route was
// asked: names with units, help texts, bounded labels.
func TestMetricsAreDescribed(t *testing.T) {
	engine := prometheus.NewCounter(prometheus.CounterOpts{Name: "downpour_engine_records_total", Help: "Records."})
	s := start(t, func(c *Config) { c.Collectors = []prometheus.Collector{engine} })
	driveAll(t, s)
	for range 20 {
		s.ask(t, "GET", "/s/"+NewToken(), "")
	}
	problems, err := testutil.GatherAndLint(s.metrics.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	text := s.ask(t, "GET", "/metrics", "", "Authorization", "Bearer "+s.token).body
	for _, want := range []string{
		`downpour_http_requests_total{route="/s/{service}",status="404"}`, `downpour_http_requests_total{route="none",status="404"}`,
		"downpour_http_request_duration_seconds_bucket", "downpour_engine_records_total", "downpour_http_connections ", "downpour_event_subscribers ",
		`downpour_reports_total{outcome="received",reason="repeat"}`, "go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, " ")
		if strings.HasPrefix(name, "downpour_") && !strings.Contains(text, "# HELP "+strings.FieldsFunc(name, func(r rune) bool { return r == '{' })[0]) &&
			!strings.Contains(name, "_bucket") && !strings.Contains(name, "_sum") && !strings.Contains(name, "_count") {
			t.Errorf("no help for %s", name)
		}
	}
}

func TestCollectorsMustNotClash(t *testing.T) {
	clash := prometheus.NewCounter(prometheus.CounterOpts{Name: "downpour_http_panics_total", Help: "Mine."})
	if _, err := newMetrics([]prometheus.Collector{clash}); err == nil {
		t.Error("two metrics of one name were taken")
	}
}

// TestLogIsBounded sends more requests than the log has lines for.
func TestLogIsBounded(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.LogLines = 5 })
	const requests = 300
	for range requests {
		s.ask(t, "GET", "/livez", "")
	}
	lines := strings.Count(s.log.String(), "msg=request")
	suppressed := counterValue(t, s, "downpour_http_log_lines_suppressed_total")
	if lines < 20 || lines > 60 || float64(lines)+suppressed != requests {
		t.Errorf("%d lines, %v suppressed", lines, suppressed)
	}
	for _, want := range []string{"route=/livez", "status=200", "duration=", "bytes=3", "request=" + s.accounts.boot + "-1"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("no %s in the log", want)
		}
	}
}
