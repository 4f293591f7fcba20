package report

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies says whom to believe about where a request comes from.
type Proxies struct {
	// Trusted are the proxies' addresses. From anybody else, every header about
	// addresses is ignored. None by default.
	Trusted []netip.Prefix
	// Header, if not empty, is the one header in which the trusted proxies put
	// their client's address ("CF-Connecting-IP"); the others are then ignored.
	Header string
}

// maxHops bounds the chain of proxies that is followed.
const maxHops = 32

// Client returns the address of who sent a request: of the peer, unless that is
// a trusted proxy. Then it walks the proxies' list from the right, where each
// trusted one has written whom it heard, to the first address that is not a
// trusted proxy's. What a client writes itself stands to the left of that and is
// never reached. An entry that is no address stops the walk at the proxy before
// it. The result is unmapped and without zone; it is invalid only if remote is no
// address (a unix socket).
//
// The list is X-Forwarded-For or, in a request without it, Forwarded (RFC 7239).
// A request with both that differ is taken for the proxy's own: a proxy writes
// one of them and hands the other through as the client sent it, and we cannot
// know which.
func (p Proxies) Client(remote string, h http.Header) netip.Addr {
	peer, _ := parseHop(remote)
	if !p.trusts(peer) {
		return peer
	}
	if p.Header != "" {
		return p.named(peer, h)
	}
	plain, standard := h["X-Forwarded-For"], h["Forwarded"]
	switch {
	case len(standard) == 0:
		return p.walk(peer, plain, parseHop)
	case len(plain) == 0:
		return p.walk(peer, standard, parseForwarded)
	}
	a, b := p.walk(peer, plain, parseHop), p.walk(peer, standard, parseForwarded)
	if a != b {
		return peer
	}
	return a
}

// Behind returns who stands behind a peer by the list of X-Forwarded-For that a
// log holds, as Client does by the header: the peer itself unless it is trusted.
func (p Proxies) Behind(peer netip.Addr, list string) netip.Addr {
	if !p.trusts(peer) {
		return peer
	}
	return p.walk(peer, []string{list}, parseHop)
}

// named reads the configured header. Given several times, it is not the proxy's
// alone, and the peer is all that is known.
func (p Proxies) named(peer netip.Addr, h http.Header) netip.Addr {
	v := h.Values(p.Header)
	if len(v) != 1 {
		return peer
	}
	if a, ok := parseHop(v[0]); ok {
		return a
	}
	return peer
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, t := range p.Trusted {
		if t.Contains(a) {
			return true
		}
	}
	return false
}

// walk goes from the peer to the left through the lines of a header, which count
// as one list (RFC 9110, 5.3), while what it meets is trusted.
func (p Proxies) walk(peer netip.Addr, lines []string, parse func(string) (netip.Addr, bool)) netip.Addr {
	at, hops := peer, 0
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; hops++ {
			var entry string
			rest, entry, more = lastEntry(rest)
			next, ok := parse(entry)
			if !ok || hops == maxHops {
				return at
			}
			if at = next; !p.trusts(at) {
				return at
			}
		}
	}
	return at
}

// lastEntry splits the last entry off a list. It splits at every comma, within
// quotes too: addresses hold none, and a quote that a client opened must not
// reach over what a proxy wrote behind it.
func lastEntry(s string) (rest, entry string, more bool) {
	i := strings.LastIndexByte(s, ',')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// parseForwarded reads the for parameter of one element of Forwarded (RFC 7239,
// 4 and 6). "unknown" and obfuscated identifiers are no addresses.
func parseForwarded(element string) (netip.Addr, bool) {
	var found netip.Addr
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		a, ok := parseHop(unquote(value))
		if !ok || found.IsValid() { // given twice: whose is it
			return netip.Addr{}, false
		}
		found = a
	}
	return found, found.IsValid()
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// parseHop reads an address as proxies write it: bare, with a port, in brackets,
// with a zone.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.Trim(s, " \t")
	a, err := netip.ParseAddr(s)
	if err != nil {
		if ap, e := netip.ParseAddrPort(s); e == nil {
			a, err = ap.Addr(), nil
		} else if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
			a, err = netip.ParseAddr(s[1 : n-1])
		}
	}
	if err != nil {
		return netip.Addr{}, false
	}
	return a.WithZone("").Unmap(), true
}
