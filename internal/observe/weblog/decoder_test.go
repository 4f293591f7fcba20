package weblog

import (
	"net/netip"
	"strings"
	"testing"

	"downpour"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func decoder(t testing.TB, opt Options) *Decoder {
	t.Helper()
	d, err := NewDecoder(opt)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestBroken: a line that cannot be read is counted for its reason and shown
// without what it should not show.
func TestBroken(t *testing.T) {
	for _, c := range []struct{ line, reason, sample string }{
		{`hello`, unknownFormat.String(), "hello"},
		{`192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1`, cutShort.String(), `192.0.2.… - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1`},
		{`192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET /?password=x HTTP/1.1" 200 12 "http://a`, cutShort.String(), `192.0.2.… - - [23/Nov/2026:21:00:01 +0000] "GET /?… HTTP/1.1" 200 12 "http://a`},
		{`192.0.2.7 - - [99/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 12`, noTime.String(), `192.0.2.… - - [99/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 12`},
		{`client.example.com - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 12`, noClient.String(), `client.example.com - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 12`},
		{`{"ts":1646861401.5,"msg":"server is up"}`, noRequest.String(), `{"ts":1646861401.5,"msg":"server is up"}`},
		{`{"ts":1646861401.5,"status":200}`, noClient.String(), `{"ts":1646861401.5,"status":200}`},
		{`{"remote_addr":"192.0.2.7","status":200}`, noTime.String(), `{"remote_addr":"192.0.2.…","status":200}`},
		{`{"ts":1646861401.5,"status":200`, notJSON.String(), `{"ts":1646861401.5,"status":200`},
		{`{"http_cookie":"sid=abc","status":200`, notJSON.String(), `{"http_cookie…`},
		{"2001:db8:1:2::3 \x1b[31m 0123456789abcdef0123456789abcdef", unknownFormat.String(), "2001:db8:1::… \uFFFD[31m …"},
	} {
		d := decoder(t, Options{})
		var r downpour.Request
		if d.Decode([]byte(c.line), &r) {
			t.Errorf("%s: read as %+v", c.line, r)
			continue
		}
		a := d.Account()
		if len(a.Broken) != 1 || a.Broken[0].Reason != c.reason || a.Broken[0].Count != 1 || a.Broken[0].Samples[0] != c.sample {
			t.Errorf("%s:\n got %+v\nwant %s: %s", c.line, a.Broken, c.reason, c.sample)
		}
	}
}

func TestSamplesAreFew(t *testing.T) {
	d := decoder(t, Options{})
	var r downpour.Request
	for range 10_000 {
		d.Decode([]byte(strings.Repeat("broken line ", 100)), &r)
	}
	b := d.Account().Broken[0]
	if b.Count != 10_000 || len(b.Samples) != maxSamples {
		t.Errorf("%d lines, %d samples", b.Count, len(b.Samples))
	}
	for _, s := range b.Samples {
		if len(s) > maxSample+3 {
			t.Errorf("a sample of %d bytes", len(s))
		}
	}
}

func TestLongLineIsCutAndStillRead(t *testing.T) {
	line := `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 12 "-" "` + strings.Repeat("a", 2*MaxLine) + `"`
	d := decoder(t, Options{})
	var r downpour.Request
	if !d.Decode([]byte(line), &r) || r.Status != 200 {
		t.Errorf("not read: %+v", d.Account().Broken)
	}
	if a := d.Account(); a.Cut != 1 || a.Lines != 1 {
		t.Errorf("account %+v", a)
	}
}

func TestClientBehindProxies(t *testing.T) {
	const line = `%c - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 12 "-" "x" "%f"`
	for _, c := range []struct{ client, forwarded, trusted, want string }{
		{"10.0.0.1", "203.0.113.1", "", "10.0.0.1"},                                     // nobody is believed
		{"10.0.0.1", "203.0.113.1", "10.0.0.0/8", "203.0.113.1"},                        //
		{"10.0.0.1", "6.6.6.6, 203.0.113.1, 10.0.0.2", "10.0.0.0/8", "203.0.113.1"},     // the rightmost that is not trusted
		{"198.51.100.9", "203.0.113.1", "10.0.0.0/8", "198.51.100.9"},                   // not a proxy of ours
		{"10.0.0.1", "-", "10.0.0.0/8", "10.0.0.1"},                                     //
		{"::1", "2001:db8::7", "::1/128", "2001:db8::7"},                                //
		{"unix:", "2001:db8::7", "127.0.0.0/8", "2001:db8::7"},                          // a socket is this machine
		{"10.0.0.1", "unknown, 10.0.0.3", "10.0.0.0/8", "10.0.0.3"},                     // no address stops the walk
		{"10.0.0.1", "203.0.113.1:4711, [2001:db8::8]:80", "10.0.0.0/8", "2001:db8::8"}, // with ports
	} {
		opt := Options{}
		if c.trusted != "" {
			opt.Trusted = prefixes(c.trusted)
		}
		d := decoder(t, opt)
		var r downpour.Request
		if !d.Decode([]byte(strings.NewReplacer("%c", c.client, "%f", c.forwarded).Replace(line)), &r) {
			t.Errorf("%+v: not read: %+v", c, d.Account().Broken)
			continue
		}
		if r.Client != address(c.want) {
			t.Errorf("%+v: client %s", c, r.Client)
		}
	}
}

// TestProxyIsNoticed: when all comes from one private address, the operator is
// told what to configure.
func TestProxyIsNoticed(t *testing.T) {
	d := decoder(t, Options{})
	var r downpour.Request
	for range lookFirst {
		d.Decode([]byte(`172.18.0.1 - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 12 "-" "x"`), &r)
	}
	if w := d.Account().Warning; !strings.Contains(w, "trusted_proxies: [172.18.0.1/32]") {
		t.Errorf("warning %q", w)
	}
}

// TestFormatMayChange: a log whose format is changed by its server's reload is
// read on.
func TestFormatMayChange(t *testing.T) {
	d := decoder(t, Options{})
	var r downpour.Request
	for i, line := range []string{
		`192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET /0 HTTP/1.1" 200 12`,
		`{"ts":1646861401.5,"remote_addr":"192.0.2.7","path":"/1"}`,
		`192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET /2 HTTP/1.1" 200 12`,
	} {
		if !d.Decode([]byte(line), &r) || r.Path != "/"+string(rune('0'+i)) {
			t.Errorf("%s: got %+v", line, r)
		}
	}
}

func TestWrappers(t *testing.T) {
	const inner = `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET /x HTTP/1.1" 200 12 "-" "a"`
	escaped := strings.ReplaceAll(inner, `"`, `\"`)
	for name, lines := range map[string][]string{
		"docker":      {`{"log":"` + escaped + `\n","stream":"stdout","time":"2026-11-23T21:00:01.5Z"}`},
		"docker json": {`{"log":"{\"ts\":1646861401.5,\"remote_addr\":\"192.0.2.7\",\"uri\":\"/x\",\"status\":200}\r\n","stream":"stderr","time":"x"}`},
		"docker in parts": {`{"log":"` + escaped[:40] + `","stream":"stdout","time":"x"}`,
			`{"log":"something else\n","stream":"stderr","time":"x"}`,
			`{"log":"` + escaped[40:] + `\n","stream":"stdout","time":"x"}`},
		"cri": {`2026-11-23T21:00:01.169794202Z stdout F ` + inner},
		"cri in parts": {`2026-11-23T21:00:01.169794202Z stdout P ` + inner[:30], `2026-11-23T21:00:01.169794202+02:00 stdout P ` + inner[30:50],
			`2026-11-23T21:00:01.169794202Z stdout F ` + inner[50:]},
	} {
		d := decoder(t, Options{})
		var r downpour.Request
		read := 0
		for _, line := range lines {
			if d.Decode([]byte(line), &r) {
				read++
				if r.Path != "/x" || r.Client != address("192.0.2.7") {
					t.Errorf("%s: got %+v", name, r)
				}
			}
		}
		if read != 1 {
			t.Errorf("%s: %d requests, want 1: %+v", name, read, d.Account())
		}
	}
}

func TestConfiguredFieldsAndPattern(t *testing.T) {
	for name, c := range map[string]struct {
		opt  Options
		line string
	}{
		"fields": {Options{Fields: map[string]string{"client": "peer.addr", "time": "when", "path": "what", "duration_us": "took"}},
			`{"when":"2026-11-23 21:00:01,5","peer":{"addr":"192.0.2.7:80"},"what":"/x?y","client_ip":"6.6.6.6","took":1500}`},
		"pattern": {Options{Pattern: `$remote_addr | $time_iso8601 | $unknown | "$request" took ${request_time}s`},
			`192.0.2.7 | 2026-11-23T21:00:01.5Z | whatever | "GET /x HTTP/1.1" took 0.0015s`},
		"pattern with text around": {Options{Pattern: `<< $client $time $path $duration_us`}, `<< 192.0.2.7 1795467601.5 /x 1500`},
	} {
		d := decoder(t, c.opt)
		var r downpour.Request
		if !d.Decode([]byte(c.line), &r) {
			t.Errorf("%s: not read: %+v", name, d.Account().Broken)
			continue
		}
		if r.Client != address("192.0.2.7") || r.Path != "/x" || r.Time != at("2026-11-23T21:00:01.5Z") || r.Duration != 1500 {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for says, opt := range map[string]Options{
		`format "jason" is not one of auto, combined, json, alb, envoy`: {Format: "jason"},
		`pattern names no client, as $client`:                           {Pattern: "$time $request"},
		`pattern names no time, as $time`:                               {Pattern: "$client $request"},
		`pattern names nothing of the request, as $request or $status`:  {Pattern: "$client $time"},
		`pattern has nothing between $client and the variable after it`: {Pattern: "$client$time $status"},
		`pattern names no variable, as $client`:                         {Pattern: "client"},
		`field "who" is not one of agent, bytes, client, duration, duration_ms, duration_ns, duration_us, forwarded, host, method, path, referer, request, status, time`: {Fields: map[string]string{"who": "x"}},
	} {
		if _, err := NewDecoder(opt); err == nil || err.Error() != says {
			t.Errorf("%+v: %v, want %s", opt, err, says)
		}
	}
}
