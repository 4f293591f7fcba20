package live

import (
	"strconv"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store"
)

// TestMergedIncidentsAreBounded: however many incidents turn out to be part of another,
// memory holds a bounded number of them, and the address of each leads to the other, also
// after a restart. Once that is deleted, so are they.
func TestMergedIncidentsAreBounded(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)
	years := func(c *Config) { c.Keep.Incidents = 400 * 24 * time.Hour }
	r := rehearse(t, dir, now, years)
	r.keeper.incident(store.Record{Incident: downpour.Incident{ID: "all", Service: "a", Start: now, End: now}})
	for i := range mergedInMemory + 10 {
		r.merge(strconv.Itoa(i), "all")
		if i%1000 == 0 {
			if err := r.keeper.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.keeper.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(r.merged); n > mergedInMemory {
		t.Errorf("%d in memory", n)
	}
	leads := func(want bool) {
		t.Helper()
		for i := 0; i < mergedInMemory+10; i += 97 {
			got, err := r.Incident(t.Context(), strconv.Itoa(i))
			if led := err == nil && got.Incident.ID == "all"; led != want {
				t.Fatalf("%d leads to %q: %v", i, got.Incident.ID, err)
			}
		}
	}
	leads(true)
	crash(t, r)
	r = rehearse(t, dir, now.Add(399*24*time.Hour), years)
	if err := r.prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	leads(true)
	crash(t, r)
	r = rehearse(t, dir, now.Add(401*24*time.Hour), years)
	if err := r.prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	crash(t, r)
	r = rehearse(t, dir, now.Add(402*24*time.Hour), years) // whose memory holds nothing of it
	leads(false)
	crash(t, r)
}

// crash lets a Live go that did not end.
func crash(t *testing.T, r *rehearsal) {
	t.Helper()
	r.pipeline.Finish()
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
}
