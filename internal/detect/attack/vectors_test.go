package attack

import (
	"math"
	"strings"
	"testing"
	"time"

	"downpour"
)

// tcp, udp and the like shape a packet of a flood.
func tcp(flags uint8) func(int, *downpour.Flow) {
	return func(_ int, f *downpour.Flow) { f.Protocol, f.TCPFlags = downpour.ProtocolTCP, flags }
}

func udp(source, destination uint16, mark downpour.PayloadMark) func(int, *downpour.Flow) {
	return func(i int, f *downpour.Flow) {
		f.Protocol, f.Mark, f.Bytes = downpour.ProtocolUDP, mark, 468
		f.TTL = uint8(40 + i%20)
		if source != 0 {
			f.SourcePort = source
		}
		if destination != 0 {
			f.DestinationPort = destination
		}
	}
}

func protocol(number uint8) func(int, *downpour.Flow) {
	return func(_ int, f *downpour.Flow) {
		f.Protocol, f.SourcePort, f.DestinationPort, f.Bytes = number, 0, 0, 500
	}
}

func icmp(kind uint8) func(int, *downpour.Flow) {
	return func(i int, f *downpour.Flow) { protocol(downpour.ProtocolICMP)(i, f); f.ICMPType = kind }
}

func fragment(number uint8) func(int, *downpour.Flow) {
	return func(i int, f *downpour.Flow) { protocol(number)(i, f); f.Fragment = downpour.LaterFragment }
}

// TestVectors sends each flood of the contract, alone and with nothing sent back,
// for two seconds and again for a 50th of one.
func TestVectors(t *testing.T) {
	const all = downpour.FIN | downpour.SYN | downpour.RST | downpour.PSH | downpour.ACK | downpour.URG
	tests := []struct {
		name   string
		vector string
		shape  func(int, *downpour.Flow)
	}{
		{"SYN", "SYN flood", tcp(downpour.SYN)},
		{"SYN asking for ECN", "SYN flood", tcp(downpour.SYN | downpour.ECE | downpour.CWR)},
		{"SYN-ACK", "SYN-ACK reflection", tcp(downpour.SYN | downpour.ACK)},
		{"ACK", "ACK flood", tcp(downpour.ACK)},
		{"PSH-ACK", "ACK flood", tcp(downpour.PSH | downpour.ACK)},
		{"RST", "RST flood", tcp(downpour.RST)},
		{"RST-ACK", "RST flood", tcp(downpour.RST | downpour.ACK)},
		{"FIN", "FIN flood", tcp(downpour.FIN)},
		{"no flags", "TCP null flood", tcp(0)},
		{"FIN PSH URG", "TCP Xmas flood", tcp(downpour.FIN | downpour.PSH | downpour.URG)},
		{"all flags", "TCP Xmas flood", tcp(all)},
		{"SYN FIN", "TCP flood", tcp(downpour.SYN | downpour.FIN)},
		{"random flags", "TCP flood", func(i int, f *downpour.Flow) { tcp(uint8(i*37))(i, f) }},
		{"SYN, RST and no flags by turns", "TCP flood", func(i int, f *downpour.Flow) {
			tcp([]uint8{downpour.SYN, downpour.RST, 0}[i%3])(i, f)
		}},
		{"web answers", "TCP middlebox reflection", func(i int, f *downpour.Flow) {
			tcp(downpour.PSH|downpour.ACK)(i, f)
			f.Mark, f.SourcePort = downpour.HTTPAnswer, 80
		}},
		{"UDP", "UDP flood", udp(0, 0, downpour.Unmarked)},
		{"UDP to one port", "UDP flood", udp(0, 3389, downpour.NoPayload)},
		{"UDP from one port of many machines", udpAmplification, udp(5093, 0, downpour.Unmarked)},
		{"UDP from one port of one machine's forgery", "UDP flood", func(i int, f *downpour.Flow) {
			udp(5093, 0, downpour.Unmarked)(i, f)
			f.TTL = 244
		}},
		{"QUIC", "QUIC flood", udp(0, 443, downpour.QUICInitial)},
		{"DNS queries", "DNS query flood", udp(0, 53, downpour.DNSQuery)},
		{"UDP fragments", "UDP fragment flood", fragment(downpour.ProtocolUDP)},
		{"large datagrams", "UDP fragment flood", func(i int, f *downpour.Flow) {
			udp(0, 0, downpour.Unmarked)(i, f)
			if f.Fragment = downpour.FirstFragment; i%3 > 0 {
				fragment(downpour.ProtocolUDP)(i, f)
			}
		}},
		{"TCP fragments", "IP fragment flood", fragment(downpour.ProtocolTCP)},
		{"ICMP echo", "ICMP flood", icmp(8)},
		{"large pings", "ICMP flood", func(i int, f *downpour.Flow) {
			icmp(8)(i, f)
			f.Fragment = downpour.FirstFragment + downpour.Fragment(i%2)
		}},
		{"ICMP unreachable", "ICMP unreachable flood", icmp(3)},
		{"GRE", "GRE flood", protocol(downpour.ProtocolGRE)},
		{"ESP", "ESP flood", protocol(downpour.ProtocolESP)},
		{"protocol 255", "IP protocol flood", protocol(255)},
		{"random protocols", "IP protocol flood", func(i int, f *downpour.Flow) { protocol(uint8(140+i%100))(i, f) }},
		{"TFTP by payload", "TFTP amplification", udp(0, 0, downpour.TFTPAnswer)},
		{"DTLS by payload", "DTLS amplification", udp(0, 0, downpour.DTLSAnswer)},
		{"BitTorrent by payload", "BitTorrent amplification", udp(0, 0, downpour.BitTorrentAnswer)},
		{"payload against port", "CLDAP amplification", udp(123, 0, downpour.CLDAPAnswer)},
	}
	for _, s := range services {
		for _, port := range s.ports {
			tests = append(tests, struct {
				name   string
				vector string
				shape  func(int, *downpour.Flow)
			}{s.name, s.name + " amplification", udp(port, 0, downpour.NoPayload)})
		}
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, over := range []time.Duration{2 * time.Second, 20 * time.Millisecond} {
				count := 50_000
				if strings.HasSuffix(test.vector, " amplification") && test.vector != udpAmplification {
					count = 4_000
				}
				if over < time.Second {
					count = 250
				}
				made := newTraffic(1)
				made.send(0, over, count, test.shape)
				a := one(t, Default(), made.flows)
				if got := shareOf(a, test.vector); got < 0.99 {
					t.Errorf("over %v: the share of %s is %.2f; vectors: %v", over, test.vector, got, a.Vectors)
				}
				checkCourse(t, a, made.flows)
			}
		})
	}
}

