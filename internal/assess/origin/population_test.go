package origin

import (
	"math"
	"math/rand/v2"
	"testing"

	"downpour"
	"downpour/internal/enrich"
)

func places(t testing.TB) *enrich.Table {
	t.Helper()
	table, err := enrich.Open(enrich.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// population makes the sources of a simulated attack.
type population struct {
	random *rand.Rand
	homes  []uint32 // the /16 blocks that real machines live in, crowded ones more often
}

func newPopulation(seed uint64) *population {
	p := &population{random: rand.New(rand.NewPCG(seed, 99))}
	for block := 0; len(p.homes) < 6000; block++ {
		first := 1 + p.random.Uint32N(222)
		if first == 10 || first == 127 || first == 172 || first == 192 || first == 198 || first == 169 || first == 100 || first == 203 {
			continue
		}
		// Zipf-like crowding of blocks, and of /8s through runs of neighbours.
		at := first<<24 | p.random.Uint32N(256)<<16
		for range 1 + 300/(1+block) {
			p.homes = append(p.homes, at, at+1<<16)
		}
	}
	return p
}

func (p *population) realAddress() uint32 {
	return p.homes[p.random.IntN(len(p.homes))]&^0xffff | p.random.Uint32N(1<<16)
}

// realTTL draws what a machine's packets arrive with: an initial TTL less hops.
func (p *population) realTTL() uint8 {
	initial := []int{64, 64, 64, 128, 128, 255}[p.random.IntN(6)]
	return uint8(initial - int(min(max(15+5*p.random.NormFloat64(), 3), 30)))
}

// pareto draws a heavy-tailed number of packets, at least 1.
func (p *population) pareto(alpha float64) uint64 {
	return uint64(min(math.Pow(1-p.random.Float64(), -1/alpha), 1e6))
}

// footprint makes a complete footprint of n sources.
func footprint(n int, seconds float64, source func(i int) downpour.Source) *downpour.Footprint {
	f := &downpour.Footprint{Sampling: 1, SampleComplete: true}
	seen := map[downpour.Address]bool{}
	for i := range n {
		s := source(i)
		if seen[s.Address] {
			continue
		}
		seen[s.Address] = true
		s.Last = s.First + int64(seconds*1e9)
		f.Sample = append(f.Sample, s)
		f.Packets += s.Packets
		f.TTLs[s.TTLMin] += s.Packets
	}
	f.Distinct = downpour.Exactly(float64(len(f.Sample)))
	return f
}

// forged is a flood from random addresses; ttl gives each packet's TTL.
func (p *population) forged(n int, ttl func() uint8) *downpour.Footprint {
	return footprint(n, 5, func(int) downpour.Source {
		t := ttl()
		return downpour.Source{Address: downpour.AddressFrom4(p.random.Uint32()), Packets: 1, TTLMin: t, TTLMax: t}
	})
}

// botnet is a flood by real machines.
func (p *population) botnet(n int) *downpour.Footprint {
	return footprint(n, 5, func(int) downpour.Source {
		t := p.realTTL()
		return downpour.Source{Address: downpour.AddressFrom4(p.realAddress()), Packets: 20 * p.pareto(1.3), TTLMin: t, TTLMax: t}
	})
}

// reflectors is a flood of answers by real machines, few packets each.
func (p *population) reflectors(n int) *downpour.Footprint {
	f := footprint(n, 0.03, func(int) downpour.Source {
		t := p.realTTL()
		return downpour.Source{Address: downpour.AddressFrom4(p.realAddress()), Packets: p.pareto(3), TTLMin: t, TTLMax: t}
	})
	f.Reflected, f.Payloads, f.Marked = f.Packets, f.Packets, f.Packets
	return f
}

func constant(ttl uint8) func() uint8 { return func() uint8 { return ttl } }
