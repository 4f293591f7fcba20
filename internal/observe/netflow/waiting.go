package netflow

import (
	"slices"

	"downpour/internal/observe/flow"
)

// maxWaiting is how many data sets may wait for templates, however small.
const maxWaiting = 1024

// waiting are data sets whose templates have not come.
type waiting struct {
	sets  []waitingSet
	bytes int
}

// waitingSet is a data set with what of its message it needs.
type waitingSet struct {
	of       *domain
	template uint16
	datagram flow.Datagram
	uptime   uint32
	data     []byte // from lead bytes before its first record
}

// wait keeps a data set until its template comes. If that makes too many, the
// oldest are given up.
func (d *Decoder) wait(c *context, template uint16, content []byte) {
	d.stats.Misses++
	if len(content) == 0 {
		return
	}
	w := &d.waiting
	size := lead + len(content)
	if size > d.limits.Waiting {
		d.stats.Dropped++
		return
	}
	drop := 0
	for freed := 0; w.bytes-freed+size > d.limits.Waiting || len(w.sets)-drop >= maxWaiting; drop++ {
		freed += len(w.sets[drop].data)
	}
	d.giveUp(drop)
	data := append(make([]byte, lead, size), content...)
	w.sets = append(w.sets, waitingSet{c.domain, template, c.datagram, c.uptime, data})
	w.bytes += size
}

// giveUp drops the oldest sets.
func (d *Decoder) giveUp(n int) {
	for _, s := range d.waiting.sets[:n] {
		d.waiting.bytes -= len(s.data)
	}
	// Those behind are not moved up: a datagram may bear thousands of tiny sets.
	clear(d.waiting.sets[:n])
	d.waiting.sets = d.waiting.sets[n:]
	d.stats.Dropped += uint64(n)
}

// release decodes what waited for a template.
func (d *Decoder) release(dst []flow.Record, c *context, t *template) []flow.Record {
	kept := d.waiting.sets[:0]
	for _, s := range d.waiting.sets {
		if s.of != c.domain || s.template != t.id {
			kept = append(kept, s)
			continue
		}
		d.waiting.bytes -= len(s.data)
		own := context{domain: s.of, datagram: s.datagram, exported: s.datagram.Exported, uptime: s.uptime}
		own.datagram.Refused = flow.OK
		dst = d.decodeRecords(dst, &own, t, s.data, lead, len(s.data))
		if c.datagram.Refused == flow.OK {
			c.datagram.Refused = own.datagram.Refused
		}
	}
	clear(d.waiting.sets[len(kept):])
	d.waiting.sets = kept
	return dst
}

// dropWaiting gives up what waits in a domain.
func (d *Decoder) dropWaiting(of *domain) {
	before := len(d.waiting.sets)
	d.waiting.sets = slices.DeleteFunc(d.waiting.sets, func(s waitingSet) bool {
		if s.of == of {
			d.waiting.bytes -= len(s.data)
		}
		return s.of == of
	})
	d.stats.Dropped += uint64(before - len(d.waiting.sets))
}
