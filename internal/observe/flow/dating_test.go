package flow

import (
	"testing"
	"time"

	"downpour"
)

func TestDating(t *testing.T) {
	arrived := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano()
	old := time.Date(2021, 4, 28, 10, 30, 0, 0, time.UTC).UnixNano()
	const s = int64(time.Second)
	at := func(t int64, ms uint32) Record { return Record{Flow: downpour.Flow{Time: t, Duration: ms}} }

	var d Dating
	usual := []Record{at(arrived-60*s, 60_000), at(arrived-s, 0)}
	if n := d.Date(usual, arrived); n != 0 || usual[0].Time != arrived-60*s {
		t.Errorf("%d usual records were dated anew", n)
	}
	first := []Record{at(old, 2000), at(old+s, 0)}
	if n := d.Date(first, arrived); n != 2 || first[0].Time != arrived-2*s || first[1].Time != arrived-s {
		t.Errorf("the newest end of old records must be their arrival: %d, %v", n, first)
	}
	// The replay sends 14 seconds of its capture within one of ours.
	next := []Record{at(old+14*s, 0)}
	if d.Date(next, arrived+s); next[0].Time != arrived+12*s {
		t.Errorf("distances must stay: %d s after the first record", (next[0].Time-first[0].Time)/s)
	}
	far := []Record{at(old+3000*s, 0)}
	if d.Date(far, arrived+2*s); far[0].Time != arrived+2*s {
		t.Error("a replay may not get far into the future")
	}
	mixed := []Record{at(0, 0), at(old+3001*s, 0), at(arrived, 0)}
	if n := d.Date(mixed, arrived+3*s); n != 2 || mixed[0].Time != arrived+3*s || mixed[2].Time != arrived {
		t.Errorf("one without a date counts as it comes, one with a right date stays: %d, %v", n, mixed)
	}
}

// TestFutureBesideOld: a record of long ago in a datagram is no licence for its
// neighbours to be dated up to an hour ahead, which would take the engine's clock
// along.
func TestFutureBesideOld(t *testing.T) {
	arrived := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano()
	var d Dating
	records := make([]Record, 40)
	for i := range records {
		records[i].Time = arrived + Far - 1
	}
	records[0].Time = arrived - 2*Far
	if n := d.Date(records, arrived); n != len(records) {
		t.Errorf("%d were dated anew", n)
	}
	for i, r := range records {
		if r.Time > arrived {
			t.Fatalf("record %d is dated %v ahead", i, time.Duration(r.Time-arrived))
		}
	}
}
