package attack

import (
	"testing"
	"time"

	"downpour"
)

// Shapes of conversations.
func data(flags uint8, bytes uint64) func(*downpour.Flow) {
	return func(f *downpour.Flow) { f.Protocol, f.TCPFlags, f.Bytes = downpour.ProtocolTCP, flags, bytes }
}

func datagram(port uint16, bytes uint64) func(*downpour.Flow) {
	return func(f *downpour.Flow) {
		f.Protocol, f.Bytes = downpour.ProtocolUDP, bytes
		if f.Destination == victim {
			f.SourcePort = port
		} else {
			f.DestinationPort = port
		}
	}
}

// TestBenign holds usual traffic, some of it fast, against the detector: none of
// it is an attack, neither in full nor cut to its first 30 ms (or 300, where
// handshakes need to be seen).
func TestBenign(t *testing.T) {
	const ack = downpour.ACK
	tests := []struct {
		name string
		make func(*traffic)
	}{
		{"download of 400 Mbit/s", func(made *traffic) {
			made.exchange(0, 3*time.Second, 100_000, made.anyone(), data(ack, 1500), data(ack, 52))
		}},
		{"the same, seen one way", func(made *traffic) {
			made.exchange(0, 3*time.Second, 100_000, made.anyone(), data(ack, 1500), nil)
		}},
		{"upload whose ACKs come in", func(made *traffic) {
			made.exchange(0, 3*time.Second, 90_000, made.anyone(), data(ack, 52), data(ack, 1500))
		}},
		{"video over QUIC", func(made *traffic) {
			made.exchange(0, 3*time.Second, 60_000, made.anyone(), datagram(443, 1350), datagram(443, 60))
		}},
		{"the same, seen one way", func(made *traffic) {
			made.exchange(0, 3*time.Second, 60_000, made.anyone(), datagram(443, 1350), nil)
		}},
		{"tunnel over UDP 4500", func(made *traffic) {
			made.exchange(0, 3*time.Second, 60_000, made.anyone(), datagram(4500, 1400), datagram(4500, 1400))
		}},
		{"the same, seen one way", func(made *traffic) {
			made.exchange(0, 3*time.Second, 60_000, made.anyone(), datagram(4500, 1400), nil)
		}},
		{"OpenVPN", func(made *traffic) {
			made.exchange(0, 3*time.Second, 30_000, made.anyone(), datagram(1194, 1400), datagram(1194, 100))
		}},
		{"ESP tunnel", func(made *traffic) {
			esp := func(f *downpour.Flow) { f.Protocol, f.Bytes, f.SourcePort, f.DestinationPort = 50, 1400, 0, 0 }
			made.exchange(0, 3*time.Second, 60_000, made.anyone(), esp, esp)
		}},
		{"a resolver's answers", func(made *traffic) {
			for _, server := range made.some(300) {
				made.exchange(0, 3*time.Second, 30, server, datagram(53, 180), datagram(53, 70))
			}
		}},
		{"many peers", func(made *traffic) {
			for _, peer := range made.some(400) {
				made.exchange(0, 3*time.Second, 300, peer, datagram(6881, 1400), datagram(6881, 300))
			}
		}},
		{"game with many players", func(made *traffic) {
			for _, player := range made.some(200) {
				made.exchange(0, 3*time.Second, 300, player, datagram(50000, 100), datagram(50000, 200))
			}
		}},
		{"flash crowd", crowdOf},
		{"port scan", func(made *traffic) {
			scanner := made.anyone()
			made.send(0, 3*time.Second, 9000, func(i int, f *downpour.Flow) {
				tcp(downpour.SYN)(i, f)
				f.Source, f.DestinationPort = scanner, uint16(1+i)
			})
		}},
		{"a crawler's answers", func(made *traffic) {
			for i, host := range made.some(3000) {
				at := time.Duration(i) * time.Millisecond
				made.exchange(at, time.Millisecond, 1, host, data(downpour.SYN|ack, 60), data(ack, 52))
				made.flows[len(made.flows)-2].Time += int64(100 * time.Microsecond)
				made.flows[len(made.flows)-1].Time -= 2000
				made.flows[len(made.flows)-1].TCPFlags = downpour.SYN
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made := newTraffic(11)
			test.make(made)
			short := 30 * time.Millisecond
			if test.name == "flash crowd" {
				short = 300 * time.Millisecond
			}
			var cut []downpour.Flow
			for _, f := range made.flows {
				if f.Time < morning+int64(short) {
					cut = append(cut, f)
				}
			}
			for _, flows := range [][]downpour.Flow{made.flows, cut} {
				list, _ := find(Default(), flows)
				for _, a := range list {
					t.Errorf("%s: %v %s", a.Target, a.Vectors, a.Why)
				}
			}
		})
	}
}

// crowdOf opens 5,000 connections a second, each finished after 40 ms and used.
func crowdOf(made *traffic) {
	for i, visitor := range made.some(15_000) {
		at := time.Duration(i) * 200 * time.Microsecond
		step := func(delay time.Duration, flags uint8, out bool) {
			f := downpour.Flow{
				Time: morning + int64(at+delay), Source: visitor, Destination: victim, Packets: 1, Sampling: 1,
				SourcePort: uint16(30_000 + i%20_000), DestinationPort: 443, Protocol: downpour.ProtocolTCP, TCPFlags: flags, Bytes: 60, TTL: 50,
			}
			if out {
				f.Source, f.Destination, f.SourcePort, f.DestinationPort = victim, visitor, 443, f.SourcePort
			}
			made.flows = append(made.flows, f)
		}
		step(0, downpour.SYN, false)
		step(time.Millisecond, downpour.SYN|downpour.ACK, true)
		step(40*time.Millisecond, downpour.ACK, false)
		step(41*time.Millisecond, downpour.ACK|downpour.PSH, false)
		step(60*time.Millisecond, downpour.ACK|downpour.PSH, true)
	}
}
