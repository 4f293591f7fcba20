package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"downpour/internal/store"
	"downpour/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		writeUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// open opens a store and closes it at the test's end.
func open(t testing.TB, dir string, opt Options) *Store {
	t.Helper()
	s, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir(), Options{}) })
}

func TestReopenKeepsEverything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a ?#%ü", "data")
	s := open(t, dir, Options{})
	if err := s.AddReport(t.Context(), storetest.Report("a", 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.PutIncident(t.Context(), storetest.Incident("i", "a", 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.file + "-wal"); err == nil {
		t.Error("Close left the log behind")
	}
	s = open(t, dir, Options{})
	if n, _, err := s.ReportTotals(t.Context(), "a"); n != 1 || err != nil {
		t.Errorf("reports after reopening: %d, %v", n, err)
	}
	if _, err := s.Incident(t.Context(), "i"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]os.FileMode{dir: 0o700, s.file: 0o600, s.file + "-wal": 0o600} {
		if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %o", name, fi.Mode(), err, want)
		}
	}
}

// hold keeps the committer busy until the returned function is called.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	go s.inTurn(context.Background(), func(context.Context, *sql.Conn) error {
		close(begun)
		<-end
		return nil
	})
	<-begun
	return func() { close(end) }
}

func TestFullQueueIsBusy(t *testing.T) {
	s := open(t, t.TempDir(), Options{Queue: 2})
	release := hold(t, s)
	answers := make(chan error, 5)
	for range 5 {
		go func() { answers <- s.AddReport(t.Context(), storetest.Report("a", 0)) }()
	}
	for range 3 {
		if err := <-answers; !errors.Is(err, store.ErrBusy) {
			t.Errorf("got %v; want ErrBusy", err)
		}
	}
	if st := s.Stats(); st.Waiting != 2 || st.Shed != 3 || st.Committed != 0 || st.Bytes == 0 {
		t.Errorf("stats while full: %+v", st)
	}
	release()
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if n, _, _ := s.ReportTotals(t.Context(), "a"); n != 2 {
		t.Errorf("%d reports were kept; want the 2 acknowledged", n)
	}
}

func TestGivenUpReportIsNotWritten(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	release := hold(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.AddReport(ctx, storetest.Report("a", 0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v; want DeadlineExceeded", err)
	}
	release()
	if err := s.AddReport(t.Context(), storetest.Report("a", 0)); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := s.ReportTotals(t.Context(), "a"); n != 1 {
		t.Errorf("%d reports were kept; want 1", n)
	}
}

// TestCancelledReportsAreAnsweredTruthfully cancels at every moment of a
// report's way: what returned nil is kept, what returned an error is not.
func TestCancelledReportsAreAnsweredTruthfully(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var kept uint64
	for i := range 400 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*5*time.Microsecond)
		if s.AddReport(ctx, storetest.Report("a", 0)) == nil {
			kept++
		}
		cancel()
	}
	if n, _, err := s.ReportTotals(t.Context(), "a"); n != kept || err != nil {
		t.Errorf("%d were acknowledged, %d are kept, %v", kept, n, err)
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	release := hold(t, s)
	answers := make(chan error, 10)
	for range cap(answers) {
		go func() { answers <- s.AddReport(t.Context(), storetest.Report("a", 0)) }()
	}
	for s.Stats().Waiting < cap(answers) {
		time.Sleep(time.Millisecond)
	}
	time.AfterFunc(10*time.Millisecond, release)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range cap(answers) {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if n, _, _ := open(t, dir, Options{}).ReportTotals(t.Context(), "a"); n != 10 {
		t.Errorf("%d reports after Close; want 10", n)
	}
}

func TestDiskFull(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	limit := func(pages int) {
		t.Helper()
		if err := s.inTurn(t.Context(), func(ctx context.Context, c *sql.Conn) error {
			var n int
			return c.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&n)
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit(40)
	long := storetest.Report("a", 0)
	long.Text = strings.Repeat("x", 4000)
	var kept uint64
	var err error
	for kept < 100 && err == nil {
		if err = s.AddReport(t.Context(), long); err == nil {
			kept++
		}
	}
	if err == nil || !strings.Contains(err.Error(), "the disk is full") || strings.Contains(err.Error(), "\n") {
		t.Errorf("on a full disk: %v", err)
	}
	if n, _, _ := s.ReportTotals(t.Context(), "a"); n != kept {
		t.Errorf("%d were acknowledged, %d are kept", kept, n)
	}
	limit(1 << 20)
	if err := s.AddReport(t.Context(), long); err != nil {
		t.Errorf("after room was made: %v", err)
	}
}
