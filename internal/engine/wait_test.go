package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

const second = int64(time.Second)

// start is a whole second.
const start = 1_741_600_800 * second

// meter is the detector of all partitions at once. It adds up what comes in each
// second and holds the engine to its word: a second's flows come between its tick
// and the next.
type meter struct {
	t              *testing.T
	unordered      bool // where flows may be late and shown
	now, finished  int64
	flows          int
	packets, bytes map[int64]uint64 // by second since start
}

func (m *meter) Flows(flows []downpour.Flow, ends []downpour.FlowEnd) {
	for _, e := range ends {
		if e.IsSource() {
			continue
		}
		f := &flows[e.Flow()]
		if at := f.Time / second * second; at != m.now && !m.unordered {
			m.t.Errorf("a flow of second %d came in second %d", (at-start)/second, (m.now-start)/second)
		}
		if f.Duration >= 1000 {
			m.t.Errorf("a flow of %d ms came", f.Duration)
		}
		m.flows++
		m.packets[(f.Time-start)/second] += uint64(f.Packets) * uint64(max(f.Sampling, 1))
		m.bytes[(f.Time-start)/second] += f.Bytes * uint64(max(f.Sampling, 1))
	}
}

func (m *meter) Tick(now int64) {
	if now < m.now {
		m.t.Errorf("ticked at %d after %d", now/second, m.now/second)
	}
	m.now = now
}
func (m *meter) Finish(now int64)                             { m.finished = now }
func (m *meter) Events(dst []downpour.Event) []downpour.Event { return dst }

func metered(t *testing.T, cfg engine.Config) (*engine.Engine, *meter) {
	m := &meter{t: t, packets: map[int64]uint64{}, bytes: map[int64]uint64{}}
	cfg.Flows = func(int) engine.FlowDetector { return m }
	cfg.Emit = func(downpour.Event) {}
	return engine.New(cfg), m
}

// record is a flow from a second to another (since start), of 1,000 packets/s and
// 100 bytes a packet.
func record(from, to float64) downpour.Flow {
	packets := uint32((to-from)*1000) + 1
	return downpour.Flow{
		Time: start + int64(from*1e9), Duration: uint32((to - from) * 1000),
		Packets: packets, Bytes: uint64(packets) * 100, Sampling: 1,
	}
}

// arrive is a batch that arrives at a second, of an input with a delay of 60 s.
func arrive(at float64, flows ...downpour.Flow) *observe.Batch {
	return &observe.Batch{Flows: flows, Now: start + int64(at*1e9), Delay: 60 * second}
}

// TestRecordsAreSpread: a steady stream of 1,000 packets/s that an exporter tells
// in records of a minute, cut anywhere, is 1,000 packets in every second.
func TestRecordsAreSpread(t *testing.T) {
	for _, phase := range []float64{1, 17.25, 59.999} {
		e, m := metered(t, engine.Config{})
		from := 0.0
		for to := phase; to < 300; to += 60 {
			e.Feed(arrive(to, record(from, to-0.001)))
			from = to
		}
		e.Finish()
		for s := range int64(from) {
			if n := m.packets[s]; n < 999 || n > 1001 {
				t.Errorf("phase %v: second %d holds %d packets", phase, s, n)
			}
		}
		if s := e.Hold(); s.Late.Flows != 0 || s.Held != 0 {
			t.Errorf("phase %v: %+v", phase, s)
		}
	}
}

// TestSecondsAreComplete: nothing is shown before its second is complete, the
// clock goes on in silence, and what comes too late is counted and not shown.
func TestSecondsAreComplete(t *testing.T) {
	e, m := metered(t, engine.Config{})
	e.Feed(arrive(60, record(20, 20.5), record(0, 58.999)))
	if m.flows != 0 || e.Complete() > start {
		t.Fatalf("%d flows are shown although none is complete", m.flows)
	}
	e.Feed(arrive(81.5, record(21.6, 21.7)))
	if m.packets[20] != 501+1000 || m.packets[21] != 0 {
		t.Errorf("seconds 20 and 21 hold %d and %d packets", m.packets[20], m.packets[21])
	}
	e.Feed(arrive(81.6, record(15, 15.5), record(18.5, 23.499)))
	if s := e.Hold().Late; s.Flows != 2 || s.Packets != 501+2500 || s.Bytes != 100*s.Packets {
		t.Errorf("late: %+v", s)
	}
	e.Feed(&observe.Batch{Now: start + 83*second})
	if m.packets[21] != 2100 || m.packets[22] != 2000 {
		t.Errorf("seconds 21 and 22 hold %d and %d packets", m.packets[21], m.packets[22])
	}
	e.Feed(&observe.Batch{Now: start + 400*second})
	if m.packets[58] != 1000 || e.Complete() != start+340*second {
		t.Errorf("in silence: second 58 holds %d packets, complete up to %d", m.packets[58], (e.Complete()-start)/second)
	}
	e.Finish()
}

