//go:build windows

package embedded

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// lockName is the file whose lock the process holds while it uses the store.
const lockName = "lock"

type dirLock struct{ f *os.File }

// lockDir takes the directory's lock or says that somebody holds it. Windows
// lets nobody read a locked file, so the holder's process id is not told.
func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store %s: cannot be written: %w", dir, cause(err))
	}
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY)
	if err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{}); err != nil {
		f.Close()
		return nil, fmt.Errorf("another downpour uses %s", dir)
	}
	return &dirLock{f}, nil
}

// release frees the lock. The file stays.
func (l *dirLock) release() error { return l.f.Close() }

// syncDir has nothing to do: NTFS journals names, and opens no directory for
// writing.
func syncDir(string) error { return nil }
