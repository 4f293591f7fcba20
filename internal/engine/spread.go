package engine

import (
	"math/bits"

	"downpour"
)

// A record of flow export tells of minutes. Detectors judge seconds, so each
// second gets its part: the packets stand evenly from the record's first to its
// last, as the record says when those were, and the bytes go with the packets.
// Parts stand exactly one second apart, from the record's start on: whatever
// second a detector's window covers then holds one part of the record, never two,
// and none of what came before the start.

// long is the duration, in milliseconds, from which on a flow is spread.
const long = 1000

// endOf is when the last packet of a flow was seen.
func endOf(f *downpour.Flow) int64 { return f.Time + int64(f.Duration)*1e6 }

// before is how many of a flow's packets were seen before a moment.
func before(f *downpour.Flow, t int64) uint32 {
	length := int64(f.Duration) * 1e6
	switch x := t - f.Time; {
	case x <= 0:
		return 0
	case x >= length || f.Packets < 2:
		return f.Packets
	default:
		// The i-th stands at i*length/(packets-1).
		high, low := bits.Mul64(uint64(x), uint64(f.Packets-1))
		low, carry := bits.Add64(low, uint64(length-1), 0)
		n, _ := bits.Div64(high+carry, low, uint64(length))
		return uint32(n)
	}
}

// next is the second of the first packet from a moment on, of a flow that has one.
// A last packet at a whole second is of the second that ends with it, as cut has it.
func next(f *downpour.Flow, from int64) int64 {
	n, length := before(f, from), uint64(f.Duration)*1e6
	high, low := bits.Mul64(uint64(n), length)
	after, _ := bits.Div64(high, low, uint64(f.Packets-1))
	return (f.Time + int64(min(after, length-1))) / second
}

// share is what the first n of a flow's packets bear of its bytes.
func share(f *downpour.Flow, n uint32) uint64 {
	if n >= f.Packets {
		return f.Bytes
	}
	high, low := bits.Mul64(f.Bytes, uint64(n))
	part, _ := bits.Div64(high, low, uint64(f.Packets))
	return part
}

// cut is the part of a flow that was seen in a stretch of time; all of it from
// to on if that is its last packet's moment. It has no packets and no bytes if
// nothing was seen then.
func cut(f *downpour.Flow, from, to int64) (packets uint32, volume uint64) {
	a, b := before(f, from), before(f, to)
	return b - a, share(f, b) - volumeBefore(f, a)
}

// volumeBefore is share for what lies before a part: nothing of a flow without
// packets does.
func volumeBefore(f *downpour.Flow, n uint32) uint64 {
	if n == 0 {
		return 0
	}
	return share(f, n)
}

// part is what a long flow shows in the second that begins at start, dated a
// whole number of seconds after the flow's own start. ok is false if it shows
// nothing in it.
func part(f *downpour.Flow, start int64) (p downpour.Flow, ok bool) {
	packets, volume := cut(f, start, start+second)
	if packets == 0 && volume == 0 {
		return p, false
	}
	p = *f
	end := endOf(f)
	p.Time = start + floorMod(f.Time, second)
	p.Packets, p.Bytes = packets, volume
	p.Duration = uint32(min(min(end, start+second)-max(f.Time, start), second-1) / 1e6)
	p.TCPFlags = partFlags(f, packets > 1 && start <= f.Time, packets > 1 && end <= start+second)
	return p, true
}

// partFlags are the flags of a part. A record's are those of all of its packets;
// a connection opens in the first part only, and ends in the last. A part of one
// packet can't bear all of them: it is taken for one of those in between. What
// bears neither ACK nor PSH is no conversation, and every packet bears the same.
func partFlags(f *downpour.Flow, first, last bool) uint8 {
	flags := f.TCPFlags
	if flags&(downpour.ACK|downpour.PSH) == 0 {
		return flags
	}
	if !first {
		flags &^= downpour.SYN
	}
	if !last {
		flags &^= downpour.FIN | downpour.RST
	}
	return flags
}

// floorMod is the remainder that is never negative.
func floorMod(a, b int64) int64 {
	if m := a % b; m >= 0 {
		return m
	}
	return a%b + b
}
