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
	doSource4Set // only if not 0.0.0.0: the template has both families
	doDestination4Set
	doPorts // source and destination side by side
	doSourcePort
	doDestinationPort
	doSourcePortElse // only if there is none yet
	doDestinationPortElse
	doProtocol
	doBytes
	doBytesElse
	doPackets
	doPacketsElse
	doFlags
	doTTL
	doTTLElse
	doInput
	doInputElse
	doOutput
	doOutputElse
	doSourceAS
	doPeerAS
	doDirection
	doFragmentOffset
	doFragmentFlags
	doFragmentID
	doICMP
	doICMPType
	doICMPCode
	doSequence
	doWindow
	// When it began and ended.
	doStartUptime // by the header's uptime
	doEndUptime
	doStartSeconds
	doEndSeconds
	doStartMillis
	doEndMillis
	doStartNTP
	doEndNTP
	doStartDelta // microseconds before the export
	doEndDelta
	doBothSeconds
	doBothMillis
	doBothNTP
	// The others are seldom there and need more than a value.
	doRare
)

// op is one field to be read.
type op struct {
	mask uint64 // the value's bits in the 8 bytes that end with it
	end  uint16 // where it ends, in bytes from the record's first
	kind kind
	rare uint8  // of doRare: what it is
	at   uint16 // which field it is of
}

// span is where a field of a record lies.
type span struct{ start, end int }

// plan is how a template's records are read.
type plan struct {
	ops      []op
	variable bool // fields have lengths of their own
	plain    bool // fixed length, both times known, nothing rare
	timed    bool // both times known
	rareOps  bool // there is a doRare
	biflow   bool // a second record for the other direction may come of it
	samples  bool // its records tell their sampling or their sampler
	sections bool // it bears packets' headers
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
	has := map[uint32]bool{}
	for _, f := range t.fields {
		has[f.enterprise<<16|uint32(f.element)] = f.length > 0 || has[f.enterprise<<16|uint32(f.element)]
	}
	ranks := map[int]uint8{}
	end := 0
	for i, f := range t.fields {
		if f.length != anyLength {
			end += int(f.length)
		}
		m, ok := meaningOf(version, f, has)
		if !ok {
			continue
		}
		o := op{mask: maskOf(int(f.length)), end: uint16(end), kind: m.kind, rare: m.rare, at: uint16(i)}
		p.ops = append(p.ops, o)
		ranks[i] = m.rank
	}
	slices.SortStableFunc(p.ops, func(a, b op) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(ranks[int(a.at)], ranks[int(b.at)]))
	})
	p.chooseTimes(ranks)
	p.joinPorts(t)
	p.sum(has)
	return p
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
	p.timed = start >= 0 && end >= 0
	kept := make([]op, 0, len(p.ops))
	for i, o := range p.ops {
		if o.kind.isStart() || o.kind.isEnd() {
			if i != start && i != end {
				continue
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

// joinPorts reads both ports at once where they stand side by side.
func (p *plan) joinPorts(t *template) {
	is := func(k kind) func(op) bool { return func(o op) bool { return o.kind == k } }
	i, j := slices.IndexFunc(p.ops, is(doSourcePort)), slices.IndexFunc(p.ops, is(doDestinationPort))
	if p.variable || i < 0 || j < 0 {
		return
	}
	from, to := p.ops[i], p.ops[j]
	if to.at == from.at+1 && t.fields[from.at].length == 2 && t.fields[to.at].length == 2 {
		p.ops[i] = op{mask: maskOf(4), end: to.end, kind: doPorts, at: from.at}
		p.ops = slices.Delete(p.ops, j, j+1)
	}
}

// sum says what the operations come to.
func (p *plan) sum(has map[uint32]bool) {
	for _, o := range p.ops {
		switch {
		case o.kind == doRare:
			p.rareOps = true
			p.biflow = p.biflow || o.rare >= rareReverseBytes
			p.samples = p.samples || o.rare >= rareInterval && o.rare < rareReverseBytes
		case o.kind <= doSectionLayer2:
			p.sections = true
		}
	}
	p.plain = !p.variable && p.timed && !p.rareOps && !p.sections
}
