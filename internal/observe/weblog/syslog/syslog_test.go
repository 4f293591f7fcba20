package syslog

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

const line = `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET /x HTTP/1.1" 200 12 "-" "a: b"`

func TestContent(t *testing.T) {
	for _, c := range []struct{ message, want string }{
		{"<190>Nov 23 21:00:01 web1 nginx: " + line, line},                    // nginx
		{"<190>Nov  3 21:00:01 web1 nginx[12]: " + line + "\n", line},         //
		{"<190>Nov 23 21:00:01 nginx: " + line, line},                         // nohostname
		{"<13>2026-11-23T21:00:01+00:00 web1 apache: " + line + "\x00", line}, // rsyslog's RFC 3339 stamp
		{`<190>Nov 23 21:00:01 web1 {"a": 1}`, `{"a": 1}`},                    // no tag
		{"<165>1 2026-11-23T21:00:01.003Z web1 nginx 8710 - - " + line, line},
		{"<165>1 2026-11-23T21:00:01.003Z web1 nginx 8710 ID47 [a@1 x=\"y \\] ]\"][b@2] \xef\xbb\xbf" + line, line},
		{"<165>1 - - - - - -", ""},
		{"<165>1 - - - - - [broken", ""},
		{line, line},
		{"<x", "<x"},
	} {
		if got := string(Content([]byte(c.message))); got != c.want {
			t.Errorf("%q: got %q, want %q", c.message, got, c.want)
		}
	}
}

func TestFraming(t *testing.T) {
	counted := func(s string) string { return strconv.Itoa(len(s)) + " " + s }
	long := "<1>" + strings.Repeat("x", 2*MaxMessage)
	stream := counted("<1>one\ntwo") + counted("<1>three") + "<1>four\n" + line + "\n" + counted(long) + long + "\n123 and so on\n\nlast"
	want := []string{"<1>one\ntwo", "<1>three", "<1>four\n", line + "\n", long[:MaxMessage], long[:MaxMessage], "123 and so on\n", "\n", "last"}
	for _, r := range []io.Reader{strings.NewReader(stream), iotest.OneByteReader(strings.NewReader(stream))} {
		m := NewMessages(r)
		var got []string
		for {
			b, err := m.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(b))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d messages: %.60q", len(got), got)
		}
	}
}

func FuzzSyslog(f *testing.F) {
	f.Add([]byte("<190>Nov 23 21:00:01 web1 nginx: " + line))
	f.Add([]byte("10 <1>1 - - - - - [a b=\"\\]\"] x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Content(data)
		m, total := NewMessages(strings.NewReader(string(data))), 0
		for {
			b, err := m.Next()
			if err != nil {
				break
			}
			if total += len(b); total > len(data) {
				t.Fatal("more came out than went in")
			}
			Content(b)
		}
	})
}
