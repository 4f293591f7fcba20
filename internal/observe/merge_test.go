package observe_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

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
