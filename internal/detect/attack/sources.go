package attack

import (
	"math"
	"math/bits"
	"slices"

	"downpour"
)

// source is one source address of a suspect and what it did.
type source struct {
	downpour.Source
	kinds   kindSet
	ports   uint64 // a bit for each pair of ports of its latest flows, by hash
	pending uint8  // SYN not yet followed by an ACK
	asked   uint8  // SYN-ACK not yet followed by data
	answers uint8  // packets of the target to it that were no refusal
	latest  kind   // of its latest flow
}

// repeats tells whether a flow bears a pair of ports that the source used
// lately, and remembers the pair. A source with a few dozen connections at once
// repeats nearly always; one that draws its ports seldom does, since a set that
// is half full is forgotten.
func (s *source) repeats(f *downpour.Flow) bool {
	const full = 32
	pair := uint32(f.SourcePort)<<16 | uint32(f.DestinationPort)
	bit := uint64(1) << (pair * 0x9e3779b1 >> 26)
	if s.ports&bit != 0 {
		return true
	}
	if bits.OnesCount64(s.ports) >= full {
		s.ports = 0
	}
	s.ports |= bit
	return false
}

// converses tells whether what a source sent of a set of kinds was conversation
// with the target.
func (s *source) converses(set kindSet) bool {
	if s.answers == 0 {
		return false
	}
	for k := range kinds {
		if s.kinds.has(k) && set.has(k) && !kindClasses[k].converses() {
			return false
		}
	}
	return true
}

// sources is a uniform sample of the distinct sources: those with the smallest
// keyed hashes (bottom-k; Cohen and Kaplan 2007). Since the threshold only
// falls, whoever is in has been since its first packet, so its counts are
// exact; as long as nobody was turned away the sample is complete.
type sources struct {
	key       uint64
	limit     int
	threshold uint64 // hashes above it are not kept
	index     []uint64
	entries   []source
}

func newSources(key uint64, limit int) sources {
	s := sources{key: key, limit: limit}
	s.reset()
	return s
}

func (s *sources) reset() {
	const kept = 1024 // entries whose memory is kept for the next collection
	s.threshold = math.MaxUint64
	if s.index == nil || cap(s.entries) > kept {
		s.entries, s.index = nil, make([]uint64, 128)
	}
	s.entries = s.entries[:0]
	clear(s.index)
}

// The index holds the entry's number + 1 below and bits of its hash above, so
// that most probes need not look at the entry.
const entryBits = 24

// find returns the source of an address, nil if it is not in the sample.
func (s *sources) find(a downpour.Address) *source {
	h := a.Hash(s.key)
	if h > s.threshold {
		return nil
	}
	e, _ := s.probe(a, h)
	return e
}

func (s *sources) probe(a downpour.Address, h uint64) (*source, uint64) {
	mask := uint64(len(s.index) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		slot := s.index[i]
		if slot == 0 {
			return nil, i
		}
		if slot>>entryBits == h>>entryBits {
			if e := &s.entries[slot&(1<<entryBits-1)-1]; e.Address == a {
				return e, i
			}
		}
	}
}

// add returns the source of an address with its hash, new if need be; nil if it
// is not sampled.
func (s *sources) add(a downpour.Address, h uint64) *source {
	if h > s.threshold {
		return nil
	}
	e, i := s.probe(a, h)
	if e != nil {
		return e
	}
	if len(s.entries) >= s.limit+s.limit/4 {
		s.prune(s.limit)
		return s.add(a, h)
	}
	if 4*len(s.entries) >= 3*len(s.index) {
		s.index = make([]uint64, 2*len(s.index))
		s.reindex()
		_, i = s.probe(a, h)
	}
	s.entries = append(s.entries, source{Source: downpour.Source{Address: a}})
	s.index[i] = h>>entryBits<<entryBits | uint64(len(s.entries))
	return &s.entries[len(s.entries)-1]
}

// resize changes the limit. A sample that is too large for a lower one is cut,
// and its memory given back.
func (s *sources) resize(limit int) {
	s.limit = limit
	if len(s.entries) > limit+limit/4 {
		s.prune(limit)
		s.entries = slices.Clone(s.entries)
		s.index = make([]uint64, 128)
		for 4*len(s.entries) >= 3*len(s.index) {
			s.index = make([]uint64, 2*len(s.index))
		}
		s.reindex()
	}
}

// prune keeps the sources with the n smallest hashes.
func (s *sources) prune(n int) {
	hashes := make([]uint64, len(s.entries))
	for i := range s.entries {
		hashes[i] = s.entries[i].Address.Hash(s.key)
	}
	slices.Sort(hashes)
	s.threshold = hashes[n-1]
	kept := 0
	for i := range s.entries {
		if s.entries[i].Address.Hash(s.key) <= s.threshold {
			s.entries[kept] = s.entries[i]
			kept++
		}
	}
	s.entries = s.entries[:kept]
	clear(s.index)
	s.reindex()
}

func (s *sources) reindex() {
	mask := uint64(len(s.index) - 1)
	for n := range s.entries {
		h := s.entries[n].Address.Hash(s.key)
		i := h & mask
		for s.index[i] != 0 {
			i = (i + 1) & mask
		}
		s.index[i] = h>>entryBits<<entryBits | uint64(n+1)
	}
}

// complete tells whether every source is in the sample.
func (s *sources) complete() bool { return s.threshold == math.MaxUint64 }
