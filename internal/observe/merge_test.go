package observe_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"
	"unsafe"

	"downpour"
	"downpour/internal/observe"
)

// list is a source of given times, two to a batch.
type list struct {
	times  []int64
	counts bool
	fail   error
}

func (l *list) Next(b *observe.Batch) error {
	b.Reset()
	if len(l.times) == 0 {
		if l.fail != nil {
			return l.fail
		}
		return io.EOF
	}
	n := min(2, len(l.times))
	for _, t := range l.times[:n] {
		if l.counts {
			b.Counts = append(b.Counts, downpour.ReportCount{Time: time.Unix(0, t)})
		} else {
			b.Flows = append(b.Flows, downpour.Flow{Time: t})
		}
	}
	l.times = l.times[n:]
	return nil
}

func (l *list) Input() downpour.Input { return downpour.Input{} }
func (l *list) Close() error          { return nil }

// drain reads a merged source and returns the times as the engine would see them.
func drain(t *testing.T, m *observe.Merged) (times []int64) {
	t.Helper()
	var b observe.Batch
	for {
		err := m.Next(&b)
		if errors.Is(err, io.EOF) {
			return times
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range b.Counts {
			times = append(times, c.Time.UnixNano())
		}
		for _, f := range b.Flows {
			times = append(times, f.Time)
		}
	}
}

func TestMergeIsInOrderOfTime(t *testing.T) {
	got := drain(t, observe.Merge(
		&list{times: []int64{5, 9, 9, 30}},
		&list{times: []int64{1, 6, 31}, counts: true},
		&list{},
		&list{times: []int64{7}},
	))
	if want := []int64{1, 5, 6, 7, 9, 9, 30, 31}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMergeOfOneIsTheOne(t *testing.T) {
	got := drain(t, observe.Merge(&list{times: []int64{3, 2, 4}}))
	if want := []int64{3, 2, 4}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: a single source keeps its own order", got, want)
	}
}

func TestMergeGivesASourcesError(t *testing.T) {
	broken := errors.New("broken")
	m := observe.Merge(&list{times: []int64{1}, fail: broken}, &list{times: []int64{2}})
	var b observe.Batch
	var err error
	for err == nil {
		err = m.Next(&b)
	}
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the source's error", err)
	}
}

// script is a source of given batches, which it writes into one memory that it
// uses again, as readers of logs do.
type script struct {
	batches []observe.Batch
	line    []byte
}

func (s *script) Next(b *observe.Batch) error {
	b.Reset()
	copy(s.line, "xxxxxxxxxx")
	if len(s.batches) == 0 {
		return io.EOF
	}
	next := s.batches[0]
	s.batches = s.batches[1:]
	b.Now, b.Delay = next.Now, next.Delay
	b.Flows = append(b.Flows, next.Flows...)
	for i, r := range next.Requests {
		s.line = append(s.line[:0], s.line[:cap(s.line)]...)
		at := s.line[i : i+1]
		copy(at, r.Path)
		r.Path = unsafe.String(&at[0], 1)
		b.Requests = append(b.Requests, r)
	}
	return nil
}

func (s *script) Input() downpour.Input { return downpour.Input{} }
func (s *script) Close() error          { return nil }

// TestMergeByArrival: flow export meets packets when it arrived, however old its
// flows are; a batch tells its arrival, and the delay from the first one on.
func TestMergeByArrival(t *testing.T) {
	const s = int64(time.Second)
	flow := func(at int64) downpour.Flow { return downpour.Flow{Time: at * s} }
	export := func(now int64, from ...int64) (b observe.Batch) {
		b.Now, b.Delay = now*s, 60*s
		for _, at := range from {
			b.Flows = append(b.Flows, flow(at))
		}
		return b
	}
	packets := observe.Batch{Flows: []downpour.Flow{flow(1), flow(64), flow(70), flow(130)}}
	m := observe.Merge(
		&script{batches: []observe.Batch{packets}},
		&script{batches: []observe.Batch{export(65, 10, 5), export(65, 6), export(120, 70)}},
	)
	var got []string
	var b observe.Batch
	for m.Next(&b) == nil {
		line := fmt.Sprintf("now %d delay %d:", b.Now/s, b.Delay/s)
		for _, f := range b.Flows {
			line += fmt.Sprint(" ", f.Time/s)
		}
		got = append(got, line)
	}
	want := []string{
		"now 0 delay 60: 1 64", "now 65 delay 60: 10 5 6", "now 0 delay 60: 70", "now 120 delay 60: 70", "now 0 delay 0: 130",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMergeKeepsStrings: what a request points to holds until the merged batch is
// used, although its source would take it back when asked for more.
func TestMergeKeepsStrings(t *testing.T) {
	ask := func(at int64, path string) downpour.Request { return downpour.Request{Time: at, Path: path} }
	m := observe.Merge(
		&script{line: make([]byte, 0, 16), batches: []observe.Batch{
			{Requests: []downpour.Request{ask(1, "a"), ask(4, "d")}}, {Requests: []downpour.Request{ask(5, "e")}},
		}},
		&script{line: make([]byte, 0, 16), batches: []observe.Batch{
			{Requests: []downpour.Request{ask(2, "b"), ask(3, "c")}}, {Requests: []downpour.Request{ask(6, "f")}},
		}},
	)
	got := ""
	var b observe.Batch
	for m.Next(&b) == nil {
		for _, r := range b.Requests {
			got += r.Path
		}
	}
	if got != "abcdef" {
		t.Errorf("paths %q", got)
	}
}
