package engine

import (
	"sync/atomic"
	"testing"
	"time"

	"downpour"
	"downpour/internal/observe"
)

// sluggish is a detector that takes its time.
type sluggish struct {
	FlowDetector
	busy *atomic.Int32
}

func (s sluggish) Flows([]downpour.Flow, []downpour.FlowEnd) {
	s.busy.Add(1)
	time.Sleep(time.Millisecond)
	s.busy.Add(-1)
}
func (sluggish) Tick(int64)                                   {}
func (sluggish) Finish(int64)                                 {}
func (sluggish) Events(dst []downpour.Event) []downpour.Event { return dst }

// TestRest finds no detector at work once it has waited.
func TestRest(t *testing.T) {
	for _, shards := range []int{1, 4} {
		var busy atomic.Int32
		e := New(Config{Shards: shards, Flows: func(int) FlowDetector { return sluggish{busy: &busy} }, Emit: func(downpour.Event) {}})
		flows := make([]downpour.Flow, observe.BatchSize)
		for i := range flows {
			flows[i] = downpour.Flow{Time: 1e18, Source: downpour.AddressFrom4(uint32(i)), Destination: downpour.AddressFrom4(uint32(i * 7)), Packets: 1}
		}
		for range 50 {
			e.Feed(&observe.Batch{Flows: flows})
		}
		e.Rest()
		if n := busy.Load(); n != 0 {
			t.Errorf("%d shards: %d detectors work", shards, n)
		}
		e.Finish()
	}
}

// TestRecalledAlarmsStay: an attack that an earlier run told of keeps its alarm; one
// that was told of ahead and doesn't show again is withdrawn, whether flows wait or not.
func TestRecalledAlarmsStay(t *testing.T) {
	const now = int64(2e18)
	said := map[string]downpour.Attack{}
	e := New(Config{Flows: func(int) FlowDetector { return sluggish{busy: new(atomic.Int32)} }, Emit: func(ev downpour.Event) { said[ev.Attack.ID] = *ev.Attack }})
	alarm := time.Unix(0, now-30*second).UTC()
	e.Recall(downpour.Attack{ID: "definite", AlarmAt: alarm}, now)
	e.Recall(downpour.Attack{ID: "ahead", AlarmAt: alarm, Provisional: true, Ongoing: true,
		Target: downpour.Target{Prefix: downpour.AddressFrom4(5).Prefix()}}, now)
	if as, at, ok := e.Told("definite"); !ok || as != "definite" || at != alarm.UnixNano() {
		t.Errorf("told as %q at %d", as, at)
	}
	for s := range recallGrace/second + 3 {
		e.Feed(&observe.Batch{Now: now + s*second})
		if s == 5 && len(said) > 0 {
			t.Errorf("withdrawn after five seconds: %v", said)
		}
	}
	if a, ok := said["ahead"]; !ok || a.Ongoing {
		t.Errorf("what was told of ahead is not withdrawn: %+v", said)
	}
	e.Finish()
}

// TestAttacksEndInSilence: where no flow comes after a restart, detectors are ticked
// at last, so that an earlier run's attacks end.
func TestAttacksEndInSilence(t *testing.T) {
	const now = int64(2e18)
	for _, recalled := range []bool{true, false} {
		ticks := 0
		e := New(Config{Flows: func(int) FlowDetector { return ticked{ticks: &ticks} }, Emit: func(downpour.Event) {}})
		if recalled {
			e.Recall(downpour.Attack{ID: "a"}, now)
		}
		for s := range silence / second {
			e.Feed(&observe.Batch{Now: now + s*second})
		}
		if ticks > 0 {
			t.Error("ticked while flows may still come")
		}
		e.Feed(&observe.Batch{Now: now + silence})
		if ticks > 0 != recalled {
			t.Errorf("an attack was recalled: %v; ticks: %d", recalled, ticks)
		}
		e.Finish()
	}
}

// ticked counts its ticks.
type ticked struct {
	sluggish
	ticks *int
}

func (d ticked) Tick(int64) { *d.ticks++ }
