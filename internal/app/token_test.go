package app

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOperatorTokenOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	first, err := operatorToken(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := operatorToken(dir); err != nil || again != first {
		t.Errorf("second start: %q (%v), want %q", again, err, first)
	}
	path := filepath.Join(dir, tokenFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if next, err := operatorToken(dir); err != nil || next == first {
		t.Errorf("after its removal: %q (%v), want a new one", next, err)
	}
}
