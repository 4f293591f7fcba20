package analysis

import (
	"errors"
	"io"
	"os"

	"downpour/internal/observe/export"
)

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
