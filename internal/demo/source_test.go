package demo_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/demo"
	"downpour/internal/observe"
)

// day reads the whole source.
func day(t *testing.T, seed uint64) (counts []downpour.ReportCount, flows []downpour.Flow) {
	t.Helper()
	s := demo.NewSource(seed)
	var b observe.Batch
	for {
		err := s.Next(&b)
		if errors.Is(err, io.EOF) {
			return counts, flows
		}
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, b.Counts...)
		flows = append(flows, b.Flows...)
	}
}

func TestPublishedFiguresStandAsPublished(t *testing.T) {
	counts, _ := day(t, 1)
	published := map[string]float64{}
	for _, c := range counts {
		if c.Origin == downpour.Published {
			published[c.Time.In(demo.Zone).Format("15:04")] = c.Count
		}
	}
	want := map[string]float64{
		"06:00": 20608, "06:17": 720, "10:02": 41143, "10:32": 1361,
		"11:02": 4670, "13:02": 36064, "13:32": 3455, "14:02": 19446,
	}
	if len(published) != len(want) {
		t.Errorf("%d counts are marked as published, want %d", len(published), len(want))
	}
	for at, count := range want {
		if published[at] != count {
			t.Errorf("%s: %v, want %v", at, published[at], count)
		}
	}
}

func TestDayIsInOrderAndReproducible(t *testing.T) {
	counts, flows := day(t, 7)
	again, flowsAgain := day(t, 7)
	if !slices.Equal(counts, again) || !slices.Equal(flows, flowsAgain) {
		t.Error("the same seed gave another day")
	}
	if want := int(demo.End().Sub(demo.Start()) / time.Minute); len(counts) != want {
		t.Errorf("%d minutes, want %d", len(counts), want)
	}
	if !slices.IsSortedFunc(flows, func(a, b downpour.Flow) int { return int(a.Time - b.Time) }) {
		t.Error("flows are not in order of time")
	}
}

func TestFloodRunsAheadOfTheReports(t *testing.T) {
	_, flows := day(t, 7)
	first := slices.IndexFunc(flows, func(f downpour.Flow) bool { return f.TCPFlags == downpour.SYN })
	if first < 0 {
		t.Fatal("no flood")
	}
	began := time.Unix(0, flows[first].Time)
	wave := time.Date(2025, 3, 10, 6, 0, 0, 0, demo.Zone)
	if lead := wave.Sub(began); lead < 5*time.Minute || lead > 30*time.Minute {
		t.Errorf("the flood begins %v before the first peak", lead)
	}
}
