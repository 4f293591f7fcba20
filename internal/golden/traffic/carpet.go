package traffic

import (
	"net/netip"
	"slices"
	"time"
)

// Traffic toward a whole prefix: a stream's Over. Attacks on one are carpet bombing,
// which the truth holds as one attack on the prefix.

// victim is whom an attack's packet of the stream is aimed at: the prefix that it is one
// of, or the address that it goes to.
func (s *Stream) victim(p *sent) netip.Prefix {
	if s.Over.IsValid() {
		return s.Over.Masked()
	}
	return netip.PrefixFrom(p.to, p.to.BitLen())
}

// ours tells whether an address is the recipe's host or one of its prefixes'.
func (r *Recipe) ours(a netip.Addr) bool {
	return a == r.Host || slices.ContainsFunc(r.Streams, func(s Stream) bool { return s.Over.IsValid() && s.Over.Contains(a) })
}

// Prefixes are those that streams of the recipe go to.
func (r *Recipe) Prefixes() (list []netip.Prefix) {
	for i := range r.Streams {
		if over := r.Streams[i].Over; over.IsValid() {
			list = append(list, over.Masked())
		}
	}
	return list
}

// shapesOf names what the course of an attack looks like, of streams on a victim and
// with vectors' shares: see downpour.Attack.Shape.
func shapesOf(victim netip.Prefix, streams []*Stream, vectors map[string]float64) (list []string) {
	const matters, pulses = 0.1, 3
	if !victim.IsSingleIP() {
		list = append(list, "carpet bombing")
	}
	if slices.ContainsFunc(streams, func(s *Stream) bool {
		return s.On > 0 && s.Off > time.Second && s.Lasts >= (pulses-1)*(s.On+s.Off)
	}) {
		list = append(list, "pulse wave")
	}
	large := 0
	for _, share := range vectors {
		if share >= matters {
			large++
		}
	}
	if large >= 2 {
		list = append(list, "multi-vector")
	}
	return list
}

// over is the prefix that a usual stream goes to; the host's neighbours if none is
// given.
func (m *maker) over(s *Stream) netip.Prefix {
	if s.Over.IsValid() {
		return s.Over
	}
	return m.neighbours()
}

// customers are the many of an access network, few of whom are busy: they load pages
// and videos. Sources is how many there are, Rate their visits/s.
func customers(m *maker, s *Stream) {
	hosts := make([]host, s.sourcesOr(1000))
	for i := range hosts {
		hosts[i] = m.world.real(within(m.over(s), m.r), 1)
	}
	users, servers := newFixed(m.r, hosts, 2), m.clients(200)
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(200)}) {
		m.visit(at, users.pick(m.r), servers.pick(m.r))
	}
}

// sweep is one host that knocks at a port of each address in turn.
func sweep(m *maker, s *Stream) {
	scanner := m.one()
	scanner.stack = raw
	to, port := m.home, s.Port
	if port == 0 {
		port = 23
	}
	to.address = m.over(s).Masked().Addr()
	for i, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(5000)}) {
		m.send(at, tcp(scanner, to, segment{
			sport: uint16(40_000 + i%9), dport: port, sequence: m.r.Uint32(), flags: syn, window: 1024, options: []byte{2, 4, 5, 0xb4},
		}), false)
		if to.address = to.address.Next(); !m.over(s).Contains(to.address) {
			to.address = m.over(s).Masked().Addr()
		}
	}
}

// backscatter is what a few hosts answer that are attacked by somebody who forges our
// addresses: SYN-ACK, RST and port unreachable.
func backscatter(m *maker, s *Stream) {
	attacked := m.world.hosts(s.sourcesOr(3), m.home.address.Is6())
	to := m.home
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(5000)}) {
		from := attacked[m.r.IntN(len(attacked))]
		to.address = within(m.over(s), m.r)
		d := unreachable(from, to, udp(to, from, to.port(m.r), 53, noise(m.r, 32)), 3)
		switch m.r.IntN(3) {
		case 0:
			d = tcp(from, to, segment{sport: 443, dport: to.port(m.r), sequence: m.r.Uint32(), ack: m.r.Uint32(), flags: syn | ack, window: 65160})
		case 1:
			d = tcp(from, to, segment{sport: 443, dport: to.port(m.r), ack: m.r.Uint32(), flags: rst | ack})
		}
		m.send(at, d, false)
	}
}
