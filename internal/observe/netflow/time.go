package netflow

import (
	"math"

	"downpour/internal/observe/flow"
)

// fillTime reads when records began or ended. Beginnings come first: an end gives
// how long they went on.
func fillTime(rs []flow.Record, o *op, b []byte, bases []uint16, c *context) {
	rs = rs[:len(bases)]
	end, m := int(o.end), o.mask
	switch o.kind {
	case doStartUptime:
		for i, p := range bases {
			rs[i].Time = sinceUptime(c, uint32(word(b, int(p)+end)&m))
		}
	case doEndUptime:
		for i, p := range bases {
			endAt(&rs[i], sinceUptime(c, uint32(word(b, int(p)+end)&m)))
		}
	case doStartMillis, doBothMillis:
		for i, p := range bases {
			rs[i].Time = int64(word(b, int(p)+end)&m) * 1e6
		}
	case doEndMillis:
		for i, p := range bases {
			endAt(&rs[i], int64(word(b, int(p)+end)&m)*1e6)
		}
	default:
		fillSeldomTime(rs, o, b, bases, c)
	}
}

// fillSeldomTime does so for what few templates have.
func fillSeldomTime(rs []flow.Record, o *op, b []byte, bases []uint16, c *context) {
	end := int(o.end)
	for i, p := range bases {
		r, v := &rs[i], word(b, int(p)+end)&o.mask
		switch o.kind {
		case doStartSeconds, doBothSeconds:
			r.Time = int64(v) * 1e9
		case doEndSeconds:
			endAt(r, int64(v)*1e9)
		case doStartNTP, doBothNTP:
			r.Time = fromNTP(v)
		case doEndNTP:
			endAt(r, fromNTP(v))
		case doStartDelta:
			r.Time = c.exported - int64(v)*1e3
		case doEndDelta:
			endAt(r, c.exported-int64(v)*1e3)
		}
	}
}

// endAt sets how long a record went on from when it ended. One that does not say
// when it began did so when it ended.
func endAt(r *flow.Record, end int64) {
	switch lasted := end - r.Time; {
	case r.Time <= 0:
		r.Time = end
	case lasted >= 1e6:
		r.Duration = uint32(min(uint64(lasted)/1e6, math.MaxUint32))
	}
}
