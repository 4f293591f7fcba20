package web

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
)

// flooded is usual traffic with a flood from 2 to 6 minutes, and slow requests from
// 1 minute on.
func flooded() *traffic {
	tr := newTraffic(21)
	tr.people(0, 8*time.Minute, 0.7)
	tr.poisson(2*time.Minute, 6*time.Minute, 200, steady(200), func(at time.Duration) {
		tr.add(at, downpour.AddressFrom4(0x2d010000+uint32(tr.rng.IntN(3000))), "/search", "x", downpour.No, 200)
	})
	tr.poisson(time.Minute, 6*time.Minute, 10, steady(10), func(at time.Duration) {
		tr.add(at, downpour.AddressFrom4(0x2e010000+uint32(tr.rng.IntN(200))), "/", "y", downpour.No, timedOut)
		tr.list[len(tr.list)-1].Duration = 30e6
	})
	slices.SortStableFunc(tr.list, func(a, b downpour.Request) int { return int(a.Time/1e6 - b.Time/1e6) })
	return tr
}

// run lets a detector see the requests from one time to another.
func (t *traffic) run(d *Detector, from, to time.Duration) map[string]downpour.Attack {
	found := map[string]downpour.Attack{}
	now := start.Add(from).UnixNano()
	tick := func(at int64) {
		for ; now < at; now += second {
			d.Tick(now + second)
			for _, e := range d.Events(nil) {
				found[e.Attack.ID] = *e.Attack
			}
		}
	}
	for i := range t.list {
		r := &t.list[i]
		if at := time.Duration(r.Time - start.UnixNano()); at >= from && at < to {
			tick(r.Time - r.Time%second)
			d.Request(r)
		}
	}
	tick(start.Add(to).UnixNano())
	return found
}

// TestAnAttackGoesOnAfterARestart: attacks that were open go on under their IDs, with
// their beginning and what was counted, whether or not something came meanwhile.
func TestAnAttackGoesOnAfterARestart(t *testing.T) {
	for name, pause := range map[string]time.Duration{"at once": 0, "after a while": 20 * time.Second} {
		t.Run(name, func(t *testing.T) {
			tr := flooded()
			cut := 4 * time.Minute
			d := New(Default())
			before := tr.run(d, 0, cut)
			cfg := Default()
			cfg.Seed = 99 // as another start has
			d = New(cfg)
			open, err := d.Resume(stateAfter(t, tr, cut), start.Add(cut+pause))
			if err != nil || len(open) != 2 || len(before) != 2 {
				t.Fatalf("%d before, %v open: %v", len(before), open, err)
			}
			after := tr.run(d, cut+pause, 12*time.Minute)
			if len(after) != 2 {
				t.Fatalf("before %+v, after %+v", before, after)
			}
			for id, a := range after {
				b := before[id]
				if !a.Onset.Equal(b.Onset) || !a.AlarmAt.Equal(b.AlarmAt) || *a.Total.Requests <= *b.Total.Requests || a.Ongoing || len(a.Shape) > 0 {
					t.Errorf("it was %+v and is %+v", b, a)
				}
				if a.Vectors[0].Name != flood {
					continue
				}
				want := 200 * (4*time.Minute - pause).Seconds()
				if got := float64(*a.Total.Requests); got < 0.94*want || got > 1.06*want {
					t.Errorf("%.0f requests, want %.0f", got, want)
				}
				if off := a.End.Sub(start.Add(6 * time.Minute)).Abs(); off > 2*time.Second {
					t.Errorf("the end is off by %v", off)
				}
			}
		})
	}
}

// stateAfter is the state after the requests up to a time.
func stateAfter(t *testing.T, tr *traffic, cut time.Duration) []byte {
	t.Helper()
	d := New(Default())
	tr.run(d, 0, cut)
	data := d.State()
	if !bytes.Equal(data, d.State()) {
		t.Error("the same state is written differently")
	}
	return data
}

