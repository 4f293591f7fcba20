package netflow

import (
	"encoding/binary"

	"downpour/internal/observe/flow"
)

// advance sets the number that is due after a datagram that was read.
func (d *Decoder) advance(c *context, what arrival, number uint32) {
	s := &c.domain.sequence
	if what == unnumbered || what == duplicate {
		return
	}
	units := s.unitsOf(c)
	if s.begun && !s.own && !s.single(c) && d.learnCounting(s, c, number) {
		what = onTime // it was judged by the wrong count
	}
	if what == late {
		d.giveBack(s, c, units)
		s.latest = number
		return
	}
	s.begun, s.next, s.latest = true, number+units, number
	if s.own {
		s.next = number
	}
	s.known = !c.unclear || s.own || s.single(c)
	s.units, s.options = max(1, uint32(c.units)), uint32(c.options)
	if s.uncounted || s.single(c) {
		s.options = 0
	}
	if s.uncounted {
		s.units = max(1, units)
	}
}

// single tells whether each datagram counts as one.
func (s *sequence) single(c *context) bool {
	return c.datagram.Version == flow.NetFlow9 && !s.records
}

// unitsOf is by how much a datagram that was read moves the numbers.
func (s *sequence) unitsOf(c *context) uint32 {
	switch {
	case s.single(c):
		return 1
	case s.uncounted:
		return uint32(c.units - c.options)
	}
	return uint32(c.units)
}

// giveBack takes a late datagram off what was counted as lost.
func (d *Decoder) giveBack(s *sequence, c *context, units uint32) {
	if c.datagram.Version == flow.NetFlow9 {
		units = 1 // Lost is of datagrams
	}
	back := min(uint64(units), s.lost)
	s.lost -= back
	d.stats.Lost -= back
}

// learnCounting finds out whether a number includes the records of its own
// datagram: whether it steps by those rather than by those of the one before. It
// tells when that is settled; what was taken for losses until then was none.
func (d *Decoder) learnCounting(s *sequence, c *context, number uint32) (learned bool) {
	step, own := number-s.latest, uint32(c.units)
	byOwn := step == own || step == own-uint32(c.options)
	byLast := step == s.units || step == s.units-s.options
	switch {
	case byOwn == byLast || c.unclear:
		return false
	case byLast:
		s.behind = -believed * believed // so it never is
		return false
	}
	s.uncounted = s.uncounted || c.options > 0 && step != own
	if s.behind++; s.behind < believed-1 {
		return false
	}
	s.own = true
	d.stats.Lost -= s.lost
	d.stats.Reordered -= s.reordered
	s.lost, s.reordered = 0, 0
	return true
}

// countRecords counts the records of a message as its numbers do, without
// decoding them; it tells whether they could all be counted.
func (of *domain) countRecords(b []byte) (n int, ok bool) {
	switch of.key.version {
	case flow.NetFlow5:
		return (len(b) - header5Size) / record5Size, true
	case flow.NetFlow9:
		b = b[header9Size:]
	default:
		b = b[header10Size:]
	}
	for len(b) > setSize {
		id, length := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if length < setSize || length > len(b) {
			return n, false
		}
		if id >= leastDataID {
			t := of.templates[id]
			switch {
			case t != nil && t.options && of.sequence.uncounted:
			case t == nil || t.variable:
				return n, false
			default:
				n += (length - setSize) / t.size
			}
		}
		b = b[length:]
	}
	return n, true
}