// checkCourse holds an attack that is all of the traffic against that traffic.
func checkCourse(t *testing.T, a downpour.Attack, flows []downpour.Flow) {
	t.Helper()
	first, last := flows[0].Time, flows[len(flows)-1].Time
	if d := a.Onset.UnixNano() - first; d != 0 {
		t.Errorf("the onset is %v off", time.Duration(d))
	}
	if d := a.End.UnixNano() - last; d != 0 {
		t.Errorf("the end is %v off", time.Duration(d))
	}
	if got := float64(a.Total.Packets); math.Abs(got/float64(len(flows))-1) > 0.001 {
		t.Errorf("the total is %d packets, want %d", a.Total.Packets, len(flows))
	}
	busiest := float64(len(flows))
	if seconds := time.Duration(last - first).Seconds(); seconds > 1 {
		busiest /= seconds
	}
	if math.Abs(a.Peak.Packets/busiest-1) > 0.03 {
		t.Errorf("the peak is %.0f/s, want %.0f", a.Peak.Packets, busiest)
	}
	distinct := map[downpour.Address]bool{}
	for i := range flows {
		distinct[flows[i].Source] = true
	}
	if math.Abs(a.Footprint.Distinct.Value/float64(len(distinct))-1) > 0.05 {
		t.Errorf("estimated %v sources, want %d", a.Footprint.Distinct, len(distinct))
	}
	sum := 0.0
	for _, v := range a.Vectors {
		sum += v.Share
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("shares add up to %v", sum)
	}
}
