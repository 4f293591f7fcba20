package analysis

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/packet"
)

// series reads the captures of a directory in order of time. Each is opened when
// its time has come: a ring of a thousand needs one descriptor, two that overlap
// need two.
type series struct {
	files []*rotated // in the order of their names
	due   []*rotated // those that were not begun, by their first packets
	open  []*rotated // those that are being read
}

// rotated is a capture of a series.
type rotated struct {
	name   string
	size   int64
	of     looked
	source observe.Source // nil unless open
	batch  observe.Batch
	at     int            // of the flow to come, in batch
	input  downpour.Input // once it was read
	done   bool
}

func newSeries() *series { return &series{} }

// add takes in a capture that was looked into.
func (s *series) add(name string, of looked) {
	f := &rotated{name: name, of: of, input: downpour.Input{Name: name, Kind: "pcap", Problems: []downpour.Problem{}}}
	if about, err := os.Stat(name); err == nil {
		f.size = about.Size()
	}
	s.files = append(s.files, f)
}

// ready puts the captures in order: the oldest of a ring may have any name. It
// tells whether there are any.
func (s *series) ready() bool {
	s.due = slices.Clone(s.files)
	slices.SortStableFunc(s.due, func(a, b *rotated) int { return cmp.Compare(a.of.verdict.Start, b.of.verdict.Start) })
	return len(s.files) > 0
}

// Next gives the flows that come next in time.
func (s *series) Next(b *observe.Batch) error {
	b.Reset()
	for len(b.Flows) < observe.BatchSize {
		f, err := s.first()
		if err != nil {
			return err
		}
		if f == nil {
			break
		}
		b.Flows = append(b.Flows, f.batch.Flows[f.at])
		f.at++
	}
	if len(b.Flows) == 0 {
		return io.EOF
	}
	return nil
}

// first is the open capture whose next flow is the earliest, after those that are
// due by then were opened.
func (s *series) first() (*rotated, error) {
	for {
		var first *rotated
		for i := 0; i < len(s.open); i++ {
			f := s.open[i]
			if err := f.fill(); err != nil {
				return nil, err
			}
			if f.done {
				s.open = slices.Delete(s.open, i, i+1)
				i--
			} else if first == nil || f.time() < first.time() {
				first = f
			}
		}
		if len(s.due) == 0 || first != nil && first.time() < s.due[0].of.verdict.Start {
			return first, nil
		}
		s.due[0].begin()
		s.open, s.due = append(s.open, s.due[0]), s.due[1:]
	}
}

func (f *rotated) time() int64 { return f.batch.Flows[f.at].Time }

// begin opens a capture; one that can't be opened any more says so.
func (f *rotated) begin() {
	c, err := packet.OpenFile(f.name)
	if err != nil {
		f.done = true
		f.input.Problems = append(f.input.Problems, downpour.Problem{Says: fmt.Sprintf("left out: %v", err), Count: 1})
		return
	}
	f.source = remarked(c, f.of.verdict)
}

// fill reads the next flows once those at hand are used up.
func (f *rotated) fill() error {
	if f.done || f.at < len(f.batch.Flows) {
		return nil
	}
	f.at = 0
	err := f.source.Next(&f.batch)
	if err == nil {
		return nil
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	f.input = f.source.Input()
	f.done, f.batch = true, observe.Batch{}
	err = f.source.Close()
	f.source = nil
	return err
}

// Inputs accounts for the files in the order of their names.
func (s *series) Inputs() []downpour.Input {
	all := make([]downpour.Input, len(s.files))
	for i, f := range s.files {
		if all[i] = f.input; f.source != nil {
			all[i] = f.source.Input()
		}
	}
	return all
}

// Input accounts for the first file.
func (s *series) Input() downpour.Input { return s.Inputs()[0] }

// Progress tells how many bytes of all files have been read.
func (s *series) Progress() (read, total int64) {
	for _, f := range s.files {
		total += f.size
		if f.done {
			read += f.size
		} else if p, ok := f.source.(interface{ Progress() (read, total int64) }); ok {
			n, _ := p.Progress()
			read += n
		}
	}
	return read, total
}

// Close releases what is open.
func (s *series) Close() error {
	var all error
	for _, f := range s.open {
		if f.source != nil {
			all = errors.Join(all, f.source.Close())
		}
	}
	return all
}
