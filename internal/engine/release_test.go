package engine_test

import (
	"testing"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

// TestMuchIsLetGoInPortions: while a second of much traffic is let go the input is
// read on, and after a quarter of a second all of it is shown.
func TestMuchIsLetGoInPortions(t *testing.T) {
	const batches, perBatch, seconds = 100, 1000, 6 // a second
	e, m := metered(t, engine.Config{})
	fs := make([]downpour.Flow, perBatch)
	most := 0
	for n := range seconds * batches {
		now := start + int64(n+1)*second/batches
		for i := range fs {
			fs[i] = downpour.Flow{Time: now - int64(i+1)*second/batches/perBatch, Packets: 1, Bytes: 100, Sampling: 1}
		}
		shown := m.flows
		e.Feed(&observe.Batch{Flows: fs, Now: now, Delay: 2 * second})
		most = max(most, m.flows-shown)
		complete := (now - start - 2*second) / second
		if now%second >= second*3/10 && complete > 0 && m.flows < int(complete)*batches*perBatch-2048 { // a piece may not be dealt out yet
			t.Fatalf("%d flows of %d complete seconds are shown %d ms into the next", m.flows, complete, now%second/1e6)
		}
	}
	if most == 0 || most > batches*perBatch/8 {
		t.Errorf("%d flows were let go at once, want some, and at most an eighth of a second's", most)
	}
	e.Finish()
	if want := seconds * batches * perBatch; m.flows != want || e.Hold().Held != 0 {
		t.Errorf("%d flows are shown and %d held, want %d and none", m.flows, e.Hold().Held, want)
	}
}
