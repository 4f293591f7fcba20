package live

import (
	"testing"
	"time"

	"downpour"
)

// TestTrafficIsKept finds a flood's minute in the store.
func TestTrafficIsKept(t *testing.T) {
	r := rehearse(t, t.TempDir(), noon, nil)
	defer r.store.Close()
	r.flood(t, 3)
	r.pass(t, 2, 0)
	if err := r.keeper.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept []downpour.TrafficMinute
	if err := r.store.Traffic(t.Context(), noon, noon.Add(time.Hour), func(m []downpour.TrafficMinute) error {
		for _, one := range m {
			if one.Target.IsSingleIP() {
				kept = append(kept, one)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 1 || kept[0].Class != "syn" || !kept[0].Attacked || !kept[0].Time.Equal(noon) ||
		kept[0].Peak.Packets < 4900 || kept[0].Peak.Packets > 5100 || kept[0].Peak.Bits < 4900*480 {
		t.Errorf("kept of a flood of 5,000 SYN/s: %+v", kept)
	}
}
