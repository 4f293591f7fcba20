package embedded

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store/storetest"
)

// fill adds n reports with a text of 400 characters, a second apart, in groups.
func fill(t testing.TB, s *Store, n int) {
	t.Helper()
	text := strings.Repeat("the page does not load ", 18)
	err := s.update(t.Context(), func(ctx context.Context, _ *sql.Conn) error {
		group := make([]*pending, n)
		for i := range group {
			r := storetest.Report("a", time.Duration(i)*time.Second)
			r.Text = text
			group[i] = &pending{report: r}
		}
		return s.committer.write(ctx, group)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func dirSize(t *testing.T, dir string) (n int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		fi, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		n += fi.Size()
	}
	return n
}

// TestBudget measures what the directory takes on the disk: filled to several
// times the budget, pruned below it, and filled again without growing past.
func TestBudget(t *testing.T) {
	const budget = 6 << 20
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for round := range 2 {
		fill(t, s, 30_000)
		full := dirSize(t, dir)
		if full < 2*budget {
			t.Fatalf("round %d: filled to %d bytes only", round, full)
		}
		n, err := s.Prune(t.Context(), time.Time{}, budget)
		if err != nil {
			t.Fatal(err)
		}
		left := dirSize(t, dir)
		t.Logf("round %d: %d bytes, pruned %d reports, %d bytes", round, full, n, left)
		if left > budget || left < budget/2 {
			t.Errorf("round %d: %d bytes are left of a budget of %d", round, left, budget)
		}
	}
	if n, _, err := s.ReportTotals(t.Context(), "a"); n != 60_000 || err != nil {
		t.Errorf("totals after pruning: %d, %v", n, err)
	}
	if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %q, %v", faults, err)
	}
	// The oldest went: what is left are the last of the time axis.
	var oldest int64
	if err := s.get(t.Context(), "SELECT min(time) FROM reports", nil, &oldest); err != nil {
		t.Fatal(err)
	}
	if first := storetest.Report("a", 0).Time; oldest <= first.UnixNano() {
		t.Error("the oldest report survived")
	}
}

// TestPruneLetsWritersThrough writes while a long Prune works.
func TestPruneLetsWritersThrough(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	fill(t, s, 20_000)
	pruned := make(chan error, 1)
	go func() {
		_, err := s.Prune(context.Background(), time.Now().AddDate(100, 0, 0), 0)
		pruned <- err
	}()
	during := 0
	for done := false; !done; {
		select {
		case err := <-pruned:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
			if err := s.AddReport(t.Context(), storetest.Report("b", 0)); err != nil {
				t.Fatal(err)
			}
			during++
		}
	}
	if during < 5 {
		t.Errorf("only %d reports were written while 10 chunks were pruned", during)
	}
}

func TestBackupAndRestore(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	fill(t, s, 100)
	copied := filepath.Join(t.TempDir(), "a copy")
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	fill(t, s, 1) // is not in the copy
	if fi, err := os.Stat(copied); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("backup: %v, %v; want mode 600", fi.Mode(), err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := Restore(t.Context(), copied, dir); err != nil {
		t.Fatal(err)
	}
	restored := open(t, dir, Options{})
	if n, _, err := restored.ReportTotals(t.Context(), "a"); n != 100 || err != nil {
		t.Errorf("restored %d reports, %v; want 100", n, err)
	}
	fill(t, restored, 100)
	if faults, err := restored.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %q, %v", faults, err)
	}
	if err := restored.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, Restore(t.Context(), copied, dir), "there is one already; move it away first")
	wantError(t, s.Backup(t.Context(), copied), "backup to "+copied+": file already exists")
	wantError(t, s.Backup(t.Context(), filepath.Join(dir, "none", "x")), "no such file or directory")
	if left, _ := filepath.Glob(filepath.Dir(copied) + "/*"); len(left) != 1 {
		t.Errorf("beside the backup lie %q", left)
	}
}

func TestRestoreRefusesWhatIsNoStore(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, test := range []struct{ file, says string }{
		{filepath.Join(dir, "none"), "no such file or directory"},
		{dir, "is no file"},
		{write("empty", nil), "is empty"},
		{write("text", []byte(strings.Repeat("not a database\n", 100))), "is not a Downpour store"},
	} {
		to := filepath.Join(t.TempDir(), "to")
		wantError(t, Restore(t.Context(), test.file, to), test.says)
		if _, err := os.Stat(filepath.Join(to, FileName)); err == nil {
			t.Errorf("%s was restored", test.file)
		}
	}
}

// TestCheckFindsFaults spoils a store in ways that SQLite itself would not see.
func TestCheckFindsFaults(t *testing.T) {
	for _, test := range []struct{ spoil, says string }{
		{"DELETE FROM reports WHERE id = 3", "totals of service a: 10 received and 10 counted are kept, its reports add up to 9 and 9"},
		{"DELETE FROM report_totals", "totals of service a: 0 received and 0 counted are kept, its reports add up to 10 and 10"},
		{"UPDATE reports SET counted = 0 WHERE id = 3", "10 counted are kept, its reports add up to 10 and 9"},
		{"UPDATE incidents SET record = '{' ", "incident i cannot be read"},
		{"DELETE FROM schema_version WHERE version > 1", "schema version is 1"},
	} {
		s := open(t, t.TempDir(), Options{})
		fill(t, s, 10)
		if err := s.PutIncident(t.Context(), storetest.Incident("i", "a", 0)); err != nil {
			t.Fatal(err)
		}
		if err := s.update(t.Context(), func(ctx context.Context, c *sql.Conn) error {
			_, err := c.ExecContext(ctx, test.spoil)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		faults, err := s.Check(t.Context())
		if err != nil || len(faults) != 1 || !strings.Contains(faults[0], test.says) {
			t.Errorf("after %s: %q, %v; want %q", test.spoil, faults, err, test.says)
		}
	}
}

// TestCheckFindsDamage overwrites pages in the middle of the file.
func TestCheckFindsDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	fill(t, s, 2000)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(s.file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("damage! ", 2048)), 40*4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	faults, err := open(t, dir, Options{}).Check(t.Context())
	if err != nil || len(faults) == 0 {
		t.Errorf("check of a damaged file: %q, %v", faults, err)
	}
}

// TestBucketsKeepNotANumber keeps what is not known apart from zero.
func TestBucketsKeepNotANumber(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	nan := number(sql.NullFloat64{})
	at := storetest.Report("a", 0).Time
	if err := s.PutBuckets(t.Context(), []downpour.ExpectedReports{{Service: "a", Time: at, Count: 3,
		Expected: downpour.Estimate{Value: nan, Low: nan, High: nan}}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Buckets(t.Context(), "a", at, at.Add(1))
	if err != nil || len(got) != 1 || got[0].Expected.Value == got[0].Expected.Value {
		t.Errorf("got %v, %v; want one bucket of unknown expectation", got, err)
	}
}
