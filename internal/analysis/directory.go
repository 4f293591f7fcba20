package analysis

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"downpour"
	"downpour/internal/observe"
)

// maxFiles bounds the files of a directory that are read.
const maxFiles = 100_000

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

// directory opens all files of a directory: rotated captures, flow export, logs.
// What is unknown or can't be read is accounted for and left out; it is an error
// if that is all of them.
func (o *opener) directory(name string) error {
	files, err := filesOf(name)
	if err != nil {
		return err
	}
	rotated := newSeries()
	read := 0
	for _, f := range files {
		of, err := look(f)
		switch {
		case err != nil:
			o.add(&unread{f, Plain(err)})
			continue
		case of.capture && of.kind != flowExport:
			rotated.add(f, of)
		default:
			if err := o.told(f, of); err != nil {
				o.add(&unread{f, Plain(err)})
				continue
			}
		}
		read++
	}
	if read == 0 {
		return fmt.Errorf("%s: is a directory in which no file is an input that is known", name)
	}
	if rotated.ready() {
		o.add(rotated)
	}
	return nil
}

// unread stands for an input that was left out.
type unread struct {
	name string
	why  error
}

// Next ends at once.
func (u *unread) Next(b *observe.Batch) error { b.Reset(); return io.EOF }

// Inputs are none: what was left out is a problem of those beside it.
func (u *unread) Inputs() []downpour.Input { return nil }

// Input is empty.
func (u *unread) Input() downpour.Input { return downpour.Input{} }

// tell adds the problem to the first input of the same directory.
func (u *unread) tell(inputs []downpour.Input) {
	beside := slices.IndexFunc(inputs, func(in downpour.Input) bool { return filepath.Dir(in.Name) == filepath.Dir(u.name) })
	if beside >= 0 {
		in := &inputs[beside]
		in.Problems = append(in.Problems, downpour.Problem{Says: fmt.Sprintf("a file beside it was left out: %v", u.why), Count: 1})
	}
}

// Close does nothing.
func (u *unread) Close() error { return nil }

// holder keeps a file open as long as the sources are, which read it as a stream.
type holder struct{ file *os.File }

func (h *holder) Next(b *observe.Batch) error { b.Reset(); return io.EOF }

// Inputs are none: the source that reads the file tells.
func (h *holder) Inputs() []downpour.Input { return nil }

func (h *holder) Input() downpour.Input { return downpour.Input{} }

func (h *holder) Close() error { return h.file.Close() }
