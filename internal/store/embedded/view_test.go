package embedded_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"downpour/internal/store/embedded"
	"downpour/internal/store/storetest"
)

func TestViewBesideARunningStore(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddReport(ctx, storetest.Report("x", 0)); err != nil {
		t.Fatal(err)
	}
	v, err := embedded.OpenView(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if faults, err := v.Check(ctx); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := v.Backup(ctx, copied); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := embedded.Restore(ctx, copied, other); err != nil {
		t.Fatal(err)
	}
	r, err := embedded.Open(other, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if received, _, err := r.ReportTotals(ctx, "x"); err != nil || received != 1 {
		t.Errorf("the copy holds %d reports (%v), want 1", received, err)
	}
}

func TestViewOfNothing(t *testing.T) {
	_, err := embedded.OpenView(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "there is no store") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line that says there is none", err)
	}
}
