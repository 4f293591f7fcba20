package attack

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/detect/state"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

// watch is a run of the detectors of all partitions that can be cut off.
type watch struct {
	*engine.Engine
	prefixes *Prefixes
	events   []downpour.Event
}

func newWatch(cfg Config) *watch { return newWatchOf(cfg, 1) }

func newWatchOf(cfg Config, shards int) *watch {
	w := &watch{prefixes: NewPrefixes(cfg)}
	w.Engine = engine.New(engine.Config{
		Shards: shards,
		Flows:  func(p int) engine.FlowDetector { return w.prefixes.Partition(p) },
		Joint:  w.prefixes,
		Emit:   func(e downpour.Event) { w.events = append(w.events, e) },
	})
	return w
}

// see feeds the flows of [from, to) of a test's time.
func (w *watch) see(flows []downpour.Flow, from, to time.Duration) {
	var some []downpour.Flow
	for _, f := range flows {
		if at := time.Duration(f.Time - morning); at >= from && at < to {
			some = append(some, f)
		}
	}
	for part := range slices.Chunk(some, observe.BatchSize) {
		w.Feed(&observe.Batch{Flows: slices.Clone(part)})
	}
	w.Feed(&observe.Batch{Now: morning + int64(to)})
}

// again is a restart: new detectors with what the old ones had written.
func (w *watch) again(t *testing.T, cfg Config, at time.Duration) *watch {
	t.Helper()
	w.Rest()
	next, now := newWatch(cfg), time.Unix(0, morning+int64(at))
	if err := next.prefixes.Relearn(w.prefixes.Learned(), now); err != nil {
		t.Fatal(err)
	}
	open := w.prefixes.Open(w.Told)
	resumed, err := next.prefixes.Resume(open, now)
	if err != nil || len(resumed) == 0 {
		t.Fatalf("%d attacks are resumed: %v", len(resumed), err)
	}
	told, _ := latest(w.events)
	for _, a := range told {
		if a.Ongoing && !slices.ContainsFunc(resumed, func(r downpour.Attack) bool { return r.ID == a.ID && r.AlarmAt.Equal(a.AlarmAt) }) {
			t.Errorf("%s is not resumed", a.ID)
		}
	}
	if written := next.prefixes.Open(w.Told); !bytes.Equal(written, open) {
		t.Errorf("what was read is written in %d bytes, and was in %d", len(written), len(open))
	}
	return next
}

func (w *watch) attacks() []downpour.Attack {
	w.Finish()
	list, _ := latest(w.events)
	return list
}

// otherSeed is the default with the keys of another process.
func otherSeed() Config {
	cfg := Default()
	cfg.Seed = 99
	return cfg
}

// mixture floods the victim for ten seconds, and after five of silence again, with
// two vectors, beside a usual trickle; sampled where rate is above 1.
func mixture(rate uint32) []downpour.Flow {
	made := newTraffic(77)
	trickle(made, 0, 40*time.Second, 40)
	for _, from := range []time.Duration{5 * time.Second, 20 * time.Second} {
		made.send(from, 10*time.Second, 60_000, tcp(downpour.SYN))
		made.send(from, 10*time.Second, 30_000, udp(123, 0, downpour.NTPAnswer))
	}
	for i := range made.flows {
		made.flows[i].Sampling = rate
	}
	slices.SortStableFunc(made.flows, func(a, b downpour.Flow) int { return int(a.Time - b.Time) })
	return made.flows
}

// TestAnAttackGoesOnAfterARestart holds a run that was cut off in the middle of an
// attack against one that was not.
func TestAnAttackGoesOnAfterARestart(t *testing.T) {
	for name, rate := range map[string]uint32{"every packet": 1, "sampled": 100} {
		t.Run(name, func(t *testing.T) {
			flows := mixture(rate)
			whole := newWatch(Default())
			whole.see(flows, 0, 40*time.Second)
			want := whole.attacks()

			first := newWatch(Default())
			first.see(flows, 0, 15*time.Second)
			second := first.again(t, otherSeed(), 18*time.Second)
			second.see(flows, 18*time.Second, 40*time.Second)
			got := second.attacks()
			if len(got) != 1 || len(want) != 1 {
				t.Fatalf("%d attacks with a restart, %d without", len(got), len(want))
			}
			a, b := got[0], want[0]
			if a.ID != b.ID || !a.Onset.Equal(b.Onset) || !a.AlarmAt.Equal(b.AlarmAt) || a.Direction != b.Direction || !a.Ongoing {
				t.Errorf("with a restart %s %v %v, without %s %v %v", a.ID, a.Onset, a.AlarmAt, b.ID, b.Onset, b.AlarmAt)
			}
			if d := a.End.Sub(b.End); d.Abs() > 100*time.Millisecond {
				t.Errorf("the end differs by %v", d)
			}
			near := func(what string, x, y, within float64) {
				if x < y*(1-within) || x > y*(1+within) {
					t.Errorf("%s: %v with a restart, %v without", what, x, y)
				}
			}
			near("packets", float64(a.Total.Packets), float64(b.Total.Packets), 0.01)
			near("bytes", float64(a.Total.Bytes), float64(b.Total.Bytes), 0.01)
			near("peak", a.Peak.Packets, b.Peak.Packets, 0.03)
			near("share", shareOf(a, "NTP amplification"), shareOf(b, "NTP amplification"), 0.02)
			near("sources", a.Footprint.Distinct.Value, b.Footprint.Distinct.Value, 0.2)
			if len(a.Shape) != len(b.Shape) || len(a.Timeline.Rates) != len(b.Timeline.Rates) || !a.Timeline.Start.Equal(b.Timeline.Start) {
				t.Errorf("shape %v and %v, %d and %d vectors", a.Shape, b.Shape, len(a.Vectors), len(b.Vectors))
			}
		})
	}
}