// TestFinishLetsGo: at the end everything that waits is shown, and the end is that
// of the flows, not of the input.
func TestFinishLetsGo(t *testing.T) {
	e, m := metered(t, engine.Config{})
	e.Feed(arrive(60, record(0, 59), record(59, 59.5)))
	e.Finish()
	var sum uint64
	for _, n := range m.packets {
		sum += n
	}
	if sum != 59001+501 || m.finished != start+59*second {
		t.Errorf("%d packets, finished at %d", sum, (m.finished-start)/second)
	}
}

// TestImpossibleTimes: a flow dated far from its arrival neither stops nor moves
// the clock, in either direction.
func TestImpossibleTimes(t *testing.T) {
	year := 365 * 24 * 3600.0
	e, m := metered(t, engine.Config{})
	e.Feed(arrive(60, record(30, 30.5)))
	e.Feed(arrive(60.5, record(year, year+0.5), record(-year, -year+0.5), record(40, 40+1e6), record(-1.7e9, 50)))
	if e.Leaps() != 2 {
		t.Errorf("%d flows are told to be impossible, want the one of the next year and the endless one", e.Leaps())
	}
	e.Feed(arrive(200, record(150, 150.5)))
	e.Feed(arrive(220, record(160, 160.5)))
	if e.Complete() != start+160*second || m.packets[30] != 501 || m.packets[150] != 501 || m.packets[60] == 0 {
		t.Errorf("complete up to %d, %v", (e.Complete()-start)/second, m.packets)
	}
	if l := e.Hold().Late; l.Flows != 2 {
		t.Errorf("late: %+v, want the flow of last year and most of the one since 1970", l)
	}
	e.Finish()
}

// TestWithoutDelayTold: flows that last need their duration to be complete, also
// where no input says so and none tells of arrivals.
func TestWithoutDelayTold(t *testing.T) {
	e, m := metered(t, engine.Config{})
	for i := range 20 {
		end := float64(i) + 10
		e.Feed(&observe.Batch{Flows: []downpour.Flow{record(end-10, end-0.001)}})
	}
	e.Finish()
	for s := int64(0); s < 20; s++ {
		if want := uint64(min(s+1, 10)) * 1000; m.packets[s] < want-10 || m.packets[s] > want {
			t.Errorf("second %d holds %d packets, want %d", s, m.packets[s], want)
		}
	}
}

// TestPacketsBesideRecords: packets that come at once wait for the records of
// their second where both are looked at.
func TestPacketsBesideRecords(t *testing.T) {
	e, m := metered(t, engine.Config{})
	for s := range 100 {
		e.Feed(&observe.Batch{Flows: []downpour.Flow{record(float64(s), float64(s))}, Now: start + int64(s)*second})
		if s%10 == 9 {
			e.Feed(arrive(float64(s)+0.5, record(float64(s)-9.6, float64(s)+0.399)))
		}
	}
	e.Finish()
	if l := e.Hold().Late; l.Flows != 1 {
		t.Errorf("late: %+v, want part of the first record: no delay was known before", l)
	}
	for s := int64(10); s < 99; s++ {
		if m.packets[s] < 990 || m.packets[s] > 1002 {
			t.Errorf("second %d holds %d packets", s, m.packets[s])
		}
	}
}

