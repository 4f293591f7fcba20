package attack

import (
	"slices"
	"strings"
	"testing"
	"time"

	"downpour"
)

// trickle is usual traffic: finished handshakes with data, a few a second.
func trickle(made *traffic, from, over time.Duration, rate float64) {
	n := int(over.Seconds() * rate)
	for i := range n {
		visitor := made.anyone()
		at := from + over*time.Duration(i)/time.Duration(n)
		for step, flags := range []uint8{downpour.SYN, downpour.ACK, downpour.ACK | downpour.PSH} {
			made.flows = append(made.flows, downpour.Flow{
				Time: morning + int64(at) + int64(step)*int64(30*time.Millisecond), Source: visitor, Destination: victim,
				SourcePort: uint16(20_000 + i), DestinationPort: 443, Protocol: downpour.ProtocolTCP, TCPFlags: flags,
				Packets: 1, Sampling: 1, Bytes: 60, TTL: 50,
			})
		}
	}
}

func within(t *testing.T, what string, got time.Time, want, tolerance time.Duration) {
	t.Helper()
	d := time.Duration(got.UnixNano() - morning - int64(want))
	if d.Abs() > tolerance {
		t.Errorf("%s is %v off", what, d)
	}
}

// TestFloodAmongUsualTraffic finds a flood's course among traffic of its kind.
func TestFloodAmongUsualTraffic(t *testing.T) {
	made := newTraffic(21)
	trickle(made, 0, 100*time.Second, 40)
	made.send(20*time.Second, 5*time.Second, 25_000, tcp(downpour.SYN))
	list, events := find(Default(), made.flows)
	if len(list) != 1 {
		t.Fatalf("%d attacks", len(list))
	}
	a := list[0]
	within(t, "onset", a.Onset, 20*time.Second, 50*time.Millisecond)
	within(t, "end", a.End, 25*time.Second, 50*time.Millisecond)
	within(t, "alarm", a.AlarmAt, 20*time.Second+300*time.Millisecond, 300*time.Millisecond)
	if a.Peak.Packets < 4900 || a.Peak.Packets > 5200 {
		t.Errorf("peak %v", a.Peak)
	}
	if a.Ongoing {
		t.Error("ongoing 75 s after the end")
	}
	if shareOf(a, "SYN flood") != 1 {
		t.Errorf("vectors %v", a.Vectors)
	}
	if !strings.HasPrefix(a.Why, "TCP SYN to 203.0.113.7 was 5,") {
		t.Errorf("why: %s", a.Why)
	}
	if first := events[0]; first.Attack.Footprint == nil || !first.At.Equal(a.AlarmAt) || !first.Attack.Ongoing {
		t.Errorf("the first event is of %v, the alarm of %v", first.At, a.AlarmAt)
	}
	if n := len(events); n < 6 || n > 12 {
		t.Errorf("%d events for five seconds of attack", n)
	}
}

func TestHoldAndReopen(t *testing.T) {
	burst := func(made *traffic, at time.Duration) { made.send(at, 4*time.Second, 20_000, tcp(downpour.SYN)) }
	t.Run("a pause belongs to the attack", func(t *testing.T) {
		made := newTraffic(22)
		burst(made, 0)
		burst(made, 40*time.Second)
		a := one(t, Default(), made.flows)
		within(t, "onset", a.Onset, 0, 0)
		within(t, "end", a.End, 44*time.Second, 0)
		if !a.Ongoing || a.Total.Packets != 40_000 {
			t.Errorf("ongoing %v, total %v", a.Ongoing, a.Total)
		}
	})
	t.Run("after the hold it is another", func(t *testing.T) {
		made := newTraffic(23)
		burst(made, 0)
		burst(made, 90*time.Second)
		list, _ := find(Default(), made.flows)
		if len(list) != 2 || list[0].Ongoing || list[0].Total.Packets != 20_000 || list[1].Total.Packets != 20_000 {
			t.Fatalf("attacks: %d", len(list))
		}
		within(t, "second onset", list[1].Onset, 90*time.Second, 0)
	})
	t.Run("pulses are one wave", func(t *testing.T) {
		made := newTraffic(24)
		for i := range 40 {
			made.send(time.Duration(i)*15*time.Second, 2*time.Second, 4000, tcp(downpour.SYN))
		}
		a := one(t, Default(), made.flows)
		if len(a.Shape) != 1 || a.Shape[0] != "pulse wave" {
			t.Errorf("shape %v", a.Shape)
		}
		if a.Total.Packets != 160_000 {
			t.Errorf("total %v", a.Total)
		}
		if n := len(a.Timeline.Rates[0].Packets); n > downpour.TimelineSteps || n < downpour.TimelineSteps/4 {
			t.Errorf("%d steps", n)
		}
	})
}

