package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outcome stands in for a test and notes how it was ended.
type outcome struct {
	testing.TB
	skipped, failed string
}

func (o *outcome) Helper()                   {}
func (o *outcome) Skip(args ...any)          { o.skipped = args[0].(string); panic(o) }
func (o *outcome) Fatalf(f string, _ ...any) { o.failed = f; panic(o) }
func ended(t *testing.T, run func(testing.TB)) (o *outcome) {
	t.Helper()
	o = &outcome{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(o) {
			panic(r)
		}
	}()
	run(o)
	return o
}

func TestNeedFindsATool(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "chromium-browser")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	if got := Need(t, Chromium()); got != program {
		t.Errorf("got %q, want %q", got, program)
	}
}

func TestNeedSkipsForUsersAndFailsInCI(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	need := func(tb testing.TB) { Need(tb, Chromium()) }
	t.Setenv(CI, "")
	if o := ended(t, need); !strings.Contains(o.skipped, "apt-get install chromium") || o.failed != "" {
		t.Errorf("on a user's machine: %+v", o)
	}
	t.Setenv(CI, "1")
	if o := ended(t, need); o.failed == "" || o.skipped != "" {
		t.Errorf("in CI: %+v", o)
	}
}

func TestRounds(t *testing.T) {
	t.Setenv(Long, "")
	if got := Rounds(5, 200); got != 5 {
		t.Errorf("usually %d", got)
	}
	t.Setenv(Long, "1")
	if got := Rounds(5, 200); got != 200 {
		t.Errorf("in a long run %d", got)
	}
}
