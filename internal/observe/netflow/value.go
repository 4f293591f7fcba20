package netflow

import (
	"bytes"
	"encoding/hex"
	"math"
	"net"
	"net/netip"
	"time"
	"unicode/utf8"
)

// Value is the field's content as JSON has it, by its abstract data type:
// numbers, booleans, addresses as text, times as RFC 3339, all else, and what
// does not fit its type, as hexadecimal digits.
func (f Field) Value() any {
	if v, ok := f.typed(); ok {
		return v
	}
	return hex.EncodeToString(f.Raw)
}

// typed is the value if the content fits the type.
func (f Field) typed() (any, bool) {
	switch f.Type {
	case Unsigned8, Unsigned16, Unsigned32, Unsigned64:
		return unsigned(f.Raw), isNumber(f.Raw)
	case Signed8, Signed16, Signed32, Signed64:
		return signed(f.Raw), isNumber(f.Raw)
	case Float32, Float64:
		return float(f.Raw)
	case Boolean: // RFC 7011, 6.1.5
		return len(f.Raw) == 1 && f.Raw[0] == 1, len(f.Raw) == 1 && (f.Raw[0] == 1 || f.Raw[0] == 2)
	case MacAddress:
		return net.HardwareAddr(f.Raw).String(), len(f.Raw) == 6
	case String:
		return text(f.Raw)
	case IPv4Address, IPv6Address:
		a, ok := netip.AddrFromSlice(f.Raw)
		return a.String(), ok
	case DateTimeSeconds, DateTimeMilliseconds, DateTimeMicroseconds, DateTimeNanoseconds:
		return moment(f.Type, f.Raw)
	}
	return nil, false
}

// isNumber tells whether a content may be an integer (RFC 7011, 6.2).
func isNumber(raw []byte) bool { return len(raw) >= 1 && len(raw) <= 8 }

// unsigned reads an unsigned integer of any length; of more than 8 bytes, the
// last 8.
func unsigned(raw []byte) uint64 {
	var v uint64
	for _, b := range raw {
		v = v<<8 | uint64(b)
	}
	return v
}

func signed(raw []byte) int64 {
	if !isNumber(raw) {
		return 0
	}
	unused := 64 - 8*len(raw)
	return int64(unsigned(raw)<<unused) >> unused
}

// float reads a floating-point number; JSON has none that is not finite.
func float(raw []byte) (any, bool) {
	var v float64
	switch len(raw) {
	case 4:
		v = float64(math.Float32frombits(uint32(unsigned(raw))))
	case 8:
		v = math.Float64frombits(unsigned(raw))
	default:
		return nil, false
	}
	return v, !math.IsNaN(v) && !math.IsInf(v, 0)
}

// text is a string without the zeros that fill it up.
func text(raw []byte) (any, bool) {
	raw = bytes.TrimRight(raw, "\x00")
	return string(raw), utf8.Valid(raw) && bytes.IndexByte(raw, 0) < 0
}

func moment(kind Type, raw []byte) (any, bool) {
	if !isNumber(raw) {
		return nil, false
	}
	v := unsigned(raw)
	var t time.Time
	switch kind {
	case DateTimeSeconds:
		t = time.Unix(int64(v), 0)
	case DateTimeMilliseconds:
		t = time.UnixMilli(int64(v))
	default:
		t = time.Unix(0, fromNTP(v))
	}
	if y := t.UTC().Year(); y < 0 || y > 9999 { // RFC 3339 has no more
		return nil, false
	}
	return t.UTC().Format(time.RFC3339Nano), len(raw) == 8 || kind == DateTimeSeconds
}

// ntpEpoch is the Unix epoch in seconds of NTP's first era (RFC 5905, 6).
const ntpEpoch = 2208988800

// fromNTP converts an NTP timestamp, as IPFIX uses it for microseconds and
// nanoseconds (RFC 7011, 6.1.9), to nanoseconds since the Unix epoch. Its seconds
// run over in 2036; what would lie before 1968 belongs to the next era.
func fromNTP(v uint64) int64 {
	seconds := int64(v >> 32)
	if seconds < 1<<31 {
		seconds += 1 << 32
	}
	return (seconds-ntpEpoch)*1e9 + int64((v&0xffffffff)*1e9>>32)
}
