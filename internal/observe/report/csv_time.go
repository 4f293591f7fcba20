package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// localLayouts are the forms of a time without a zone; fractions of a second
// are accepted after each that has seconds.
func localLayouts() [4]string {
	return [4]string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"}
}

// parseTime reads RFC 3339 (also with a space for the T), or a time without a
// zone in loc. A time that the beginning of daylight saving skips is an error.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{time.RFC3339, "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return inRange(t, s)
		}
	}
	for _, layout := range localLayouts() {
		t, err := time.ParseInLocation(layout, s, loc)
		if err != nil {
			continue
		}
		if wall, _ := time.Parse(layout, s); !sameWall(t.In(loc), wall) {
			return time.Time{}, fmt.Errorf("time %s does not exist in %s, where the clocks went forward", quoted(s), loc)
		}
		return inRange(t, s)
	}
	return time.Time{}, fmt.Errorf("time %s is neither RFC 3339 nor \"YYYY-MM-DD HH:MM:SS\"", quoted(s))
}

// inRange refuses times whose nanoseconds since the epoch do not fit.
func inRange(t time.Time, s string) (time.Time, error) {
	if y := t.UTC().Year(); y < 1900 || y > 2200 {
		return time.Time{}, fmt.Errorf("time %s is not between the years 1900 and 2200", quoted(s))
	}
	return t, nil
}

func sameWall(a, b time.Time) bool {
	return a.Hour() == b.Hour() && a.Minute() == b.Minute() && a.Second() == b.Second() && a.Day() == b.Day()
}

// forward resolves a time that the end of daylight saving makes ambiguous: the
// earlier of the two readings, unless that does not lie after the service's row
// above. Times with a zone, and all others, are as they are.
func forward(t time.Time, last map[int32]int64, service int32, loc *time.Location, s string) int64 {
	above, ok := last[service]
	if _, err := time.ParseInLocation(time.RFC3339, strings.TrimSpace(s), loc); err == nil {
		return t.UnixNano()
	}
	early, late := t, t
	for _, shift := range [...]time.Duration{30 * time.Minute, time.Hour} { // Lord Howe shifts by half an hour
		if e := t.Add(-shift); sameWall(e.In(loc), t.In(loc)) {
			early = e
		}
		if l := t.Add(shift); sameWall(l.In(loc), t.In(loc)) {
			late = l
		}
	}
	if ok && early.UnixNano() <= above && late.UnixNano() > above {
		return late.UnixNano()
	}
	return early.UnixNano()
}

// line is one physical line with its number, counted from 1.
type line struct {
	n    int
	text string
}

// lineReader gives lines without their ends (LF or CRLF) and without a byte
// order mark, and lets the caller look ahead a bounded number of them.
type lineReader struct {
	r     *bufio.Reader
	n     int
	bytes uint64
	ahead []line
	err   error
}

// content returns the next line that is neither empty nor a comment.
func (l *lineReader) content() (line, error) {
	for {
		next, err := l.pop()
		if err != nil {
			return line{}, err
		}
		if text := strings.TrimSpace(next.text); text != "" && text[0] != '#' {
			return next, nil
		}
	}
}

// peek returns up to n further lines without consuming them.
func (l *lineReader) peek(n int) []line {
	for len(l.ahead) < n && l.err == nil {
		var next line
		if next, l.err = l.read(); l.err == nil {
			l.ahead = append(l.ahead, next)
		}
	}
	return l.ahead[:min(n, len(l.ahead))]
}

func (l *lineReader) skip(n int) { l.ahead = l.ahead[n:] }

func (l *lineReader) pop() (line, error) {
	if len(l.ahead) == 0 && l.err != nil {
		return line{}, l.err
	}
	if len(l.ahead) > 0 {
		next := l.ahead[0]
		l.ahead = l.ahead[1:]
		return next, nil
	}
	next, err := l.read()
	l.err = err
	return next, err
}

// read takes one line from the reader. What a line holds beyond maxLine is
// dropped; time and count stand first in it.
func (l *lineReader) read() (line, error) {
	raw, err := l.r.ReadSlice('\n')
	l.bytes += uint64(len(raw))
	text := string(raw)
	for errors.Is(err, bufio.ErrBufferFull) {
		raw, err = l.r.ReadSlice('\n')
		l.bytes += uint64(len(raw))
	}
	if err != nil && !(err == io.EOF && text != "") {
		return line{}, err
	}
	l.n++
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if l.n == 1 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	return line{l.n, text}, nil
}
