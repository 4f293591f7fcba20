package server

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are the server's own figures. Their labels are bounded: routes are
// patterns, statuses are ours, reasons are capped by reasonLabels.
type metrics struct {
	registry         *prometheus.Registry
	requests         *prometheus.CounterVec
	duration         *prometheus.HistogramVec
	bytes            *prometheus.CounterVec
	refused          *prometheus.CounterVec
	panics           prometheus.Counter
	protocolErrors   prometheus.Counter
	logSuppressed    prometheus.Counter
	reports          *prometheus.CounterVec
	signIns          *prometheus.CounterVec
	subscribeRefused *prometheus.CounterVec
	subscribeDropped prometheus.Counter
	events           prometheus.Counter
	reasons          reasonLabels
}

// durationBuckets span a shared page (tens of microseconds) to Limits.Handle, in
// seconds.
func durationBuckets() []float64 {
	return []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 10}
}

func newMetrics(more []prometheus.Collector) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry:         prometheus.NewRegistry(),
		requests:         counters("downpour_http_requests_total", "Requests answered, by route pattern and status.", "route", "status"),
		bytes:            counters("downpour_http_response_bytes_total", "Bytes of bodies sent, by route pattern.", "route"),
		refused:          counters("downpour_http_connections_refused_total", "Connections closed at once because a bound was reached: total, or one client's.", "reason"),
		panics:           counter("downpour_http_panics_total", "Handlers that panicked; each request was answered 500."),
		protocolErrors:   counter("downpour_http_protocol_errors_total", "Connections that net/http complained about; the text is not logged because it names addresses."),
		logSuppressed:    counter("downpour_http_log_lines_suppressed_total", "Request log lines not written because there were too many."),
		reports:          counters("downpour_reports_total", "Reports by what became of them: counted, received (kept, not counted), shed, refused; with the reason.", "outcome", "reason"),
		signIns:          counters("downpour_sign_ins_total", "Attempts to sign in as operator, by outcome.", "outcome"),
		subscribeRefused: counters("downpour_event_subscribers_refused_total", "Event streams refused because a bound was reached: total, or one client's.", "reason"),
		subscribeDropped: counter("downpour_event_subscribers_dropped_total", "Event streams ended because the reader was too slow."),
		events:           counter("downpour_events_total", "Events published to streams (once each, however many read it)."),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "downpour_http_request_duration_seconds", Help: "Time to answer, by route pattern; event streams are not in it.", Buckets: durationBuckets(),
		}, []string{"route"}),
	}
	own := []prometheus.Collector{
		m.requests, m.bytes, m.duration, m.refused, m.panics, m.protocolErrors, m.logSuppressed, m.reports, m.signIns,
		m.subscribeRefused, m.subscribeDropped, m.events,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}
	for _, c := range append(own, more...) {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// gauge adds a figure that is read when it is asked for.
func (m *metrics) gauge(name, help string, read func() float64) error {
	return m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

func (m *metrics) report(outcome, reason string) {
	m.reports.WithLabelValues(outcome, m.reasons.label(reason)).Inc()
}

// maxReasons bounds the values of a reason label.
const maxReasons = 32

// reasonLabels caps how many different reasons become label values, whatever a
// backend gives; the rest is "other".
type reasonLabels struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (l *reasonLabels) label(reason string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = make(map[string]bool)
	}
	if !l.seen[reason] {
		if len(l.seen) >= maxReasons {
			return "other"
		}
		l.seen[reason] = true
	}
	return reason
}
