package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store"
)

// Minute is a minute of traffic, offset after the tests' epoch.
func Minute(offset time.Duration, target, class string) downpour.TrafficMinute {
	return downpour.TrafficMinute{
		Time: epoch.Add(offset), Target: netip.MustParsePrefix(target), Class: class, Attacked: offset%2 == 0,
		Peak:     downpour.TrafficRate{Packets: 12_288, Bits: 1 << 30},
		Expected: downpour.TrafficRate{Packets: 0.5, Bits: 4096},
	}
}

// minutes are all that are kept in a span of time.
func minutes(t *testing.T, s store.Store, from, to time.Duration) (list []downpour.TrafficMinute) {
	t.Helper()
	err := s.Traffic(t.Context(), epoch.Add(from), epoch.Add(to), func(m []downpour.TrafficMinute) error {
		list = append(list, m...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func traffic(t *testing.T, s store.Store) {
	first := []downpour.TrafficMinute{Minute(0, "198.51.100.7/32", "udp"), Minute(0, "2001:db8::/48", "syn_ack"), Minute(time.Minute, "198.51.100.0/24", "udp")}
	late := []downpour.TrafficMinute{Minute(0, "198.51.100.9/32", "a class that comes later")}
	for _, m := range [][]downpour.TrafficMinute{first, late, nil} {
		if err := s.PutTraffic(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	want := []downpour.TrafficMinute{first[0], first[1], late[0], first[2]}
	if got := minutes(t, s, 0, time.Hour); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if got := minutes(t, s, 1, time.Minute); len(got) != 0 {
		t.Errorf("between two minutes there are %v", got)
	}
	stop := errors.New("enough")
	if err := s.Traffic(t.Context(), epoch, epoch.Add(time.Hour), func([]downpour.TrafficMinute) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error is %v", err)
	}
}

func pruneTraffic(t *testing.T, s store.Store) {
	for i := range 40 {
		var all []downpour.TrafficMinute
		for n := range 1000 {
			all = append(all, Minute(time.Duration(i)*time.Minute, fmt.Sprintf("198.51.%d.%d/32", 100+n>>8, n&255), "udp"))
		}
		if err := s.PutTraffic(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Prune(t.Context(), epoch.Add(10*time.Minute), 0); err != nil || n == 0 {
		t.Errorf("pruned %d, %v", n, err)
	}
	left := minutes(t, s, -time.Hour, time.Hour)
	if len(left) != 30_000 || !left[0].Time.Equal(epoch.Add(10*time.Minute)) {
		t.Errorf("%d are left, from %v on", len(left), left[0].Time)
	}
	add(t, s, Report("a", time.Hour))
	if _, err := s.Prune(t.Context(), epoch, 2<<20); err != nil { // of which half a megabyte is for traffic
		t.Fatal(err)
	}
	left = minutes(t, s, -time.Hour, time.Hour)
	if len(left) < 10_000 || len(left) > 21_000 || !left[len(left)-1].Time.Equal(epoch.Add(39*time.Minute)) {
		t.Errorf("%d are left in a quarter of 2 MiB, until %v", len(left), left[len(left)-1].Time)
	}
	b, err := s.ReportBreakdown(t.Context(), "a", epoch, epoch.Add(2*time.Hour))
	if err != nil || b.Symptoms["login"] != 1 {
		t.Errorf("traffic has crowded out a report: %v, %v", b, err)
	}
}
