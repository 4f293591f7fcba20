package attack

import (
	"math"
	"testing"
	"time"

	"downpour"
)

// TestFlowSample: the sample is bounded, in order, of all that was seen, and each record
// has the same chance whatever its place, also where two kinds take turns.
func TestFlowSample(t *testing.T) {
	const records, runs = 40_000, 200
	var quarters [4]int
	odd, all := 0, 0
	for run := range uint64(runs) {
		s := flowSample{key: run * 0x9e3779b97f4a7c15}
		s.reset()
		for i := range records {
			s.see(&downpour.Flow{Time: int64(i)})
		}
		got := s.between(0, records)
		if n := len(got.Flows); n < downpour.ExhibitDuring/2 || n > downpour.ExhibitDuring || math.Abs(float64(got.Of)/records-1) > 0.02 {
			t.Fatalf("%d records of %d", n, got.Of)
		}
		for i, f := range got.Flows {
			if i > 0 && f.Time <= got.Flows[i-1].Time {
				t.Fatal("not in order")
			}
			quarters[f.Time*4/records]++
			odd += int(f.Time & 1)
			all++
		}
	}
	for i, n := range quarters {
		if share := float64(n) / float64(all); math.Abs(share-0.25) > 0.02 {
			t.Errorf("%v of the sample are of quarter %d", share, i)
		}
	}
	if share := float64(odd) / float64(all); math.Abs(share-0.5) > 0.02 {
		t.Errorf("%v of the sample are of the second kind of two that take turns", share)
	}
}

// TestSamplesOfAnAttack: what came before the onset and what came from then on are parted.
func TestSamplesOfAnAttack(t *testing.T) {
	made := newTraffic(8)
	usual := func(_ int, f *downpour.Flow) {
		f.Protocol, f.TCPFlags, f.DestinationPort, f.Bytes = 6, downpour.ACK, 443, 900
	}
	made.send(0, 5*time.Second, 100, usual)
	made.send(5*time.Second, 4*time.Second, 20_000, tcp(downpour.SYN))
	made.send(5*time.Second, 4*time.Second, 80, usual)
	a := one(t, Default(), made.flows)
	f := a.Footprint
	if len(f.Before.Flows) < 50 || f.Before.Of > 110 {
		t.Fatalf("before: %d of %d records", len(f.Before.Flows), f.Before.Of)
	}
	for _, r := range f.Before.Flows {
		if r.TCPFlags != downpour.ACK || r.Time >= a.Onset.UnixNano() || r.Destination != victim {
			t.Fatalf("before the attack there was %+v", r)
		}
	}
	syn := 0
	for _, r := range f.During.Flows {
		if r.Time < a.Onset.UnixNano() {
			t.Fatalf("during: %+v", r)
		}
		if r.TCPFlags == downpour.SYN {
			syn++
		}
	}
	if n := len(f.During.Flows); n < 100 || n > downpour.ExhibitDuring || syn < n*19/20 || f.During.Of < 19_000 || f.During.Of > 21_000 {
		t.Errorf("during: %d of %d records, %d of the flood", n, f.During.Of, syn)
	}
}
