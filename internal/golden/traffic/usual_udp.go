package traffic

import (
	"net/netip"
)

// resolver answers its users and asks others what it does not know.
func resolver(m *maker, s *Stream) {
	users, upstream := m.clients(s.sourcesOr(300)), m.clients(40)
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(1000)}) {
		user, name := users.pick(m.r), string([]byte{'a' + byte(m.r.IntN(26)), 'a' + byte(m.r.IntN(26))})+".example.net"
		port, wait := user.port(m.r), int64(100_000)
		m.send(at, udp(user, m.home, port, 53, dnsQuery(m.r, name, 1)), false)
		if m.r.Float64() < 0.3 {
			wait += m.lookup(at+50_000, upstream.pick(m.r), name)
		}
		m.send(at+wait, udp(m.home, user, 53, port, dnsReply(m.r, name, 1+m.r.IntN(4))), false)
	}
}

// lookup asks a server and returns how long that took.
func (m *maker) lookup(at int64, server host, name string) int64 {
	port, trip := m.home.port(m.r), m.quick()
	m.send(at, udp(m.home, server, port, 53, dnsQuery(m.r, name, 1)), false)
	m.send(at+trip, udp(server, m.home, 53, port, dnsReply(m.r, name, 1+m.r.IntN(8))), false)
	return trip
}

// lookups are the questions that the host asks: many where it is a crawler, a
// mail filter, a monitor.
func lookups(m *maker, s *Stream) {
	servers := m.clients(s.sourcesOr(3))
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(100)}) {
		m.lookup(at, servers.pick(m.r), "lists.example.net")
	}
}

// calls are RTP (RFC 3550) of G.711: 50 packets/s of 172 bytes each way.
func calls(m *maker, s *Stream) {
	begin, end := s.span(m)
	for _, peer := range m.world.hosts(s.sourcesOr(30), m.home.address.Is6()) {
		m.call(call{
			a: peer, b: m.home, aPort: peer.port(m.r) &^ 1, bPort: uint16(16384+m.r.IntN(8000)) &^ 1, begin: begin, end: end,
			ab: 50, ba: 50, abSize: always(172), baSize: always(172),
			payload: func(n int) []byte { p := noise(m.r, n); p[0], p[1] = 0x80, 0; return p },
		})
	}
}

// video is QUIC to the host from one server: a stream in bursts.
func video(m *maker, s *Stream) {
	begin, end := s.span(m)
	rate := s.rateOr(25e6) / (1278 * 8)
	m.call(call{
		a: m.one(), b: m.home, aPort: 443, bPort: m.home.port(m.r), begin: begin, end: end,
		ab: rate, ba: rate / 10, abSize: always(1250), baSize: always(35), payload: m.shortHeader,
	})
}

// game is a server with players: 60 small packets/s from each, 30 larger to each.
func game(m *maker, s *Stream) {
	begin, end := s.span(m)
	port := s.Port
	if port == 0 {
		port = 27015
	}
	for _, player := range m.world.hosts(s.sourcesOr(40), m.home.address.Is6()) {
		m.call(call{
			a: player, b: m.home, aPort: player.port(m.r), bPort: port, begin: begin, end: end, ab: 60, ba: 30,
			abSize: func() int { return 30 + m.r.IntN(60) }, baSize: func() int { return 100 + m.r.IntN(500) },
		})
	}
}

// tunnel is a VPN over UDP with one peer: Port 1194 (OpenVPN), 4500 (IPsec
// through NAT), 51820 (WireGuard) and so on are the same to a watcher.
func tunnel(m *maker, s *Stream) {
	begin, end := s.span(m)
	rate, port := s.rateOr(50e6)/(1000*8), s.Port
	if port == 0 {
		port = 51820
	}
	peers := m.world.hosts(s.sourcesOr(1), m.home.address.Is6())
	for _, peer := range peers {
		m.call(call{
			a: peer, b: m.home, aPort: port, bPort: port, begin: begin, end: end,
			ab: rate / float64(len(peers)), ba: rate / 2 / float64(len(peers)),
			abSize: func() int { return 500 + m.r.IntN(900) }, baSize: func() int { return 60 + m.r.IntN(900) },
			payload: func(n int) []byte { return tunnelled(m, port, n) },
		})
	}
}

