package attack

import (
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"downpour"
)

// TestGroupsHaveFloorsOfTheirOwn floods an address in a group with a high floor, one
// in a group with a low one, and one in none.
func TestGroupsHaveFloorsOfTheirOwn(t *testing.T) {
	cfg := Default()
	high, low := cfg.Floors, cfg.Floors
	high[ClassUDP], low[ClassUDP] = Floor{Bits: 500e6}, Floor{Packets: 300}
	cfg.Groups = []Floors{high, low}
	for _, c := range []struct {
		name      string
		group     int
		perSecond int
		bytes     uint64
		found     bool
	}{
		{"above the usual floor, in no group", 0, 30_000, 300, true},
		{"above the usual floor, below the group's", 1, 30_000, 300, false},
		{"above the group's", 1, 30_000, 3000, true},
		{"below the usual floor, in no group", 0, 500, 300, false},
		{"below the usual floor, above the group's", 2, 500, 300, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := newTraffic(5)
			made.send(0, 3*time.Second, 3*c.perSecond, func(i int, f *downpour.Flow) {
				udp(1024, 0, downpour.Unmarked)(i, f)
				f.SourcePort, f.Bytes = uint16(1024+i*7919%60000), c.bytes
			})
			cfg.GroupOf = func(a downpour.Address) int {
				if a == victim {
					return c.group
				}
				return 0
			}
			if list, _ := find(cfg, made.flows); len(list) > 0 != c.found {
				t.Errorf("found %d attacks", len(list))
			}
		})
	}
}

// TestDocumentedFloors holds the table in docs/detection.md against the defaults.
func TestDocumentedFloors(t *testing.T) {
	page, err := os.ReadFile("../../../docs/detection.md")
	if err != nil {
		t.Fatal(err)
	}
	for c, f := range Default().Floors {
		floor := fmt.Sprintf("%s packets/s", figure(f.Packets))
		if f.Bits > 0 {
			floor += fmt.Sprintf(" or %s Mbit/s", figure(f.Bits/1e6))
		}
		row := regexp.MustCompile("(?m)^\\| `" + Class(c).Word() + "` \\| .* \\| " + floor + " \\|$")
		if !row.Match(page) {
			t.Errorf("no row tells that the floor of %s is %s", Class(c).Word(), floor)
		}
	}
}
