package report

import (
	"fmt"
	"io"
	"slices"
	"time"

	"downpour"
	"downpour/internal/observe"
)

// Bounds of what a file of counts may hold. A row takes 32 bytes in memory, and
// all rows are held because the bucket's length is known only at the end.
const (
	maxRows     = 4 << 20  // ten weeks of 400 services in hours, eight years of one in minutes
	maxLine     = 64 << 10 // bytes; a longer line is no row of counts
	maxRowLines = 16       // lines that one row with quoted line breaks may span
	maxCount    = 1e15     // whole numbers up to here are exact in a float64
)

// bucketShare is the share of the gaps that the most frequent one must cover to
// be taken as the bucket's length (outward contract).
const bucketShare = 0.9

// CSVOptions tells what a file of counts does not say itself.
type CSVOptions struct {
	// Bucket is the length of a row's bucket. Zero: the most frequent gap
	// between rows of a service if it covers nine tenths of the gaps, else
	// unknown, and the rows are moments with nothing assumed between them.
	Bucket time.Duration
	// Location is where times without a zone were taken; nil is UTC.
	Location *time.Location
	// Service names rows that name none; empty is downpour.DefaultService.
	Service string
}

// CSV is a file of report counts, read as a source of observations. It gives
// its rows in order of time whatever their order in the file; rows of one time
// come in the order of the file.
type CSV struct {
	rows    []row
	names   []string
	bucket  time.Duration
	input   downpour.Input
	next    int
	problem problems
}

// row is one valid row; service is an index into CSV.names.
type row struct {
	at      int64 // nanoseconds since the epoch
	count   float64
	line    int32
	service int32
}

// OpenCSV reads a file of counts to its end: lines that begin with # are
// comments; then a header; the first column is the time (RFC 3339, or
// "YYYY-MM-DD HH:MM[:SS]" with a space or a T, without a zone), the second the
// count; a column headed "service" names the service and all others are
// ignored. Columns are separated by commas, semicolons or tabs.
//
// A row that cannot be read, or that repeats the time of an earlier row of its
// service, is left out and told in Input().Problems, whose offsets are lines;
// rows out of order are sorted, and that is told too. A time that the end of
// daylight saving makes ambiguous is taken so that the rows run forward. The
// error is that of the first bad row if not one row is good.
func OpenCSV(name string, r io.Reader, opt CSVOptions) (*CSV, error) {
	if opt.Bucket < 0 {
		return nil, fmt.Errorf("%s: a bucket of %v is impossible; give a positive duration or none", name, opt.Bucket)
	}
	if opt.Location == nil {
		opt.Location = time.UTC
	}
	if opt.Service == "" {
		opt.Service = downpour.DefaultService
	}
	p := newParser(name, r, opt)
	if err := p.parse(); err != nil {
		return nil, err
	}
	c := &CSV{rows: p.rows, names: p.names, problem: p.problems}
	c.order()
	c.bucket = opt.Bucket
	if c.bucket == 0 {
		c.bucket = usualGap(c.rows, len(c.names))
	}
	c.account(name, p.lines.bytes)
	return c, nil
}

// order sorts the rows by time and leaves out those that repeat one of their
// service; the first in the file is kept.
func (c *CSV) order() {
	byTime := func(a, b row) int { return compareInt64(a.at, b.at) }
	if !slices.IsSortedFunc(c.rows, byTime) {
		c.problem.add("order", firstStep(c.rows), "a row lies before the one above it; the rows were sorted by time")
		slices.SortStableFunc(c.rows, byTime)
	}
	last := make([]int64, len(c.names))
	seen := make([]bool, len(c.names))
	kept := c.rows[:0]
	for _, r := range c.rows {
		if seen[r.service] && last[r.service] == r.at {
			c.problem.add("repeat", int(r.line), "a row repeats the time of another of its service; the first of them is kept")
			continue
		}
		seen[r.service], last[r.service] = true, r.at
		kept = append(kept, r)
	}
	c.rows = kept
}

// firstStep is the line of the first row that lies before its predecessor.
func firstStep(rows []row) int {
	for i := 1; i < len(rows); i++ {
		if rows[i].at < rows[i-1].at {
			return int(rows[i].line)
		}
	}
	return 0
}

// usualGap is the most frequent gap between rows of one service, or 0 if it
// covers less than nine tenths of the gaps. Rows must be in order.
func usualGap(rows []row, services int) time.Duration {
	last := make([]int64, services)
	seen := make([]bool, services)
	var gaps []int64
	for _, r := range rows {
		if seen[r.service] {
			gaps = append(gaps, r.at-last[r.service])
		}
		seen[r.service], last[r.service] = true, r.at
	}
	slices.Sort(gaps)
	var usual int64
	most := 0
	for i := 0; i < len(gaps); {
		j := i
		for j < len(gaps) && gaps[j] == gaps[i] {
			j++
		}
		if j-i > most {
			usual, most = gaps[i], j-i
		}
		i = j
	}
	if float64(most) < bucketShare*float64(len(gaps)) {
		return 0
	}
	return time.Duration(usual)
}

// account fills the input's description.
func (c *CSV) account(name string, bytes uint64) {
	start := time.Unix(0, c.rows[0].at).UTC()
	end := time.Unix(0, c.rows[len(c.rows)-1].at).UTC().Add(c.bucket)
	c.input = downpour.Input{Name: name, Kind: "reports", Records: uint64(len(c.rows)), Bytes: bytes,
		Start: &start, End: &end, Problems: c.problem.list()}
}

// Bucket is the length of every row's bucket, 0 if it is unknown.
func (c *CSV) Bucket() time.Duration { return c.bucket }

// Next implements observe.Source.
func (c *CSV) Next(b *observe.Batch) error {
	b.Reset()
	if c.next == len(c.rows) {
		return io.EOF
	}
	n := min(observe.BatchSize, len(c.rows)-c.next)
	for _, r := range c.rows[c.next : c.next+n] {
		b.Counts = append(b.Counts, downpour.ReportCount{Service: c.names[r.service],
			Time: time.Unix(0, r.at).UTC(), Bucket: c.bucket, Count: r.count, Origin: downpour.Published})
	}
	c.next += n
	return nil
}

// Input implements observe.Source.
func (c *CSV) Input() downpour.Input { return c.input }

// Close implements observe.Source. The reader given to OpenCSV is its giver's
// to close.
func (c *CSV) Close() error {
	c.next = len(c.rows)
	return nil
}

func compareInt64(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