func TestPhases(t *testing.T) {
	made := newTraffic(25)
	made.send(0, 10*time.Second, 50_000, tcp(downpour.SYN))
	made.send(10*time.Second, 10*time.Second, 50_000, udp(123, 0, downpour.NTPAnswer))
	a := one(t, Default(), made.flows)
	if len(a.Phases) < 2 || a.Phases[0].Vectors[0] != "SYN flood" || a.Phases[len(a.Phases)-1].Vectors[0] != "NTP amplification" {
		t.Fatalf("phases %v", a.Phases)
	}
	if !a.Phases[0].Start.Equal(a.Onset) || !a.Phases[len(a.Phases)-1].End.Equal(a.End) {
		t.Errorf("phases do not span the attack: %v", a.Phases)
	}
}

// TestUsualTrafficIsLearnt raises the limit of a busy resolver seen one way, and
// still finds what is far above.
func TestUsualTrafficIsLearnt(t *testing.T) {
	cfg := Default()
	made := newTraffic(26)
	for minute := range 5 { // rises too slowly to be an attack
		made.send(time.Duration(minute)*time.Minute, time.Minute, 60*90*(minute+1), udp(53, 0, downpour.NoPayload))
	}
	made.send(5*time.Minute, 30*time.Second, 30*900, udp(53, 0, downpour.NoPayload))
	for i := range made.flows {
		made.flows[i].Bytes = 100
	}
	list, _ := find(cfg, made.flows)
	if len(list) != 0 {
		t.Fatalf("900/s after 450/s is an attack: %s", list[0].Why)
	}
	made.send(330*time.Second, 5*time.Second, 5*4000, udp(53, 0, downpour.NoPayload))
	a := one(t, cfg, made.flows)
	within(t, "onset", a.Onset, 330*time.Second, 50*time.Millisecond)
	if !strings.Contains(a.Why, "and 3 times that is an attack") {
		t.Errorf("why: %s", a.Why)
	}
}

// TestPhasesFollowTheVectors: each change of vector is a phase, to within a step of the
// timeline; what goes on beside it stays, and chance makes none.
func TestPhasesFollowTheVectors(t *testing.T) {
	made := newTraffic(95)
	made.send(0, 20*time.Second, 20*4000, udp(123, 468, downpour.NTPAnswer))
	made.send(7*time.Second, 6*time.Second, 6*4000, tcp(downpour.SYN))
	made.send(16*time.Second, 4*time.Second, 4*3000, fragment(downpour.ProtocolTCP))
	a := one(t, Default(), made.flows)
	want := []struct {
		from    time.Duration
		vectors int
	}{{0, 1}, {7 * time.Second, 2}, {13 * time.Second, 1}, {16 * time.Second, 2}}
	if len(a.Phases) != len(want) {
		t.Fatalf("phases %v, want %d", a.Phases, len(want))
	}
	for i, w := range want {
		off := time.Duration(a.Phases[i].Start.UnixNano()-morning) - w.from
		if off.Abs() > 100*time.Millisecond || len(a.Phases[i].Vectors) != w.vectors {
			t.Errorf("phase %d is %v, %v off", i+1, a.Phases[i], off)
		}
	}
	if !slices.Contains(a.Shape, "multi-vector") {
		t.Errorf("shape %v", a.Shape)
	}
}

// TestPulsesOneOfWhichIsMissing: a wave stays one where a pulse was too weak to be seen.
func TestPulsesOneOfWhichIsMissing(t *testing.T) {
	made := newTraffic(96)
	for n := range 12 {
		if n == 5 {
			continue
		}
		made.send(time.Duration(20*n)*time.Second, 2*time.Second, 2*5000, tcp(downpour.SYN))
	}
	a := one(t, Default(), made.flows)
	if !slices.Contains(a.Shape, "pulse wave") || a.Total.Packets != 11*10_000 {
		t.Errorf("shape %v of %v", a.Shape, a.Total)
	}
}