// TestAnOldAttackIsOver: what was open long ago does not go on, but what was usual is
// known.
func TestAnOldAttackIsOver(t *testing.T) {
	tr := flooded()
	d := New(Default())
	open, err := d.Resume(stateAfter(t, tr, 4*time.Minute), start.Add(time.Hour))
	if err != nil || len(open) > 0 {
		t.Fatalf("%v, %v", open, err)
	}
	if w := d.watches[0]; w.usual == 0 || w.mean == 0 || w.mix.requests == 0 || w.attacked() {
		t.Errorf("usual %v, mean %v, %v requests", w.usual, w.mean, w.mix.requests)
	}
}

// TestABusyHostStaysUsual: requests that would be an attack if they came of a sudden
// are none where they always came, before a restart and after.
func TestABusyHostStaysUsual(t *testing.T) {
	tr := newTraffic(22)
	tr.poisson(0, 20*time.Minute, 60, steady(60), func(at time.Duration) {
		tr.add(at, downpour.AddressFrom4(0x2d010000+uint32(tr.rng.IntN(2000))), "/api/sync", "app/3.1", downpour.No, 200)
	})
	cut := 10 * time.Minute
	d := New(Default())
	if found := tr.run(New(Default()), 0, cut); len(found) > 0 {
		t.Errorf("before: %+v", found)
	}
	if _, err := d.Resume(stateAfter(t, tr, cut), start.Add(cut+30*time.Second)); err != nil {
		t.Fatal(err)
	}
	if found := tr.run(d, cut+30*time.Second, 20*time.Minute); len(found) > 0 {
		t.Errorf("after: %+v", found)
	}
}

func TestDamagedState(t *testing.T) {
	data := stateAfter(t, flooded(), 4*time.Minute)
	d, now := New(Default()), start.Add(4*time.Minute)
	for at := len(stateKind().Mark); at < len(data); at += 1 + len(data)/300 {
		bad := slices.Clone(data)
		bad[at] ^= 0x10
		if _, err := d.Resume(bad, now); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("byte %d: %v", at, err)
		}
		if _, err := d.Resume(data[:at], now); err == nil {
			t.Errorf("cut at %d: accepted", at)
		}
	}
	if s := d.Stats(); s.Sites+s.Watches > 0 {
		t.Errorf("something of it was taken: %+v", s)
	}
}

// FuzzState: what bears the right checksum and is nonsense is refused, or does no harm.
func FuzzState(f *testing.F) {
	tr := newTraffic(23)
	tr.people(0, time.Minute, 0.5)
	tr.poisson(30*time.Second, time.Minute, 60, steady(60), func(at time.Duration) {
		tr.add(at, downpour.AddressFrom4(0x2d010000+uint32(tr.rng.IntN(30))), "/", "x", downpour.No, 200)
	})
	slices.SortStableFunc(tr.list, func(a, b downpour.Request) int { return int(a.Time/1e6 - b.Time/1e6) })
	cfg := Default()
	cfg.Clients = 16
	d := New(cfg)
	tr.run(d, 0, 50*time.Second)
	data := d.State()
	f.Add(data[:len(data)-4])
	f.Fuzz(func(_ *testing.T, body []byte) {
		d := New(cfg)
		sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
		if _, err := d.Resume(binary.BigEndian.AppendUint32(slices.Clone(body), sum), start.Add(50*time.Second)); err != nil {
			return
		}
		tr.run(d, 50*time.Second, 5*time.Minute)
		d.Finish(start.Add(6 * time.Minute).UnixNano())
		d.State()
	})
}

// TestStateKnowsAllFields fails when a field is added to what is kept: let checkpoint.go
// code it, or leave it out because it need not survive, and then count it here.
func TestStateKnowsAllFields(t *testing.T) {
	for _, c := range []struct {
		of     any
		fields int
	}{
		{site{}, 10}, {watch{}, 28}, {client{}, 22}, {halves{}, 3}, {cell{}, 5}, {mix{}, 5}, {showing{}, 2}, {idle{}, 5},
		{episode{}, 19}, {slowEpisode{}, 16}, {signature{}, 8}, {line{}, 3}, {clients{}, 5},
	} {
		if n := reflect.TypeOf(c.of).NumField(); n != c.fields {
			t.Errorf("%T has %d fields, and the state knows %d", c.of, n, c.fields)
		}
	}
}
