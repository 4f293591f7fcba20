package analysis

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/export"
	"downpour/internal/observe/packet"
	"downpour/internal/observe/report"
	"downpour/internal/observe/weblog"
)

// stdin is the name that stands for standard input.
const stdin = "-"

// opener opens what was named. All flow export is one source, whatever the number
// of its files: exporters are the same, and their templates hold, across files.
type opener struct {
	opt     Options
	sources []observe.Source
	export  *export.Reader // nil until there is any
}

// open opens everything that was named, or nothing.
func open(opt Options) (sources []observe.Source, err error) {
	o := &opener{opt: opt}
	defer func() {
		if err != nil {
			closeAll(o.sources)
			sources, err = nil, Plain(err)
		}
	}()
	for _, name := range opt.Inputs {
		if err := o.input(name); err != nil {
			return nil, err
		}
	}
	for _, name := range opt.Reports {
		if err := o.reports(name); err != nil {
			return nil, err
		}
	}
	return o.sources, nil
}

func (o *opener) add(s observe.Source) { o.sources = append(o.sources, s) }

// reader is where flow export is added to.
func (o *opener) reader() *export.Reader {
	if o.export == nil {
		o.export = &export.Reader{}
		o.add(export.NewSource(o.export, o.opt.Export))
	}
	return o.export
}

// exportOptions say how files of flow export are read.
func (o *opener) exportOptions() export.Options {
	return export.Options{Location: o.opt.CSV.Location}
}

// input opens one input of whatever kind, as its content tells.
func (o *opener) input(name string) error {
	if name == stdin {
		return o.stream("standard input", o.opt.Stdin)
	}
	about, err := os.Stat(name)
	switch {
	case err != nil:
		return err
	case about.IsDir():
		return o.directory(name)
	case about.Mode().IsRegular():
		return o.file(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	o.add(&holder{file: f}) // closes it
	return o.stream(name, f)
}

// file opens a regular file, which can be looked into before.
func (o *opener) file(name string) error {
	of, err := look(name)
	if err != nil {
		return err
	}
	return o.told(name, of)
}

// told opens a file that was looked into.
func (o *opener) told(name string, of looked) error {
	switch of.kind {
	case flowExport:
		return o.reader().AddFile(name, o.exportOptions())
	case counts:
		return o.reports(name)
	case webLog:
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		o.add(&holder{file: f}) // closes it
		return o.log(name, f)
	}
	c, err := packet.OpenFile(name)
	if err != nil {
		return explain(err, of.head)
	}
	o.add(remarked(c, of.verdict))
	return nil
}

// log adds a web log. Whose requests they are the hosts tell.
func (o *opener) log(name string, r io.Reader) error {
	s, err := weblog.Open(name, r, weblog.Options{Trusted: o.opt.TrustedProxies})
	if err != nil {
		return err
	}
	o.add(s)
	return nil
}

// stream tells from its beginning what a stream is. A CSV of counts is read to
// its end at once; all else is read as it comes.
func (o *opener) stream(name string, r io.Reader) error {
	head, whole, err := packet.Peek(r)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch kindOf(head) {
	case flowExport:
		return o.reader().AddStream(name, whole, o.exportOptions())
	case counts:
		s, err := report.OpenCSV(name, whole, o.opt.CSV)
		if err != nil {
			return err
		}
		o.add(s)
		return nil
	case webLog:
		return o.log(name, whole)
	}
	verdict, whole, err := judgeStream(name, whole)
	if err != nil {
		return explain(err, head)
	}
	if verdict.Export {
		return o.reader().AddStream(name, whole, o.exportOptions())
	}
	c, err := packet.Open(name, whole)
	if err != nil {
		return err
	}
	o.add(remarked(c, verdict))
	return nil
}

// judgedBytes bounds what is read of a stream to judge it, and held until it is
// read again.
const judgedBytes = 8 << 20

// judgeStream looks at the beginning of a capture; whole reads it from there.
func judgeStream(name string, r io.Reader) (v export.Verdict, whole io.Reader, err error) {
	var seen bytes.Buffer
	frames, err := packet.OpenFrames(name, io.TeeReader(io.LimitReader(r, judgedBytes), &seen))
	if err != nil {
		return v, nil, err
	}
	v = export.Judge(frames)
	return v, io.MultiReader(&seen, r), frames.Close()
}

func (o *opener) reports(name string) error {
	in := o.opt.Stdin
	if name != stdin {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	} else {
		name = "standard input"
	}
	s, err := report.OpenCSV(name, in, o.opt.CSV)
	if err != nil {
		return err
	}
	o.add(s)
	return nil
}

// remarked is a capture of packets that says if there is much flow export in it.
func remarked(c *packet.Capture, v export.Verdict) observe.Source {
	if !v.Mixed() {
		return c
	}
	return &mixed{c, downpour.Problem{
		Says: fmt.Sprintf("flow export among other packets (%d of the first %d): all are read as packets, which they mostly are",
			v.Carried, v.Packets), Count: 1}}
}

// mixed is a capture with a word more to say.
type mixed struct {
	*packet.Capture
	says downpour.Problem
}

// Input accounts for the capture.
func (m *mixed) Input() downpour.Input {
	in := m.Capture.Input()
	in.Problems = append([]downpour.Problem{m.says}, in.Problems...)
	return in
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

// inputsOf accounts for all sources, in the order in which they were named; flow
// export stands together where its first input was named.
func inputsOf(sources []observe.Source) []downpour.Input {
	inputs := []downpour.Input{}
	for _, s := range sources {
		switch s := s.(type) {
		case interface{ Inputs() []downpour.Input }:
			inputs = append(inputs, s.Inputs()...)
		default:
			inputs = append(inputs, s.Input())
		}
	}
	for _, s := range sources {
		if u, is := s.(*unread); is {
			u.tell(inputs)
		}
	}
	return inputs
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
