package export

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// Load is traffic drawn from a seed: usual flows of many sources to the hosts of
// a network, all targets and sources alike, which is the hardest for caches.
type Load struct {
	Seed uint64
	// Network holds the targets: its first Targets addresses.
	Network netip.Prefix
	Targets int
	// Sources is how many hosts send, drawn from unicast space outside of any
	// network that is likely to be Network; each occurs once before any occurs
	// twice.
	Sources int
	// Longest is how long a flow of several packets lasts at most; those of one
	// packet, half of all, last no time.
	Longest time.Duration
	// Interfaces is over how many interfaces the flows come in; at least 1.
	Interfaces int

	drawn int
}

// Flows draws the next n flows, all let go at a time. The same Load and the same
// calls give the same flows.
func (l *Load) Flows(n int, at int64) []Flow {
	r := rand.New(rand.NewPCG(l.Seed, uint64(l.drawn)))
	list := make([]Flow, n)
	for i := range list {
		l.flow(&list[i], r, l.drawn, at)
		l.drawn++
	}
	return list
}

// What usual flows to a host are: mostly answers of and requests to web servers.
func (l *Load) flow(f *Flow, r *rand.Rand, i int, at int64) {
	f.Source, f.Destination = host(l.Seed+uint64(i%max(l.Sources, 1))), nth(l.Network.Addr(), r.IntN(max(l.Targets, 1)))
	f.SourcePort, f.DestinationPort = uint16(32768+r.IntN(28000)), 443
	f.Packets = 1
	if r.IntN(2) == 0 {
		f.Packets = 2 + uint64(r.IntN(18))
	}
	f.Protocol, f.TCPFlags, f.TTL = 6, 0x18, uint8(40+r.IntN(24))
	switch k := r.IntN(100); {
	case k < 15:
		f.Protocol, f.TCPFlags = 17, 0
	case k < 30:
		f.SourcePort, f.DestinationPort = 443, f.SourcePort
	case k < 32:
		f.Protocol, f.TCPFlags, f.ICMPType, f.SourcePort, f.DestinationPort = 1, 0, 8, 0, 0
	}
	f.Bytes = f.Packets * uint64(64+r.IntN(1300))
	f.Start, f.End, f.Exported = at, at, at
	if f.Packets > 1 {
		f.Start = at - r.Int64N(max(int64(l.Longest), 1))
	}
	f.Input, f.Output = 1+uint32(r.IntN(max(l.Interfaces, 1))), 100
	f.SourceAS, f.DestinationAS = 64496+uint32(i%1000), 64500
}

// host is the i-th source: a bijection of 0..5·2^28 to 16.0.0.0–95.255.255.255.
func host(i uint64) netip.Addr {
	const first, many, step = 16 << 24, 5 << 28, 2654435761
	a := uint32(first + i*step%many)
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
}

// nth is the i-th address after another.
func nth(a netip.Addr, i int) netip.Addr {
	b := a.AsSlice()
	for j := len(b) - 1; j >= 0 && i > 0; j-- {
		i += int(b[j])
		b[j] = byte(i)
		i >>= 8
	}
	next, _ := netip.AddrFromSlice(b)
	return next
}
