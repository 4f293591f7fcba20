package weblog

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSample is how much of a broken line is shown, in bytes.
const maxSample = 160

// What is taken out of a sample: it is to show the shape of a line, not whom or
// what it is about.
var (
	sampleQuery   = regexp.MustCompile(`\?[^\s"]*`)
	sampleSecret  = regexp.MustCompile(`(?i)(authorization|cookie|passw|secret|token|session|api.?key|bearer|basic )[^\s]*.*`)
	sampleLong    = regexp.MustCompile(`[A-Za-z0-9+/=_-]{24,}`)
	sampleQuad    = regexp.MustCompile(`\b(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}\b`)
	sampleAddress = regexp.MustCompile(`[0-9A-Fa-f:]{2,39}`)
	sampleUser    = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+`)
)

// sample shortens a line for the operator's eyes. It is cut before it is searched,
// generously, so that a long line costs no more than a short one.
func sample(line []byte) string {
	s := string(line[:min(len(line), 4*maxSample)])
	s = sampleQuery.ReplaceAllString(s, "?…")
	s = sampleSecret.ReplaceAllString(s, "$1…")
	s = sampleLong.ReplaceAllString(s, "…")
	s = sampleUser.ReplaceAllString(s, "…@…")
	s = sampleQuad.ReplaceAllString(s, "$1.…")
	s = sampleAddress.ReplaceAllStringFunc(s, network)
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
	if len(s) <= maxSample {
		return s
	}
	end := maxSample
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// network names the /48 of an IPv6 address; anything else stays as it is.
func network(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return s
	}
	p, err := a.Prefix(48)
	if err != nil {
		return s
	}
	return strings.TrimSuffix(p.Addr().String(), "::") + "::…"
}
