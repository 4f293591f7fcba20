package attack

import (
	"testing"
	"time"

	"downpour"
)

// TestExpected tells what the limit of each class rests on that passed it, and what came:
// the class that passed first before the other, and null where a unit has no limit.
func TestExpected(t *testing.T) {
	made := newTraffic(8)
	made.send(0, 6*time.Second, 30_000, tcp(downpour.SYN))
	made.send(3*time.Second, 3*time.Second, 3_000, func(_ int, f *downpour.Flow) {
		f.Protocol, f.ICMPType, f.ICMPCode, f.SourcePort, f.DestinationPort = downpour.ProtocolICMP, 3, 3, 0, 0
	})
	a := one(t, Default(), made.flows)
	if len(a.Expected) != 2 || a.Expected[0].Class != "syn" || a.Expected[1].Class != "icmp_errors" {
		t.Fatalf("expected of %+v", a.Expected)
	}
	syn, errors := a.Expected[0], a.Expected[1]
	if *syn.Limit.Packets != 1000 || *syn.Limit.Bits != 5e6 || syn.Usual.Packets > 100 || syn.Peak.Packets < 4900 || syn.Peak.Packets > 5100 {
		t.Errorf("of SYN %+v", syn)
	}
	if errors.Limit.Bits != nil || *errors.Limit.Packets != 200 || errors.Peak.Packets < 950 {
		t.Errorf("of errors %+v", errors)
	}
}
