package report

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
)

const (
	// watched requests are looked at before "nearly all" means something, and
	// nearly all is at least watchShare of them.
	watched    = 100
	watchShare = 0.95
	// forwardedEnough requests with forwarding headers, and a tenth of a
	// candidate's, tell a proxy: a lone one may be forged.
	forwardedEnough = 10
	forwardedShare  = 0.1
	// watchSpan is after how many requests the counts are halved, so that what
	// was is forgotten.
	watchSpan = 10_000
	// maxCandidates bounds the addresses that are counted.
	maxCandidates = 64
)

// ProxyWatch notices a proxy in front of us that is not trusted: then all
// reporters look like one. It counts requests by untrusted peer where that is a
// private, loopback or CDN's address. It is fed each request and may be used
// concurrently; it decides nothing about any of them.
type ProxyWatch struct {
	proxies Proxies

	mu         sync.Mutex
	requests   uint64
	candidates map[netip.Prefix]*candidate
}

type candidate struct{ requests, forwarded uint64 }

// NewProxyWatch watches for proxies beside the trusted ones.
func NewProxyWatch(p Proxies) *ProxyWatch {
	return &ProxyWatch{proxies: p, candidates: map[netip.Prefix]*candidate{}}
}

// Note counts one request by its peer (host:port) and headers.
func (w *ProxyWatch) Note(remote string, h http.Header) {
	if peer, ok := parseHop(remote); ok {
		w.NoteAddress(peer, isForwarded(h))
	}
}

// NoteAddress counts one request by its peer, unmapped, and whether it told of
// another address.
func (w *ProxyWatch) NoteAddress(peer netip.Addr, forwarded bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests++; w.requests >= watchSpan {
		w.halve()
	}
	if w.proxies.trusts(peer) {
		return
	}
	where, ok := proxyRange(peer)
	if !ok {
		return
	}
	c := w.candidates[where]
	if c == nil {
		if len(w.candidates) == maxCandidates {
			return
		}
		c = &candidate{}
		w.candidates[where] = c
	}
	c.requests++
	if forwarded {
		c.forwarded++
	}
}

func (w *ProxyWatch) halve() {
	w.requests /= 2
	for where, c := range w.candidates {
		c.requests /= 2
		c.forwarded /= 2
		if c.requests == 0 {
			delete(w.candidates, where)
		}
	}
}

func isForwarded(h http.Header) bool {
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Cf-Connecting-Ip", "True-Client-Ip", "Via"} {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

// proxyRange returns the range that an address counts for if a proxy may have
// it: a CDN's network, or a private, loopback or link-local address itself.
func proxyRange(a netip.Addr) (netip.Prefix, bool) {
	if c, ok := cdnOf(a); ok {
		return c.prefix, true
	}
	carrier := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || carrier.Contains(a) {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	return netip.Prefix{}, false
}

// Warning returns what to tell the operator, with the lines of configuration
// that are missing; empty if there is nothing to tell.
func (w *ProxyWatch) Warning() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	where, c := w.busiest()
	if c == nil {
		return ""
	}
	says := fmt.Sprintf("%d of the last %d requests come from %s", c.requests, w.requests, where.Addr())
	if !where.IsSingleIP() {
		says = fmt.Sprintf("%d of the last %d requests come from %s", c.requests, w.requests, where)
	}
	if c.forwarded > 0 {
		says += fmt.Sprintf(", %d with forwarding headers", c.forwarded)
	}
	mend := fmt.Sprintf("http:\n  trusted_proxies: [%s]", where)
	if cdn, ok := cdnOf(where.Addr()); ok {
		says += fmt.Sprintf(" (%s)", cdn.name)
		mend = fmt.Sprintf("http:\n  trusted_proxies: [%s]  # and %s's other ranges", where, cdn.name)
		if cdn.header != "" {
			mend += "\n  client_address_header: " + cdn.header
		}
	}
	return says + ", which is not trusted: all reporters behind it count as one. If it is your proxy, configure\n" + mend
}

// Suspect returns where a proxy seems to stand that is not trusted, its share of
// the requests, and whether they told of other addresses.
func (w *ProxyWatch) Suspect() (where netip.Prefix, share float64, forwarded, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	where, c := w.busiest()
	if c == nil {
		return where, 0, false, false
	}
	return where, float64(c.requests) / float64(w.requests), c.forwarded > 0, true
}

// busiest returns the candidate with the most requests that looks like a proxy,
// the lowest address among equals.
func (w *ProxyWatch) busiest() (best netip.Prefix, at *candidate) {
	for where, c := range w.candidates {
		nearlyAll := w.requests >= watched && float64(c.requests) >= watchShare*float64(w.requests)
		forwards := c.forwarded >= forwardedEnough && float64(c.forwarded) >= forwardedShare*float64(c.requests)
		if !nearlyAll && !forwards {
			continue
		}
		if at == nil || c.requests > at.requests || c.requests == at.requests && where.Addr().Less(best.Addr()) {
			best, at = where, c
		}
	}
	return best, at
}
