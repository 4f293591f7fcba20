package listing

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"downpour/internal/observe/export"
)

// Writer prints records, a line a flow. Each line is written at once, so what is
// buffered is the caller's to decide.
type Writer struct {
	write func(*line) error
	line  line
}

// NewJSON prints each record as a JSON object.
func NewJSON(w io.Writer) *Writer {
	names := names()
	var b []byte
	return &Writer{write: func(l *line) error {
		b = appendObject(b[:0], l, &names)
		_, err := w.Write(append(b, '\n'))
		return err
	}}
}

// NewCSV prints each record as a row, under a header with Keys and "other", which
// is a JSON object. The header is printed at once.
func NewCSV(w io.Writer) (*Writer, error) {
	out := csv.NewWriter(w)
	row := append(Keys(), "other")
	if err := flushed(out, row); err != nil {
		return nil, err
	}
	return &Writer{write: func(l *line) error {
		for k, v := range l.values {
			row[k] = plain(v)
		}
		row[keys] = ""
		if len(l.other) > 0 {
			row[keys] = string(appendOther(nil, l.other))
		}
		return flushed(out, row)
	}}, nil
}

func flushed(out *csv.Writer, row []string) error {
	if err := out.Write(row); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// Write prints the flows of a record; a record without any as one line too.
func (w *Writer) Write(record *export.Walked) error {
	for i := range max(len(record.Records), 1) {
		w.line.fill(record, i)
		if err := w.write(&w.line); err != nil {
			return err
		}
	}
	return nil
}

// appendObject appends a line as a JSON object.
func appendObject(b []byte, l *line, names *[keys]string) []byte {
	b = append(b, '{')
	for k, v := range l.values {
		if v == nil {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, names[k]...)
		b = append(b, '"', ':')
		b = appendValue(b, v)
	}
	if len(l.other) > 0 {
		b = append(b, `,"other":`...)
		b = appendOther(b, l.other)
	}
	return append(b, '}')
}

func appendOther(b []byte, other []pair) []byte {
	b = append(b, '{')
	for i, o := range other {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, o.name)
		b = append(b, ':')
		b = appendValue(b, o.value)
	}
	return append(b, '}')
}

// appendValue appends a value as JSON has it.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case string:
		return appendString(b, v)
	case netip.Addr:
		b = append(b, '"')
		b = v.AppendTo(b)
		return append(b, '"')
	case net.HardwareAddr:
		return appendString(b, v.String())
	case []byte:
		return appendString(b, fmt.Sprintf("%x", v))
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	}
	encoded, err := json.Marshal(v)
	if err != nil { // a kind of value that JSON does not have
		return appendString(b, fmt.Sprint(v))
	}
	return append(b, encoded...)
}

// appendString quotes a string. Nearly all are plain.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= del {
			encoded, _ := json.Marshal(s) // a string never fails
			return appendUncontrolled(b, encoded)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// del is the first of the control characters that JSON lets stand: U+007F to
// U+009F, in which a terminal finds its sequences too (ECMA-48).
const del = 0x7f

// appendUncontrolled appends JSON with those escaped.
func appendUncontrolled(b, encoded []byte) []byte {
	for _, r := range string(encoded) {
		if r >= del && r <= 0x9f {
			b = fmt.Appendf(b, "\\u%04x", r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// plain is a value as a cell of CSV has it.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case uint64:
		return strconv.FormatUint(v, 10)
	case netip.Addr:
		return v.String()
	case net.HardwareAddr:
		return v.String()
	}
	return string(appendValue(nil, v))
}
