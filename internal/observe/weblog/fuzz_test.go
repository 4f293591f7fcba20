//go:build unix

package weblog

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unsafe"

	"downpour"
	"downpour/internal/observe"
	"downpour/middleware"
)

// check reads a line and holds what must be true of whatever comes out.
func check(t *testing.T, format string, data []byte) {
	d := decoder(t, Options{Format: format, Trusted: prefixes("10.0.0.0/8", "127.0.0.0/8")})
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		line = bytes.Clone(line)
		var r downpour.Request
		if !d.Decode(line, &r) {
			continue
		}
		if r.Time == 0 || r.Client == (downpour.Address{}) {
			t.Fatalf("a request without time or client: %+v", r)
		}
		for _, s := range []string{r.Host, r.Method, r.Path, r.Agent} {
			if len(d.parts[0])+len(d.parts[1]) == 0 && s != "" && s != "/" && !strings.Contains(wrapped, format) && !within(line, s) {
				t.Fatalf("%q does not point into the line", s)
			}
		}
		if strings.Contains(r.Path, "?") {
			t.Fatalf("a query was kept: %q", r.Path)
		}
	}
	a := d.Account()
	for _, b := range a.Broken {
		a.Requests += b.Count
		if len(b.Samples) > maxSamples {
			t.Fatal("too many samples")
		}
	}
	if a.Requests > a.Lines {
		t.Fatalf("%d lines were told of, %d came", a.Requests, a.Lines)
	}
}

// wrapped are the formats whose lines may be put together of parts.
const wrapped = Auto

// within tells whether a string's memory is the line's.
func within(line []byte, s string) bool {
	begin, at := uintptr(unsafe.Pointer(unsafe.SliceData(line))), uintptr(unsafe.Pointer(unsafe.StringData(s)))
	return at >= begin && at+uintptr(len(s)) <= begin+uintptr(len(line))
}

func FuzzCombined(f *testing.F) {
	f.Add(logOf(Combined, 2))
	f.Add([]byte(`h:80 ::1 - a b [2026-11-23T21:00:01Z] "GET \x22 HTTP/1.1" 200 - "-" "\"" "10.0.0.1" 0.1 rt="1" 5ms`))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, Combined, data) })
}

func FuzzJSON(f *testing.F) {
	f.Add(logOf(JSON, 2))
	f.Add(logOf("caddy", 1))
	f.Add([]byte(`{"ts":1e9,"a":[{"b":"\u00e9\ud83d\ude00"}],"client":"::1","path":"\/x\u003f","duration":"1.5ms","status":200}`))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, JSON, data) })
}

func FuzzALB(f *testing.F) {
	f.Add(logOf(ALB, 2))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, ALB, data) })
}

func FuzzEnvoy(f *testing.F) {
	f.Add([]byte(`[2016-04-15T20:17:00.310Z] "POST /a HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "x" "y" "z" "tcp://10.0.2.1:80"`))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, Envoy, data) })
}

func FuzzWrapper(f *testing.F) {
	f.Add([]byte(`{"log":"1.2.3.4 - - [23/Nov/2026:21:00:01 +0000] \"GET / HTTP/1.1\" 200 1\n","stream":"stdout","time":"x"}`))
	f.Add([]byte("2026-11-23T21:00:01.1Z stdout P 1.2.3.4 - - [23/Nov/2026:21:00:01 +0000] \n2026-11-23T21:00:01.1Z stdout F \"GET / HTTP/1.1\" 200 1"))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, Auto, data) })
}

func FuzzOpen(f *testing.F) {
	f.Add(logOf(Combined, 3))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, data []byte) {
		IsLog(data)
		s, err := Open("fuzz", bytes.NewReader(data), Options{})
		if err != nil {
			return
		}
		defer s.Close()
		var b observe.Batch
		for {
			if err := s.Next(&b); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		s.Input()
	})
}

// TestMiddlewareIsUnderstood: what the middleware sends is read.
func TestMiddlewareIsUnderstood(t *testing.T) {
	d := decoder(t, Options{Trusted: prefixes("192.0.2.0/24")})
	var r downpour.Request
	if !d.Decode([]byte(middleware.Format), &r) {
		t.Fatal(d.Account().Broken)
	}
	want := downpour.Request{Time: at("2026-11-23T21:00:01.5Z"), Client: address("198.51.100.3"), Host: "www.example.com", Method: "GET", Path: "/",
		Agent: "curl/8", Referred: downpour.Yes, Status: 200, Bytes: 5, Duration: 1500}
	if r != want {
		t.Errorf("got\n%+v\nwant\n%+v", r, want)
	}
}

// TestOpen reads a log whose lines come in pieces, with damage at its end.
func TestOpen(t *testing.T) {
	log := append(logOf(Combined, 3000), "\n\nbroken\n"...)
	long := bytes.Repeat([]byte("x"), 3*MaxLine)
	log = append(append(log, long...), '\n')
	log = append(log, bytes.TrimSuffix(logOf(Combined, 1), []byte("\n"))...)
	s, err := Open("a log", bytes.NewReader(log), Options{Service: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	var b observe.Batch
	n := 0
	for s.Next(&b) == nil {
		n += len(b.Requests)
		for _, r := range b.Requests {
			if r.Service != "shop" || !strings.HasPrefix(r.Path, "/catalog/item/") {
				t.Fatalf("%+v", r)
			}
		}
	}
	in := s.Input()
	if n != 3001 || in.Records != 3001 || in.Bytes != uint64(len(log)) || in.Kind != "web log" || len(in.Problems) != 2 {
		t.Errorf("%d requests, %+v", n, in)
	}
	if p := in.Problems[0]; p.Offset != 3003 || p.Count != 2 || !strings.HasSuffix(p.Says, "as: broken") {
		t.Errorf("problem %+v", p)
	}
}
