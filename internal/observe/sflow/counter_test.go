package sflow

import (
	"math"
	"testing"
	"time"

	"downpour/internal/observe/flow"
)

func known(v float64) flow.Rate { return flow.Rate{Value: v, Known: true} }

// twoCounters decodes counters of an interface that come ten seconds apart.
func twoCounters(before, after []byte) flow.InterfaceLoad {
	d := New(Config{})
	d.Decode(nil, numbered(1, 1, 20_000, counterSample(9, before)), at)
	d.Decode(nil, numbered(1, 2, 30_000, counterSample(9, after)), at+10_500_000_000)
	return d.Interfaces()[0]
}

func TestInterfaceLoad(t *testing.T) {
	got := twoCounters(counterRecord(12, 1e10, 1000, 5000, 100), counterRecord(12, 1e10, 126000, 255000, 2100))
	want := flow.InterfaceLoad{Index: 12, Speed: 1e10, Up: true, At: at + 10_500_000_000, Over: int64(10 * time.Second),
		In:  flow.Load{Bits: known(100_000), Packets: known(200), Discards: known(0), Errors: known(0)},
		Out: flow.Load{Bits: known(200_000), Packets: known(400), Discards: known(0), Errors: flow.Rate{}}}
	if got != want {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

func TestCountersThatLeap(t *testing.T) {
	for name, c := range map[string]struct {
		before, after uint64
		bits          flow.Rate
	}{
		"of 32 bits, around zero": {1<<32 - 1000, 1000, known(2000 * 8 / 10.)},
		"of 64 bits, around zero": {math.MaxUint64 - 1000, 999, known(2000 * 8 / 10.)},
		"started anew":            {1 << 40, 5, flow.Rate{}},
		"not counted":             {math.MaxUint64, math.MaxUint64, flow.Rate{}},
	} {
		got := twoCounters(counterRecord(12, 1e10, c.before, 0, 1), counterRecord(12, 1e10, c.after, 0, 1))
		if got.In.Bits != c.bits {
			t.Errorf("%s: %+v, want %+v", name, got.In.Bits, c.bits)
		}
	}
}

func TestRatesNeedTwoCounters(t *testing.T) {
	record := counterRecord(12, unknown64, 1, 1, 1)
	d := New(Config{})
	d.Decode(nil, numbered(1, 1, 0, counterSample(9, record)), at)
	if l := d.Interfaces()[0]; l.Over != 0 || l.In != (flow.Load{}) || l.Speed != 0 || l.At != at {
		t.Errorf("after one: %+v", l)
	}
	d.Decode(nil, numbered(1, 2, 0, counterSample(9, record)), at+4_000_000_000)
	if l := d.Interfaces()[0]; l.Over != 4_000_000_000 || l.In.Bits != known(0) {
		t.Errorf("without uptime: %+v", l)
	}
	late := New(Config{})
	late.Decode(nil, numbered(1, 2, 30_000, counterSample(9, record)), at)
	late.Decode(nil, numbered(1, 1, 20_000, counterSample(9, record)), at)
	if l := late.Interfaces()[0]; l.Over != 0 {
		t.Errorf("out of order: %+v", l)
	}
}

func TestExpandedCountersAndNames(t *testing.T) {
	name := func(s string) []byte { return tagged(counterPortName, cat(words(uint32(len(s))), []byte(s))) }
	long := string(make([]byte, 300))
	d := New(Config{})
	d.Decode(nil, message(
		tagged(sampleCountersExpanded, cat(words(1, 0, 1<<25, 2), counterRecord(1<<25, 1, 1, 1, 1), name("ae1.100"))),
		tagged(sampleCountersExpanded, cat(words(1, 0, 1<<26, 2), name("xe-0/0/1"), counterRecord(1<<26, 1, 1, 1, 1))),
		counterSample(5, counterRecord(5, 1, 1, 1, 1), name(long+"\xff")),
		counterSample(6, name("no counters")),
	), at)
	got := map[uint32]string{}
	for _, l := range d.Interfaces() {
		got[l.Index] = l.Name
	}
	if len(got) != 3 || got[1<<25] != "ae1.100" || got[1<<26] != "xe-0/0/1" || got[5] != "" {
		t.Errorf("got %v", got)
	}
	// The name comes in a sample of its own, too.
	d.Decode(nil, numbered(3, 2, 2000, counterSample(5, name("lag 5"))), at)
	if l := d.Interfaces()[0]; l.Name != "lag 5" {
		t.Errorf("got %+v", l)
	}
}

func TestBrokenCounters(t *testing.T) {
	for name, c := range map[string]struct {
		sample []byte
		want   flow.Reason
	}{
		"short record":     {counterSample(1, tagged(counterGeneric, words(1, 2))), flow.BadRecord},
		"short name":       {counterSample(1, tagged(counterPortName, words(99))), flow.BadRecord},
		"empty name":       {counterSample(1, tagged(counterPortName, nil)), flow.BadRecord},
		"a record missing": {tagged(sampleCounters, words(1, 1, 1)), flow.ShortMessage},
	} {
		d := New(Config{})
		d.Decode(nil, message(c.sample), at)
		refused(t, name, d, map[flow.Reason]uint64{c.want: 1})
	}
}
