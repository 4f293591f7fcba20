package attack

import (
	"cmp"
	"slices"

	"downpour"
)

// heavySources finds the sources with the most packets in constant time a packet:
// each bucket holds the majority of what hashes into it (MV-Sketch; Tang, Huang,
// Lee, INFOCOM 2019). What a bucket knows of its source begins when that became
// the majority, so a figure is a lower bound.
type heavySources struct {
	buckets [heavyBuckets]heavyBucket
}

type heavyBucket struct {
	downpour.Source
	lead uint64
}

const (
	heavyBuckets = 256 // a source with 1/256 of the packets outlasts its bucket's others
	heavyListed  = 64
)

func (h *heavySources) reset() { h.buckets = [heavyBuckets]heavyBucket{} }

// add counts a flow for its source, whose keyed hash is given.
func (h *heavySources) add(hash uint64, f *downpour.Flow, v volume) {
	b := &h.buckets[hash%heavyBuckets]
	switch {
	case b.lead > 0 && b.Address == f.Source:
		b.lead += v.samples
	case b.lead > v.samples:
		b.lead -= v.samples
		return
	default:
		*b = heavyBucket{Source: downpour.Source{Address: f.Source, First: f.Time}, lead: v.samples}
	}
	noteSource(&b.Source, f, v)
}

// noteSource adds a flow to what is known of its source, in records as seen: what
// one source sent in all is not known under sampling.
func noteSource(s *downpour.Source, f *downpour.Flow, v volume) {
	if s.Packets == 0 {
		s.First, s.Last = f.Time, f.Time
		s.TTLMin, s.TTLMax = f.TTL, f.TTL
	}
	s.Packets += v.samples
	s.Bytes += v.seenBytes()
	s.First, s.Last = min(s.First, f.Time), max(s.Last, f.Time)
	if f.TTL != 0 {
		s.TTLMax = max(s.TTLMax, f.TTL)
		if s.TTLMin == 0 || f.TTL < s.TTLMin {
			s.TTLMin = f.TTL
		}
	}
}

// most is how many packets the so many heaviest of the sources that are wanted have,
// and how many of those there are.
func (h *heavySources) most(many int, wanted func(*heavyBucket) bool) (sum, found uint64) {
	var top [fewSources]uint64
	for i := range h.buckets {
		b := &h.buckets[i]
		if b.Packets <= top[many-1] || !wanted(b) {
			continue
		}
		at := many - 1
		for ; at > 0 && top[at-1] < b.Packets; at-- {
			top[at] = top[at-1]
		}
		top[at] = b.Packets
	}
	for _, n := range top[:many] {
		if sum += n; n > 0 {
			found++
		}
	}
	return sum, found
}

// list returns the heaviest, most packets first.
func (h *heavySources) list() []downpour.Source {
	var out []downpour.Source
	for i := range h.buckets {
		if h.buckets[i].Packets > 0 {
			out = append(out, h.buckets[i].Source)
		}
	}
	return heaviest(out)
}

// heaviest sorts sources by packets, then by address, and keeps the first ones.
func heaviest(list []downpour.Source) []downpour.Source {
	slices.SortFunc(list, func(a, b downpour.Source) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), a.Address.Compare(b.Address))
	})
	return slices.Clip(list[:min(len(list), heavyListed)])
}
