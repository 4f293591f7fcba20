package attack

import (
	"slices"
	"testing"
	"time"

	"downpour"
)

// TestTheSteadyAreAcquitted: a target that is always as busy is let go after a
// while and not followed again, and a flood toward it is found as fast as ever.
func TestTheSteadyAreAcquitted(t *testing.T) {
	const begins, ends = 40, 60 // seconds
	made := newTraffic(77)
	made.send(0, ends*time.Second, ends*4000, tcp(downpour.ACK))
	made.send(begins*time.Second, (ends-begins)*time.Second, (ends-begins)*5000, tcp(downpour.SYN))
	slices.SortStableFunc(made.flows, func(a, b downpour.Flow) int { return int(a.Time - b.Time) })
	d := New(Default(), 0)
	followed, first := 0, (*downpour.Attack)(nil)
	next := morning + second
	for i := range made.flows {
		for made.flows[i].Time >= next {
			d.Tick(next)
			if at := (next - morning) / second; at >= 15 && at < begins {
				followed += len(d.suspects)
			}
			if events := d.Events(nil); len(events) > 0 && first == nil {
				first = events[0].Attack
			}
			next += second
		}
		d.Flows(made.flows[i:i+1], []downpour.FlowEnd{downpour.DestinationOf(0)})
	}
	if followed > 0 {
		t.Errorf("the target was followed in %d of 25 seconds although nothing was new", followed)
	}
	if first == nil {
		t.Fatal("the flood was not found")
	}
	onset := float64(first.Onset.UnixNano()-morning) / 1e9
	alarm := float64(first.AlarmAt.UnixNano()-morning) / 1e9
	if onset < begins-0.05 || onset > begins+0.05 || alarm > begins+1 {
		t.Errorf("onset at %.2f s, alarm at %.2f s, want both at %d s", onset, alarm, begins)
	}
}
