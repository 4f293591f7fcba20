package weblog

import (
	"bytes"
	"unsafe"
)

// text is b as a string that points into it: valid until the line's memory is
// used again.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // a line is not used again while its request is
}

func indexByte(b []byte, c byte) int     { return bytes.IndexByte(b, c) }
func lastIndexByte(b []byte, c byte) int { return bytes.LastIndexByte(b, c) }

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

func index(b []byte, s string) int {
	return bytes.Index(b, unsafe.Slice(unsafe.StringData(s), len(s))) //nolint:gosec // it is only read
}

// indexAny2 is the first place of either byte; -1 if there is none.
func indexAny2(b []byte, x, y byte) int {
	for i, c := range b {
		if c == x || c == y {
			return i
		}
	}
	return -1
}

// quoted reads what stands in double quotes at the beginning of b, which begins
// behind the opening one: the content with its escapes resolved in place, and
// what follows the closing quote. Escapes are those of nginx (\xHH) and of Apache
// (\xHH, \", \\, \n and so on). False if it is never closed.
func quoted(b []byte) (content, rest []byte, ok bool) {
	end, escaped := closingQuote(b)
	if end < 0 {
		return nil, nil, false
	}
	content = b[:end]
	if escaped {
		content = unescape(content)
	}
	return content, b[end+1:], true
}

// closingQuote finds the quote that no backslash stands before, and tells
// whether a backslash was met on the way.
func closingQuote(b []byte) (end int, escaped bool) {
	end = bytes.IndexByte(b, '"')
	if end < 0 || bytes.IndexByte(b[:end], '\\') < 0 {
		return end, false
	}
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i, true
		}
	}
	return -1, true
}

func isDigit(c byte) bool { return c-'0' <= 9 }
