//go:build unix

package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockName is the file whose lock the process holds while it uses the store.
// The kernel frees the lock when the process ends, however it ends; the process
// id inside is only for the message.
const lockName = "lock"

type dirLock struct{ f *os.File }

// lockDir takes the directory's lock or says who holds it. It follows no
// symbolic link, since the process id would be written over what that leads to.
func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EMLINK) { // Linux and macOS; FreeBSD
		return nil, fmt.Errorf("store %s: %s in it is a symbolic link; remove it", dir, lockName)
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: cannot be written: %w", dir, cause(err))
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder := "pid unknown"
		if b, _ := io.ReadAll(io.LimitReader(f, 32)); len(b) > 0 {
			holder = "pid " + strings.TrimSpace(string(b))
		}
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("another downpour uses %s (%s)", dir, holder)
		}
		return nil, fmt.Errorf("store %s: cannot be locked: %w", dir, err)
	}
	return &dirLock{f}, notePid(f)
}

func notePid(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// release frees the lock. The file stays: removing it would let two processes
// hold locks on two files of the same name.
func (l *dirLock) release() error { return l.f.Close() }

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
