package embedded

import (
	"reflect"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store/storetest"
)

// FuzzMinutes: what a row may hold is decoded to what is coded as the same, or refused.
func FuzzMinutes(f *testing.F) {
	f.Add(appendMinutes(nil, []downpour.TrafficMinute{storetest.Minute(0, "198.51.100.7/32", "udp"), storetest.Minute(0, "2001:db8::/48", "syn")}))
	f.Add([]byte{trafficVersion})
	f.Add([]byte{trafficVersion, 4, 1, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		at := time.Unix(0, 0).UTC()
		list, err := decodeMinutes(nil, data, at)
		if err != nil {
			return
		}
		again, err := decodeMinutes(nil, appendMinutes(nil, list), at)
		if err != nil || len(list) != len(again) {
			t.Fatalf("%v, %v", again, err)
		}
		for i := range list { // but for rates that are not numbers
			a, b := list[i], again[i]
			a.Peak, a.Expected, b.Peak, b.Expected = downpour.TrafficRate{}, downpour.TrafficRate{}, downpour.TrafficRate{}, downpour.TrafficRate{}
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%v becomes %v", list[i], again[i])
			}
		}
	})
}
