package month

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"

	"downpour"
)

// aDay simulates a day, after the first, of a few targets.
func aDay(t *testing.T, sampling uint32, members ...member) Result {
	t.Helper()
	s := simulation{networks: []network{{"test", sampling, false, len(members), members}}, days: 1, drawn: drawn{r: rand.New(rand.NewPCG(1, 1))}}
	if err := s.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	r := Result{Days: 1, Episodes: map[string]int{}}
	s.gather(&r)
	return r
}

// TestDayOfHomes wants a usual day without an alarm, and twice the same.
func TestDayOfHomes(t *testing.T) {
	a := aDay(t, 4000, home(), home(), mailServer())
	if len(a.Alarms) > 0 || a.Samples < 1000 || a.TargetDays() != 3 {
		t.Errorf("%d samples, %+v", a.Samples, a.Alarms)
	}
	if b := aDay(t, 4000, home(), home(), mailServer()); !reflect.DeepEqual(a, b) {
		t.Error("two runs differ")
	}
}

// TestFloodIsAlarmed wants what is no usual traffic to count as an alarm, and its
// margin to be noted: else none of the others would mean anything.
func TestFloodIsAlarmed(t *testing.T) {
	flooded := mailServer()
	flood := shape{protocol: downpour.ProtocolTCP, port: 25, server: true, peers: 1 << 20, in: 1, inBytes: 44, opens: 1}
	flooded.episodes = []episode{{shape: flood, name: "flood", at: 12, minutes: [2]float64{5, 5}, rate: [2]float64{100_000, 100_000}}}
	r := aDay(t, 1000, flooded, home())
	if len(r.Alarms) != 1 || r.Alarms[0].Member != "mail server" || r.Alarms[0].Episode != "flood" {
		t.Errorf("%+v", r.Alarms)
	}
	if len(r.Margins) == 0 || r.Margins[0] < 5 {
		t.Errorf("margins %v", r.Margins)
	}
}
