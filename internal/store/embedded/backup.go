package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"downpour/internal/store"
)

// Backup writes a consistent, compact copy of the store, as of the moment it
// begins, to a file that must not exist yet. Writers go on meanwhile. The copy
// appears under its name only when it is whole and on the disk.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.isClosed() {
		return store.ErrClosed
	}
	return backup(ctx, s.file, path)
}

// backup copies with a connection of its own: the readers' refuse to write
// anywhere.
func backup(ctx context.Context, file, path string) error {
	db, err := connect(file, 1, "busy_timeout(5000)")
	if err != nil {
		return explain(file, err)
	}
	defer db.Close()
	err = publish(path, func(partial string) error {
		// VACUUM INTO accepts a file that is empty.
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", partial)
		return err
	})
	if err != nil {
		return fmt.Errorf("backup to %s: %w", path, cause(err))
	}
	return nil
}

// Restore copies a backup to the directory of a store, which must not be in use
// and must hold no store yet: what is there is never overwritten.
func Restore(ctx context.Context, backup, path string) error {
	if err := examine(ctx, backup); err != nil {
		return err
	}
	if err := makeDir(path); err != nil {
		return err
	}
	lock, err := lockDir(path)
	if err != nil {
		return err
	}
	err = publish(filepath.Join(path, FileName), func(partial string) error { return copyFile(backup, partial) })
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("store %s: there is one already; move it away first", path)
	}
	return errors.Join(err, lock.release())
}

// examine tells whether a file is a whole store of a version that we can read.
func examine(ctx context.Context, file string) error {
	if fi, err := os.Stat(file); err != nil || !fi.Mode().IsRegular() {
		if err == nil {
			err = errors.New("is no file")
		}
		return fmt.Errorf("backup %s: %w", file, cause(err))
	}
	db, err := connect(file, 1, "query_only(1)")
	if err != nil {
		return explain(file, err)
	}
	defer db.Close()
	var says string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&says); err != nil {
		return explain(file, err)
	}
	version, err := knownVersion(ctx, db)
	switch {
	case err != nil:
		return explain(file, err)
	case says != "ok":
		return fmt.Errorf("backup %s: is damaged: %s", file, says)
	case version == 0:
		return fmt.Errorf("backup %s: is empty", file)
	}
	return nil
}

// publish makes a file appear under its name whole or not at all, and never in
// place of another: it is written beside it, made durable, and then linked.
func publish(path string, write func(partial string) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*") // mode 0600
	if err != nil {
		return err
	}
	partial := f.Name()
	defer os.Remove(partial)
	err = errors.Join(f.Close(), write(partial), syncFile(partial))
	if err == nil {
		err = os.Link(partial, path)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
