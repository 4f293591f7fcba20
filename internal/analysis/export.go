package analysis

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"downpour/internal/observe/export"
)

// maxFiles bounds the files of a directory that are read.
const maxFiles = 100_000

// OpenExport opens inputs as flow export, whatever else they hold: files, "-" for
// in, and directories, of which all files are read that are flow export. Its
// errors are faults of what was given.
func OpenExport(names []string, in io.Reader, opt export.Options) (r *export.Reader, err error) {
	r = &export.Reader{}
	defer func() {
		if err != nil {
			err = errors.Join(Plain(err), r.Close())
			r = nil
		}
	}()
	for _, name := range names {
		if err := addExport(r, name, in, opt); err != nil {
			return r, err
		}
	}
	return r, nil
}

func addExport(r *export.Reader, name string, in io.Reader, opt export.Options) error {
	if name == stdin {
		return r.AddStream("standard input", in, opt)
	}
	if !isDirectory(name) {
		return r.AddFile(name, opt)
	}
	files, err := filesOf(name)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := r.AddFile(f, opt); err != nil {
			r.AddUnread(f, Plain(err))
		}
	}
	return nil
}

func isDirectory(name string) bool {
	about, err := os.Stat(name)
	return err == nil && about.IsDir()
}

// filesOf lists the files of a directory in the order of their names, those whose
// names begin with a point left out. It looks into no directory within.
func filesOf(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if e.Name()[0] == '.' || e.IsDir() || e.Type()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0 {
			continue
		}
		files = append(files, filepath.Join(directory, e.Name()))
	}
	switch {
	case len(files) == 0:
		return nil, fmt.Errorf("%s: is a directory without files", directory)
	case len(files) > maxFiles:
		return nil, fmt.Errorf("%s: is a directory of %d files; at most %d are read", directory, len(files), maxFiles)
	}
	return files, nil
}
