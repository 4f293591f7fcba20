package traffic

import (
	"time"

	"downpour"
)

// usual makes a kind of traffic that is no attack, however much it is.
type usual func(m *maker, s *Stream)

// usualKinds are the kinds of usual traffic, from and to the recipe's host.
var usualKinds = map[string]usual{
	"web server":    webServer,  // Rate visits/s
	"flash crowd":   flashCrowd, // Rate visits/s at the end of a rise
	"browsing":      browsing,   // Rate page loads/s by the host itself
	"download":      transfer(1, false, false),
	"upload":        transfer(1, true, false), // to the host: a backup, a publication
	"outbound":      transfer(1, false, true), // by the host, e.g. its backup
	"speed test":    transfer(8, false, false),
	"resolver":      resolver,    // Rate queries/s of the host's users
	"lookups":       lookups,     // Rate queries/s by the host
	"calls":         calls,       // Sources calls of RTP
	"video":         video,       // Rate bits/s over QUIC to the host
	"game":          game,        // Sources players at the host's server
	"tunnel":        tunnel,      // Rate bits/s each way; Port says which
	"ipsec":         ipsec,       // Rate bits/s each way in ESP
	"port scan":     portScan,    // Rate probes/s
	"ping sweep":    pingSweep,   // Rate probes/s
	"pings":         pings,       // Rate echo requests/s by monitors
	"file sharing":  fileSharing, // Sources peers, Rate bits/s in all
	"time server":   timeServer,  // Rate requests/s
	"mail":          mail,        // Rate connections/s
	"customers":     customers,   // Rate visits/s by Sources hosts of Over
	"sweep":         sweep,       // Rate probes/s to Over
	"backscatter":   backscatter, // Rate packets/s to Over
	"neighbourhood": neighbourhood,
	"around":        around, // Rate visits/s to other hosts nearby
}

func (s *Stream) span(m *maker) (begin, end int64) {
	begin = m.recipe.Start.Add(s.From).UnixNano()
	return begin, begin + int64(s.Lasts)
}

// rateOr is the stream's rate, or the kind's own.
func (s *Stream) rateOr(own float64) float64 {
	if s.Rate > 0 {
		return s.Rate
	}
	return own
}

func (s *Stream) sourcesOr(own int) int {
	if s.Sources > 0 {
		return s.Sources
	}
	return own
}

// clients draws real hosts who are not alike in what they send.
func (m *maker) clients(n int) population {
	return newFixed(m.r, m.world.hosts(n, m.home.address.Is6()), 0.7)
}

// one draws one host far away.
func (m *maker) one() host { return m.world.hosts(1, m.home.address.Is6())[0] }

// visit is a page: a few connections, or one of QUIC, of web-like sizes.
func (m *maker) visit(at int64, client, server host) {
	if m.r.Float64() < 0.3 {
		m.quicVisit(at, client, server)
		return
	}
	for range 1 + m.r.IntN(3) {
		t := talk{client: client, server: server, port: 443, begin: at, up: 400, down: 2000 + int(40_000*m.r.ExpFloat64())}
		if m.r.Float64() < 0.2 {
			t.port, t.request, t.reply = 80, []byte("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"), "HTTP/1.1 200 OK\r\n"
		}
		m.talk(t)
		at += int64(m.r.IntN(30)) * int64(time.Millisecond)
	}
}

func (m *maker) quicVisit(at int64, client, server host) {
	port, trip := client.port(m.r), m.quick()
	m.send(at, udp(client, server, port, 443, quicInitial(m.r, 1200)), false)
	m.send(at+500_000, udp(server, client, 443, port, quicInitial(m.r, 1200)), false)
	m.call(call{
		a: client, b: server, aPort: port, bPort: 443, begin: at + trip, end: at + trip + 150*int64(time.Millisecond),
		ab: 120, ba: 300, abSize: always(60), baSize: always(1250), payload: m.shortHeader,
	})
}

// shortHeader is a QUIC packet of an open connection (RFC 9000, 17.3.1).
func (m *maker) shortHeader(n int) []byte {
	p := noise(m.r, n)
	p[0] = p[0]&0x3f | 0x40
	return p
}

func webServer(m *maker, s *Stream) {
	clients := m.clients(s.sourcesOr(400))
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(20), Ramp: s.Ramp}) {
		m.visit(at, clients.pick(m.r), m.home)
	}
}

