package embedded

import (
	"os"
	"runtime"
	"syscall"
	"testing"
)

// nobody is the user id that belongs to no person.
const nobody = 65534

// TestReadOnlyDirectory opens a store where it may not write. For root nothing is
// forbidden, so root takes nobody's rights to files for this thread (setfsuid(2)),
// which ends with the test.
func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if os.Geteuid() == 0 {
			if err := os.Chown(dir, nobody, nobody); err != nil {
				opened <- err
				return
			}
			syscall.Setfsuid(nobody)
		}
		_, err := Open(dir, Options{})
		opened <- err
	}()
	wantError(t, <-opened, "permission denied")
}
