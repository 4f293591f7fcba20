package packet

import (
	"math"
	"math/bits"
	"time"
)

// The options that are read (draft-ietf-opsawg-pcapng, 4.2 and 4.6).
const (
	optionEnd        = 0
	optionResolution = 9  // if_tsresol
	optionOffset     = 14 // if_tsoffset
	optionDropped    = 5  // isb_ifdrop
	optionOSDropped  = 7  // isb_osdrop
)

// captureInterface is what an Interface Description Block says.
type captureInterface struct {
	link    LinkType
	snap    uint32 // 0 is none
	clock   clock
	dropped uint64 // by the last statistics, both kinds of drops
}

// describe reads an Interface Description Block (4.2).
func (p *pcapng) describe(block []byte, offset int64) {
	if len(p.interfaces) == maxInterfaces {
		p.ledger.note(interfacesMany, offset)
		return
	}
	i := captureInterface{
		link:  LinkType(p.half(block[8:])),
		snap:  p.word(block[12:]),
		clock: newClock(6), // microseconds unless said otherwise
	}
	p.options(block[interfaceSize-4:len(block)-4], func(code uint16, value []byte) {
		switch {
		case code == optionResolution && len(value) >= 1:
			shift := i.clock.shift
			i.clock = newClock(value[0])
			i.clock.shift = shift
		case code == optionOffset && len(value) >= 8:
			i.clock.shift = int64(p.long(value))
		}
	})
	p.interfaces = append(p.interfaces, i)
}

// statistics reads an Interface Statistics Block (4.6), whose counts run from
// the beginning of the capture.
func (p *pcapng) statistics(block []byte, offset int64) {
	on := p.word(block[8:])
	if uint64(on) >= uint64(len(p.interfaces)) {
		p.ledger.note(interfaceUndescribed, offset)
		return
	}
	var dropped uint64
	p.options(block[statisticsSize-4:len(block)-4], func(code uint16, value []byte) {
		if (code == optionDropped || code == optionOSDropped) && len(value) >= 8 {
			if n := p.long(value); n <= math.MaxInt32 { // all ones is "not known"
				dropped += n
			}
		}
	})
	i := &p.interfaces[on]
	if dropped > i.dropped {
		if p.ledger.missed == 0 {
			p.ledger.missedAt = offset
		}
		p.ledger.missed += dropped - i.dropped
		i.dropped = dropped
	}
}

// options calls each for the options in b (3.5), up to the end or to the first
// that does not fit.
func (p *pcapng) options(b []byte, each func(code uint16, value []byte)) {
	for len(b) >= 4 {
		code, length := p.half(b), int(p.half(b[2:]))
		if code == optionEnd || length > len(b)-4 {
			return
		}
		each(code, b[4:4+length])
		b = b[min((4+length+3)&^3, len(b)):]
	}
}

// clock turns an interface's time stamps to nanoseconds since the Unix epoch.
type clock struct {
	binary   bool   // units are a power of two of a second, else of ten
	exponent uint8  // of the power, for binary
	mul, div uint64 // nanoseconds = stamp / div * mul, for decimal
	shift    int64  // seconds to add (if_tsoffset)
}

// newClock reads if_tsresol: the negative power of 10 or, with the top bit, of 2
// of a second that a unit is.
func newClock(resolution uint8) clock {
	if resolution&0x80 != 0 {
		return clock{binary: true, exponent: resolution & 0x7f}
	}
	c := clock{mul: 1, div: 1}
	for e := resolution; e < 9; e++ {
		c.mul *= 10
	}
	for e := resolution; e > 9; e-- {
		if c.div > math.MaxUint64/10 {
			c.mul = 0 // units so small that 64 bits hold no nanosecond of them
			break
		}
		c.div *= 10
	}
	return c
}

// nanoseconds converts a time stamp; false is one that does not fit, in whose
// stead the nearest time that does is returned.
func (c *clock) nanoseconds(stamp uint64) (int64, bool) {
	var hi, lo uint64
	switch {
	case c.binary:
		hi, lo = c.fromBinary(stamp)
	case c.div != 1:
		hi, lo = bits.Mul64(stamp/c.div, c.mul)
	default:
		hi, lo = bits.Mul64(stamp, c.mul)
	}
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64, false
	}
	if c.shift == 0 {
		return int64(lo), true
	}
	return shifted(int64(lo), c.shift)
}

// fromBinary multiplies a stamp in 2^-exponent seconds by 10^9 and shifts.
func (c *clock) fromBinary(stamp uint64) (hi, lo uint64) {
	hi, lo = bits.Mul64(stamp, uint64(time.Second))
	switch e := uint(c.exponent); {
	case e == 0:
		return hi, lo
	case e < 64:
		return hi >> e, lo>>e | hi<<(64-e)
	default:
		return 0, hi >> (e - 64)
	}
}

// shifted adds seconds to a time that is not negative.
func shifted(ns, seconds int64) (int64, bool) {
	const most = math.MaxInt64 / int64(time.Second)
	switch {
	case seconds > most:
		return math.MaxInt64, false
	case seconds < -most:
		return math.MinInt64, false
	}
	by := seconds * int64(time.Second)
	if by > 0 && ns > math.MaxInt64-by {
		return math.MaxInt64, false
	}
	return ns + by, true
}
