package attack

import (
	"math/rand/v2"
	"slices"
	"testing"

	"downpour"
)

// anyFlow is a flow with something in each field; about half of them are single
// IPv4 packets.
func anyFlow(rng *rand.Rand) downpour.Flow {
	n := rng.Uint64()
	f := downpour.Flow{
		Time:   rng.Int64(),
		Source: downpour.AddressFrom4(uint32(n) & 3), Destination: downpour.AddressFrom4(uint32(n>>2) & 3),
		Bytes: 40 + n>>50, Packets: 1, Sampling: 1,
		SourcePort: uint16(rng.Uint32()), DestinationPort: uint16(rng.Uint32()),
		Protocol: uint8(rng.Uint32()), TCPFlags: uint8(rng.Uint32()), TTL: uint8(rng.Uint32()),
		Fragment: downpour.Fragment(rng.IntN(3)),
		ICMPType: uint8(rng.Uint32()), ICMPCode: uint8(rng.Uint32()),
		Mark: downpour.PayloadMark(rng.IntN(40)), Quoted: uint8(rng.Uint32()),
		IPID: uint16(rng.Uint32()), Window: uint16(rng.Uint32()), Sequence: rng.Uint32(),
	}
	switch rng.IntN(10) {
	case 0:
		f.Source.Hi = 1
	case 1:
		f.Destination = downpour.Address{Lo: n >> 2 & 3}
	case 2:
		f.Packets = 1 + uint32(rng.IntN(3))
	case 3:
		f.Sampling = uint32(rng.IntN(3))
	case 4:
		f.Bytes <<= rng.IntN(12)
	}
	return f
}

// What is remembered comes back whole, in its order, however it is packed.
func TestRecentGivesBackWhatItWasGiven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 99, 100, 101, 1000} {
		r := recent{limit: 100}
		type pushed struct {
			flow     downpour.Flow
			outgoing bool
		}
		var all []pushed
		for range n {
			p := pushed{anyFlow(rng), rng.IntN(2) == 0}
			r.push(&p.flow, p.outgoing)
			all = append(all, p)
		}
		all = all[max(0, n-100):]
		for a := range uint32(4) {
			address := downpour.AddressFrom4(a)
			var got, want []pushed
			r.replay(address,
				func(f *downpour.Flow) { got = append(got, pushed{*f, false}) },
				func(f *downpour.Flow) { got = append(got, pushed{*f, true}) })
			for _, p := range all {
				if p.outgoing && p.flow.Source == address || !p.outgoing && p.flow.Destination == address {
					want = append(want, p)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("of %d flows %d came back for %s, want %d, or they differ", n, len(got), address, len(want))
			}
		}
	}
}
