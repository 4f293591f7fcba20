package golden_test

import (
	"context"
	"runtime"
	"testing"

	"downpour/internal/golden"
)

// TestGoldenCases runs every case that Downpour brings. Adding one needs no code.
func TestGoldenCases(t *testing.T) {
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	table, err := golden.Run(context.Background(), cases, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Failed() {
		for _, f := range r.Failures {
			t.Errorf("%s: %s", r.Name, f)
		}
	}
}
