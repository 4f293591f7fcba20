package attack

import (
	"math"
	"math/bits"
)

// portSet counts distinct ports, or hashes of whose they are, in 256 bytes (linear
// counting; Whang et al. 1990); it saturates at some 15,000.
type portSet [32]uint64

func (p *portSet) add(port uint32) {
	h := port * 0x85ebca6b       // murmur3's finaliser: one multiplication spreads
	h = (h ^ h>>13) * 0xc2b2ae35 // consecutive ports too evenly to be counted
	h = (h ^ h>>16) >> 21        // 2,048 bits
	p[h>>6] |= 1 << (h & 63)
}

func (p *portSet) distinct() int {
	const m = 32 * 64
	empty := m
	for _, w := range p {
		empty -= bits.OnesCount64(w)
	}
	return int(math.Round(-m * math.Log(max(float64(empty), 1)/m)))
}
