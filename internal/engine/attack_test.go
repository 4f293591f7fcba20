package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/detect/attack"
	"downpour/internal/engine"
	"downpour/internal/observe"
)

// flood is what an exporter with an active timeout of a minute tells of a UDP flood
// of 300 sources with 100 packets/s of 1,000 bytes each, from one moment to
// another, with answers from a busy server beside it: by the second of arrival.
func flood(from, to float64) map[int][]downpour.Flow {
	out := map[int][]downpour.Flow{}
	target := downpour.AddressFrom4(0xc6336401)
	for i := range 300 {
		source := downpour.AddressFrom4(0x0a000000 + uint32(i)*7919)
		for a := from; a < to; a += 60 {
			b := min(a+60, to)
			f := record(a, b-0.01)
			f.Source, f.Destination, f.Protocol = source, target, downpour.ProtocolUDP
			f.SourcePort, f.DestinationPort = uint16(1024+i), 9999
			f.Packets = uint32((b-a)*100 + 0.5)
			f.Bytes = uint64(f.Packets) * 1000
			arrival := b
			if b == to {
				arrival += 15
			}
			out[int(arrival)+1] = append(out[int(arrival)+1], f)
		}
	}
	return out
}

// investigate runs the detector on a stream with a delay and returns what it said.
func investigate(stream map[int][]downpour.Flow, seconds, shards int) (said []downpour.Event) {
	e := engine.New(engine.Config{
		Shards: shards,
		Flows:  func(p int) engine.FlowDetector { return attack.New(attack.Default(), p) },
		Emit:   func(ev downpour.Event) { said = append(said, ev) },
	})
	for s := range seconds {
		e.Feed(&observe.Batch{Flows: slices.Clone(stream[s]), Now: start + int64(s)*second, Delay: 77 * second})
	}
	e.Finish()
	return said
}

func since(t time.Time) float64 { return float64(t.UnixNano()-start) / 1e9 }

// TestAFloodInRecords: onset, peak, end and total of a flood that is told in
// records of a minute are those of its packets, to the second, and its shape is
// not one of pulses.
func TestAFloodInRecords(t *testing.T) {
	for _, to := range []float64{160.3, 223.7} {
		said := investigate(flood(100.3, to), 500, 1)
		if len(said) == 0 {
			t.Fatal("nothing was said")
		}
		a := said[len(said)-1].Attack
		if on := since(a.Onset); on < 99.3 || on > 101.3 {
			t.Errorf("onset %.2f, want 100.3", on)
		}
		if end := since(a.End); end < to-1 || end > to+1 || a.Ongoing {
			t.Errorf("end %.2f, want %.1f; ongoing %t", end, to, a.Ongoing)
		}
		if p := a.Peak.Packets; p < 30_000*0.98 || p > 30_000*1.02 {
			t.Errorf("peak %.0f packets/s, want 30,000", p)
		}
		if want := uint64((to-100.3)*100+0.5) * 300; a.Total.Packets < want*99/100 || a.Total.Packets > want {
			t.Errorf("total %d packets, want %d", a.Total.Packets, want)
		}
		if slices.Contains(a.Shape, "pulse wave") || len(a.Vectors) != 1 || a.Vectors[0].Name != "UDP flood" {
			t.Errorf("shape %v, vectors %v", a.Shape, a.Vectors)
		}
		if at := since(a.AlarmAt); at < 161 || at > 180 {
			t.Errorf("alarm at %.2f", at)
		}
		t.Logf("to %v: onset %.2f peak %.0f at %.2f end %.2f total %d alarm %.2f shape %v", to, since(a.Onset), a.Peak.Packets, since(a.PeakAt), since(a.End), a.Total.Packets, since(a.AlarmAt), a.Shape)
	}
}

// TestToldAhead: a flood is told of within three seconds of the arrival of records
// that show it, as provisional and with its onset; then the definite one takes its
// place under the same ID, with the same alarm.
func TestToldAhead(t *testing.T) {
	said := investigate(flood(100.3, 223.7), 500, 1)
	if len(said) == 0 || !said[0].Attack.Provisional {
		t.Fatal("nothing provisional was said first")
	}
	first, last := said[0].Attack, said[len(said)-1].Attack
	if at := since(first.AlarmAt); at < 161 || at > 164 {
		t.Errorf("alarm at %.2f: the first records came at 161", at)
	}
	if on := since(first.Onset); on < 99.3 || on > 101.3 || first.Vectors[0].Name != "UDP flood" {
		t.Errorf("onset %.2f, vectors %v", on, first.Vectors)
	}
	definite := 0
	for _, ev := range said {
		if ev.Attack.ID != first.ID || !ev.Attack.AlarmAt.Equal(first.AlarmAt) {
			t.Fatalf("%s with its alarm at %v beside %s at %v", ev.Attack.ID, ev.Attack.AlarmAt, first.ID, first.AlarmAt)
		}
		if !ev.Attack.Provisional {
			definite++
		} else if definite > 0 {
			t.Error("provisional again after it was definite")
		}
	}
	if definite == 0 || last.Provisional || last.Ongoing || last.Total.Packets < 3_600_000 {
		t.Errorf("%d definite; the last: %+v", definite, last)
	}
}

// TestToldAheadInShards: what is told ahead does not depend on how many goroutines
// there are.
func TestToldAheadInShards(t *testing.T) {
	tell := func(shards int) (out []string) {
		for _, ev := range investigate(flood(100.3, 130.7), 300, shards) {
			a := ev.Attack
			out = append(out, fmt.Sprint(ev.At, a.ID, a.Provisional, a.Ongoing, a.Total, a.Peak, a.Onset, a.End, a.Why))
		}
		return out
	}
	want := tell(1)
	if got := tell(3); !slices.Equal(got, want) || len(want) < 3 {
		t.Errorf("in shards %q, alone %q", got, want)
	}
}

// TestNotBorneOut: what was told ahead and does not show in complete seconds ends,
// and says so.
func TestNotBorneOut(t *testing.T) {
	var said []downpour.Event
	e := engine.New(engine.Config{
		Flows: func(p int) engine.FlowDetector { return &hasty{Detector: attack.New(attack.Default(), p)} },
		Emit:  func(ev downpour.Event) { said = append(said, ev) },
	})
	for s := range 300 {
		f := record(float64(s)-1, float64(s)-1)
		f.Packets = 1
		if s == 100 {
			f.Packets = 1000
		}
		e.Feed(&observe.Batch{Flows: []downpour.Flow{f}, Now: start + int64(s)*second, Delay: 60 * second})
	}
	e.Finish()
	if len(said) < 2 {
		t.Fatalf("%d events", len(said))
	}
	first, last := said[0].Attack, said[len(said)-1].Attack
	if !first.Ongoing || last.Ongoing || last.ID != first.ID || !last.Provisional || since(said[len(said)-1].At) > 170 {
		t.Errorf("first %+v, last %+v at %v", first, last, said[len(said)-1].At)
	}
}

// hasty takes any thousand packets for an attack.
type hasty struct{ *attack.Detector }

func (*hasty) Worth(_ downpour.Address, packets uint64) bool { return packets >= 1000 }

func (*hasty) Ahead(_ downpour.Address, flows []downpour.Flow) *downpour.Attack {
	at := time.Unix(0, flows[0].Time).UTC()
	return &downpour.Attack{ID: "hasty", Onset: at, End: at, AlarmAt: at, Direction: downpour.Inbound}
}
