package live

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"downpour"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/outage"
	"downpour/internal/enrich"
	"downpour/internal/observe/report"
	"downpour/internal/pipeline"
	"downpour/internal/show/web"
	"downpour/internal/store"
	"downpour/internal/store/embedded"
)

// newLive returns an inert Live over a real store, watching the service a.
func newLive(t *testing.T) *Live {
	t.Helper()
	st, err := embedded.Open(t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	places, err := enrich.Open(enrich.Config{})
	if err != nil {
		t.Fatal(err)
	}
	intake, err := report.NewIntake(report.IntakeConfig{Services: []report.Service{{Name: "a"}}}, zeros{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(t.Context(), Config{
		Services: []Service{{ID: "a", Name: "A"}}, Store: st, Places: places, Intake: intake,
		Counter:  report.NewCounter(noon, []string{"a"}),
		Clock:    func() time.Time { return noon },
		Pipeline: pipeline.Config{Shards: 1, Attack: attack.Default(), Outage: outage.Config{}.Default(), Places: places},
		Log:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.pipeline.Finish)
	return l
}

var noon = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// An operator whose page shows an incident as it was before it joined another
// takes back what the public sees of the whole.
func TestPublishReachesTheIncidentThatWasJoined(t *testing.T) {
	l := newLive(t)
	for _, id := range []string{"one", "two"} {
		l.note(store.Record{Incident: downpour.Incident{ID: id, Service: "a", Start: noon, End: noon}})
	}
	everything := web.Publication{Cause: true, Traffic: true, Origin: true, Claims: true}
	if err := l.PublishIncident(t.Context(), "two", everything); err != nil {
		t.Fatal(err)
	}
	l.merge("one", "two")
	if err := l.PublishIncident(t.Context(), "one", web.Publication{}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"one", "two"} {
		v, err := l.IncidentView(t.Context(), id)
		if err != nil || v.Published != (web.Publication{}) {
			t.Errorf("%s: published %+v (%v), want nothing", id, v.Published, err)
		}
	}
}

// A reload while pages are read must not tear what they read; the race detector
// sees if it does.
func TestReconfigureWhileRead(t *testing.T) {
	l := newLive(t)
	var readers sync.WaitGroup
	for _, read := range []func() error{
		func() error { _, err := l.Services(t.Context()); return err },
		func() error { _, err := l.HealthView(t.Context()); return err },
		func() error { return l.prune(t.Context()) },
	} {
		readers.Go(func() {
			for range 20 {
				if err := read(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		l.Reconfigure([]Service{{ID: "a", Name: "renamed"}}, Keep{Reports: 48 * time.Hour, Incidents: 48 * time.Hour, Disk: 1 << 30})
	}
	readers.Wait()
	v, err := l.ServiceView(t.Context(), "a")
	if err != nil || v.Service.Name != "renamed" {
		t.Errorf("service %+v (%v), want it renamed", v.Service, err)
	}
}
