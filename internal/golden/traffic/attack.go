package traffic

import (
	"math/rand/v2"
	"strings"
	"time"
)

// craft makes one event of an attack: the packets that a host sends toward the
// target at once.
type craft func(m *maker, s *Stream, from, to host) []datagram

// crafts are those of the floods; amplification is in services.go.
var crafts = map[string]craft{
	"SYN flood":                craftSYN,
	"ACK flood":                flags(ack),
	"RST flood":                flags(rst),
	"FIN flood":                flags(fin | ack),
	"TCP null flood":           flags(0),
	"TCP Xmas flood":           flags(fin | psh | urg),
	"TCP flood":                craftMixedTCP,
	"UDP flood":                craftUDP,
	"UDP fragment flood":       craftFragment(17),
	"IP fragment flood":        craftFragment(6),
	"ICMP flood":               craftEcho,
	"ICMP unreachable flood":   craftUnreachable,
	"GRE flood":                craftGRE,
	"ESP flood":                craftESP,
	"IP protocol flood":        craftProtocol,
	"DNS query flood":          craftDNSQuery,
	"QUIC flood":               craftQUIC,
	"SYN-ACK reflection":       craftSYNACK,
	"TCP middlebox reflection": craftMiddlebox,
}

const amplification = " amplification"

// isAttack tells whether a kind is a vector that can be made.
func isAttack(kind string) bool {
	if name, ok := strings.CutSuffix(kind, amplification); ok {
		return services[name].answer != nil
	}
	return crafts[kind] != nil
}

// isReflection tells whether a vector comes from servers that were asked in the
// target's name.
func isReflection(kind string) bool {
	return strings.HasSuffix(kind, amplification) || strings.HasSuffix(kind, "reflection")
}

// Kinds lists the vectors that can be made, in no order.
func Kinds() []string {
	var list []string
	for name := range services {
		list = append(list, name+amplification)
	}
	for name := range crafts {
		list = append(list, name)
	}
	return list
}

func craftOf(kind string) craft {
	if name, ok := strings.CutSuffix(kind, amplification); ok {
		return craftAnswer(services[name])
	}
	return crafts[kind]
}

// attack makes an attack's stream: packets at the instants of its course, by
// hosts of its population, with errors and the target's answers.
func (m *maker) attack(s *Stream) {
	to := m.home
	if s.Target.IsValid() {
		to.address = s.Target
	}
	senders := m.senders(s, to)
	make, errors := craftOf(s.Kind), m.world.hosts(max(1, s.Sources/15), to.address.Is6())
	for _, at := range m.course(s) {
		if s.Errors > 0 && m.r.Float64() < s.Errors {
			m.send(at, m.reflectorError(s, errors[m.r.IntN(len(errors))], to), !s.Usual)
			continue
		}
		if s.Over.IsValid() {
			to.address = within(s.Over, m.r)
		}
		from := senders.pick(m.r)
		for i, d := range make(m, s, from, to) {
			m.send(at+int64(i)*12_000, d, !s.Usual)
			if s.Answers > 0 && m.r.Float64() < s.Answers {
				m.answer(at+int64(50+m.r.IntN(400))*1000, from, to, d)
			}
		}
	}
}

// senders draws the stream's population.
func (m *maker) senders(s *Stream, to host) population {
	six := to.address.Is6()
	kind, n := s.Senders, s.Sources
	if kind == "" {
		kind = Botnet
		if isReflection(s.Kind) {
			kind = Reflectors
		}
	}
	_, hops := m.world.network(false)
	switch kind {
	case Spoofed:
		return &forged{six: six, subnet: s.Subnet, ttls: []uint8{255 - hops, 253 - hops}}
	case SpoofedByTTL:
		return &forged{six: six, subnet: s.Subnet, hops: hops}
	case SpoofedMany:
		f := &forged{six: six, subnet: s.Subnet}
		for range 12 {
			_, hops := m.world.network(false)
			f.ttls = append(f.ttls, 64-hops)
		}
		return f
	case Single:
		n = 1
	}
	if n == 0 {
		n = 1000
	}
	hosts := m.world.hosts(n, six)
	if kind == Botnet {
		for i := range hosts {
			hosts[i].stack = raw // bots write their own headers; the TTL is the system's
		}
	}
	return newFixed(m.r, hosts, s.Uneven)
}

// course draws the instants of a stream's packets: a Poisson process, bent by
// ramp and pulses, in bursts if so.
func (m *maker) course(s *Stream) []int64 {
	begin := m.recipe.Start.Add(s.From).UnixNano()
	burst := max(s.Burst, 1)
	gap := float64(time.Second) / s.Rate * float64(burst)
	var list []int64
	for t := m.r.ExpFloat64() * gap / 100; t < float64(s.Lasts); t += m.r.ExpFloat64() * gap {
		if s.Ramp > 0 && t < float64(s.Ramp) && m.r.Float64() > t/float64(s.Ramp) {
			continue
		}
		if s.On > 0 && int64(t)%int64(s.On+s.Off) >= int64(s.On) {
			continue
		}
		for i := range burst {
			list = append(list, begin+int64(t)+int64(i)*1_500)
		}
	}
	return list
}

// reflectorError is what a reflector that does not offer the service sends to
// whom it thinks has asked: a port unreachable, or a reset.
func (m *maker) reflectorError(s *Stream, from, to host) datagram {
	port := to.port(m.r)
	if !strings.HasSuffix(s.Kind, amplification) {
		return tcp(from, to, segment{sport: webPort(m.r), dport: port, ack: m.r.Uint32(), flags: rst | ack})
	}
	service := services[strings.TrimSuffix(s.Kind, amplification)]
	to.ttl -= 12
	return unreachable(from, to, udp(to, from, port, service.port, make([]byte, 40)), 3)
}

// answer is what the target sends back.
func (m *maker) answer(at int64, from, to host, d datagram) {
	if len(d.body) < udpSize {
		return
	}
	sport, dport := word(d.body), word(d.body[2:])
	switch {
	case d.protocol == 6 && d.body[13] == syn:
		m.send(at, tcp(to, from, segment{sport: dport, dport: sport, ack: 1, flags: rst | ack}), false)
	case d.protocol == 6 && d.body[13]&rst == 0:
		m.send(at, tcp(to, from, segment{sport: dport, dport: sport, sequence: 1, flags: rst}), false)
	case d.protocol == 17:
		m.send(at, unreachable(to, from, d, 3), false)
	case d.protocol != 1 && d.protocol != 58 && d.protocol != 6:
		m.send(at, unreachable(to, from, d, 2), false) // no such protocol
	case d.protocol == 1 && d.body[0] == 8 || d.protocol == 58 && d.body[0] == 128:
		m.send(at, echo(to, from, true, word(d.body[4:]), word(d.body[6:]), d.body[8:]), false)
	}
}

func word(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }

// port draws an ephemeral port.
func (host) port(r *rand.Rand) uint16 { return uint16(32768 + r.IntN(28232)) }

func webPort(r *rand.Rand) uint16 { return []uint16{80, 443, 443}[r.IntN(3)] }
