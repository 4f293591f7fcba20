package live

import (
	"context"
	"errors"
	"testing"
	"time"

	"downpour"
)

// exhibitOf holds one record a second of an attack in [from, to), and as many before it.
func exhibitOf(from, to, before int) downpour.Exhibit {
	e := downpour.Exhibit{Attack: "a", AsOf: noon.Add(time.Duration(to) * time.Second)}
	for i := range before {
		e.Before.Flows = append(e.Before.Flows, downpour.SampledFlow{Start: noon.Add(time.Duration(i-before) * time.Second)})
	}
	for i := from; i < to; i++ {
		e.During.Flows = append(e.During.Flows, downpour.SampledFlow{Start: noon.Add(time.Duration(i) * time.Second)})
	}
	e.Before.Of, e.During.Of = uint64(before), uint64(to-from)*10
	return e
}

// TestSamplesOutliveARestart: what an earlier run kept of an attack that goes on stays,
// whatever this run has seen of it, and stays within its bound.
func TestSamplesOutliveARestart(t *testing.T) {
	r := rehearse(t, t.TempDir(), noon, nil)
	defer r.store.Close()
	put := func(k *keeper, e downpour.Exhibit) downpour.Exhibit {
		t.Helper()
		k.exhibit(e)
		if err := k.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		kept, err := r.store.Exhibit(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	first := &keeper{store: r.store}
	put(first, exhibitOf(0, 100, 7))
	if e := put(first, exhibitOf(0, 150, 7)); len(e.During.Flows) != 150 || len(e.Before.Flows) != 7 {
		t.Errorf("of one run there are %d records, and %d before", len(e.During.Flows), len(e.Before.Flows))
	}
	second := &keeper{store: r.store}
	put(second, exhibitOf(170, 200, 0))
	e := put(second, exhibitOf(170, 370, 0))
	n := len(e.During.Flows)
	if n > downpour.ExhibitDuring || n < downpour.ExhibitDuring/2 || e.During.Of != 3500 || len(e.Before.Flows) != 7 {
		t.Errorf("of two runs there are %d records of %d, and %d before", n, e.During.Of, len(e.Before.Flows))
	}
	if !e.During.Flows[0].Start.Equal(noon) || e.During.Flows[n-1].Start.Before(noon.Add(365*time.Second)) {
		t.Errorf("they are from %v to %v", e.During.Flows[0].Start, e.During.Flows[n-1].Start)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	second.exhibit(exhibitOf(170, 400, 0))
	if err := second.flush(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("a store that can't be written: %v", err)
	}
	if err := second.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e, err := r.store.Exhibit(t.Context(), "a"); err != nil || !e.AsOf.Equal(noon.Add(400*time.Second)) {
		t.Errorf("what couldn't be written was not tried again: as of %v, %v", e.AsOf, err)
	}
}
