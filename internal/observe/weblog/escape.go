package weblog

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescape resolves backslash escapes in place: those of JSON (RFC 8259, 7), nginx
// and Apache. What they stand for is never longer than they are. A letter that is
// none stands for itself.
func unescape(b []byte) []byte {
	to := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '\\' || i+1 == len(b) {
			b[to] = c
			to++
			continue
		}
		i++
		switch c = b[i]; c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'v':
			c = '\v'
		case 'x':
			if i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]) {
				c = unhex(b[i+1])<<4 | unhex(b[i+2])
				i += 2
			}
		case 'u':
			if r, n := escapedRune(b[i+1:]); n > 0 {
				to += utf8.EncodeRune(b[to:], r)
				i += n
				continue
			}
		}
		b[to] = c
		to++
	}
	return b[:to]
}

// escapedRune reads the four hexadecimal digits behind \u and, if they are the
// first half of a surrogate pair, the second half too. n is what was read.
func escapedRune(b []byte) (r rune, n int) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if low, ok := hex4(b[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		if !isHex(c) {
			return 0, false
		}
		r = r<<4 | rune(unhex(c))
	}
	return r, true
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// unhex is the value of a hexadecimal digit.
func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
