//go:build unix

package embedded

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who may write to the directory must not choose a file of ours to be overwritten.
func TestLockFollowsNoLink(t *testing.T) {
	dir, precious := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, filepath.Join(dir, lockName)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Options{})
	if err == nil {
		s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "symbolic link") || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v; want an error that names the link in %s", err, dir)
	}
	if b, err := os.ReadFile(precious); err != nil || string(b) != "text" {
		t.Errorf("what it leads to holds %q (%v); want it untouched", b, err)
	}
}
