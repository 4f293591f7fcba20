package live

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"downpour/internal/notify"
	"downpour/internal/pipeline"
	"downpour/internal/show/web"
)

// settingTold holds what receivers have been told, and what waits for them.
const settingTold = "notified"

// RestoreTold gives a notifier what an earlier run had told.
func RestoreTold(ctx context.Context, s Settings, n *notify.Notifier) error {
	state, err := settingOf(ctx, s, settingTold)
	if err != nil || state == nil {
		return err
	}
	return n.Restore(state)
}

// tell hands on what a step has found.
func (l *Live) tell(now time.Time, changed *pipeline.Changes) {
	l.cfg.Notifier.Take(now, changed.Records, changed.Merged)
}

// keepTold keeps what receivers have been told, if that is new.
func (l *Live) keepTold(ctx context.Context) error {
	state, changed, err := l.cfg.Notifier.State()
	if err != nil || !changed {
		return err
	}
	if err := l.cfg.Store.PutSetting(ctx, settingTold, state); err != nil {
		l.cfg.Notifier.Unkept()
		return fmt.Errorf("keep what was told: %w", err)
	}
	return nil
}

// runNotifier sends until the returned function is called, which waits for its end.
func (l *Live) runNotifier(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.cfg.Notifier.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

// notifyHealth warns of receivers that fail, and counts what they were not told.
func (l *Live) notifyHealth() (warnings []web.Warning, shed []web.Shed) {
	for _, s := range l.cfg.Notifier.Stats() {
		if s.Problem != "" {
			warnings = append(warnings, web.Warning{
				Title: "Alerts are not delivered",
				Says:  fmt.Sprintf("Alerts to the %s %s are not delivered: %s. %d wait.", s.Kind, s.Name, s.Problem, s.Waiting),
				Mend:  "See docs/alerts.md: what a receiver must answer, and how long Downpour tries.",
			})
		}
		shed = append(shed, web.Shed{Where: "notify", Reason: "messages not delivered to the " + s.Kind + " " + s.Name, Count: s.Dropped})
	}
	return warnings, shed
}

// notifyMetrics are the receivers' counters.
type notifyMetrics struct{ *notify.Notifier }

// Describe implements prometheus.Collector.
func (notifyMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range notifyDescs() {
		out <- d
	}
}

// notifyDescs are those of sent, failed, dropped and waiting.
func notifyDescs() []*prometheus.Desc {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("downpour_notify_"+name, help, []string{"kind", "receiver"}, nil)
	}
	return []*prometheus.Desc{
		desc("sent_total", "Messages that a receiver took."), desc("failed_total", "Attempts to send that failed."),
		desc("dropped_total", "Messages given up: too many waited, too old, or refused."), desc("waiting", "Messages that wait to be sent."),
	}
}

// Collect implements prometheus.Collector.
func (m notifyMetrics) Collect(out chan<- prometheus.Metric) {
	d := notifyDescs()
	for _, s := range m.Stats() {
		send := func(i int, kind prometheus.ValueType, n float64) {
			out <- prometheus.MustNewConstMetric(d[i], kind, n, s.Kind, s.Name)
		}
		send(0, prometheus.CounterValue, float64(s.Sent))
		send(1, prometheus.CounterValue, float64(s.Attempts))
		send(2, prometheus.CounterValue, float64(s.Dropped))
		send(3, prometheus.GaugeValue, float64(s.Waiting))
	}
}