// TestAnAttackIsOverAfterARestart: one that does not come back ends when it was last
// seen, although nobody watched for longer than the hold; then another is another.
func TestAnAttackIsOverAfterARestart(t *testing.T) {
	flows := mixture(1)
	first := newWatch(Default())
	first.see(flows, 0, 15*time.Second)
	quiet := newTraffic(3)
	trickle(quiet, 5*time.Minute, 3*time.Minute, 5)
	quiet.send(10*time.Minute, 2*time.Second, 20_000, tcp(downpour.SYN))
	second := first.again(t, Default(), 5*time.Minute)
	second.see(quiet.flows, 5*time.Minute, 6*time.Minute)
	if n := len(second.events); n != 0 && !second.events[n-1].Attack.Ongoing {
		t.Error("it ended before somebody had watched for the hold")
	}
	second.see(quiet.flows, 6*time.Minute, 11*time.Minute)
	list := second.attacks()
	if len(list) != 2 || list[0].Ongoing {
		t.Fatalf("%d attacks", len(list))
	}
	within(t, "end", list[0].End, 15*time.Second, 50*time.Millisecond)
}

func TestAnOldAttackIsNotResumed(t *testing.T) {
	first := newWatch(Default())
	first.see(mixture(1), 0, 15*time.Second)
	first.Rest()
	next := newWatch(Default())
	_, err := next.prefixes.Resume(first.prefixes.Open(first.Told), time.Unix(0, morning+int64(time.Hour)))
	if err == nil || !strings.Contains(err.Error(), "59m45s old") || next.prefixes.parts[0].Stats().Suspects > 0 {
		t.Errorf("after an hour: %v", err)
	}
	if next.prefixes.Open(next.Told) != nil {
		t.Error("a checkpoint of no attack")
	}
}

// TestWhatWasLearnedSurvives finds the limits of all hours again, to within the steps
// in which rates are kept.
func TestWhatWasLearnedSurvives(t *testing.T) {
	l := newLifetime(Default())
	l.bring(ClassTCP, 2*day, backup(3*time.Hour, 90_000, 20))
	l.Tick(l.now)
	all := &Prefixes{parts: []*Detector{l.Detector}, base: New(l.cfg, -2)}
	before := all.Learned()
	l.now += int64(10 * time.Minute)
	next := New(otherSeed(), 0)
	if err := (&Prefixes{parts: []*Detector{next}, base: New(l.cfg, -2)}).Relearn(before, time.Unix(0, l.now)); err != nil {
		t.Fatal(err)
	}
	again := &lifetime{Detector: next, target: next.targets.find(victim), now: l.now}
	if again.target == nil || again.target.first != l.target.first {
		t.Fatalf("the target is not known again: %+v", again.target)
	}
	for range 26 {
		l.bring(ClassTCP, time.Hour, func(time.Duration) uint32 { return 20 })
		again.bring(ClassTCP, time.Hour, func(time.Duration) uint32 { return 20 })
		if a, b := again.limitOf(ClassTCP), l.limitOf(ClassTCP); a < b*0.99 || a > b*1.13 {
			t.Errorf("at %v the limit is %.0f after a restart, %.0f without", time.Duration(l.now-monday), a, b)
		}
	}
}

