package origin

import (
	"math"
	"slices"

	"downpour"
)

// few is the number of sources below which they make no population: what a
// handful of addresses share may be chance.
const few = 8

// marks are what the sampled sources of an attack have in common.
type marks struct {
	sources  int     // in the uniform sample
	distinct float64 // in all
	seconds  float64 // from the first source's beginning to the last one's end
	single   float64 // share of the sources with one packet only
	ttl      ttlMarks
	blocks   blockMarks
	bogons   bogonMarks
}

// ttlMarks are about the TTLs that the sources' packets arrived with.
type ttlMarks struct {
	sources   int
	values    int     // distinct TTLs over all packets
	effective float64 // distinct TTLs, each weighted by use: 1/Σp² over sources
	noise     float64 // standard error of the logarithm of effective
	far       int     // sources whose TTL no initial TTL in use explains
	changing  int     // sources with several packets whose TTL changed
	several   int     // sources with several packets
}

// blockMarks are about how the sources spread over the IPv4 space.
type blockMarks struct {
	sources    int     // with a public IPv4 address
	bits       int     // size of the blocks compared: /8 or /16
	collisions float64 // pairs of sources that share a block
	pairs      float64
	occupied   int     // blocks that hold a source
	networks   float64 // effective number of /16 (or IPv6 /32) blocks
}

// bogonMarks count sources that cannot be: no machine of the Internet has such
// an address. Private and documentation ranges are left out: in a laboratory or
// behind NAT they are what machines have.
type bogonMarks struct{ sources, impossible, unallocated, local int }

// measure takes the marks of the uniform sample.
func measure(f *downpour.Footprint, list []located) marks {
	m := marks{distinct: f.Distinct.Value}
	singles := 0
	var first, last int64 = math.MaxInt64, math.MinInt64
	for _, l := range list {
		first, last = min(first, l.source.First), max(last, l.source.Last)
		if !l.sampled {
			continue
		}
		m.sources++
		if l.source.Packets == 1 {
			singles++
		}
		m.bogons.add(l.place.Special)
	}
	if m.sources > 0 {
		m.single = float64(singles) / float64(m.sources)
		m.seconds = float64(last-first) / 1e9
	}
	m.distinct = max(m.distinct, float64(m.sources))
	m.ttl = measureTTL(f, list)
	m.blocks = measureBlocks(list)
	return m
}

// unallocated is what a Place says of space that no registry has given out; the
// other names are those of IANA's special-purpose registries (RFC 6890).
const unallocated = "Unallocated"

// add counts a source by its special purpose, if it has one.
func (b *bogonMarks) add(special string) {
	switch special {
	case "":
		b.sources++
	case "This network", "This host on this network", "Loopback", "Multicast", "Reserved", "Limited Broadcast",
		"Loopback Address", "Unspecified Address", "Discard-Only Address Block":
		b.sources++
		b.impossible++
	case unallocated:
		b.sources++
		b.unallocated++
	default:
		b.local++
	}
}

func measureTTL(f *downpour.Footprint, list []located) ttlMarks {
	var m ttlMarks
	var counts [256]float64
	for _, l := range list {
		if !l.sampled || l.source.TTLMin == 0 {
			continue
		}
		m.sources++
		counts[l.source.TTLMin]++
		if implausible(l.source.TTLMin) {
			m.far++
		}
		if l.source.Packets > 1 {
			m.several++
			if l.source.TTLMax != l.source.TTLMin {
				m.changing++
			}
		}
	}
	for _, n := range f.TTLs[1:] {
		if n > 0 {
			m.values++
		}
	}
	m.effective, m.noise = spread(counts[:], float64(m.sources))
	return m
}

// implausible tells a TTL that no initial TTL in use (32, 64, 128, 255) leaves
// after at most 32 hops; paths longer than that are all but unknown (Jin, Wang
// and Shin 2003).
func implausible(ttl uint8) bool { return ttl > 64 && ttl < 96 || ttl > 128 && ttl < 223 }

// spread is the effective number of classes, 1/Σp², from counts of n members:
// the inverse of the share of pairs that fall into one class (Simpson's
// unbiased estimator), with the standard error of its logarithm.
func spread(counts []float64, n float64) (effective, noise float64) {
	if n < 2 {
		return n, 1
	}
	var collisions float64
	for _, c := range counts {
		collisions += c * (c - 1) / 2
	}
	pairs := n * (n - 1) / 2
	return pairs / max(collisions, 0.5), 1 / math.Sqrt(collisions+0.5)
}

func measureBlocks(list []located) blockMarks {
	var m blockMarks
	networks := make([]uint64, 0, len(list)) // of all sampled sources
	public := make([]uint64, 0, len(list))   // /16 blocks of those with a public IPv4 address
	for _, l := range list {
		if !l.sampled {
			continue
		}
		a := l.source.Address
		if !a.Is4() {
			networks = append(networks, 1<<63|a.Hi>>32)
			continue
		}
		block := uint64(a.V4() >> 16)
		networks = append(networks, block)
		if l.place.Special == "" || l.place.Special == unallocated {
			public = append(public, block)
		}
	}
	counts := runs(networks)
	m.networks, _ = spread(counts, float64(len(networks)))
	m.networks = min(m.networks, float64(len(counts)))
	m.sources = len(public)
	m.pairs = float64(m.sources) * float64(m.sources-1) / 2
	m.bits = 16
	if m.pairs/65536 < 5 { // too few chance meetings in /16s to be counted
		m.bits = 8
		for i := range public {
			public[i] >>= 8
		}
	}
	blocks := runs(public)
	m.occupied = len(blocks)
	for _, c := range blocks {
		m.collisions += c * (c - 1) / 2
	}
	return m
}

// runs sorts the keys and returns how often each occurs.
func runs(keys []uint64) []float64 {
	slices.Sort(keys)
	var counts []float64
	for i, k := range keys {
		if i == 0 || k != keys[i-1] {
			counts = append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	return counts
}
