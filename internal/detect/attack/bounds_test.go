package attack

import (
	"reflect"
	"testing"
	"time"
	"unsafe"

	"downpour"
	"pgregory.net/rapid"
)

func TestSizes(t *testing.T) {
	if size := unsafe.Sizeof(target{}); size > 256 {
		t.Errorf("a target is %d bytes; config.go promises 256", size)
	}
	if size := unsafe.Sizeof(source{}); size > 88 {
		t.Errorf("a source is %d bytes", size)
	}
	if kinds > 64 {
		t.Errorf("%d kinds do not fit a set", kinds)
	}
}

// TestTablesAreBounded sends from and to random addresses: tables stay within
// their bounds, the rest is counted, and a flood is still found.
func TestTablesAreBounded(t *testing.T) {
	cfg := Default()
	cfg.Targets, cfg.Suspects, cfg.Recent, cfg.Sample, cfg.Sources = 100, 4, 256, 128, 256
	d := New(cfg, 0)
	made := newTraffic(41)
	made.send(0, 2*time.Second, 200_000, func(i int, f *downpour.Flow) {
		tcp(downpour.SYN)(i, f)
		if i%2 == 0 {
			f.Destination = made.anyone()
		}
	})
	show(d, made.flows...)
	if s := d.Stats(); s.Targets != 100 || s.Suspects > 4 || s.ShedTargets < 90_000 {
		t.Errorf("stats %+v", s)
	}
	for _, s := range d.suspects {
		if len(s.sources.entries) > 160 {
			t.Errorf("%d sources kept", len(s.sources.entries))
		}
	}
	d.Finish(morning + 2*second)
	list, _ := latest(d.Events(nil))
	if len(list) != 1 || list[0].Target.Prefix != victim.Prefix() || list[0].Total.Packets < 99_000 {
		t.Fatalf("attacks: %v", list)
	}
	if e := list[0].Footprint.Distinct; e.Value < 70_000 || e.Value > 130_000 || e.Low > 100_000 || e.High != float64(list[0].Total.Packets) { // each packet has its own source: no more than packets
		t.Errorf("sources %v", e)
	}
}

// TestManyTargetsUnderAttack has more targets attacked than can be followed.
func TestManyTargetsUnderAttack(t *testing.T) {
	cfg := Default()
	cfg.Suspects = 4
	d := New(cfg, 0)
	made := newTraffic(42)
	targets := made.some(12)
	made.send(0, 2*time.Second, 120_000, func(i int, f *downpour.Flow) {
		tcp(downpour.SYN)(i, f)
		f.Destination = targets[i%12]
	})
	show(d, made.flows...)
	d.Finish(morning + 2*second)
	if list, _ := latest(d.Events(nil)); len(list) != 4 {
		t.Errorf("%d attacks told, want the 4 that fit", len(list))
	}
	if d.Stats().ShedSuspects == 0 {
		t.Error("nothing counted as shed")
	}
}

// TestService keeps to our addresses, and tells an attack by one of ours.
func TestService(t *testing.T) {
	ours := address(192, 0, 2, 10)
	cfg := Default()
	cfg.Service = func(a downpour.Address) (string, bool) { return "shop", a == victim || a == ours }
	made := newTraffic(43)
	stranger := made.anyone()
	made.send(0, time.Second, 5000, tcp(downpour.SYN))
	made.send(0, time.Second, 15_000, func(i int, f *downpour.Flow) { tcp(downpour.SYN)(i, f); f.Destination = stranger })
	list, _ := find(cfg, made.flows)
	if len(list) != 1 || list[0].Service != "shop" || list[0].Direction != downpour.Inbound {
		t.Fatalf("attacks %v", list)
	}
	for i := range made.flows {
		made.flows[i].Source, made.flows[i].Destination = ours, stranger
	}
	list, _ = find(cfg, made.flows)
	if len(list) != 1 || list[0].Direction != downpour.Outbound || list[0].Target.Prefix != stranger.Prefix() {
		t.Fatalf("attacks %v", list)
	}
}

// TestDeterminism: the same flows give the same events, and every attack found
// among any mix of floods is sound in itself.
func TestDeterminism(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		made := newTraffic(rapid.Uint64().Draw(t, "seed"))
		kinds := []func(int, *downpour.Flow){
			tcp(downpour.SYN), tcp(downpour.ACK), tcp(downpour.SYN | downpour.ACK), udp(53, 0, downpour.NoPayload),
			fragment(downpour.ProtocolUDP), icmp(3), protocol(47),
		}
		for range rapid.IntRange(1, 4).Draw(t, "floods") {
			from := time.Duration(rapid.IntRange(0, 3000).Draw(t, "from")) * time.Millisecond
			over := time.Duration(rapid.IntRange(1, 3000).Draw(t, "over")) * time.Millisecond
			made.send(from, over, rapid.IntRange(1, 3000).Draw(t, "count"), kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")])
		}
		list, first := find(Default(), made.flows)
		_, second := find(Default(), made.flows)
		if !reflect.DeepEqual(first, second) {
			t.Fatal("two runs differ")
		}
		for _, a := range list {
			checkSound(t, a, len(made.flows))
		}
	})
}

// checkSound holds what is true of every attack.
func checkSound(t *rapid.T, a downpour.Attack, flows int) {
	if a.Onset.After(a.AlarmAt) || a.End.Before(a.Onset) || a.PeakAt.Before(a.Onset) || a.PeakAt.After(a.End) {
		t.Fatalf("onset %v, alarm %v, peak %v, end %v", a.Onset, a.AlarmAt, a.PeakAt, a.End)
	}
	sum := 0.0
	for _, v := range a.Vectors {
		sum += v.Share
	}
	if len(a.Vectors) == 0 || sum < 0.999 || sum > 1.001 {
		t.Fatalf("vectors %v", a.Vectors)
	}
	if a.Total.Packets > uint64(flows) || a.Peak.Packets > float64(flows) || a.Footprint.Packets != a.Total.Packets {
		t.Fatalf("total %v and peak %v of %d flows, footprint of %d", a.Total, a.Peak, flows, a.Footprint.Packets)
	}
	if e := a.Footprint.Distinct; e.Low > e.Value || e.Value > e.High || e.Value < 1 {
		t.Fatalf("sources %v", e)
	}
}
