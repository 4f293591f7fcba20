package finding

import (
	"testing"

	"downpour"
)

func TestRise(t *testing.T) {
	for _, c := range []struct {
		name   string
		counts []float64
		times  float64
		want   int
	}{
		{"nothing", nil, 1, 0},
		{"even", []float64{5, 5, 5, 5}, 1, 0},
		{"a step", []float64{1, 2, 1, 30, 31, 29}, 1, 3},
		{"from nothing", []float64{0, 0, 0, 0, 9}, 1, 4},
		{"a fall", []float64{30, 31, 2, 1}, 1, 0},
		{"a step that is too small", []float64{10, 10, 20, 20}, 3, 0},
		{"a step behind a small one", []float64{1, 1, 2, 2, 90, 80}, 3, 4},
	} {
		if got := Rise(c.counts, c.times); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestPulsed(t *testing.T) {
	for _, c := range []struct {
		name   string
		starts []int64
		want   bool
	}{
		{"two", []int64{0, 10}, false},
		{"three", []int64{0, 10, 21}, true},
		{"one is missing", []int64{0, 10, 20, 40, 50, 60}, true},
		{"at random", []int64{0, 3, 30, 37, 90}, false},
	} {
		if got := Pulsed(c.starts); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestSeverity(t *testing.T) {
	for times, want := range map[float64]downpour.Severity{0: downpour.Minor, 2.9: downpour.Minor, 3: downpour.Partial, 10: downpour.Major} {
		if got := Severity(times); got != want {
			t.Errorf("%v times: %s, want %s", times, got, want)
		}
	}
}

func TestDistinct(t *testing.T) {
	if got := Distinct(7, 1<<64-1); got != downpour.Exactly(7) {
		t.Errorf("of all: %+v", got)
	}
	got := Distinct(1000, 1<<62) // a quarter
	if got.Value < 3990 || got.Value > 4010 || got.Low < 3700 || got.High > 4300 || got.Low > got.Value {
		t.Errorf("of a quarter: %+v", got)
	}
}
