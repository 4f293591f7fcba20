package netflow

import (
	"cmp"
	"slices"

	"downpour/internal/observe/flow"
)

// kind is what is done with a field's value. Their order is that in which they
// are done: what overwrites comes first, what only fills a gap comes last.
type kind uint8

const (
	doSectionIP kind = iota // the whole flow, from a packet's header
	doSectionEthernet
	doSectionLayer2 // v9's, which begins at an offset
	doSource16
	doDestination16
	doSource4
	doDestination4
	doPorts // source and destination side by side
	doSourcePort
	doDestinationPort
	doProtocol
	doBytes
	doPackets
	doFlags
	doTTL
	doInput
	doOutput
	doSourceAS
	doPeerAS
	doDirection
	doICMP
	// What few templates have. Of these, what ends in Else counts only if there is
	// nothing yet, what ends in Set only if it is not 0.0.0.0: the template has
	// addresses of both families.
	doSource4Set
	doDestination4Set
	doSourcePortElse
	doDestinationPortElse
	doBytesElse
	doPacketsElse
	doTTLElse
	doInputElse
	doOutputElse
	doFragmentOffset
	doFragmentFlags
	doFragmentID
	doICMPType
	doICMPCode
	doSequence
	doWindow
	// When it began, and then when it ended.
	doStartUptime // by the header's uptime
	doStartMillis
	doStartSeconds
	doStartNTP
	doStartDelta // microseconds before the export
	doBothMillis // it is of one moment
	doBothSeconds
	doBothNTP
	doEndUptime
	doEndMillis
	doEndSeconds
	doEndNTP
	doEndDelta
	// How it was sampled.
	doSelector
	doInterval
	// What needs more than a value.
	doRare
)

// op is one field to be read.
type op struct {
	mask   uint64 // the value's bits in the 8 bytes that end with it
	end    uint16 // where it ends, in bytes from the anchor
	at     uint16 // which field it is of
	anchor uint16 // how many fields of variable length stand before it: they are where it is counted from
	kind   kind
	rare   uint8 // of doRare: what it is
}

// span is where a field of a record lies.
type span struct{ start, end int }

// plan is how a template's records are read.
type plan struct {
	ops      []op
	samplers []op  // those about sampling
	fixed    []int // bytes before, between and after the fields of variable length
	variable bool  // there are such
	plain    bool  // nothing needs a look at one record alone
	starts   bool  // it tells when it began
	timed    bool  // and when it ended
	icmp     bool  // it tells type and code of ICMP, so that the ports don't
	biflow   bool  // a second record for the other direction may come of it
	sections bool  // it bears packets' headers
}

// meaning is what an element does; of those that do alike, the least rank wins.
type meaning struct {
	kind kind
	rank uint8
	rare uint8
}

// makePlan works out how a template's records are read.
func makePlan(version flow.Version, t *template) plan {
	p := plan{variable: slices.ContainsFunc(t.fields, func(f field) bool { return f.length == anyLength })}
	if t.options {
		return p
	}
	has := elementSet{}
	for _, f := range t.fields {
		if f.length > 0 {
			has[elementOf{f.enterprise, f.element}] = true
		}
	}
	ranks := p.addOps(version, t.fields, has)
	slices.SortStableFunc(p.ops, func(a, b op) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(ranks[int(a.at)], ranks[int(b.at)]))
	})
	p.chooseTimes(ranks)
	p.joinPorts(t)
	p.sum(t)
	return p
}

// addOps adds an operation for each field that means something, and tells their
// ranks by the fields' places.
func (p *plan) addOps(version flow.Version, fields []field, has elementSet) map[int]uint8 {
	ranks := map[int]uint8{}
	end := 0
	p.fixed = []int{0}
	for i, f := range fields {
		anchor := len(p.fixed) - 1
		if f.length == anyLength {
			p.fixed = append(p.fixed, 0)
			end = 0
		} else {
			end += int(f.length)
			p.fixed[anchor] = end
		}
		if m, ok := meaningOf(version, f, has); ok {
			p.ops = append(p.ops, op{
				mask: maskOf(int(f.length)), end: uint16(end), at: uint16(i), anchor: uint16(anchor), kind: m.kind, rare: m.rare,
			})
			ranks[i] = m.rank
		}
	}
	return ranks
}

// maskOf selects the value of a field of so many bytes in the word it ends.
func maskOf(length int) uint64 {
	if length >= 8 {
		return ^uint64(0)
	}
	return 1<<(8*length) - 1
}

// chooseTimes leaves one way to tell when a flow began and one when it ended.
func (p *plan) chooseTimes(ranks map[int]uint8) {
	start, end := -1, -1
	for i, o := range p.ops {
		rank := ranks[int(o.at)]
		if o.kind.isStart() && (start < 0 || rank < ranks[int(p.ops[start].at)]) {
			start = i
		}
		if o.kind.isEnd() && (end < 0 || rank < ranks[int(p.ops[end].at)]) {
			end = i
		}
	}
	p.starts = start >= 0
	p.timed = p.starts && end >= 0
	kept := make([]op, 0, len(p.ops))
	for i, o := range p.ops {
		if o.kind.isStart() || o.kind.isEnd() {
			if i != start && i != end {
				continue
			}
			if i != start {
				o.kind = o.kind.asEnd()
			}
		}
		kept = append(kept, o)
	}
	p.ops = kept
}

func (k kind) isStart() bool {
	switch k {
	case doStartUptime, doStartSeconds, doStartMillis, doStartNTP, doStartDelta, doBothSeconds, doBothMillis, doBothNTP:
		return true
	}
	return false
}

func (k kind) isEnd() bool {
	switch k {
	case doEndUptime, doEndSeconds, doEndMillis, doEndNTP, doEndDelta, doBothSeconds, doBothMillis, doBothNTP:
		return true
	}
	return false
}

// asEnd is what tells only the end where another field tells the beginning.
func (k kind) asEnd() kind {
	switch k {
	case doBothMillis:
		return doEndMillis
	case doBothSeconds:
		return doEndSeconds
	case doBothNTP:
		return doEndNTP
	}
	return k
}

// joinPorts reads both ports at once where they stand side by side.
func (p *plan) joinPorts(t *template) {
	is := func(k kind) func(op) bool { return func(o op) bool { return o.kind == k } }
	i, j := slices.IndexFunc(p.ops, is(doSourcePort)), slices.IndexFunc(p.ops, is(doDestinationPort))
	if p.variable || i < 0 || j < 0 {
		return
	}
	from, to := p.ops[i], p.ops[j]
	if to.at == from.at+1 && t.fields[from.at].length == 2 && t.fields[to.at].length == 2 {
		p.ops[i] = op{mask: maskOf(4), end: to.end, kind: doPorts, at: to.at}
		p.ops = slices.Delete(p.ops, j, j+1)
	}
}

// sum says what the operations come to.
func (p *plan) sum(t *template) {
	p.plain = true
	var ops []op
	for _, o := range p.ops {
		switch {
		case o.kind == doRare:
			p.plain = false
			p.biflow = p.biflow || o.rare >= rareReverseBytes
		case o.kind <= doSectionLayer2:
			p.plain, p.sections = false, true
		case t.fields[o.at].length == anyLength:
			p.plain = false
		}
		p.icmp = p.icmp || o.kind == doICMP || o.kind == doICMPType
		if o.kind == doSelector || o.kind == doInterval {
			p.samplers = append(p.samplers, o)
		} else {
			ops = append(ops, o)
		}
	}
	p.ops = ops
}