// TestTooManyToHold: what is beyond the room is thinned and stands for itself on
// average, and the largest flows are all kept.
func TestTooManyToHold(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	e, m := metered(t, engine.Config{Hold: 8000})
	var sent, large uint64
	for s := range 120 {
		b := arrive(float64(s))
		for range 1000 {
			f := record(float64(s)-rng.Float64()*30, 0)
			f.Duration, f.Packets = 0, 1+rng.Uint32N(3)
			f.Bytes = uint64(f.Packets) * 100
			b.Flows = append(b.Flows, f)
			sent += uint64(f.Packets)
		}
		f := record(float64(s)-30, float64(s)-29.5)
		f.Packets, f.Bytes = 50_000, 1
		b.Flows = append(b.Flows, f)
		large += 50_000
		e.Feed(b)
		if held := e.Hold().Held; held > 8000 {
			t.Fatalf("%d flows are held", held)
		}
	}
	e.Finish()
	var packets, bytes uint64
	for s := range m.packets {
		packets += m.packets[s]
		bytes += m.bytes[s]
	}
	s := e.Hold()
	if s.Thinned.Flows == 0 || s.EarlySeconds != 0 || s.Late.Flows != 0 {
		t.Errorf("%+v", s)
	}
	if small := float64(packets-large) / float64(sent); small < 0.95 || small > 1.05 {
		t.Errorf("%.3f of the packets of small flows", small)
	}
	if volume := float64(bytes) / float64(100*sent); volume < 0.95 || volume > 1.05 {
		t.Errorf("%.3f of the bytes", volume)
	}
}

// TestTooManyLargeOnes: where nothing can be thinned, seconds close early.
func TestTooManyLargeOnes(t *testing.T) {
	e, m := metered(t, engine.Config{Hold: 1000})
	for s := range 100 {
		b := arrive(float64(s))
		for range 100 {
			f := record(float64(s)-0.5, float64(s)-0.4)
			f.Packets = 1 << 20
			b.Flows = append(b.Flows, f)
		}
		e.Feed(b)
	}
	if h := e.Hold(); h.EarlySeconds == 0 || h.Held > 1000 || h.Late.Flows > 0 || m.flows < 8000 {
		t.Errorf("%+v, %d flows shown", h, m.flows)
	}
	e.Finish()
	if m.flows != 100*100 {
		t.Errorf("%d flows, want all", m.flows)
	}
}

// TestDelayLapses: an exporter that has gone, or was set to less, does not hold
// the others back for ever.
func TestDelayLapses(t *testing.T) {
	e, m := metered(t, engine.Config{})
	e.Feed(arrive(60, record(0, 59)))
	for s := 61; s < 1000; s++ {
		e.Feed(&observe.Batch{Flows: []downpour.Flow{record(float64(s), float64(s))}, Now: start + int64(s)*second})
	}
	if e.Complete() != start+999*second || m.packets[998] != 1 || m.packets[100] != 1 {
		t.Errorf("complete up to %d", (e.Complete()-start)/second)
	}
	if e.Hold().Held != 0 {
		t.Errorf("%d flows are held", e.Hold().Held)
	}
	e.Finish()
}

// alarmist says at each tick that there is an attack, which it saw in its second.
type alarmist struct {
	silent
	events []downpour.Event
}

func (a *alarmist) Tick(now int64) {
	at := time.Unix(0, now).UTC()
	if now < start+6*second {
		return
	}
	a.events = append(a.events, downpour.Event{At: at, Attack: &downpour.Attack{ID: "a", AlarmAt: time.Unix(0, start+5*second).UTC(), End: at, Ongoing: true}})
}

func (a *alarmist) Events(dst []downpour.Event) []downpour.Event {
	dst = append(dst, a.events...)
	a.events = a.events[:0]
	return dst
}

// TestAlarmsAreOfTheInput: an alarm is dated when the input had got so far that it
// could be raised, and keeps its date.
func TestAlarmsAreOfTheInput(t *testing.T) {
	var said []string
	e := engine.New(engine.Config{
		Flows: func(p int) engine.FlowDetector {
			if p == 0 {
				return &alarmist{}
			}
			return silent{}
		},
		Emit: func(ev downpour.Event) {
			said = append(said, fmt.Sprint((ev.Attack.AlarmAt.UnixNano()-start)/second, (ev.Attack.End.UnixNano()-start)/second))
		},
	})
	e.Feed(arrive(65, record(5, 5.5)))
	e.Feed(arrive(66.2))
	e.Feed(arrive(67))
	e.Finish()
	if want := []string{"66 6", "66 7"}; !slices.Equal(said, want) {
		t.Errorf("said %v", said)
	}
}

