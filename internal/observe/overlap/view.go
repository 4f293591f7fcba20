package overlap

import (
	"cmp"
	"slices"

	"downpour/internal/observe/flow"
)

// State is how a view counts.
type State uint8

// The states of a view.
const (
	Measuring State = iota // by records, until enough is known
	Counted                // as a whole
	Partly                 // by records, since others tell of a part of it
	LeftOut                // not, since others tell of it
)

// Volume is an amount of records, before sampling is accounted for.
type Volume struct{ Records, Packets, Bytes uint64 }

func (v *Volume) add(r *flow.Record) {
	v.Records++
	v.Packets += uint64(r.Packets)
	v.Bytes += r.Bytes
}

func (v *Volume) plus(w Volume) {
	v.Records += w.Records
	v.Packets += w.Packets
	v.Bytes += w.Bytes
}

// viewKey tells views apart.
type viewKey struct {
	exporter uint16
	out      bool
	index    uint32
}

// view is what one exporter meters at one interface in one direction.
type view struct {
	viewKey
	number   uint16 // its place in Filter.views
	group    uint32 // exporter and direction: views of one never overlap
	rank     int    // by preference, 0 first
	edge     bool
	sampling uint32
	state    State
	claims   bool  // it remembers its flows, since another view may tell of them
	drained  int64 // until when others hold their records against its flows, once left out
	last     int64
	told     Volume
	omitted  Volume
	measured measured
	// need is how many packets of a flow it must tell of for the silence of
	// preferred views to mean something; 0 if there are none.
	need uint64
	pace pace
}

// holds tells whether a record of the same exporter is of the view; not always
// when it is.
func (v *view) holds(r *flow.Record) bool {
	return v.index == r.Input && !v.out && r.Direction != flow.Out && r.Sampling <= v.sampling
}

// nearViews is how many views are found without the map. A power of two.
const nearViews = 64

// viewOf finds or makes the view of a record.
func (f *Filter) viewOf(number uint16, r *flow.Record) *view {
	key := viewKey{number, false, r.Input}
	if r.Direction == flow.Out {
		key.out, key.index = true, r.Output
	}
	slot := (uint32(number)*0x9e3779b1 ^ key.index*0x85ebca6b) >> 16
	if key.out {
		slot++
	}
	if v := f.near[slot%nearViews]; v != nil && v.viewKey == key && f.now-v.last < leastPatience {
		v.last = f.now
		if r.Sampling > v.sampling {
			f.resampled(v, r.Sampling)
		}
		return v
	}
	v := f.index[key]
	if v == nil {
		if !f.hasRoom(number) {
			f.stats.Crowded++
			return f.crowd
		}
		v = f.add(key, r)
	}
	f.near[slot%nearViews] = v
	f.returned(v)
	v.last = f.now
	return v
}

// hasRoom tells whether an exporter may have another view. The last quarter is for
// those that have few: one exporter that numbers interfaces at random must not
// keep those of others from being held against each other.
func (f *Filter) hasRoom(number uint16) bool {
	n := len(f.views)
	return n < maxViews*3/4 || n < maxViews && f.exporters[number].views < viewsShare
}

// add makes a view.
func (f *Filter) add(key viewKey, r *flow.Record) *view {
	v := &view{viewKey: key, number: uint16(len(f.views)), sampling: max(r.Sampling, 1), last: f.now}
	v.group = uint32(key.exporter) << 1
	if key.out {
		v.group++
	}
	v.edge = f.cfg.Edge != nil && f.cfg.Edge(key.exporter, key.index)
	f.views = append(f.views, v)
	f.exporters[key.exporter].views++
	f.index[key] = v
	for _, w := range f.views {
		f.alone = f.alone && w.group == v.group
	}
	f.rank()
	f.reconsider(v)
	return v
}

// resampled notes that a view samples more than was known. The views are ranked
// anew at the next tick: an exporter may tell another rate with each record.
func (f *Filter) resampled(v *view, rate uint32) {
	v.sampling = rate
	f.unranked = true
	v.reset(f.now)
}

// rank orders the views by preference.
func (f *Filter) rank() {
	f.unranked = false
	f.rankings++
	f.ranked = append(f.ranked[:0], f.views...)
	slices.SortFunc(f.ranked, func(a, b *view) int {
		return cmp.Or(last(b.edge, a.edge), cmp.Compare(a.sampling, b.sampling), last(a.out, b.out),
			cmp.Compare(a.exporter, b.exporter), cmp.Compare(a.index, b.index))
	})
	for i, v := range f.ranked {
		v.rank = i
	}
}

// last orders what is false before what is true.
func last(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
