//go:build unix

package tail

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNamedPipe: what is no regular file is told of and not waited for; opening a
// pipe that nobody writes to would never end.
func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f := New(path, []Position{})
	defer f.Close()
	if f.Poll(func(lines []byte) int { return len(lines) }) || !strings.Contains(f.Stats().Problem, "not a regular file") {
		t.Errorf("%+v", f.Stats())
	}
	if s := openSibling(path); s != nil {
		t.Error("a pipe is taken for a rotated file")
	}
}
