package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour/internal/store/storetest"
)

func wantError(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q; want one line with %q", fmt.Sprint(err), says)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	_, err := Open(dir, Options{})
	wantError(t, err, fmt.Sprintf("another downpour uses %s (pid %d)", dir, os.Getpid()))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, Options{})
}

// TestOpenErrors gives Open what is no store; each time one line says so, and
// what was there is left as it was.
func TestOpenErrors(t *testing.T) {
	database := func(t *testing.T, dir string, statements ...string) {
		t.Helper()
		db, err := sql.Open("sqlite", filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, q := range statements {
			if _, err := db.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name string
		make func(t *testing.T, dir string)
		says string
	}{
		{"text", func(t *testing.T, dir string) {
			writeFile(t, dir, strings.Repeat("hello\n", 1000))
		}, "is not a Downpour store, or its beginning is damaged"},
		{"another program's", func(t *testing.T, dir string) {
			database(t, dir, "CREATE TABLE x (y)")
		}, "is a database of another program"},
		{"newer", func(t *testing.T, dir string) {
			if err := open(t, dir, Options{}).Close(); err != nil {
				t.Fatal(err)
			}
			database(t, dir, "INSERT INTO schema_version VALUES (99)")
		}, "was written by a newer downpour (schema 99; this one knows 4)"},
		{"truncated", func(t *testing.T, dir string) {
			s := open(t, dir, Options{})
			fill(t, s, 100)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(s.file, 3*4096); err != nil {
				t.Fatal(err)
			}
		}, "is damaged; restore a backup"},
		{"file is a directory", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, FileName), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.make(t, dir)
			before, _ := os.ReadFile(filepath.Join(dir, FileName))
			_, err := Open(dir, Options{})
			wantError(t, err, test.says)
			if after, _ := os.ReadFile(filepath.Join(dir, FileName)); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("a file for the directory", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(name, Options{})
		wantError(t, err, "store "+name+": is a file, not a directory")
		_, err = Open(filepath.Join(name, "below"), Options{})
		wantError(t, err, "not a directory")
	})
}

func writeFile(t *testing.T, dir, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMigration opens a store that was written with schema version 1 (its rows
// are in testdata/version1.sql) and finds everything in its place.
func TestMigration(t *testing.T) {
	dir := t.TempDir()
	old, err := os.ReadFile("testdata/version1.db")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, string(old))
	s := open(t, dir, Options{})
	ctx := t.Context()
	if received, counted, err := s.ReportTotals(ctx, "example"); received != 3 || counted != 2 || err != nil {
		t.Errorf("totals: %d, %d, %v; want 3, 2", received, counted, err)
	}
	if received, counted, err := s.ReportTotals(ctx, "other"); received != 1 || counted != 1 || err != nil {
		t.Errorf("totals of other: %d, %d, %v; want 1, 1", received, counted, err)
	}
	b, err := s.ReportBreakdown(ctx, "example", time.Time{}, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || b.Symptoms["login"] != 2 || b.Countries["DE"] != 1 || b.Countries[""] != 1 {
		t.Errorf("breakdown: %v, %v", b, err)
	}
	at := time.Date(2025, 3, 10, 14, 2, 0, 0, time.UTC)
	if got, err := s.Buckets(ctx, "example", at, at.Add(time.Minute)); err != nil || len(got) != 1 || got[0].Count != 41143 {
		t.Errorf("buckets: %v, %v", got, err)
	}
	if r, err := s.Incident(ctx, "i1"); err != nil || r.Incident.Verdict != "likely an attack" {
		t.Errorf("incident: %+v, %v", r, err)
	}
	if v, err := s.Setting(ctx, "page"); err != nil || string(v) != "public" {
		t.Errorf("setting: %q, %v", v, err)
	}
	if n, err := s.EraseNetwork(ctx, "n1"); n != 1 || err != nil {
		t.Errorf("erased %d, %v; want 1", n, err)
	}
	if err := s.AddReport(ctx, storetest.Report("example", 0)); err != nil {
		t.Error(err)
	}
	if faults, err := s.Check(ctx); err != nil || len(faults) > 0 {
		t.Errorf("check: %q, %v", faults, err)
	}
}

// TestMigratedIsLikeNew compares the schema of a migrated store with a new one's.
func TestMigratedIsLikeNew(t *testing.T) {
	schema := func(s *Store) (out []string) {
		var sql string
		if err := s.each(t.Context(), "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", nil, []any{&sql}, func() error {
			out = append(out, sql)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	dir := t.TempDir()
	old, err := os.ReadFile("testdata/version1.db")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, string(old))
	migrated, fresh := schema(open(t, dir, Options{})), schema(open(t, t.TempDir(), Options{}))
	if strings.Join(migrated, "\n") != strings.Join(fresh, "\n") {
		t.Errorf("migrated:\n%s\nnew:\n%s", strings.Join(migrated, "\n"), strings.Join(fresh, "\n"))
	}
}

// TestFailedMigrationLeavesTheVersion breaks off in the middle of a step.
func TestFailedMigrationLeavesTheVersion(t *testing.T) {
	db, err := connect(filepath.Join(t.TempDir(), FileName), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	if err := migrateTo(ctx, c, 1, "CREATE TABLE a (b)"); err != nil {
		t.Fatal(err)
	}
	if err := migrateTo(ctx, c, 2, "CREATE TABLE c (d); CREATE TABLE a (again)"); err == nil {
		t.Fatal("a broken step passed")
	}
	var tables int
	if err := c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("half a step stayed: %d, %v", tables, err)
	}
	if v, err := schemaVersion(ctx, c); v != 1 || err != nil {
		t.Errorf("version is %d, %v; want 1", v, err)
	}
}

// TestDurabilitySettings asks SQLite itself: without these, an acknowledged
// report could be lost when the machine stops.
func TestDurabilitySettings(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if err := s.inTurn(t.Context(), func(ctx context.Context, c *sql.Conn) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "auto_vacuum": "2"} {
			var got string
			if err := c.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s, %v; want %s", pragma, got, err, want)
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
