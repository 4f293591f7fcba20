package weblog

import (
	"bytes"
	"encoding/binary"
	"math"
)

const (
	second = int64(1_000_000_000)
	minute = 60 * second
	day    = 24 * 60 * minute
	// Years that fit in nanoseconds since 1970.
	firstYear, lastYear = 1970, 2261
)

// clock reads times and remembers the last second and day that it read, since a
// log's lines share them.
type clock struct {
	// The last time in the common log format: its 26 bytes as words that overlap.
	words [4]uint64
	last  int64
	// The last date, in the form that it was written in, and its midnight in UTC.
	date     [11]byte
	midnight int64
}

// clfLength is that of "10/Oct/2000:13:55:36 -0700".
const clfLength = 26

// parse reads a time in any form that logs have, in nanoseconds since the epoch:
// the common log format, ISO 8601 (RFC 3339 and its relatives), or a number of
// seconds, milli-, micro- or nanoseconds, told apart by its size.
func (c *clock) parse(b []byte) (int64, bool) {
	switch {
	case len(b) >= clfLength && b[2] == '/':
		return c.common(b[:clfLength])
	case len(b) >= 19 && (b[4] == '-' || b[4] == '/'):
		return c.iso(b)
	}
	return parseEpoch(b)
}

// common reads the common log format's time.
func (c *clock) common(b []byte) (int64, bool) {
	words := [4]uint64{
		binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[18:]),
	}
	if words == c.words {
		return c.last, true
	}
	midnight, ok := c.dayOf(b[:11], commonDate)
	if !ok || b[11] != ':' || b[20] != ' ' {
		return 0, false
	}
	clock, ok := timeOfDay(b[12:20])
	if !ok {
		return 0, false
	}
	zone, n := offset(b[21:])
	if n == 0 {
		return 0, false
	}
	c.words, c.last = words, midnight+clock-zone
	return c.last, true
}

// iso reads 2006-01-02T15:04:05 with what may follow: a fraction, and a zone,
// which is UTC if it is missing.
func (c *clock) iso(b []byte) (int64, bool) {
	midnight, ok := c.dayOf(b[:10], isoDate)
	if !ok || b[10] != 'T' && b[10] != 't' && b[10] != ' ' {
		return 0, false
	}
	clock, ok := timeOfDay(b[11:19])
	if !ok {
		return 0, false
	}
	rest := b[19:]
	part, n := fraction(rest)
	rest = rest[n:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	zone, n := offset(rest)
	if len(rest) > 0 && n == 0 {
		return 0, false
	}
	return midnight + clock + part - zone, true
}

// dayOf returns the midnight of a date, reading it only if it is not the one that
// was read last.
func (c *clock) dayOf(b []byte, read func([]byte) (int64, bool)) (int64, bool) {
	if bytes.Equal(b, c.date[:len(b)]) && (len(b) == len(c.date) || c.date[10] == 0) {
		return c.midnight, true
	}
	midnight, ok := read(b)
	if !ok {
		return 0, false
	}
	c.date = [11]byte{}
	copy(c.date[:], b)
	c.midnight = midnight
	return midnight, true
}

// months are the names of the common log format, three letters each.
const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

func commonDate(b []byte) (int64, bool) {
	d, ok1 := twoDigits(b)
	y, ok2 := parseUint(b[7:11])
	if !ok1 || !ok2 || b[6] != '/' {
		return 0, false
	}
	for m := range 12 {
		if months[3*m:3*m+3] == string(b[3:6]) {
			return midnightOf(int(y), m+1, d)
		}
	}
	return 0, false
}

func isoDate(b []byte) (int64, bool) {
	y, ok1 := parseUint(b[:4])
	m, ok2 := twoDigits(b[5:])
	d, ok3 := twoDigits(b[8:])
	if !ok1 || !ok2 || !ok3 || b[7] != b[4] {
		return 0, false
	}
	return midnightOf(int(y), m, d)
}

// midnightOf counts the days since the epoch (the proleptic Gregorian calendar,
// with years that begin in March so that leap days come last).
func midnightOf(y, m, d int) (int64, bool) {
	if y < firstYear || y > lastYear || m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, false
	}
	if m <= 2 {
		y, m = y-1, m+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719468
	return int64(days) * day, true
}

// timeOfDay reads 15:04:05; a leap second counts as the next.
func timeOfDay(b []byte) (int64, bool) {
	h, ok1 := twoDigits(b)
	m, ok2 := twoDigits(b[3:])
	s, ok3 := twoDigits(b[6:])
	if !ok1 || !ok2 || !ok3 || b[2] != ':' || b[5] != ':' || h > 23 || m > 59 || s > 60 {
		return 0, false
	}
	return int64(h*3600+m*60+s) * second, true
}

// fraction reads a point or comma with digits behind it, and returns how long it
// is; what is finer than a nanosecond is dropped.
func fraction(b []byte) (ns int64, n int) {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' {
		return 0, 0
	}
	unit := second
	for n = 1; n < len(b) && isDigit(b[n]); n++ {
		unit /= 10
		ns += int64(b[n]-'0') * unit
	}
	return ns, n
}

// offset reads a zone: Z, -0700, -07:00 or -07; n is its length, 0 if there is
// none.
func offset(b []byte) (ns int64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0]|0x20 == 'z' {
		return 0, 1
	}
	if len(b) < 3 || b[0] != '+' && b[0] != '-' {
		return 0, 0
	}
	h, ok := twoDigits(b[1:])
	if !ok || h > 23 {
		return 0, 0
	}
	ns, n = int64(h)*60*minute, 3
	rest := b[3:]
	if len(rest) > 0 && rest[0] == ':' {
		rest, n = rest[1:], 4
	}
	if m, ok := twoDigits(rest); ok && m < 60 {
		ns, n = ns+int64(m)*minute, n+2
	}
	if b[0] == '-' {
		ns = -ns
	}
	return ns, n
}

func twoDigits(b []byte) (int, bool) {
	if len(b) < 2 || !isDigit(b[0]) || !isDigit(b[1]) {
		return 0, false
	}
	return int(b[0]-'0')*10 + int(b[1]-'0'), true
}

// parseEpoch reads a number of seconds since 1970, with a fraction, or of milli-,
// micro- or nanoseconds: until the year 2286 each has more digits than the one
// before can have.
func parseEpoch(b []byte) (int64, bool) {
	whole, i := int64(0), 0
	for ; i < len(b) && i < 19 && isDigit(b[i]); i++ {
		whole = whole*10 + int64(b[i]-'0')
	}
	if i < len(b) && (b[i]|0x20 == 'e') { // 1.7e9 is written by nobody who logs the second
		return 0, false
	}
	part, n := fraction(b[i:])
	if i == 0 || i+n != len(b) || whole < 1e8 {
		return 0, false
	}
	switch {
	case whole < 1e10 && whole < math.MaxInt64/second:
		return whole*second + part, true
	case whole < 1e13:
		return whole * 1e6, true
	case whole < 1e16:
		return whole * 1e3, true
	}
	return whole, true
}
