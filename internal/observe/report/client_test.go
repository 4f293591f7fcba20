package report

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func prefixes(s ...string) (out []netip.Prefix) {
	for _, p := range s {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func TestClientAddress(t *testing.T) {
	proxy := Proxies{Trusted: prefixes("10.0.0.0/8", "2001:db8:ffff::/48")}
	named := Proxies{Trusted: prefixes("10.0.0.0/8"), Header: "CF-Connecting-IP"}
	const peer = "10.0.0.1:4711"
	for _, test := range []struct {
		name    string
		proxies Proxies
		remote  string
		headers []string // "Name: value"
		want    string
	}{
		{"nobody is trusted", Proxies{}, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1", "Forwarded: for=1.1.1.1"}, "203.0.113.7"},
		{"this peer is not", proxy, "203.0.113.7:1", []string{"X-Forwarded-For: 1.1.1.1"}, "203.0.113.7"},
		{"no header", proxy, peer, nil, "10.0.0.1"},
		{"one hop", proxy, peer, []string{"X-Forwarded-For: 203.0.113.7"}, "203.0.113.7"},
		{"what a client wrote itself", proxy, peer, []string{"X-Forwarded-For: 1.1.1.1, 2.2.2.2, 203.0.113.7"}, "203.0.113.7"},
		{"two trusted hops", proxy, peer, []string{"X-Forwarded-For: 1.1.1.1, 203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"all trusted", proxy, peer, []string{"X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"several lines are one list", proxy, peer, []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 203.0.113.7,10.0.0.2", "X-Forwarded-For: 10.0.0.3"}, "203.0.113.7"},
		{"malformed stops", proxy, peer, []string{"X-Forwarded-For: 203.0.113.7, nonsense, 10.0.0.2"}, "10.0.0.2"},
		{"malformed at once", proxy, peer, []string{"X-Forwarded-For: 203.0.113.7, "}, "10.0.0.1"},
		{"empty", proxy, peer, []string{"X-Forwarded-For: "}, "10.0.0.1"},
		{"ports and brackets", proxy, peer, []string{"X-Forwarded-For: [2001:db8::7]:443, 10.0.0.2:80"}, "2001:db8::7"},
		{"brackets without port", proxy, peer, []string{"X-Forwarded-For: [2001:db8::7]"}, "2001:db8::7"},
		{"a zone is dropped", proxy, peer, []string{"X-Forwarded-For: fe80::1%eth0"}, "fe80::1"},
		{"mapped addresses", proxy, "[::ffff:10.0.0.1]:1", []string{"X-Forwarded-For: ::ffff:203.0.113.7"}, "203.0.113.7"},
		{"an IPv6 proxy", proxy, "[2001:db8:ffff::1]:1", []string{"X-Forwarded-For: 203.0.113.7"}, "203.0.113.7"},
		{"RFC 7239", proxy, peer, []string{`Forwarded: for=1.1.1.1;proto=http, proto=https;For="[2001:db8:cafe::17]:4711";by=10.0.0.1`}, "2001:db8:cafe::17"},
		{"RFC 7239 unknown", proxy, peer, []string{"Forwarded: for=203.0.113.7, for=unknown, for=10.0.0.2"}, "10.0.0.2"},
		{"RFC 7239 obfuscated", proxy, peer, []string{"Forwarded: for=_hidden"}, "10.0.0.1"},
		{"RFC 7239 without for", proxy, peer, []string{"Forwarded: proto=https"}, "10.0.0.1"},
		{"RFC 7239 for twice", proxy, peer, []string{"Forwarded: for=1.1.1.1;for=2.2.2.2"}, "10.0.0.1"},
		{"a quote that is left open", proxy, peer, []string{`Forwarded: for="1.1.1.1, for=203.0.113.7`}, "203.0.113.7"},
		{"both that agree", proxy, peer, []string{"X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7"}, "203.0.113.7"},
		{"both that differ", proxy, peer, []string{"X-Forwarded-For: 203.0.113.7", "Forwarded: for=1.1.1.1"}, "10.0.0.1"},
		{"the configured header", named, peer, []string{"CF-Connecting-IP: 203.0.113.7", "X-Forwarded-For: 1.1.1.1"}, "203.0.113.7"},
		{"its absence", named, peer, []string{"X-Forwarded-For: 1.1.1.1"}, "10.0.0.1"},
		{"it is given twice", named, peer, []string{"CF-Connecting-IP: 1.1.1.1", "CF-Connecting-IP: 203.0.113.7"}, "10.0.0.1"},
		{"it is malformed", named, peer, []string{"CF-Connecting-IP: 1.1.1.1, 2.2.2.2"}, "10.0.0.1"},
		{"it comes from a stranger", named, "203.0.113.7:1", []string{"CF-Connecting-IP: 1.1.1.1"}, "203.0.113.7"},
		{"a bare remote", Proxies{}, "203.0.113.7", nil, "203.0.113.7"},
		{"a unix socket", proxy, "@", []string{"X-Forwarded-For: 1.1.1.1"}, "invalid IP"},
	} {
		h := http.Header{}
		for _, line := range test.headers {
			name, value, _ := strings.Cut(line, ": ")
			h.Add(name, value)
		}
		if got := test.proxies.Client(test.remote, h); got.String() != test.want {
			t.Errorf("%s: got %v; want %s", test.name, got, test.want)
		}
	}
}

func TestChainIsBounded(t *testing.T) {
	p := Proxies{Trusted: prefixes("10.0.0.0/8")}
	h := http.Header{"X-Forwarded-For": {"203.0.113.7" + strings.Repeat(",10.0.0.2", maxHops)}}
	if got := p.Client("10.0.0.1:1", h); got.String() != "10.0.0.2" {
		t.Errorf("got %v; want the walk to end among the proxies", got)
	}
}

// FuzzClientAddress has a client write what it likes: what the trusted proxy
// appends is found all the same, and from strangers nothing is believed.
func FuzzClientAddress(f *testing.F) {
	for _, seed := range []string{"", "1.1.1.1", `for="1.1.1.1`, "10.0.0.1,10.0.0.1", ",,,", "[::1]:x", "for=a;for=b", "\x00", `"`, "::ffff:10.0.0.1", "%", "fe80::1%"} {
		f.Add(seed, "10.0.0.1:1")
		f.Add(seed, seed)
	}
	trusting := Proxies{Trusted: prefixes("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, evil, remote string) {
		const client = "203.0.113.7"
		for name, wrote := range map[string]string{"X-Forwarded-For": client, "Forwarded": "for=" + client} {
			for _, h := range []http.Header{{name: {evil + ", " + wrote}}, {name: {evil, wrote}}, {name: {evil, evil + "," + wrote + ",\t" + strings.ReplaceAll(wrote, client, "10.9.9.9")}}} {
				if got := trusting.Client("10.0.0.1:4711", h); got.String() != client {
					t.Errorf("%s %q: got %v; want %s", name, h[name], got, client)
				}
			}
		}
		h := http.Header{"X-Forwarded-For": {evil}, "Forwarded": {evil}, "Cf-Connecting-Ip": {evil}}
		peer, _ := parseHop(remote)
		if got := (Proxies{Header: "CF-Connecting-IP"}).Client(remote, h); got != peer {
			t.Errorf("%q was believed: %v instead of %v", evil, got, peer)
		}
		if got := trusting.Client(remote, h); got.Zone() != "" || got.Is4In6() {
			t.Errorf("got %v; want no zone, unmapped", got)
		}
	})
}

func TestProxyWatch(t *testing.T) {
	forwarded := http.Header{"X-Forwarded-For": {"203.0.113.7"}}
	type requests struct {
		n      int
		remote string
		header http.Header
	}
	for _, test := range []struct {
		name string
		in   []requests
		want []string // parts of the warning; none for no warning
	}{
		{"nothing", nil, nil},
		{"few", []requests{{99, "127.0.0.1:1", nil}}, nil},
		{"nearly all from loopback", []requests{{95, "127.0.0.1:1", nil}, {5, "203.0.113.7:1", nil}},
			[]string{"95 of the last 100 requests come from 127.0.0.1, which is not trusted", "\nhttp:\n  trusted_proxies: [127.0.0.1/32]"}},
		{"some from loopback", []requests{{90, "127.0.0.1:1", nil}, {10, "203.0.113.7:1", nil}}, nil},
		{"forwarding headers", []requests{{10, "192.168.1.2:1", forwarded}, {500, "203.0.113.7:1", nil}},
			[]string{"10 of the last 510 requests come from 192.168.1.2, 10 with forwarding headers", "trusted_proxies: [192.168.1.2/32]"}},
		{"a lone forged header", []requests{{1, "192.168.1.2:1", forwarded}}, nil},
		{"forged from everywhere", []requests{{500, "203.0.113.7:1", forwarded}}, nil},
		{"a trusted proxy", []requests{{500, "10.0.0.1:1", forwarded}}, nil},
		{"IPv6", []requests{{100, "[fd00::2]:1", nil}}, []string{"come from fd00::2,", "trusted_proxies: [fd00::2/128]"}},
		{"a CDN's many addresses", []requests{{60, "172.64.0.1:1", forwarded}, {60, "172.64.9.9:1", forwarded}},
			[]string{"120 of the last 120 requests come from 172.64.0.0/13", "(Cloudflare)", "trusted_proxies: [172.64.0.0/13]", "client_address_header: CF-Connecting-IP"}},
		{"no address", []requests{{500, "@", forwarded}}, nil},
		{"long ago", []requests{{200, "127.0.0.1:1", forwarded}, {9 * watchSpan, "203.0.113.7:1", nil}}, nil},
	} {
		w := NewProxyWatch(Proxies{Trusted: prefixes("10.0.0.1/32")})
		for _, r := range test.in {
			for range r.n {
				w.Note(r.remote, r.header)
			}
		}
		got := w.Warning()
		if (got == "") != (len(test.want) == 0) {
			t.Errorf("%s: %q", test.name, got)
		}
		for _, part := range test.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q; want %q in it", test.name, got, part)
			}
		}
	}
}

func TestProxyWatchIsBounded(t *testing.T) {
	w := NewProxyWatch(Proxies{})
	for i := range 5000 {
		w.Note(fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255), nil)
	}
	if len(w.candidates) > maxCandidates {
		t.Errorf("%d candidates", len(w.candidates))
	}
}
