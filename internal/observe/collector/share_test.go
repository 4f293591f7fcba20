package collector

import (
	"math"
	"math/rand/v2"
	"testing"

	"downpour"
	"downpour/internal/golden/export"
	"downpour/internal/observe"
	"downpour/internal/observe/flow"
)

// TestFairLevel: within the level demands fit into the room, nobody below it is
// limited, and room is used up.
func TestFairLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		demands := make([]uint64, 1+r.IntN(20))
		var all uint64
		for i := range demands {
			demands[i] = uint64(r.IntN(1000))
			all += demands[i]
		}
		room := uint64(r.IntN(6000))
		level := fairLevel(append([]uint64(nil), demands...), room)
		var given uint64
		for _, d := range demands {
			given += min(d, level)
		}
		switch {
		case all <= room && level != math.MaxUint64:
			t.Fatalf("limited to %d though %v fit into %d", level, demands, room)
		case all > room && level > 1 && (given > room || given+uint64(len(demands)) < room):
			t.Fatalf("level %d gives %d of %d to %v", level, given, room, demands)
		}
	}
}

// TestFloodStarvesNobody: while the pipeline stands still most of the time, an
// exporter that floods is cut back; those that send little lose nothing.
func TestFloodStarvesNobody(t *testing.T) {
	s := newShare()
	flooder, quiet := &exporter{}, &exporter{}
	all := []*exporter{flooder, quiet}
	taken, lost, got := uint64(0), 0, 0
	for range 50 {
		room := 1000
		for range 100 { // in one interval
			for _, e := range all {
				n := 100
				if e == quiet {
					n = 1
				}
				if s.admit(e, n) && room >= n {
					room -= n
					taken += uint64(n)
					if e == flooder {
						got += n
					}
				} else {
					s.short.Store(true)
					if e == quiet {
						lost++
					}
				}
			}
		}
		s.turn(all, taken, 0)
	}
	if lost > 200 { // the first interval, before anybody knew
		t.Errorf("the quiet exporter lost %d of 5,000 records to the other's flood", lost)
	}
	if got < 50*800 {
		t.Errorf("the flood got %d records where %d had room", got, 50*900)
	}
}

// TestShedIsCounted: what finds no room is counted for its exporter; sent is
// counted and shed.
func TestShedIsCounted(t *testing.T) {
	r := start(t, func(c *Config) { c.Queue = observe.NewQueue(2) })
	r.pause(true) // nobody gives batches back: the rig reads its own queue
	const n = 40_000
	send(t, "127.0.0.2", r.to[0], datagrams(export.Settings{Version: flow.NetFlow5}, load(n)))
	eventually(t, "all were decoded or lost", func() bool {
		e := r.exporter("127.0.0.2")
		return e.Flows+e.LostRecords == n && e.Shed > 0
	})
	e := r.exporter("127.0.0.2")
	if handed := r.cfg.Queue.Counts().Flows.Load(); handed+e.Shed > n || e.Shed != r.cfg.Queue.Counts().ShedFlows.Load() {
		t.Errorf("%d handed on and %d shed of %d", handed, e.Shed, n)
	}
}

// TestUnknownsAreBounded: a flood of forged senders takes no more memory than the
// list, and doesn't drive out those who are there.
func TestUnknownsAreBounded(t *testing.T) {
	var u unknowns
	now := int64(1e18)
	for i := range 100_000 {
		u.note(addressNumber(i), flow.IPFIX, 100, now+int64(i))
	}
	if len(u.senders) != maxUnknown || u.datagrams != 100_000 || u.unlisted != 100_000-maxUnknown {
		t.Errorf("%d listed, %d counted, %d unlisted", len(u.senders), u.datagrams, u.unlisted)
	}
	u.note(addressNumber(1<<20), flow.IPFIX, 100, now+2*strangerSilence)
	if u.senders[addressNumber(1<<20)] == nil {
		t.Error("those who are silent for long still take the place of others")
	}
}

func addressNumber(i int) downpour.Address { return downpour.AddressFrom4(0x0a000000 + uint32(i)) }
