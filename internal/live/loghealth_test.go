package live

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"downpour/internal/observe/weblog"
	"downpour/internal/observe/weblog/intake"
	"downpour/internal/observe/weblog/tail"
)

// collected gathers what a function tells, as a collector.
type collected func(teller)

func (c collected) Describe(chan<- *prometheus.Desc) {}

func (c collected) Collect(out chan<- prometheus.Metric) {
	c(func(name, help string, kind prometheus.ValueType, value float64, labels prometheus.Labels) {
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, labels), kind, value)
	})
}

// TestLogsAreTold: a log's row and metrics say what was not read and why; a path
// that is no UTF-8 breaks neither.
func TestLogsAreTold(t *testing.T) {
	s := intake.Status{
		Name: "udp://127.0.0.1:514", Address: "127.0.0.1:514", Seen: time.Unix(5, 0), Refused: 3,
		Account: weblog.Account{Lines: 10, Requests: 7, Broken: []weblog.Broken{{Reason: "no time", Count: 2, Samples: []string{"a", "b"}}}},
	}
	row := logRow(&s)
	if row.Name != s.Name || len(row.Problems) != 2 || row.Problems[0].Says != `lines not read: no time, such as "a"; "b"` {
		t.Errorf("row: %+v", row)
	}
	file := intake.Status{Name: "access-\xff.log", Files: &tail.Stats{Rotations: 4}}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collected(func(tell teller) { collectLogs([]intake.Status{s, file}, tell) }))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			labels := []string{f.GetName()}
			for _, l := range m.Label {
				labels = append(labels, l.GetValue())
			}
			got[strings.Join(labels, " ")] = m.GetCounter().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"log_lines_total " + s.Name: 10, "log_requests_total " + s.Name: 7, "log_broken_total " + s.Name + " no time": 2,
		"log_refused_total " + s.Name: 3, "log_rotations_total access-�.log": 4,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}
