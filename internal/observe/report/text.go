package report

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TextRunes is the length of a report's text at most, in runes.
const TextRunes = 2000

// rawBytes is how much of what was sent is looked at; more than the server takes.
const rawBytes = 16 << 10

// What stands in a text in the place of what was masked.
const (
	maskedAddress = "[address]"
	maskedEmail   = "[e-mail]"
)

// cleanText makes of what a user typed a text that may be kept and shown: valid
// UTF-8, on one line or several, without control characters and without those
// that turn the direction of writing or are not seen (except the joiners that
// some scripts and emoji need), trimmed and at most TextRunes long. IP addresses
// and e-mail addresses in it are masked: people paste them, and we do not want
// them. What is written in words or split up is beyond us.
func cleanText(s string) string {
	if s == "" {
		return ""
	}
	s = s[:min(len(s), rawBytes)]
	s = strings.Map(visible, strings.ToValidUTF8(s, string(utf8.RuneError)))
	s = maskAddresses(maskEmails(s))
	return strings.TrimSpace(cut(strings.TrimSpace(s), TextRunes))
}

// visible maps a rune to what is kept of it; -1 drops it.
func visible(r rune) rune {
	const nonJoiner, joiner = '\u200c', '\u200d'
	switch {
	case ' ' <= r && r <= '~', r == '\n', r == nonJoiner, r == joiner:
		return r
	case r == '\t' || r == '\u2028' || r == '\u2029':
		return ' '
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// cut shortens to n runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// maskEmails masks what stands around an @: a local part of the characters that
// mail addresses are made of (RFC 5322 atoms) and a domain or host.
func maskEmails(s string) string {
	at := strings.IndexByte(s, '@')
	if at < 0 {
		return s
	}
	var out strings.Builder
	done := 0 // s[:done] is in out
	for at >= 0 {
		start := done + len(strings.TrimRightFunc(s[done:at], isLocal))
		rest := strings.TrimLeftFunc(s[at+1:], isDomain)
		end := len(s) - len(rest)
		if start < at && end > at+1 {
			out.WriteString(s[done:start])
			out.WriteString(maskedEmail)
			done = end
		}
		next := strings.IndexByte(s[max(end, at+1):], '@')
		if next < 0 {
			break
		}
		at = max(end, at+1) + next
	}
	out.WriteString(s[done:])
	return out.String()
}

func isLocal(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("!#$%&'*+/=?^_`{|}~.-", r)
}

func isDomain(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-'
}

// longestAddress is the most characters that an address takes: IPv6 with an IPv4
// ending (RFC 4291, 2.2).
const longestAddress = 45

// maskAddresses masks IPv4 and IPv6 addresses. It looks at each run of the
// characters that they are made of and masks the longest address in it.
func maskAddresses(s string) string {
	if !strings.ContainsAny(s, ".:") {
		return s
	}
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); {
		n := addressAt(s, i)
		if n == 0 {
			i++
			continue
		}
		out.WriteString(s[done:i])
		out.WriteString(maskedAddress)
		i += n
		done = i
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// addressAt returns the length of the address that begins at s[i], 0 if none.
func addressAt(s string, i int) int {
	if !isHex(s[i]) && s[i] != ':' {
		return 0
	}
	for end := candidateEnd(s, i); end-i > 2; end-- {
		if isIPv4(s, i, end) || isIPv6(s, i, end) {
			return end - i
		}
	}
	return 0
}

// candidateEnd returns where an address that begins at s[i] must have ended, so
// that a long row of marks costs no more than an address does; i if there is none.
func candidateEnd(s string, i int) int {
	end, dots, colons := i, 0, 0
	for end < len(s) && end-i < longestAddress && (isHex(s[end]) || isMark(s[end])) {
		switch {
		case s[end] == '.':
			dots++
		case s[end] == ':':
			colons++
		}
		if dots > 3 || colons > 8 || strings.HasSuffix(s[i:end+1], ":::") {
			break
		}
		end++
	}
	if dots < 3 && colons < 2 {
		return i
	}
	return end
}

// isIPv4 tells whether s[i:end] is four numbers with dots, leading zeros
// allowed, that no digit precedes or follows.
func isIPv4(s string, i, end int) bool {
	if i > 0 && isDigit(s[i-1]) || end < len(s) && isDigit(s[end]) {
		return false
	}
	dots, digits := 0, 0
	for _, c := range []byte(s[i:end]) {
		switch {
		case c == '.' && digits > 0:
			dots, digits = dots+1, 0
		case isDigit(c) && digits < 3:
			digits++
		default:
			return false
		}
	}
	return dots == 3 && digits > 0
}

// isIPv6 tells whether s[i:end] is an IPv6 address that stands by itself: the ::
// in std::cout does not.
func isIPv6(s string, i, end int) bool {
	if i > 0 && isWord(s[i-1]) || end < len(s) && isWord(s[end]) || strings.IndexByte(s[i:end], ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(s[i:end])
	return err == nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
func isMark(c byte) bool  { return c == '.' || c == ':' }
func isWord(c byte) bool  { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= utf8.RuneSelf }
