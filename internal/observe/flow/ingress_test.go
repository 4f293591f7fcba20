package flow_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"downpour"
	"downpour/internal/observe/flow"
)

func TestIngressesAreNumberedInOrderOfAppearance(t *testing.T) {
	all := flow.NewIngresses()
	numbers := all.Numbers()
	for i, place := range [][3]uint32{{7, 1, 0}, {7, 2, 0}, {7, 1, 64500}, {8, 1, 0}} {
		want := downpour.IngressID(i + 1)
		for range 2 {
			if got := numbers.ID(uint16(place[0]), place[1], place[2]); got != want {
				t.Errorf("place %v has number %d, want %d", place, got, want)
			}
			if got := all.ID(uint16(place[0]), place[1], place[2]); got != want {
				t.Errorf("place %v has number %d in the registry, want %d", place, got, want)
			}
		}
	}
	if all.Len() != 4 {
		t.Errorf("%d places, want 4", all.Len())
	}
}

func TestLookupNamesPlacesAsKnownByNow(t *testing.T) {
	all := flow.NewIngresses()
	first, second, whole := all.ID(1, 12, 64500), all.ID(1, 13, 0), all.ID(1, 0, 0)
	all.NameExporter(1, "edge1")
	all.NameInterface(1, 12, "transit-a")
	for id, want := range map[downpour.IngressID]downpour.Ingress{
		first:  {Exporter: "edge1", Interface: "transit-a", PeerAS: 64500},
		second: {Exporter: "edge1", Interface: "13"},
		whole:  {Exporter: "edge1"},
		0:      {},
		99:     {},
	} {
		if got := all.Lookup(id); got != want {
			t.Errorf("ingress %d is %+v, want %+v", id, got, want)
		}
	}
}

func TestAnExporterCannotGrowTheRegistry(t *testing.T) {
	all := flow.NewIngresses()
	for i := range uint32(100_000) {
		all.ID(1, i+1, i)
		all.NameInterface(1, i+1, fmt.Sprint("name", i))
	}
	if all.Len() > 4097 {
		t.Errorf("%d places are kept of one exporter", all.Len())
	}
	if got, want := all.ID(1, 99_999_999, 1), all.ID(1, 0, 0); got != want {
		t.Errorf("a place beyond the bound has number %d, want that of its exporter, %d", got, want)
	}
	if got := all.Overflowed(); got != 100_000-4096+1 {
		t.Errorf("%d places overflowed", got)
	}
	if id := all.ID(2, 5, 0); all.Lookup(id).Interface != "5" {
		t.Error("another exporter's place is lost by the flood of the first")
	}
}

func TestGoroutinesAgreeOnNumbers(t *testing.T) {
	all := flow.NewIngresses()
	var wait sync.WaitGroup
	seen := make([][1000]downpour.IngressID, 4)
	for g := range seen {
		wait.Go(func() {
			numbers := all.Numbers()
			for i := range seen[g] {
				seen[g][i] = numbers.ID(uint16(i%3), uint32(i%101), 0)
			}
		})
	}
	wait.Wait()
	for g := range seen {
		if seen[g] != seen[0] {
			t.Errorf("goroutine %d numbered places otherwise than the first", g)
		}
	}
}

func BenchmarkIngressNumbers(b *testing.B) {
	numbers := flow.NewIngresses().Numbers()
	b.ReportAllocs()
	var sum downpour.IngressID
	for i := 0; b.Loop(); i++ {
		sum += numbers.ID(3, uint32(i&7), 64500)
	}
	_ = sum
}

func TestOneExporterLeavesRoomForOthers(t *testing.T) {
	all := flow.NewIngresses()
	for exporter := range uint16(100) {
		for i := range uint32(4096) {
			all.ID(exporter, i+1, 0)
		}
	}
	for i := range uint32(200) {
		if place := all.Lookup(all.ID(1000, i+1, 0)); place.Interface != fmt.Sprint(i+1) {
			t.Fatalf("interface %d of a quiet exporter is told as %q", i+1, place.Interface)
		}
	}
	if n := all.Len(); n > 1<<18+101*256 {
		t.Errorf("%d places", n)
	}
}

func TestNamesAreFitToBeShown(t *testing.T) {
	all := flow.NewIngresses()
	id := all.ID(1, 1, 0)
	for name, want := range map[string]string{
		"Gi0/1 <b>":                    "Gi0/1 <b>",
		"\x1b]0;owned\a\x1b[2Jup\r\n":  "?]0;owned??[2Jup??",
		"a\u202egnp":                   "a?gnp",
		"\xff\xfeport":                 "?port",
		strings.Repeat("x", 127) + "ü": strings.Repeat("x", 127) + "?",
	} {
		all.NameInterface(1, 1, name)
		if got := all.Lookup(id).Interface; got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}
