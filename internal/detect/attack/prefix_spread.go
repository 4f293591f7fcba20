package attack

import (
	"math/rand/v2"
	"slices"

	"downpour"
)

// spread is how the traffic of one class toward a prefix is spread, told by a draw of
// its flows: over how many targets, sources, and pairs of target and port it would be
// if it were spread evenly (the inverse of Simpson's index, 1949, which a draw of any
// size tells without bias).
type spread struct {
	samples                 int
	targets, sources, pairs float64
	size                    float64 // bytes a packet
}

const spreadMost = 2048 // flows that are looked at

// part is what a flow is part of: a hash, with the packets that it stands for and
// those of one sample.
type share struct {
	of           uint64
	packets, one float64
}

// spreadOf tells the spread of flows, which it leaves in another order.
func spreadOf(list []*downpour.Flow) (s spread) {
	if n := len(list); n > spreadMost { // any of them, in whatever order they are
		random := rand.New(rand.NewPCG(uint64(n), 1))
		for i := range spreadMost {
			j := i + random.IntN(n-i)
			list[i], list[j] = list[j], list[i]
		}
		list = list[:spreadMost]
	}
	s.samples = len(list)
	shares := make([]share, len(list))
	over := func(hash func(*downpour.Flow) uint64) float64 {
		for i, f := range list {
			v := volumeOf(f)
			shares[i] = share{hash(f), float64(v.packets), float64(v.packets) / float64(v.samples)}
		}
		return evenly(shares)
	}
	s.targets = over(func(f *downpour.Flow) uint64 { return f.Destination.Hash(1) })
	s.sources = over(func(f *downpour.Flow) uint64 { return f.Source.Hash(1) })
	s.pairs = over(func(f *downpour.Flow) uint64 { return f.Destination.Hash(uint64(f.DestinationPort) << 1) })
	var all volume
	for _, f := range list {
		all.add(volumeOf(f))
	}
	s.size = float64(all.bytes) / float64(max(all.packets, 1))
	return s
}

// evenly is over how many parts shares would be spread if it were evenly: the inverse
// of the chance that two of their packets, drawn at random, are of the same part.
func evenly(list []share) float64 {
	slices.SortFunc(list, func(a, b share) int {
		switch {
		case a.of < b.of:
			return -1
		case a.of > b.of:
			return 1
		}
		return 0
	})
	var total, same, self, sum float64
	for i, s := range list {
		total += s.packets
		self += s.packets * s.one
		if sum += s.packets; i+1 == len(list) || list[i+1].of != s.of {
			same += sum * sum
			sum = 0
		}
	}
	pairs := total*total - self
	if pairs <= 0 {
		return 1
	}
	// Where no two met, half a meeting is assumed: many are many.
	return pairs / max(same-self, self/float64(max(len(list), 1)))
}