func flashCrowd(m *maker, s *Stream) {
	crowd := *s
	crowd.Sources, crowd.Ramp = s.sourcesOr(5000), s.Lasts
	webServer(m, &crowd)
}

func around(m *maker, s *Stream) {
	servers, clients := m.world.hosts(5, m.home.address.Is6()), m.clients(s.sourcesOr(200))
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(10)}) {
		m.visit(at, clients.pick(m.r), servers[m.r.IntN(len(servers))])
	}
}

func browsing(m *maker, s *Stream) {
	servers := m.clients(s.sourcesOr(30))
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(3)}) {
		for range 4 + m.r.IntN(8) {
			m.visit(at+int64(m.r.IntN(800))*int64(time.Millisecond), m.home, servers.pick(m.r))
		}
	}
}

// transfer makes few large connections: the host downloads, is uploaded to, or
// sends to somebody as a client.
func transfer(connections int, up, outbound bool) usual {
	return func(m *maker, s *Stream) {
		begin, end := s.span(m)
		far := m.one()
		n := s.sourcesOr(connections)
		for range n {
			t := talk{
				client: m.home, server: far, port: 443, begin: begin + int64(m.r.IntN(20))*int64(time.Millisecond),
				lasting: end, rate: s.rateOr(200e6) / float64(n), opened: m.recipe.Cut > 0,
			}
			size := int(t.rate / 8 * s.Lasts.Seconds() * 2)
			switch {
			case outbound:
				t.up = size
			case up:
				t.client, t.server, t.port, t.up = far, m.home, 22, size
			default:
				t.down = size
			}
			m.talk(t)
		}
	}
}

func mail(m *maker, s *Stream) {
	senders := m.clients(s.sourcesOr(60))
	for _, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(10)}) {
		m.talk(talk{
			client: senders.pick(m.r), server: m.home, port: 25, begin: at,
			request: []byte("EHLO mail.example.com\r\n"), up: 3000 + int(30_000*m.r.ExpFloat64()), down: 300,
		})
	}
}

// portScan is one host that tries every port once; most are closed.
func portScan(m *maker, s *Stream) {
	scanner := m.one()
	scanner.stack = raw
	for i, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(300)}) {
		sport, dport := uint16(40_000+i%4), uint16(1+i*7919%65535)
		m.send(at, tcp(scanner, m.home, segment{sport: sport, dport: dport, sequence: m.r.Uint32(), flags: syn, window: 1024, options: []byte{2, 4, 5, 0xb4}}), false)
		m.send(at+100_000, tcp(m.home, scanner, segment{sport: dport, dport: sport, ack: 1, flags: rst | ack}), false)
	}
}

// pingSweep is one host that asks the whole neighbourhood.
func pingSweep(m *maker, s *Stream) {
	scanner, to := m.one(), m.home
	for i, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(500)}) {
		to.address = within(m.neighbours(), m.r)
		m.send(at, echo(scanner, to, false, 7, uint16(i), noise(m.r, 8)), false)
		if to.address == m.home.address {
			m.send(at+90_000, echo(to, scanner, true, 7, uint16(i), noise(m.r, 8)), false)
		}
	}
}

// pings are monitors that ask the host, who answers.
func pings(m *maker, s *Stream) {
	monitors := m.clients(s.sourcesOr(20))
	for i, at := range m.course(&Stream{From: s.From, Lasts: s.Lasts, Rate: s.rateOr(100)}) {
		from := monitors.pick(m.r)
		m.send(at, echo(from, m.home, false, 7, uint16(i), noise(m.r, 56)), false)
		m.send(at+90_000, echo(m.home, from, true, 7, uint16(i), noise(m.r, 56)), false)
	}
}

// ipsec is ESP both ways between two gateways.
func ipsec(m *maker, s *Stream) {
	peer := m.one()
	gap := 1200 * 8 / s.rateOr(50e6) * float64(time.Second)
	begin, end := s.span(m)
	for at := float64(begin); at < float64(end); at += gap * 2 * m.r.Float64() {
		from, to := peer, m.home
		if m.r.Float64() < 0.35 {
			from, to = to, from
		}
		m.send(int64(at), datagram{from: from, to: to, protocol: downpour.ProtocolESP, body: noise(m.r, 100+m.r.IntN(1300))}, false)
	}
}
