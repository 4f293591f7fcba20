package attack

import (
	"net/netip"

	"downpour"
)

// What no address shows alone, its prefix may: but flows are spread over partitions
// by address. So each partition thins its flows to a bounded number a second, which
// come together at the tick (Prefixes); of a prefix that is watched closely it takes
// all, up to another bound. A flow costs an addition and a comparison for it.

// The bounds of what a partition takes a second, about.
const (
	takenOfAll     = 128 // of 64 partitions: 8,192
	takenOfWatched = 512 // 32,768
)

// taken is a flow that was taken, standing for all that it was drawn from.
type taken struct {
	flow     downpour.Flow
	outgoing bool // the source's end of it lies in a watched prefix
}

// thinner draws flows with a chance in proportion to the packets that they stand
// for (Duffield, Lund, Thorup 2001): one whole packet of so many, so that sums are
// unbiased, and a record of many packets counts as itself.
type thinner struct {
	every  uint64 // packets of which one is drawn; 1: all are
	credit uint64 // packets since one was drawn
	seen   uint64 // packets since the last tick
	left   int    // until more are passed over, within this second
	budget int
	taken  []taken
}

func newThinner(budget int) thinner { return thinner{every: 1, left: budget, budget: budget} }

// draw is called for a flow of v with which the credit has reached every.
func (t *thinner) draw(f *downpour.Flow, v volume, outgoing bool) {
	drawn := taken{*f, outgoing}
	if v.packets >= t.every {
		t.credit -= v.packets
		t.seen += v.packets
	} else {
		t.credit -= t.every
		t.seen += t.every
		g := &drawn.flow
		g.Bytes /= uint64(max(f.Packets, 1))
		g.Packets, g.Sampling = 1, saturate(t.every)
	}
	t.taken = append(t.taken, drawn)
	if t.left--; t.left == 0 {
		t.every, t.left = 2*t.every, t.budget
	}
}

// tick forgets what was taken and sets the pace by what came in the last second.
func (t *thinner) tick() {
	const many = 4 // times the budget, whose memory isn't kept
	if t.taken = t.taken[:0]; cap(t.taken) > many*t.budget {
		t.taken = nil
	}
	t.every, t.seen, t.left = max(1, t.seen/uint64(t.budget)), 0, t.budget
}

// span is a prefix as the way of flows compares it.
type span struct {
	base, mask downpour.Address
	bits       uint8 // of 128, IPv4 in its mapped form
}

// spanOf is the prefix of so many bits of 128 that an address lies in.
func spanOf(a downpour.Address, bits uint8) span {
	p := span{bits: bits, mask: downpour.Address{Hi: ^uint64(0), Lo: ^uint64(0)}}
	if bits <= 64 {
		p.mask = downpour.Address{Hi: ^(^uint64(0) >> bits)}
	} else {
		p.mask.Lo = ^(^uint64(0) >> (bits - 64))
	}
	p.base = downpour.Address{Hi: a.Hi & p.mask.Hi, Lo: a.Lo & p.mask.Lo}
	return p
}

func (p *span) has(a downpour.Address) bool {
	return a.Hi&p.mask.Hi == p.base.Hi && a.Lo&p.mask.Lo == p.base.Lo
}

// prefix is the span in the standard library's form.
func (p *span) prefix() netip.Prefix {
	if p.base.Is4() {
		return netip.PrefixFrom(p.base.Netip(), int(p.bits)-96)
	}
	return netip.PrefixFrom(p.base.Netip(), int(p.bits))
}

// meets tells whether one of two prefixes holds the other.
func (p *span) meets(q *span) bool {
	if p.bits > q.bits {
		return q.has(p.base)
	}
	return p.has(q.base)
}

// take is called for each flow toward one of the partition's addresses.
func (d *Detector) take(f *downpour.Flow, v volume) {
	if t := &d.sample; t.credit >= t.every {
		t.draw(f, v, false)
	}
	for i := range d.watched {
		if d.watched[i].has(f.Destination) {
			d.takeWatched(f, v, false)
			return
		}
	}
}

func (d *Detector) takeWatched(f *downpour.Flow, v volume, outgoing bool) {
	t := &d.closer
	if t.credit += v.packets; t.credit >= t.every {
		t.draw(f, v, outgoing)
	}
}

// takeOutgoing is called for each flow from one of the partition's addresses.
func (d *Detector) takeOutgoing(f *downpour.Flow) {
	for i := range d.watched {
		if d.watched[i].has(f.Source) && !d.watched[i].has(f.Destination) {
			d.takeWatched(f, volumeOf(f), true)
			return
		}
	}
}
