package embedded

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"downpour/internal/store/storetest"
)

// BenchmarkAddReport measures durable reports: fsync before each answer, 128
// writers that share it.
func BenchmarkAddReport(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	const writers = 128
	var next atomic.Int64
	done := make(chan error, writers)
	b.ReportAllocs()
	b.ResetTimer()
	for range writers {
		go func() {
			var err error
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if e := s.AddReport(context.Background(), storetest.Report("a", time.Duration(i))); e != nil {
					err = errors.Join(err, e)
				}
			}
			done <- err
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
}

// BenchmarkReportTotals must not depend on how many reports there are.
func BenchmarkReportTotals(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	fill(b, s, 50_000)
	for b.Loop() {
		if _, _, err := s.ReportTotals(context.Background(), "a"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReportBreakdown counts 41,143 reports, the founding case's peak.
func BenchmarkReportBreakdown(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	fill(b, s, 41_143)
	from := storetest.Report("a", 0).Time
	for b.Loop() {
		if _, err := s.ReportBreakdown(context.Background(), "a", from, from.Add(24*time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
}
