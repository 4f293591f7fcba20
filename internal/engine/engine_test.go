package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter is a detector that says what it saw each second, per address.
type counter struct {
	in, out map[downpour.Address]int
	events  []downpour.Event
}

func newCounter(int) engine.FlowDetector {
	return &counter{in: map[downpour.Address]int{}, out: map[downpour.Address]int{}}
}

func (c *counter) Finish(now int64) { c.Tick(now) }

func (c *counter) Flows(flows []downpour.Flow, ends []downpour.FlowEnd) {
	for _, e := range ends {
		if f := &flows[e.Flow()]; e.IsSource() {
			c.out[f.Source]++
		} else {
			c.in[f.Destination]++
		}
	}
}

func (c *counter) Tick(now int64) {
	seen := map[downpour.Address]bool{}
	for a := range c.in {
		seen[a] = true
	}
	for a := range c.out {
		seen[a] = true
	}
	for a := range seen {
		says := fmt.Sprintf("%s in %d out %d", a, c.in[a], c.out[a])
		c.events = append(c.events, downpour.Event{At: time.Unix(0, now), Attack: &downpour.Attack{ID: says}})
	}
	clear(c.in)
	clear(c.out)
}

func (c *counter) Events(dst []downpour.Event) []downpour.Event {
	dst = append(dst, c.events...)
	c.events = c.events[:0]
	return dst
}

func flows(n int) []downpour.Flow {
	rng := rand.New(rand.NewPCG(1, 2))
	fs := make([]downpour.Flow, n)
	t := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC).UnixNano()
	for i := range fs {
		t += rng.Int64N(5e6)
		fs[i] = downpour.Flow{
			Time: t, Packets: 1, Sampling: 1,
			Source:      downpour.AddressFrom4(0xc6336400 + uint32(rng.IntN(50))),
			Destination: downpour.AddressFrom4(0xcb007100 + uint32(rng.IntN(50))),
		}
	}
	return fs
}

// run feeds the flows in batches of the given size and returns what was said.
func run(fs []downpour.Flow, shards, batch int) []string {
	var said []string
	e := engine.New(engine.Config{Shards: shards, Flows: newCounter, Emit: func(ev downpour.Event) {
		said = append(said, ev.At.UTC().Format(time.RFC3339)+" "+ev.Attack.ID)
	}})
	for part := range slices.Chunk(fs, batch) {
		e.Feed(&observe.Batch{Flows: part})
	}
	e.Finish()
	return said
}

func TestShardsAndBatchesChangeNothing(t *testing.T) {
	fs := flows(20_000)
	want := run(fs, 1, observe.BatchSize)
	if len(want) < 100 {
		t.Fatalf("only %d events: the test shows nothing", len(want))
	}
	for _, shards := range []int{0, 2, 3, 7, 64, 100} {
		for _, batch := range []int{1, 33, 4096} {
			if got := run(fs, shards, batch); !slices.Equal(got, want) {
				t.Errorf("%d shards, batches of %d: events differ", shards, batch)
			}
		}
	}
}

func TestEveryFlowIsSeenAtBothEnds(t *testing.T) {
	in, out := 0, 0
	e := engine.New(engine.Config{Shards: 3, Flows: newCounter, Emit: func(ev downpour.Event) {
		var address string
		var i, o int
		if _, err := fmt.Sscanf(ev.Attack.ID, "%s in %d out %d", &address, &i, &o); err != nil {
			t.Fatal(err)
		}
		in, out = in+i, out+o
	}})
	fs := flows(5000)
	e.Feed(&observe.Batch{Flows: fs})
	e.Finish()
	if in != len(fs) || out != len(fs) {
		t.Errorf("seen %d in, %d out; want %d each", in, out, len(fs))
	}
}

func TestTimeComesFromObservations(t *testing.T) {
	start := time.Date(2025, 3, 10, 10, 0, 0, 500e6, time.UTC)
	var ticks []time.Time
	e := engine.New(engine.Config{
		Flows:  func(int) engine.FlowDetector { return silent{} },
		Counts: &tickRecorder{ticks: &ticks},
		Emit:   func(downpour.Event) {},
	})
	at := func(d time.Duration) *observe.Batch {
		return &observe.Batch{Flows: []downpour.Flow{{Time: start.Add(d).UnixNano()}}}
	}
	e.Feed(at(0))
	e.Feed(at(400 * time.Millisecond))
	e.Feed(at(5 * time.Second))  // a jump is one tick
	e.Feed(at(-2 * time.Second)) // late: no tick, counted
	e.Feed(&observe.Batch{Now: start.Add(9 * time.Second).UnixNano()})
	want := []time.Time{start.Truncate(time.Second), start.Add(5 * time.Second).Truncate(time.Second), start.Add(9 * time.Second).Truncate(time.Second)}
	if !slices.EqualFunc(ticks, want, time.Time.Equal) {
		t.Errorf("ticks %v, want %v", ticks, want)
	}
	if e.Late() != 1 {
		t.Errorf("late = %d, want 1", e.Late())
	}
	e.Finish()
}

