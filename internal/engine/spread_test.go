package engine

import (
	"math/rand/v2"
	"testing"

	"downpour"
)

// TestPartsAddUp: over all of its seconds a flow gives its packets and bytes, to
// the last one; each part lies within the second after its date's second began,
// and holds what a steady flow sends in that second, to a packet.
func TestPartsAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 3000 {
		f := downpour.Flow{
			Time: 1_700_000_000*second + rng.Int64N(3*second), Duration: long + rng.Uint32N(1<<rng.UintN(20)),
			Packets: 2 + rng.Uint32N(1<<rng.UintN(31)), Bytes: rng.Uint64() >> rng.UintN(63),
			Protocol: downpour.ProtocolTCP, TCPFlags: downpour.SYN | downpour.ACK | downpour.FIN,
		}
		if n%10 == 0 {
			f.Duration -= f.Duration % 1000 // to end where a second does
		}
		var packets, bytes uint64
		for start := f.Time / second * second; start < endOf(&f)+second; start += second {
			p, ok := part(&f, start)
			if !ok {
				continue
			}
			packets += uint64(p.Packets)
			bytes += p.Bytes
			if (p.Time-f.Time)%second != 0 || p.Time/second*second != start || p.Duration >= long {
				t.Fatalf("%+v: part of second %d is dated %d and lasts %d ms", f, start, p.Time, p.Duration)
			}
			from, to := max(start, f.Time), min(start+second, endOf(&f))
			steady := float64(f.Packets-1) * float64(to-from) / (float64(f.Duration) * 1e6)
			if d := float64(p.Packets) - steady; d < -1.01 || d > 1.01 {
				t.Fatalf("%+v: second %d holds %d packets, a steady flow %.2f", f, start, p.Packets, steady)
			}
		}
		if packets != uint64(f.Packets) || bytes != f.Bytes {
			t.Fatalf("%+v: parts hold %d packets, %d bytes", f, packets, bytes)
		}
	}
}

// TestPartsOpenOnce: only the first part of a conversation opens it and only the
// last ends it; a record of SYN after SYN is that in every second.
func TestPartsOpenOnce(t *testing.T) {
	const syn, ack, fin, push = downpour.SYN, downpour.ACK, downpour.FIN, downpour.PSH
	for _, c := range []struct{ flags, first, middle, last uint8 }{
		{syn | ack | push | fin, syn | ack | push, ack | push, ack | push | fin},
		{ack, ack, ack, ack},
		{syn, syn, syn, syn},
		{downpour.RST, downpour.RST, downpour.RST, downpour.RST},
	} {
		f := downpour.Flow{Time: 10 * second, Duration: 2500, Packets: 100, Bytes: 100, TCPFlags: c.flags}
		lone := f
		lone.Packets = 2 // so that one packet stands in the first part
		if p, _ := part(&lone, 10*second); p.Packets != 1 || p.TCPFlags != c.middle {
			t.Errorf("flags %08b: a first part of %d packets bears %08b, want %08b", c.flags, p.Packets, p.TCPFlags, c.middle)
		}
		for i, want := range []uint8{c.first, c.middle, c.last} {
			if p, _ := part(&f, int64(10+i)*second); p.TCPFlags != want {
				t.Errorf("flags %08b: part %d bears %08b, want %08b", c.flags, i, p.TCPFlags, want)
			}
		}
	}
}

// TestLastPacketAtAWholeSecond: exporters with times in whole seconds have each
// flow end at one, and a few packets far apart must all come out.
func TestLastPacketAtAWholeSecond(t *testing.T) {
	for _, packets := range []uint32{2, 3, 7} {
		h := &hold{first: 1000, latest: 1000}
		f := downpour.Flow{Time: 1000 * second, Duration: 90_000, Packets: packets, Bytes: uint64(packets) * 100}
		h.put(&f, 1000)
		n, bytes := uint32(0), uint64(0)
		for h.used > 0 {
			h.close()
			h.letGo(slots, func(parts []downpour.Flow) {
				for i := range parts {
					n, bytes = n+parts[i].Packets, bytes+parts[i].Bytes
				}
			})
		}
		if n != f.Packets || bytes != f.Bytes {
			t.Errorf("%d of %d packets, %d of %d bytes", n, f.Packets, bytes, f.Bytes)
		}
	}
}
