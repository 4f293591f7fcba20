package traffic

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
)

// stack is what writes a host's packets.
type stack uint8

// The stacks: a program with raw sockets, or a kernel.
const (
	raw stack = iota
	unix
	windows
)

// host is an address with what its packets look like where they are captured.
type host struct {
	address netip.Addr
	ttl     uint8
	stack   stack
}

// population is a set of hosts that send.
type population interface {
	pick(r *rand.Rand) host
}

// fixed is a set of hosts, each with a share of what is sent.
type fixed struct {
	hosts []host
	upTo  []float64 // cumulative weights
}

func (f *fixed) pick(r *rand.Rand) host {
	x := r.Float64() * f.upTo[len(f.upTo)-1]
	low, high := 0, len(f.upTo)-1
	for low < high {
		if mid := (low + high) / 2; f.upTo[mid] < x {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return f.hosts[low]
}

// newFixed weighs hosts by a lognormal law of the given spread (0: alike).
func newFixed(r *rand.Rand, hosts []host, spread float64) *fixed {
	f := &fixed{hosts: hosts, upTo: make([]float64, len(hosts))}
	total := 0.0
	for i := range hosts {
		total += math.Exp(spread * r.NormFloat64())
		f.upTo[i] = total
	}
	return f
}

// forged draws an address for each packet, as flood tools do: from all of IPv4
// but what their authors knew to be no one's, or from 2000::/3.
type forged struct {
	six  bool
	ttls []uint8 // drawn from; none: any TTL that a tool may draw
	hops uint8
	// subnet is where addresses are drawn from, if it is valid: networks with
	// source address validation let forge the neighbours' only.
	subnet netip.Prefix
}

func (f *forged) pick(r *rand.Rand) host {
	h := host{address: f.address(r)}
	if len(f.ttls) > 0 {
		h.ttl = f.ttls[r.IntN(len(f.ttls))]
	} else {
		h.ttl = uint8(64+r.IntN(192)) - f.hops
	}
	return h
}

func (f *forged) address(r *rand.Rand) netip.Addr {
	if f.subnet.IsValid() {
		return within(f.subnet, r)
	}
	if f.six {
		return within(netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20}), 3), r)
	}
	for {
		v := r.Uint32()
		if top := v >> 24; top != 0 && top != 10 && top != 127 && top < 224 {
			return addr4(v)
		}
	}
}

// within draws an address from a prefix.
func within(p netip.Prefix, r *rand.Rand) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= byte(r.UintN(2)) << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func addr4(v uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return netip.AddrFrom4(b)
}

// world draws real hosts. They clump: two of them share a /8 in one of about 70
// pairs, a /16 in one of a thousand, and the networks that have any have many.
type world struct {
	r    *rand.Rand
	tops *fixed // one host a /8
}

func newWorld(r *rand.Rand) *world {
	w := &world{r: r}
	var tops []host
	for top := uint32(1); top < 224; top++ {
		if top != 10 && top != 127 && top != 100 && top != 169 && top != 192 && top != 198 && top != 203 && top != 172 {
			tops = append(tops, host{address: addr4(top << 24)})
		}
	}
	w.tops = newFixed(r, tops, 1)
	return w
}

// network draws a /16 (a /32 of IPv6) and how many hops away it is.
func (w *world) network(six bool) (netip.Prefix, uint8) {
	hops := uint8(min(max(math.Round(14+4*w.r.NormFloat64()), 4), 30))
	if six {
		a := [16]byte{0x20 | byte(w.r.UintN(2))*4, byte(w.r.UintN(32)), byte(w.r.UintN(40)), byte(w.r.UintN(8))}
		return netip.PrefixFrom(netip.AddrFrom16(a), 32), hops
	}
	top := w.tops.pick(w.r).address.As4()
	// Forty-eight of the /16s hold most hosts, some far more than others.
	second := byte(uint32(math.Exp(2.8+0.9*w.r.NormFloat64())) * 37)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{top[0], second}), 16), hops
}

// hosts draws n distinct real hosts.
func (w *world) hosts(n int, six bool) []host {
	type place struct {
		prefix netip.Prefix
		hops   uint8
	}
	var places []place
	seen := make(map[netip.Addr]bool, n)
	list := make([]host, 0, n)
	for len(list) < n {
		var at place
		if len(places) > 0 && w.r.Float64() < 0.35 {
			at = places[w.r.IntN(len(places))]
		} else {
			at.prefix, at.hops = w.network(six)
			places = append(places, at)
		}
		a := within(at.prefix, w.r)
		if seen[a] {
			continue
		}
		seen[a] = true
		list = append(list, w.real(a, at.hops+uint8(w.r.UintN(3))))
	}
	return list
}

// real gives an address the stack of a usual host: most are Unix, a quarter
// Windows, few are routers' kind.
func (w *world) real(a netip.Addr, hops uint8) host {
	switch x := w.r.Float64(); {
	case x < 0.68:
		return host{a, 64 - hops, unix}
	case x < 0.93:
		return host{a, 128 - hops, windows}
	}
	return host{a, 255 - hops, unix}
}
