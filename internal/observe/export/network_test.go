package export

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"downpour"
	capture "downpour/internal/observe/packet"
)

// ipfixMessage is a message of IPFIX with a data set of so many bytes.
func ipfixMessage(sequence uint32, size int) []byte {
	b := binary.BigEndian.AppendUint16(nil, 10)
	b = binary.BigEndian.AppendUint16(b, uint16(20+size))
	b = binary.BigEndian.AppendUint32(b, 1_700_000_000)
	b = binary.BigEndian.AppendUint32(b, sequence)
	b = binary.BigEndian.AppendUint32(b, 7)
	b = binary.BigEndian.AppendUint16(b, 300)
	b = binary.BigEndian.AppendUint16(b, uint16(4+size))
	for i := range size {
		b = append(b, byte(i+int(sequence)))
	}
	return b
}

// ip4 wraps a body into an IPv4 packet; place is the word of flags and offset.
func ip4(protocol byte, id, place uint16, body []byte) []byte {
	b := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 250}
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(body)))
	binary.BigEndian.PutUint16(b[4:], id)
	binary.BigEndian.PutUint16(b[6:], place)
	return append(b, body...)
}

// ip6 wraps a body into an IPv6 packet, with a fragment header if id is not 0.
func ip6(protocol byte, id uint32, place uint16, body []byte) []byte {
	if id != 0 {
		f := []byte{protocol, 0, 0, 0, 0, 0, 0, 0}
		binary.BigEndian.PutUint16(f[2:], place)
		binary.BigEndian.PutUint32(f[4:], id)
		protocol, body = 44, append(f, body...)
	}
	b := []byte{0x60, 0, 0, 0, 0, 0, protocol, 64}
	binary.BigEndian.PutUint16(b[4:], uint16(len(body)))
	from, to := netip.MustParseAddr("2001:db8::1").As16(), netip.MustParseAddr("2001:db8::250").As16()
	b = append(append(b, from[:]...), to[:]...)
	return append(b, body...)
}

func udp(payload []byte) []byte {
	b := []byte{0xc3, 0x50, 0x08, 0x07, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(payload)))
	return append(b, payload...)
}

func tcp(sequence uint32, flags byte, payload []byte) []byte {
	b := make([]byte, 20)
	copy(b, []byte{0xc3, 0x50, 0x12, 0x83})
	binary.BigEndian.PutUint32(b[4:], sequence)
	b[12], b[13] = 0x50, flags
	return append(b, payload...)
}

// fed feeds raw IP packets and returns the messages that came out.
func fed(x *extractor, packets ...[]byte) (messages [][]byte) {
	for i, p := range packets {
		x.frame(&capture.Frame{Link: capture.LinkRaw, Data: p, Length: len(p), Time: int64(i)}, func(_ ends, _ bool, payload []byte) {
			messages = append(messages, bytes.Clone(payload))
		})
	}
	return messages
}

func want(t *testing.T, got [][]byte, want ...[]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("message %d is %x, want %x", i, got[i], want[i])
		}
	}
}

// pieces cuts a datagram into fragments of size bytes.
func pieces(datagram []byte, size int, wrap func(offset int, more bool, body []byte) []byte) (all [][]byte) {
	for at := 0; at < len(datagram); at += size {
		end := min(at+size, len(datagram))
		all = append(all, wrap(at, end < len(datagram), datagram[at:end]))
	}
	return all
}

func fragments4(id uint16, datagram []byte, size int) [][]byte {
	return pieces(datagram, size, func(offset int, more bool, body []byte) []byte {
		place := uint16(offset / 8)
		if more {
			place |= 0x2000
		}
		return ip4(17, id, place, body)
	})
}

func fragments6(id uint32, datagram []byte, size int) [][]byte {
	return pieces(datagram, size, func(offset int, more bool, body []byte) []byte {
		place := uint16(offset)
		if more {
			place |= 1
		}
		return ip6(17, id, place, body)
	})
}

