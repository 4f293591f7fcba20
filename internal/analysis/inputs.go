package analysis

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"downpour/internal/observe"
	"downpour/internal/observe/packet"
	"downpour/internal/observe/report"
)

// stdin is the name that stands for standard input.
const stdin = "-"

// open opens everything that was named, or nothing.
func open(opt Options) (sources []observe.Source, err error) {
	defer func() {
		if err != nil {
			closeAll(sources)
			sources = nil
		}
	}()
	for _, name := range opt.Inputs {
		s, err := openInput(name, opt)
		if err != nil {
			return sources, err
		}
		sources = append(sources, s)
	}
	for _, name := range opt.Reports {
		s, err := openReports(name, opt)
		if err != nil {
			return sources, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// openInput opens a capture or, since what a file is is told from its content,
// counts of reports.
func openInput(name string, opt Options) (observe.Source, error) {
	if name == stdin {
		return openStream("standard input", opt.Stdin, opt)
	}
	c, err := packet.OpenFile(name)
	if !errors.Is(err, packet.ErrNotCapture) {
		return c, Plain(err)
	}
	f, openErr := os.Open(name)
	if openErr != nil {
		return nil, Plain(openErr)
	}
	defer f.Close()
	s, err := openStream(name, f, opt)
	return s, Plain(err)
}

// openStream tells from its beginning what a stream is. A CSV is read to its
// end at once; a capture is read as it comes.
func openStream(name string, r io.Reader, opt Options) (observe.Source, error) {
	head, whole, err := packet.Peek(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !packet.IsCapture(head) && report.IsCSV(head) {
		return report.OpenCSV(name, whole, opt.CSV)
	}
	return packet.Open(name, whole)
}

func openReports(name string, opt Options) (observe.Source, error) {
	if name == stdin {
		return report.OpenCSV("standard input", opt.Stdin, opt.CSV)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, Plain(err)
	}
	defer f.Close()
	s, err := report.OpenCSV(name, f, opt.CSV)
	return s, Plain(err)
}

// Plain says an operating system's error on a file as a person would; other
// errors are returned as they are.
func Plain(err error) error {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such file", path.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: may not be read by this user", path.Path)
	}
	return fmt.Errorf("%s: %w", path.Path, path.Err)
}

func closeAll(sources []observe.Source) {
	for _, s := range sources {
		_ = s.Close() // they were only read
	}
}

// consumed adds up how much of all inputs has been read, in bytes. A total of 0
// is not known.
func consumed(sources []observe.Source) (done, total int64) {
	for _, s := range sources {
		if c, ok := s.(interface{ Progress() (read, total int64) }); ok {
			read, all := c.Progress()
			done += read
			total += all
		}
	}
	return done, total
}
