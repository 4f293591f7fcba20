package attack

import (
	"cmp"
	"slices"
	"sort"

	"downpour"
)

// drawing is what was drawn of a second's flows, and what was taken of the prefixes
// that are followed. Its memory is used again each second.
type drawing struct {
	flows   []downpour.Flow           // of all prefixes
	closely []flowEnd                 // of those followed, by time
	toward  [2][classes][]drawnToward // of all, by whether they go to others or to us
	sorted  [2][classes]bool          // those by destination
	scratch []flowEnd
}

// flowEnd is a flow as one of its ends sees it.
type flowEnd struct {
	flow     *downpour.Flow
	outgoing bool // of the source's
}

// drawnToward is a drawn flow as those who ask where a class's traffic goes read it.
type drawnToward struct {
	destination downpour.Address
	volume
	flow int32
}

// gather takes over what the partitions have drawn, and returns the time of the latest
// flow.
func (d *drawing) gather(parts []*Detector) (last int64) {
	d.forget()
	for _, p := range parts {
		for i := range p.sample.taken {
			d.flows = append(d.flows, p.sample.taken[i].flow)
		}
		for i := range p.closer.taken {
			t := &p.closer.taken[i]
			d.closely = append(d.closely, flowEnd{&t.flow, t.outgoing})
		}
	}
	for i := range d.flows {
		last = max(last, d.flows[i].Time)
	}
	d.closely, d.scratch = byTime(d.closely, d.scratch)
	return last
}

// forget empties it.
func (d *drawing) forget() {
	clear(d.closely)
	d.flows, d.closely = d.flows[:0], d.closely[:0]
	for side := range d.toward {
		for c := range d.toward[side] {
			d.toward[side][c] = d.toward[side][c][:0]
		}
	}
	d.sorted = [2][classes]bool{}
}

func sideOf(ours bool) int {
	if ours {
		return 1
	}
	return 0
}

// note keeps where a drawn flow goes.
func (d *drawing) note(i int, v volume, c Class, ours bool) {
	list := &d.toward[sideOf(ours)][c]
	*list = append(*list, drawnToward{d.flows[i].Destination, v, int32(i)})
}

// within are the flows of a class that go to a prefix of ours, or of others, by
// destination.
func (d *drawing) within(at *span, c Class, ours bool) []drawnToward {
	list, sorted := d.toward[sideOf(ours)][c], &d.sorted[sideOf(ours)][c]
	if !*sorted {
		slices.SortFunc(list, func(a, b drawnToward) int {
			return cmp.Or(a.destination.Compare(b.destination), cmp.Compare(a.flow, b.flow))
		})
		*sorted = true
	}
	from := sort.Search(len(list), func(i int) bool { return list[i].destination.Compare(at.base) >= 0 })
	n := sort.Search(len(list)-from, func(i int) bool { return !at.has(list[from+i].destination) })
	return list[from : from+n]
}

// flowsOf are the flows themselves.
func (d *drawing) flowsOf(list []drawnToward) []*downpour.Flow {
	out := make([]*downpour.Flow, len(list))
	for i := range list {
		out[i] = &d.flows[list[i].flow]
	}
	return out
}

// byTime puts flows in the order of time, to a thousandth of a second: those who read
// it count by slots of twenty. Counting is cheaper than comparing flows that are far
// apart in memory. What is more than four seconds older than the latest comes first.
func byTime(list, scratch []flowEnd) (sorted, free []flowEnd) {
	const shift, steps = 20, 4096
	var last int64
	for _, t := range list {
		last = max(last, t.flow.Time>>shift)
	}
	var next [steps]int32 // where the next flow of a step goes
	step := func(t flowEnd) int64 { return max(0, t.flow.Time>>shift-last+steps-1) }
	for _, t := range list {
		next[step(t)]++
	}
	var sum int32
	for i, n := range next {
		next[i], sum = sum, sum+n
	}
	out := slices.Grow(scratch[:0], len(list))[:len(list)]
	for _, t := range list {
		n := &next[step(t)]
		out[*n] = t
		*n++
	}
	clear(list)
	return out, list[:0]
}
