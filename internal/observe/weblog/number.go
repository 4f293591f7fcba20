package weblog

import (
	"math"
	"net/netip"

	"downpour"
)

// parseUint reads digits only.
func parseUint(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// parseDecimal reads a number of a log: digits with at most one point and an
// exponent, as JSON writers print small durations. Negative ones are refused,
// since nothing that is logged takes less than no time.
func parseDecimal(b []byte) (float64, bool) {
	whole, scale, digits, i := 0.0, 1.0, 0, 0
	for point := false; i < len(b); i++ {
		c := b[i]
		switch {
		case isDigit(c):
			whole = whole*10 + float64(c-'0')
			if digits++; point {
				scale *= 10
			}
		case c == '.' && !point:
			point = true
		default:
			exponent, ok := parseExponent(b[i:])
			return whole / scale * math.Pow10(exponent), ok && digits > 0
		}
	}
	return whole / scale, digits > 0 && digits <= 40
}

func parseExponent(b []byte) (int, bool) {
	if len(b) < 2 || b[0]|0x20 != 'e' {
		return 0, false
	}
	sign, b := 1, b[1:]
	if b[0] == '-' || b[0] == '+' {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	n, ok := parseUint(b)
	return sign * int(min(n, 300)), ok
}

// parseAddress reads an address as logs write it: bare, with a port, in
// brackets, or of IPv4 in the form of IPv6.
func parseAddress(b []byte) (downpour.Address, bool) {
	if v, n := parse4(b); n > 0 && (n == len(b) || b[n] == ':' && isPort(b[n+1:])) {
		return downpour.AddressFrom4(v), true
	}
	if len(b) > 1 && b[0] == '[' {
		i := indexByte(b, ']')
		if i < 0 || i+1 < len(b) && (b[i+1] != ':' || !isPort(b[i+2:])) {
			return downpour.Address{}, false
		}
		b = b[1:i]
	}
	return parse6(b)
}

// parse4 reads a dotted quad and returns its length; 0 if there is none.
func parse4(b []byte) (v uint32, n int) {
	for octet := range 4 {
		if octet > 0 {
			if n >= len(b) || b[n] != '.' {
				return 0, 0
			}
			n++
		}
		start, part := n, uint32(0)
		for n < len(b) && n-start < 3 && isDigit(b[n]) {
			part = part*10 + uint32(b[n]-'0')
			n++
		}
		if n == start || part > 255 {
			return 0, 0
		}
		v = v<<8 | part
	}
	return v, n
}

// maxAddress6 is the longest an IPv6 address is written, with a quad at its end.
const maxAddress6 = 45

// parse6 leaves IPv6 to the standard library, and only what can be one, as an
// error costs memory.
func parse6(b []byte) (downpour.Address, bool) {
	if len(b) < 2 || len(b) > maxAddress6 || indexByte(b, ':') < 0 {
		return downpour.Address{}, false
	}
	for _, c := range b {
		if !isHex(c) && c != ':' && c != '.' {
			return downpour.Address{}, false
		}
	}
	a, err := netip.ParseAddr(text(b))
	if err != nil {
		return downpour.Address{}, false
	}
	return downpour.AddressFrom(a), true
}

func isPort(b []byte) bool {
	n, ok := parseUint(b)
	return ok && n <= 65535
}