// TestHoldingIsTheSameInShards: waiting flows meet their detectors alike, however
// many goroutines there are.
func TestHoldingIsTheSameInShards(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var stream []*observe.Batch
	for s := range 200 {
		fs := flows(50)
		for i := range fs {
			fs[i].Time = start + int64(s)*second - rng.Int64N(50*second)
			fs[i].Duration, fs[i].Packets = rng.Uint32N(10_000), 1+rng.Uint32N(20)
		}
		stream = append(stream, arrive(float64(s)+0.1, fs...))
	}
	run := func(shards int) (said []string) {
		e := engine.New(engine.Config{Shards: shards, Flows: newCounter, Emit: func(ev downpour.Event) {
			said = append(said, ev.At.UTC().Format(time.RFC3339)+" "+ev.Attack.ID)
		}})
		for _, b := range stream {
			e.Feed(&observe.Batch{Flows: slices.Clone(b.Flows), Now: b.Now, Delay: b.Delay})
		}
		e.Finish()
		return said
	}
	want := run(1)
	if len(want) < 1000 {
		t.Fatalf("only %d events: the test shows nothing", len(want))
	}
	for _, shards := range []int{2, 7} {
		if got := run(shards); !slices.Equal(got, want) {
			t.Errorf("%d shards: events differ", shards)
		}
	}
}

// TestRequestsLeap: a line dated far ahead moves no clock; a pause does, once a
// second line agrees.
func TestRequestsLeap(t *testing.T) {
	ask := func(at ...int64) *observe.Batch {
		b := &observe.Batch{}
		for _, s := range at {
			b.Requests = append(b.Requests, downpour.Request{Time: start + s*second})
		}
		return b
	}
	for _, c := range []struct {
		name    string
		batches []*observe.Batch
		last    int64
		leaps   uint64
	}{
		{"one astray", []*observe.Batch{ask(0, 1, 9000, 2, 3)}, 3, 1},
		{"one astray at the end of a batch", []*observe.Batch{ask(0, 1, 9000), ask(2)}, 2, 1},
		{"a pause", []*observe.Batch{ask(0, 1), ask(7200, 7201)}, 7201, 0},
		{"a pause, line by line", []*observe.Batch{ask(0), ask(7200), ask(7201)}, 7201, 1},
	} {
		e, _ := metered(t, engine.Config{})
		for _, b := range c.batches {
			e.Feed(b)
		}
		if at := (e.Now() - start) / second; at != c.last || e.Leaps() != c.leaps {
			t.Errorf("%s: clock at %d with %d leaps, want %d with %d", c.name, at, e.Leaps(), c.last, c.leaps)
		}
		e.Finish()
	}
}

// BenchmarkHoldBusy feeds records of a router with 300,000 a second, which are as
// old as a second when they come.
func BenchmarkHoldBusy(b *testing.B) {
	e := engine.New(engine.Config{Flows: func(int) engine.FlowDetector { return silent{} }, Emit: func(downpour.Event) {}})
	fs, now, r := flows(observe.BatchSize), start, rand.New(rand.NewPCG(1, 1))
	ages := make([]int64, 1<<16)
	for i := range ages {
		ages[i] = r.Int64N(second)
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range fs {
			fs[i].Time, fs[i].Duration, fs[i].Packets = now-ages[(int(now/1024)+i)%len(ages)], 0, 1
		}
		now += observe.BatchSize * second / 300_000
		e.Feed(&observe.Batch{Flows: fs, Now: now, Delay: 2 * second})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(fs)), "ns/flow")
	e.Finish()
}

// BenchmarkHold feeds records that wait a minute, a thousand a batch and ten
// batches a second of event time.
func BenchmarkHold(b *testing.B) {
	for _, c := range []struct {
		name     string
		duration uint32
	}{{"short", 0}, {"5s", 5000}} {
		b.Run(c.name, func(b *testing.B) {
			e := engine.New(engine.Config{Flows: func(int) engine.FlowDetector { return silent{} }, Emit: func(downpour.Event) {}})
			fs := flows(observe.BatchSize)
			now := start
			b.ReportAllocs()
			for b.Loop() {
				for i := range fs {
					fs[i].Time, fs[i].Duration, fs[i].Packets = now-15*second+int64(i)*1e6, c.duration, 10
				}
				now += 1e8
				e.Feed(&observe.Batch{Flows: fs, Now: now, Delay: 20 * second})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(fs)), "ns/flow")
			e.Finish()
		})
	}
}