func tunnelled(m *maker, port uint16, n int) []byte {
	p := noise(m.r, n)
	switch port {
	case 1194:
		p[0] = 9 << 3 // P_DATA_V2
	case 51820:
		copy(p, []byte{4, 0, 0, 0}) // transport data
	default:
		p[0] |= 0x10 // an SPI is not zero (RFC 3948, 2.1)
	}
	return p
}

// fileSharing is uTP (BEP 29) with many peers, both ways, and DHT beside it.
func fileSharing(m *maker, s *Stream) {
	begin, end := s.span(m)
	peers := m.world.hosts(s.sourcesOr(60), m.home.address.Is6())
	rate := s.rateOr(40e6) / (1400 * 8) / float64(len(peers))
	for _, peer := range peers {
		m.call(call{
			a: peer, b: m.home, aPort: uint16(10_000 + m.r.IntN(50_000)), bPort: 51413, begin: begin, end: end,
			ab: rate, ba: rate * (0.3 + 0.7*m.r.Float64()), abSize: always(1400), baSize: always(60),
			payload: func(n int) []byte { p := noise(m.r, n); p[0], p[1] = 0x01, 0; return p },
		})
	}
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: 20}) {
		peer := peers[m.r.IntN(len(peers))]
		m.send(at, udp(m.home, peer, 51413, 6881, append([]byte("d1:ad2:id20:"), noise(m.r, 80)...)), false)
		m.send(at+m.quick(), udp(peer, m.home, 6881, 51413, dht(m.r)), false)
	}
}

// timeServer is a server of a pool: a request of 48 bytes, an answer alike.
func timeServer(m *maker, s *Stream) {
	clients := m.clients(s.sourcesOr(2000))
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(500)}) {
		client, q := clients.pick(m.r), make([]byte, 48)
		port := client.port(m.r)
		if m.r.IntN(4) == 0 {
			port = 123
		}
		q[0] = 0x23
		m.send(at, udp(client, m.home, port, 123, q), false)
		a := append([]byte{0x24, 2, 6, 0xe9}, noise(m.r, 44)...)
		m.send(at+40_000, udp(m.home, client, 123, port, a), false)
	}
}

// neighbours is the network that the host is in.
func (m *maker) neighbours() netip.Prefix {
	bits := 24
	if m.home.address.Is6() {
		bits = 120
	}
	p, _ := m.home.address.Prefix(bits)
	return p
}

// neighbourhood is what a busy LAN says to everybody: ARP, mDNS, SSDP, NetBIOS,
// DHCP (RFC 826, 6762, UPnP, 1002, 2131). Rate is packets/s in all.
func neighbourhood(m *maker, s *Stream) {
	multicast := func(a string) host { return host{address: netip.MustParseAddr(a), ttl: 1} }
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(200)}) {
		from := host{address: within(m.neighbours(), m.r), ttl: 255, stack: unix}
		switch m.r.IntN(5) {
		case 0:
			m.arp(at, from)
		case 1:
			m.send(at, udp(from, multicast("224.0.0.251"), 5353, 5353, mdns(m.r)), false)
		case 2:
			m.send(at, udp(from, multicast("239.255.255.250"), from.port(m.r), 1900, []byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n")), false)
		case 3:
			q := append(noise(m.r, 2), 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0, 32)
			q = append(append(q, "FHFAEBEECACACACACACACACACACACAAA"...), 0, 0, 0x20, 0, 1)
			m.send(at, udp(from, multicast("192.168.1.255"), 137, 137, q), false)
		case 4:
			q := append([]byte{1, 1, 6, 0}, make([]byte, 240)...)
			m.send(at, udp(host{address: netip.IPv4Unspecified(), ttl: 64}, multicast("255.255.255.255"), 68, 67, q), false)
		}
	}
}

// arp asks for the host's address.
func (m *maker) arp(at int64, from host) {
	p := []byte{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 3}
	a, b := from.address.As4(), m.home.address.As4()
	p = append(append(append(p, a[:]...), make([]byte, 6)...), b[:]...)
	m.out = append(m.out, sent{at: at, bytes: p, from: from.address, to: m.home.address, stream: m.stream})
}
