package weblog

import (
	"math"

	"downpour"
)

// field is what a part of a line can tell.
type field uint8

const (
	noField field = iota
	fieldClient
	fieldForwarded // the list of X-Forwarded-For
	fieldTime
	fieldRequest // the request line: method, target, version
	fieldMethod
	fieldTarget // a path with or without query, or a URL
	fieldHost
	fieldAgent
	fieldReferer
	fieldStatus
	fieldBytes
	fieldDuration
	fieldCount
)

// entry is a line on its way to a Request.
type entry struct {
	*downpour.Request
	forwarded []byte // the list of X-Forwarded-For as logged; nil if not
	// asked is true once anything showed that the line is about a request: a
	// request line, a method, a target or a status.
	asked bool
	// local is true where the log names no address since the peer has none: a
	// unix socket.
	local bool
}

// set takes a field in its plain text, unescaped. A value that cannot be read is
// as good as none, save for the client's address and the time, whose absence is
// found in the end.
func (d *Decoder) set(e *entry, f field, unit float64, v []byte) {
	if len(v) == 0 || len(v) == 1 && v[0] == '-' {
		e.asked = e.asked || f == fieldRequest // a request that could not be read is one
		return
	}
	switch f {
	case fieldClient:
		setClient(e, v)
	case fieldForwarded:
		e.forwarded = v
	case fieldTime:
		if t, ok := d.clock.parse(v); ok {
			e.Time = t
		}
	case fieldRequest:
		setRequest(e, v)
	case fieldMethod:
		e.Method, e.asked = text(v), true
	case fieldTarget:
		setTarget(e, v)
		e.asked = true
	case fieldHost:
		setHost(e, v)
	case fieldAgent:
		e.Agent = text(v)
	case fieldReferer:
		e.Referred = downpour.Yes
	case fieldStatus:
		if n, ok := parseUint(v); ok && n >= 100 && n <= 999 {
			e.Status, e.asked = uint16(n), true
		}
	case fieldBytes:
		if n, ok := parseUint(v); ok {
			e.Bytes = n
		}
	case fieldDuration:
		setDuration(e, unit, v)
	}
}

// setDuration takes a duration in a unit of its name's, unless it bears its own.
// A whole number under a name that says no unit is of milliseconds, as Envoy
// writes it; Caddy's seconds have a fraction.
func setDuration(e *entry, unit float64, v []byte) {
	n := len(v)
	for n > 0 && !isDigit(v[n-1]) && v[n-1] != '.' {
		n--
	}
	switch text(v[n:]) {
	case "":
	case "s":
		unit = seconds
	case "ms":
		unit = milliseconds
	case "us", "µs":
		unit = 1
	case "ns":
		unit = nanoseconds
	default:
		return
	}
	if unit == 0 {
		if unit = milliseconds; indexAny2(v, '.', 'e') >= 0 {
			unit = seconds
		}
	}
	if d, ok := parseDecimal(v[:n]); ok {
		e.Duration = microseconds(d * unit)
	}
}

// microseconds rounds and bounds a duration; one that takes no time was still
// logged, so that it is not 0.
func microseconds(us float64) uint32 {
	return uint32(math.Min(math.Max(math.Round(us), 1), math.MaxUint32))
}

func setClient(e *entry, v []byte) {
	if a, ok := parseAddress(v); ok {
		e.Client = a
	} else if string(v) == "unix:" || string(v) == "@" { // as nginx and Go name the peer of a unix socket
		e.local = true
	}
}

// setRequest takes a request line (RFC 9112, 3). What is none, such as the bytes
// of a TLS handshake, is a request without a method.
func setRequest(e *entry, v []byte) {
	e.asked = true
	i := indexByte(v, ' ')
	if i <= 0 || i > maxMethod || !isToken(v[:i]) {
		return
	}
	method, target := v[:i], v[i+1:]
	if j := lastIndexByte(target, ' '); j >= 0 && hasPrefix(target[j+1:], "HTTP/") {
		target = target[:j]
	}
	e.Method = text(method)
	setTarget(e, target)
}

// maxMethod is longer than any registered method (RFC 9110, 16.1).
const maxMethod = 32

// isToken tells whether b can be a method as it is met: letters, "-" and "_".
func isToken(b []byte) bool {
	for _, c := range b {
		if (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// setTarget takes a request target in any of its forms (RFC 9112, 3.2) and drops
// the query, in which secrets stand.
func setTarget(e *entry, v []byte) {
	if len(v) > 0 && v[0] != '/' {
		if i := index(v, "://"); i >= 0 {
			v = v[i+3:]
			j := indexAny2(v, '/', '?')
			if j < 0 {
				j = len(v)
			}
			if e.Host == "" {
				setHost(e, v[:j])
			}
			if v = v[j:]; len(v) == 0 || v[0] == '?' {
				e.Path = "/"
				return
			}
		}
	}
	if i := indexAny2(v, '?', '#'); i >= 0 {
		v = v[:i]
	}
	e.Path = text(v)
}

// setHost takes a host name with or without port, in lower case from then on.
func setHost(e *entry, v []byte) {
	if n := len(v); n > 0 && v[0] == '[' { // an IPv6 literal
		if i := indexByte(v, ']'); i > 0 {
			v = v[1:i]
		}
	} else if i := indexByte(v, ':'); i >= 0 && lastIndexByte(v, ':') == i {
		v = v[:i]
	}
	if n := len(v); n > 0 && v[n-1] == '.' {
		v = v[:n-1]
	}
	if len(v) == 0 || len(v) > 253 || v[0] == '_' && len(v) == 1 {
		return // nginx's catch-all server is called _
	}
	for i, c := range v {
		if c >= 'A' && c <= 'Z' {
			v[i] = c | 0x20
		}
	}
	e.Host = text(v)
}