type silent struct{}

func (silent) Flows([]downpour.Flow, []downpour.FlowEnd)    {}
func (silent) Tick(int64)                                   {}
func (silent) Finish(int64)                                 {}
func (silent) Events(dst []downpour.Event) []downpour.Event { return dst }

type tickRecorder struct{ ticks *[]time.Time }

func (r *tickRecorder) Count(*downpour.ReportCount)                  {}
func (r *tickRecorder) Tick(now int64)                               { *r.ticks = append(*r.ticks, time.Unix(0, now)) }
func (r *tickRecorder) Finish(int64)                                 {}
func (r *tickRecorder) Events(dst []downpour.Event) []downpour.Event { return dst }

func BenchmarkFeed(b *testing.B) {
	fs := flows(observe.BatchSize)
	for _, shards := range []int{1, 2} {
		b.Run(fmt.Sprintf("shards=%d", shards), func(b *testing.B) {
			e := engine.New(engine.Config{Shards: shards, Flows: func(int) engine.FlowDetector { return silent{} }, Emit: func(downpour.Event) {}})
			batch := &observe.Batch{Flows: fs}
			b.ReportAllocs()
			for b.Loop() {
				e.Feed(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(fs)), "ns/flow")
			e.Finish()
		})
	}
}

// TestLeaps: a packet dated far ahead moves no clock, a pause does, and nothing
// is lost either way, wherever batches part.
func TestLeaps(t *testing.T) {
	start := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)
	flow := func(at time.Time) downpour.Flow { return downpour.Flow{Time: at.UnixNano(), Packets: 1} }
	steady := func(from time.Time, n int) (fs []downpour.Flow) {
		for i := range n {
			fs = append(fs, flow(from.Add(time.Duration(i)*100*time.Millisecond)))
		}
		return fs
	}
	astray := flow(start.AddDate(5, 0, 0))
	later := start.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		flows []downpour.Flow
		last  time.Time
		leaps uint64
	}{
		"one astray":          {slices.Concat(steady(start, 30), []downpour.Flow{astray}, steady(start.Add(3*time.Second), 30)), start.Add(5900 * time.Millisecond), 1},
		"the first astray":    {slices.Concat([]downpour.Flow{astray}, steady(start, 30)), start.Add(2900 * time.Millisecond), 1},
		"a pause":             {slices.Concat(steady(start, 30), steady(later, 30)), later.Add(2900 * time.Millisecond), 0},
		"a pause, few after":  {slices.Concat(steady(start, 30), steady(later, 3)), later.Add(200 * time.Millisecond), 0},
		"three astray at end": {slices.Concat(steady(start, 30), []downpour.Flow{astray, astray}, steady(start.Add(3*time.Second), 1)), start.Add(3 * time.Second), 2},
	} {
		for _, size := range []int{1, 7, 31, 1000} {
			if size == 1 && name == "the first astray" {
				continue // nobody can tell before its neighbour has come
			}
			seen := 0
			e := engine.New(engine.Config{Flows: newCounter, Emit: func(ev downpour.Event) {
				var address string
				var i, o int
				if _, err := fmt.Sscanf(ev.Attack.ID, "%s in %d out %d", &address, &i, &o); err != nil {
					t.Fatal(err)
				}
				seen += i
			}})
			for part := range slices.Chunk(slices.Clone(c.flows), size) {
				e.Feed(&observe.Batch{Flows: part})
			}
			e.Finish()
			if got := time.Unix(0, e.Now()).UTC(); !got.Equal(c.last) || seen != len(c.flows) {
				t.Errorf("%s, batches of %d: clock at %v, %d flows; want %v, %d", name, size, got, seen, c.last, len(c.flows))
			}
			if e.Leaps() != c.leaps {
				t.Errorf("%s, batches of %d: %d leaps, want %d", name, size, e.Leaps(), c.leaps)
			}
		}
	}
}
