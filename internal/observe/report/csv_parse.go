package report

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"downpour"
)

// parser reads rows line by line, so that a quote left open spoils one row and
// not the rest of the file.
type parser struct {
	name     string
	opt      CSVOptions
	lines    *lineReader
	comma    rune
	service  int // column of the service; -1 if there is none
	rows     []row
	names    []string
	index    map[string]int32
	last     map[int32]int64 // time of each service's row above
	problems problems
	first    error // of the first bad row
}

func newParser(name string, r io.Reader, opt CSVOptions) *parser {
	return &parser{name: name, opt: opt, lines: &lineReader{r: bufio.NewReaderSize(r, maxLine)},
		service: -1, index: map[string]int32{}, last: map[int32]int64{}}
}

// parse reads the header and all rows.
func (p *parser) parse() error {
	header, err := p.lines.content()
	if err == io.EOF {
		return fmt.Errorf("%s: no line with content; give a header and rows of time and count, e.g. \"time,reports\" and \"2025-03-10T10:02:00Z,41143\"", p.name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.comma = delimiter(header.text)
	if err := p.header(header); err != nil {
		return err
	}
	for {
		l, err := p.lines.content()
		if err == io.EOF {
			break
		}
		if err != nil && len(p.rows) == 0 {
			return fmt.Errorf("%s:%d: %w", p.name, p.lines.n, err)
		}
		if err != nil {
			p.problems.add("read", p.lines.n, fmt.Sprintf("reading failed: %v; what lies above is kept", err))
			break
		}
		if len(p.rows) == maxRows {
			p.problems.add("bound", l.n, fmt.Sprintf("more than %d rows; those from here on were not read", maxRows))
			break
		}
		p.line(l)
	}
	if len(p.rows) > 0 {
		return nil
	}
	if p.first != nil {
		return p.first
	}
	return fmt.Errorf("%s:%d: a header and no rows; add rows of time and count", p.name, header.n)
}

// header reads the column names; a first line that is a row already is kept as one.
func (p *parser) header(l line) error {
	fields, err := split(l.text, p.comma)
	if err != nil || len(fields) < 2 {
		return fmt.Errorf("%s:%d: the header has not two columns; give time and count, separated by a comma, a semicolon or a tab", p.name, l.n)
	}
	if _, err := parseTime(fields[0], p.opt.Location); err == nil {
		p.problems.add("header", l.n, "there is no header; the first line was read as a row")
		p.line(l)
		return nil
	}
	for i, f := range fields {
		if i >= 2 && strings.EqualFold(strings.TrimSpace(f), "service") {
			p.service = i
			break
		}
	}
	return nil
}

// line reads one row, over several lines if it holds quoted line breaks.
func (p *parser) line(l line) {
	fields, err := split(l.text, p.comma)
	if errors.Is(err, csv.ErrQuote) {
		fields, err = p.joined(l)
	}
	if err != nil {
		p.bad(l.n, "quote", "a quote is left open or stands inside a field")
		return
	}
	if kind, says := p.row(l.n, fields); kind != "" {
		p.bad(l.n, kind, says)
	}
}

// joined tries the row together with the lines that follow; they are given back
// if no close quote comes soon.
func (p *parser) joined(l line) ([]string, error) {
	text := l.text
	ahead := p.lines.peek(maxRowLines - 1)
	for i, more := range ahead {
		text += "\n" + more.text
		if fields, err := split(text, p.comma); err == nil {
			p.lines.skip(i + 1)
			return fields, nil
		}
	}
	return nil, csv.ErrQuote
}

// row adds a row, or returns what is wrong with it: a stable kind and a sentence.
func (p *parser) row(n int, fields []string) (kind, says string) {
	if len(fields) < 2 {
		return "columns", "the row has one column; give time and count"
	}
	count, says := parseCount(fields[1])
	if says != "" {
		return "count", says
	}
	at, err := parseTime(fields[0], p.opt.Location)
	if err != nil {
		return "time", err.Error()
	}
	service := p.intern(p.serviceOf(fields))
	ns := forward(at, p.last, service, p.opt.Location, fields[0])
	p.last[service] = ns
	p.rows = append(p.rows, row{at: ns, count: count, line: int32(n), service: service})
	return "", ""
}

func (p *parser) serviceOf(fields []string) string {
	if p.service >= 0 && p.service < len(fields) {
		if s := strings.TrimSpace(fields[p.service]); s != "" {
			return s
		}
	}
	return p.opt.Service
}

func (p *parser) intern(name string) int32 {
	if i, ok := p.index[name]; ok {
		return i
	}
	i := int32(len(p.names))
	p.names = append(p.names, strings.Clone(name))
	p.index[p.names[i]] = i
	return i
}

func (p *parser) bad(line int, kind, says string) {
	if p.first == nil {
		p.first = fmt.Errorf("%s:%d: %s", p.name, line, says)
	}
	p.problems.add(kind, line, says+"; the row was left out")
}

// delimiter is the one of comma, semicolon and tab that the line holds most of;
// a comma if none.
func delimiter(line string) rune {
	best, most := ',', 0
	for _, d := range ",;\t" {
		if n := strings.Count(line, string(d)); n > most {
			best, most = d, n
		}
	}
	return best
}

// split cuts a row into fields as RFC 4180 says. A row without quotes needs no
// parser for that.
func split(text string, comma rune) ([]string, error) {
	if !strings.Contains(text, `"`) {
		return strings.Split(text, string(comma)), nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	return r.Read()
}

// parseCount reads a finite count of at least zero.
func parseCount(s string) (float64, string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, "the count is empty; write 0 for none, and no row for a gap"
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(v):
		return 0, fmt.Sprintf("count %s is not a number", quoted(s))
	case v < 0:
		return 0, fmt.Sprintf("count %s is negative", quoted(s))
	case v > maxCount:
		return 0, fmt.Sprintf("count %s is larger than %.0e", quoted(s), maxCount)
	}
	return v, ""
}

// quoted shows a field in a message, cut to a readable length.
func quoted(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// problems tells each kind of damage once, with its first line and how often.
type problems struct {
	kinds []string
	found []downpour.Problem
}

func (p *problems) add(kind string, line int, says string) {
	if i := slices.Index(p.kinds, kind); i >= 0 {
		p.found[i].Count++
		return
	}
	p.kinds = append(p.kinds, kind)
	p.found = append(p.found, downpour.Problem{Offset: int64(line), Says: says, Count: 1})
}

// list returns the problems in order of their first line; never nil.
func (p *problems) list() []downpour.Problem {
	out := append([]downpour.Problem{}, p.found...)
	slices.SortStableFunc(out, func(a, b downpour.Problem) int { return compareInt64(a.Offset, b.Offset) })
	return out
}

// IsCSV tells from the beginning of a file whether it is a CSV of counts: among
// its first lines with content is a row of time and count, or its only line is a
// header whose first column is named for time.
func IsCSV(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	lines := &lineReader{r: bufio.NewReaderSize(bytes.NewReader(head), maxLine)}
	const look = 3
	var comma rune
	for i := range look {
		l, err := lines.content()
		if err != nil {
			return false
		}
		if i == 0 {
			comma = delimiter(l.text)
		}
		fields, err := split(l.text, comma)
		if err != nil || len(fields) < 2 {
			return false
		}
		_, says := parseCount(fields[1])
		if _, err := parseTime(fields[0], time.UTC); err == nil && says == "" {
			return true
		}
		name := strings.ToLower(fields[0])
		if i == 0 && len(lines.peek(1)) == 0 {
			return strings.Contains(name, "time") || strings.Contains(name, "date")
		}
	}
	return false
}
