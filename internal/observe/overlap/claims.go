package overlap

import (
	"downpour/internal/observe/flow"
)

// claims remembers flows: which view told of each, and of what stretch of its
// time. Four flows share a cache line, and a full line gives up the flow that was
// not told of for the longest.
type claims struct {
	lines  [][4]claim
	base   int64 // from which times count, nanoseconds since the epoch
	forgot uint64
}

// claim is one flow. Times are in ticks since base.
type claim struct {
	tag         uint32 // of the key; 0 is an empty place
	from, until uint32 // what of its time was told
	view        uint16
	seen        uint16 // arrival of the last record, in seconds modulo 2^16
}

const (
	tick = int64(1e9) / 64
	// slack is how far two exporters' times of the same packets may be apart
	// without being taken for different ones.
	slack = 2 * 64
	// remembered is for how long a flow's claim stands, in seconds, unless its
	// place is needed. Times say what is told twice, so it may be long.
	remembered = 900
)

// outcome is what becomes of a record.
type outcome uint8

const (
	dropped outcome = iota
	parted          // what another view told is cut off
	whole
)

func newClaims(flows int) *claims {
	n := 1
	for n*4 < flows {
		n *= 2
	}
	return &claims{lines: make([][4]claim, n)}
}

// hold holds a record against what other views told of its flow.
func (c *claims) hold(f *Filter, v *view, r *flow.Record, key uint64) outcome {
	if c.base == 0 {
		c.base = f.now - 24*3600*second
	}
	line := &c.lines[key&uint64(len(c.lines)-1)]
	tag, seen := uint32(key>>32)|1, uint16(f.now/second)
	fresh := uint16(f.patience / second)
	from, until := c.ticks(r.Time), c.ticks(r.Time+int64(r.Duration)*1e6)
	oldest := 0
	for i := range line {
		p := &line[i]
		if p.tag == tag && seen-p.seen <= remembered {
			return c.meet(f, v, r, p, from, until, seen)
		}
		if p.tag == tag {
			oldest = i
			break
		}
		if p.tag == 0 || line[oldest].tag != 0 && seen-p.seen > seen-line[oldest].seen {
			oldest = i
		}
	}
	p := &line[oldest]
	if p.tag != 0 && p.tag != tag && seen-p.seen <= fresh && !f.alone {
		c.forgot++
	}
	*p = claim{tag, from, until, v.number, seen}
	return whole
}

// meet holds a record against the flow's claim.
func (c *claims) meet(f *Filter, v *view, r *flow.Record, p *claim, from, until uint32, seen uint16) outcome {
	owner := f.views[p.view]
	if owner.group == v.group {
		p.from, p.until, p.seen = min(p.from, from), max(p.until, until), seen
		return whole
	}
	if v.sampling > 1 || owner.sampling > 1 {
		// No record is the twin of another: the first view has the flow.
		if seen-p.seen <= uint16(f.patience/second) {
			return dropped
		}
		*p = claim{p.tag, from, until, v.number, seen}
		return whole
	}
	switch {
	case from > p.until: // a gap that nobody told of, or none
		if from-p.until <= slack && until <= p.until+slack {
			return dropped
		}
		*p = claim{p.tag, from, until, v.number, seen}
		return whole
	case until < p.from:
		if p.from-until <= slack && from+slack >= p.from {
			return dropped
		}
		p.from = from
		return whole
	case until > p.until+slack:
		c.cut(r, c.time(p.until), c.time(until))
		p.until, p.view, p.seen = until, v.number, seen
	case from+slack < p.from:
		c.cut(r, c.time(from), c.time(p.from))
		p.from = from
	default:
		return dropped
	}
	if r.Packets == 0 {
		return dropped
	}
	return parted
}

// cut leaves of a record what lies in a stretch of its time.
func (c *claims) cut(r *flow.Record, from, to int64) {
	length := float64(max(int64(r.Duration)*1e6, 1))
	end := r.Time + int64(r.Duration)*1e6
	from, to = min(max(from, r.Time), end), min(to, end)
	share := float64(to-from) / length
	r.Packets = uint32(float64(r.Packets)*share + 0.5)
	r.Bytes = uint64(float64(r.Bytes)*share + 0.5)
	r.Time, r.Duration = from, uint32((to-from)/1e6)
}

func (c *claims) ticks(t int64) uint32 { return uint32(max(0, min((t-c.base)/tick, 1<<32-1-slack))) }

func (c *claims) time(ticks uint32) int64 { return c.base + int64(ticks)*tick }
