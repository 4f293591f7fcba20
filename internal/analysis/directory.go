package analysis

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/packet"
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
	rotated := &series{}
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
	if len(rotated.files) > 0 {
		rotated.sort()
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

// Input tells why.
func (u *unread) Input() downpour.Input {
	return downpour.Input{Name: u.name, Kind: "unknown", Problems: []downpour.Problem{
		{Says: fmt.Sprintf("left out: %v", u.why), Count: 1}}}
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

// series reads rotated captures one after the other, each opened when its turn
// has come: a ring of a thousand needs one descriptor.
type series struct {
	files   []rotatedFile // in the order of time
	current observe.Source
	at      int // of the file that is read or comes next
	total   int64
	passed  int64
}

// rotatedFile is a capture of a series.
type rotatedFile struct {
	name  string
	place int // among the names
	size  int64
	of    looked
	input *downpour.Input // once it was read
}

func (s *series) add(name string, of looked) {
	size := int64(0)
	if about, err := os.Stat(name); err == nil {
		size = about.Size()
	}
	s.files = append(s.files, rotatedFile{name: name, place: len(s.files), size: size, of: of})
	s.total += size
}

// sort puts the files in the order of their first packets: the oldest file of a
// ring may have any name.
func (s *series) sort() {
	slices.SortStableFunc(s.files, func(a, b rotatedFile) int {
		return cmp.Compare(a.of.verdict.Start, b.of.verdict.Start)
	})
}

// Next gives the next flows of the file at hand, or of the next one.
func (s *series) Next(b *observe.Batch) error {
	for {
		if s.current == nil {
			if s.at == len(s.files) {
				b.Reset()
				return io.EOF
			}
			s.begin()
			continue
		}
		err := s.current.Next(b)
		if !errors.Is(err, io.EOF) {
			return err
		}
		s.pass(s.current.Input())
	}
}

// begin opens the next file; one that can't be opened any more is passed.
func (s *series) begin() {
	f := &s.files[s.at]
	c, err := packet.OpenFile(f.name)
	if err != nil {
		s.pass((&unread{f.name, Plain(err)}).Input())
		return
	}
	s.current = remarked(c, f.of.verdict)
}

// pass goes on to the next file.
func (s *series) pass(in downpour.Input) {
	if s.current != nil {
		_ = s.current.Close() // it was only read
	}
	f := &s.files[s.at]
	f.input, s.current = &in, nil
	s.passed += f.size
	s.at++
}

// Inputs accounts for the files in the order of their names.
func (s *series) Inputs() []downpour.Input {
	all := make([]downpour.Input, len(s.files))
	for i := range s.files {
		f := &s.files[i]
		switch {
		case f.input != nil:
			all[f.place] = *f.input
		case i == s.at && s.current != nil:
			all[f.place] = s.current.Input()
		default:
			all[f.place] = downpour.Input{Name: f.name, Kind: "pcap", Problems: []downpour.Problem{}}
		}
	}
	return all
}

// Input accounts for the first file.
func (s *series) Input() downpour.Input { return s.Inputs()[0] }

// Progress tells how many bytes of all files have been read.
func (s *series) Progress() (read, total int64) {
	read = s.passed
	if p, ok := s.current.(interface{ Progress() (read, total int64) }); ok {
		n, _ := p.Progress()
		read += n
	}
	return read, s.total
}

// Close releases the file at hand.
func (s *series) Close() error {
	if s.current == nil {
		return nil
	}
	return s.current.Close()
}