func TestFragmentsBecomeDatagrams(t *testing.T) {
	message := ipfixMessage(1, 3000)
	for name, all := range map[string][][]byte{
		"IPv4": fragments4(9, udp(message), 1480), "IPv6": fragments6(9, udp(message), 1232),
	} {
		if len(all) != 3 {
			t.Fatalf("%s: %d fragments", name, len(all))
		}
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 1, 2, 0}} {
			x := newExtractor()
			var packets [][]byte
			for _, i := range order {
				packets = append(packets, all[i])
			}
			want(t, fed(x, packets...), message)
			if x.fragments.lost() != 0 || x.carried != 3 {
				t.Errorf("%s %v: %d lost, %d carried", name, order, x.fragments.lost(), x.carried)
			}
		}
	}
}

func TestFragmentsThatContradictAreDropped(t *testing.T) {
	message := ipfixMessage(1, 3000)
	all := fragments4(9, udp(message), 1480)
	overlapping := ip4(17, 9, 0x2000|100, make([]byte, 800))
	x := newExtractor()
	want(t, fed(x, all[0], overlapping, all[1], all[2]))
	if x.fragments.lost() == 0 {
		t.Error("nothing is told as lost")
	}
	flood := newExtractor()
	for id := range 1000 {
		fed(flood, ip4(17, uint16(id), 0x2000, make([]byte, 1480)))
	}
	if len(flood.fragments.pending) > maxPending || flood.fragments.lost() != 1000 {
		t.Errorf("%d pending, %d lost", len(flood.fragments.pending), flood.fragments.lost())
	}
}

func TestStreamsBecomeMessages(t *testing.T) {
	var all []byte
	var messages [][]byte
	for i := range 40 {
		m := ipfixMessage(uint32(i), 100+i*13)
		messages, all = append(messages, m), append(all, m...)
	}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		first := r.Uint32() // sequence numbers run over
		if seed == 0 {
			first = 0xffffff00
		}
		packets := [][]byte{ip4(6, 0, 0, tcp(first-1, tcpSYN, nil))}
		for at := 0; at < len(all); {
			n := min(1+r.IntN(1460), len(all)-at)
			if at == 0 {
				n = 600 // so that the first segment tells what it is
			}
			packets = append(packets, ip4(6, 0, 0, tcp(first+uint32(at), 16, all[at:at+n])))
			if r.IntN(5) == 0 { // again, and a little more
				again := min(n+r.IntN(50), len(all)-at)
				packets = append(packets, ip4(6, 0, 0, tcp(first+uint32(at), 16, all[at:at+again])))
			}
			at += n
		}
		for range 5 { // out of order
			i := 2 + r.IntN(len(packets)-3)
			packets[i], packets[i+1] = packets[i+1], packets[i]
		}
		x := newExtractor()
		want(t, fed(x, packets...), messages...)
		if x.streams.gaps != 0 {
			t.Errorf("seed %d: %d gaps", seed, x.streams.gaps)
		}
	}
}

func TestStreamsGoOnBehindAGap(t *testing.T) {
	var packets [][]byte
	var messages [][]byte
	sequence := uint32(1)
	for i := range 300 {
		m := ipfixMessage(uint32(i), 1000)
		if i != 10 { // was not captured
			packets, messages = append(packets, ip4(6, 0, 0, tcp(sequence, 16, m))), append(messages, m)
		}
		sequence += uint32(len(m))
	}
	x := newExtractor()
	got := fed(x, packets...)
	if x.streams.gaps != 1 {
		t.Errorf("%d gaps, want 1", x.streams.gaps)
	}
	// What waited for the missing segment is given up with it.
	if len(got) < len(messages)-maxAhead-1 || len(got) >= len(messages) {
		t.Errorf("%d of %d messages", len(got), len(messages))
	}
}

func TestForeignConnectionsAreLeftAlone(t *testing.T) {
	x := newExtractor()
	want(t, fed(x, ip4(6, 0, 0, tcp(1, 16, []byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")))))
	if len(x.streams.open) != 0 || x.carried != 0 {
		t.Errorf("%d streams, %d carried", len(x.streams.open), x.carried)
	}
}

func TestDatagramsCutByTheCaptureAreTold(t *testing.T) {
	whole := ip4(17, 1, 0, udp(ipfixMessage(1, 1000)))
	x := newExtractor()
	got := fed(x, whole[:200])
	if len(got) != 1 || x.cut != 1 {
		t.Errorf("%d messages, %d cut", len(got), x.cut)
	}
	if x.packet.source != downpour.AddressFrom(netip.MustParseAddr("192.0.2.1")) {
		t.Errorf("from %v", x.packet.source)
	}
}
