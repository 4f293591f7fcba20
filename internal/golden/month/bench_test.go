package month

import (
	"context"
	"testing"
)

// BenchmarkDay simulates all networks for two days.
func BenchmarkDay(b *testing.B) {
	for b.Loop() {
		if _, err := Run(context.Background(), 1); err != nil {
			b.Fatal(err)
		}
	}
}