// TestDamagedCheckpoints: whatever happened to one, it is refused with a reason and
// nothing of it is taken.
func TestDamagedCheckpoints(t *testing.T) {
	w := newWatch(Default())
	w.see(mixture(1), 0, 15*time.Second)
	w.Rest()
	now := time.Unix(0, morning+int64(16*time.Second))
	open, learned := w.prefixes.Open(w.Told), w.prefixes.Learned()
	if !bytes.Equal(open, w.prefixes.Open(w.Told)) || !bytes.Equal(learned, w.prefixes.Learned()) {
		t.Error("the same state is written differently")
	}
	next := newWatch(Default())
	refused := func(name string, state []byte, want string) {
		t.Helper()
		_, resumed := next.prefixes.Resume(state, now)
		for _, err := range []error{resumed, next.prefixes.Relearn(state, now)} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	refused("nothing", nil, "it is none")
	refused("something else", []byte(`{"a": 1}`), "it is none")
	for at := len(learnedState().Mark); at < len(open); at += 1 + len(open)/500 {
		bad := slices.Clone(open)
		bad[at] ^= 0x10
		if _, err := next.prefixes.Resume(bad, now); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("byte %d: %v", at, err)
		}
		if _, err := next.prefixes.Resume(open[:at], now); err == nil {
			t.Errorf("cut at %d: accepted", at)
		}
	}
	later := openState()
	later.Version++
	other := later.Seal(0, func(*state.Coder) {})
	if _, err := next.prefixes.Resume(other, now); err == nil || err.Error() != "it is of version 2, and this program's is 1" {
		t.Errorf("another version: %v", err)
	}
	for _, d := range next.prefixes.all() {
		if s := d.Stats(); s.Targets+s.Suspects > 0 {
			t.Fatalf("something of a damaged checkpoint was taken: %+v", s)
		}
	}
}

// reseal gives what may hold anything its checksum.
func reseal(body []byte) []byte {
	return binary.BigEndian.AppendUint32(slices.Clone(body), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// FuzzCheckpoint: what bears the right checksum and is nonsense is refused, or does
// no harm.
func FuzzCheckpoint(f *testing.F) {
	w := newWatch(Default())
	flows := mixture(1)[:30_000]
	w.see(flows, 0, 15*time.Second)
	w.Rest()
	for _, state := range [][]byte{w.prefixes.Open(w.Told), w.prefixes.Learned()} {
		f.Add(state[:len(state)-4])
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		cfg := Default()
		cfg.Targets, cfg.Suspects = 8, 2
		w := NewPrefixes(cfg)
		for p := range engine.Partitions {
			w.Partition(p)
		}
		now := time.Unix(0, morning+int64(time.Minute))
		state := reseal(body)
		_, resumed := w.Resume(state, now)
		relearned := w.Relearn(state, now)
		if resumed != nil && relearned != nil {
			return
		}
		w.Turn(now.UnixNano(), false, nil)
		for _, d := range w.parts {
			for i := range flows[:200] {
				flow := flows[i]
				flow.Time += int64(time.Minute)
				show(d, flow)
			}
			d.Tick(now.UnixNano() + int64(time.Hour))
			d.Finish(now.UnixNano() + int64(time.Hour))
		}
		w.Turn(now.UnixNano()+int64(time.Hour), true, nil)
		w.Open(func(string) (string, int64, bool) { return "", 0, false })
		w.Learned()
	})
}

// TestCheckpointsKnowAllFields fails when a field is added to what is checkpointed:
// let learned.go or resume.go code it, or leave it out because it need not survive, and
// then count it here.
func TestCheckpointsKnowAllFields(t *testing.T) {
	for _, c := range []struct {
		of     any
		fields int
	}{
		{season{}, 9}, {track{}, 4}, {suspect{}, 25}, {classState{}, 12}, {gathered{}, 29}, {episode{}, 21},
		{source{}, 7}, {downpour.Source{}, 8}, {heavyBucket{}, 2}, {volume{}, 3}, {vote{}, 3}, {chance{}, 2}, {levels{}, 2}, {clock{}, 2},
	} {
		if n := reflect.TypeOf(c.of).NumField(); n != c.fields {
			t.Errorf("%T has %d fields, and the checkpoint knows %d", c.of, n, c.fields)
		}
	}
}

// TestTwoRunsWriteTheSame: the same input gives the same checkpoints, byte for byte,
// however many goroutines have worked on it.
func TestTwoRunsWriteTheSame(t *testing.T) {
	var open, learned []byte
	for _, shards := range []int{1, 1, 3} {
		w := newWatchOf(Default(), shards)
		w.see(mixture(1), 0, 15*time.Second)
		w.Rest()
		o, l := w.prefixes.Open(w.Told), w.prefixes.Learned()
		if open != nil && (!bytes.Equal(o, open) || !bytes.Equal(l, learned)) {
			t.Errorf("with %d shards another run writes something else", shards)
		}
		open, learned = o, l
	}
}
