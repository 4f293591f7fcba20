package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// makeDir makes the store's directory, readable by its owner only.
func makeDir(path string) error {
	fi, err := os.Stat(path)
	switch {
	case err == nil && fi.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("store %s: is a file, not a directory", path)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("store %s: %w", path, cause(err))
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("store %s: cannot make the directory: %w", path, cause(err))
	}
	return syncDir(filepath.Dir(path))
}

// makeFile makes the database's file before SQLite does, so that it and the
// files beside it, which inherit its mode, are the owner's alone.
func makeFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return cause(err)
	}
	return f.Close()
}

// cause drops the operation and path of a file error, which our message names.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// SQLite's primary result codes that an operator can do something about
// (https://www.sqlite.org/rescode.html).
const (
	codeBusy     = 5
	codeReadOnly = 8
	codeIO       = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// explain turns SQLite's errors into one line that names the file and, where
// there is one, the mend. The cause stays wrapped.
func explain(file string, err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) {
		if err != nil {
			return fmt.Errorf("store %s: %w", file, err)
		}
		return nil
	}
	says := "failed"
	switch e.Code() & 0xff {
	case codeBusy:
		says = "another program has locked it"
	case codeReadOnly, codeCantOpen:
		says = "cannot be written; check the permissions of it and of its directory"
	case codeIO:
		says = "cannot be read or written; check the disk"
	case codeCorrupt:
		says = "is damaged; restore a backup, or move it away to begin a new one"
	case codeFull:
		says = "the disk is full"
	case codeNotADB:
		says = "is not a Downpour store, or its beginning is damaged"
	}
	return fmt.Errorf("store %s: %s: %w", file, says, err)
}
