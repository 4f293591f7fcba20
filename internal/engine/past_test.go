package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

// historian is a detector that tells at each tick how many of its ends it can
// look back on, and whether they are the latest in their order.
type historian struct {
	past engine.Past
	seen []int64 // times of all ends, as they came; the sign tells the sides
	says []downpour.Event
}

func (h *historian) Remember(past engine.Past) { h.past = past }

func timesOf(flows []downpour.Flow, ends []downpour.FlowEnd) (list []int64) {
	for _, e := range ends {
		t := flows[e.Flow()].Time
		if e.IsSource() {
			t = -t
		}
		list = append(list, t)
	}
	return list
}

func (h *historian) Flows(flows []downpour.Flow, ends []downpour.FlowEnd) {
	h.seen = append(h.seen, timesOf(flows, ends)...)
}

// check looks back and returns how many ends came back; -1 if they are not the
// latest in their order.
func (h *historian) check() int {
	var pieces [][]int64
	for flows, ends := range h.past {
		pieces = append(pieces, timesOf(flows, ends))
	}
	slices.Reverse(pieces)
	back := slices.Concat(pieces...)
	if !slices.Equal(back, h.seen[len(h.seen)-len(back):]) {
		h.says = append(h.says, downpour.Event{Attack: &downpour.Attack{ID: "wrong"}})
		return -1
	}
	return len(back)
}

func (h *historian) Tick(now int64) {
	h.says = append(h.says, downpour.Event{At: time.Unix(0, now), Attack: &downpour.Attack{ID: fmt.Sprint(h.check(), " of ", len(h.seen))}})
}

func (h *historian) Finish(now int64) { h.Tick(now) }

func (h *historian) Events(dst []downpour.Event) []downpour.Event {
	dst = append(dst, h.says...)
	h.says = h.says[:0]
	return dst
}

// TestPastIsRemembered looks back at each tick, over more flows
// than are kept, with any number of shards.
func TestPastIsRemembered(t *testing.T) {
	fs := flows(180_000)
	for i := range fs {
		fs[i].Time = fs[0].Time + int64(i)*40_000 // seven seconds
	}
	look := func(shards int) (said []string) {
		e := engine.New(engine.Config{
			Shards: shards, Flows: func(int) engine.FlowDetector { return &historian{} },
			Emit: func(ev downpour.Event) { said = append(said, ev.Attack.ID) },
		})
		for part := range slices.Chunk(fs, 1000+shards) {
			e.Feed(&observe.Batch{Flows: part})
		}
		e.Finish()
		return said
	}
	want := look(1)
	if slices.Contains(want, "wrong") || len(want) < 7*engine.Partitions {
		t.Fatalf("what came back is not what came: %d said", len(want))
	}
	last, kept := want[len(want)-engine.Partitions:], 0
	for _, said := range last {
		var n, of int
		if _, err := fmt.Sscanf(said, "%d of %d", &n, &of); err != nil {
			t.Fatal(err)
		}
		kept += n
	}
	if kept < 2*120_000 || kept > 2*131_072 {
		t.Errorf("%d ends are remembered, want those of 131,072 flows but for a part of a piece", kept)
	}
	if got := look(5); !slices.Equal(got, want) {
		t.Error("five shards remember something else")
	}
}

// sides counts the ends that are seen.
type sides struct {
	counter
	follows bool
	in, out *int
}

func (s *sides) FollowsOthers() bool { return s.follows }

func (s *sides) Flows(_ []downpour.Flow, ends []downpour.FlowEnd) {
	for _, e := range ends {
		if e.IsSource() {
			*s.out++
		} else {
			*s.in++
		}
	}
}

// TestOnlyOursIsDealt: what others send to each other is nobody's, and what they
// send to us counts for us only, unless one of them is followed.
func TestOnlyOursIsDealt(t *testing.T) {
	ours, other := downpour.AddressFrom4(0x0a000001), downpour.AddressFrom4(0x0b000001)
	for _, test := range []struct {
		follows bool
		in, out int
	}{{false, 2, 1}, {true, 2, 2}} {
		var in, out int
		e := engine.New(engine.Config{
			Ours:  func(a downpour.Address) bool { return a == ours },
			Flows: func(int) engine.FlowDetector { return &sides{follows: test.follows, in: &in, out: &out} },
			Emit:  func(downpour.Event) {},
		})
		start := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)
		for s := range 10 { // its first seconds are seen whole
			e.Feed(&observe.Batch{Flows: []downpour.Flow{{Time: start.Add(time.Duration(s) * time.Second).UnixNano(), Source: other, Destination: other}}})
		}
		at := start.Add(9 * time.Second).UnixNano()
		e.Feed(&observe.Batch{Flows: []downpour.Flow{
			{Time: at, Source: other, Destination: ours}, {Time: at, Source: ours, Destination: other}, {Time: at, Source: other, Destination: other},
		}})
		e.Finish()
		if in != test.in || out != test.out {
			t.Errorf("follows %v: %d destinations and %d sources seen, want %d and %d", test.follows, in, out, test.in, test.out)
		}
	}
}
