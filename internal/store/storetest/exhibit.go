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

// Exhibit is one of an attack, as of offset after the tests' epoch.
func Exhibit(attack string, offset time.Duration) downpour.Exhibit {
	kind, country := uint8(3), "UA"
	flow := func(i int) downpour.SampledFlow {
		return downpour.SampledFlow{Start: epoch.Add(time.Duration(i) * time.Millisecond), Source: netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i * 37)}),
			Destination: netip.MustParseAddr("2001:db8::7"), Protocol: 1, Bytes: uint64(i * 7919 % 1500), Packets: 1, Sampling: 1000, ICMPType: &kind, ICMPCode: new(uint8), Packet: true}
	}
	e := downpour.Exhibit{
		Attack: attack, AsOf: epoch.Add(offset), Sources: []downpour.TopSource{{Address: netip.MustParseAddr("203.0.113.9"), Packets: 7, First: epoch, Last: epoch, Country: &country}},
		TTLs: []downpour.TTLCount{{TTL: 57, Packets: 1 << 40}}, SourcesLeast: true,
	}
	for i := range downpour.ExhibitDuring {
		e.During.Flows = append(e.During.Flows, flow(i))
	}
	e.During.Of = 1 << 50
	return e
}

func exhibits(t *testing.T, s store.Store) {
	if _, err := s.Exhibit(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("one that was never put: %v", err)
	}
	for _, e := range []downpour.Exhibit{Exhibit("a", 0), Exhibit("b", 0), Exhibit("a", time.Minute)} {
		if err := s.PutExhibit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Exhibit(t.Context(), "a"); err != nil || !reflect.DeepEqual(got, Exhibit("a", time.Minute)) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func pruneExhibits(t *testing.T, s store.Store) {
	const n = 60
	for i := range n {
		if err := s.PutExhibit(t.Context(), Exhibit(fmt.Sprint(i), time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (list []int) {
		for i := range n {
			if _, err := s.Exhibit(t.Context(), fmt.Sprint(i)); err == nil {
				list = append(list, i)
			}
		}
		return list
	}
	if _, err := s.Prune(t.Context(), epoch.Add(10*time.Minute), 0); err != nil {
		t.Fatal(err)
	}
	if l := left(); len(l) != n-10 || l[0] != 10 {
		t.Errorf("after ten minutes' worth were pruned there are %v", l)
	}
	if _, err := s.Prune(t.Context(), epoch, 1<<20); err != nil { // of which an eighth is for exhibits
		t.Fatal(err)
	}
	if l := left(); len(l) < 5 || len(l) > n-15 || l[len(l)-1] != n-1 {
		t.Errorf("in an eighth of 1 MiB there are %v", l)
	}
}
