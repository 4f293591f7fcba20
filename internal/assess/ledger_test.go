package assess

import (
	"math"
	"testing"

	"downpour"

	"pgregory.net/rapid"
)

func TestLedgerAddsUp(t *testing.T) {
	l := NewLedger(0.5, "even")
	l.Add("a", 1.234567, "%d sources", 7)
	l.Add("b", -9, "bounded")
	f := l.Finding(downpour.LowConfidence)
	if len(f.Evidence) != 3 || f.Evidence[1].Says != "7 sources" || f.Evidence[1].Weight != 1.23 || f.Evidence[2].Weight != -MaxWeight {
		t.Fatalf("%+v", f.Evidence)
	}
	if want := Logistic(1.23 - 4); math.Abs(float64(f.Likelihood)-want) > 0.0005 {
		t.Errorf("likelihood %v, want %v", f.Likelihood, want)
	}
	if f.Word != f.Likelihood.Word() || l.Telling() != 2 {
		t.Errorf("word %q, telling %d", f.Word, l.Telling())
	}
}

func TestNeverCertain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLedger(rapid.Float64Range(0.01, 0.99).Draw(t, "prior"), "")
		for _, w := range rapid.SliceOf(rapid.Float64Range(-50, 50)).Draw(t, "weights") {
			l.Add("x", w, "")
		}
		if p := l.Finding(downpour.LowConfidence).Likelihood; p < 0.01 || p > 0.99 {
			t.Fatalf("%v", p)
		}
	})
}

func TestSoftmax(t *testing.T) {
	p := Softmax([]float64{1000, 1000, 1000 + math.Log(2)})
	for i, want := range []float64{0.25, 0.25, 0.5} {
		if math.Abs(p[i]-want) > 1e-12 {
			t.Errorf("%v", p)
		}
	}
}
