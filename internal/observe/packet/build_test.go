package packet

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"downpour"
	"downpour/internal/observe"
)

// Builders of packets and files, big endian as the wire is.

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func u16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }
func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// tester is what the checks below need of testing.T, testing.F and rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// unhex reads hexadecimal digits with spaces between.
func unhex(t tester, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ip4 is an IPv4 packet from 192.0.2.1 to 198.51.100.2 with TTL 57 and
// identification 0x1234; place is the flags and fragment offset.
func ip4(protocol byte, place uint16, payload []byte) []byte {
	return cat([]byte{0x45, 0}, u16(uint16(20+len(payload))), u16(0x1234), u16(place),
		[]byte{57, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2}, payload)
}

// ip6 is an IPv6 packet from 2001:db8::1 to 2001:db8::2 with hop limit 58.
func ip6(next byte, payload []byte) []byte {
	address := func(last byte) []byte {
		return cat([]byte{0x20, 0x01, 0x0d, 0xb8}, make([]byte, 11), []byte{last})
	}
	return cat([]byte{0x60, 0, 0, 0}, u16(uint16(len(payload))), []byte{next, 58}, address(1), address(2), payload)
}

func udp(from, to uint16, payload []byte) []byte {
	return cat(u16(from), u16(to), u16(uint16(8+len(payload))), u16(0), payload)
}

// tcp is a segment with sequence number 0x01020304 and window 0xabcd.
func tcp(from, to uint16, flags byte, payload []byte) []byte {
	return cat(u16(from), u16(to), u32(0x01020304), u32(0), []byte{0x50, flags}, u16(0xabcd), u32(0), payload)
}

// ether is an Ethernet frame.
func ether(kind uint16, payload []byte) []byte {
	return cat([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, u16(kind), payload)
}

// sections writes pcapng.
type sections struct {
	order binary.AppendByteOrder
	file  []byte
}

func (s *sections) block(kind uint32, body ...[]byte) {
	content := cat(body...)
	for len(content)%4 != 0 {
		content = append(content, 0)
	}
	length := uint32(len(content) + smallestBlock)
	s.file = s.order.AppendUint32(s.file, kind)
	s.file = s.order.AppendUint32(s.file, length)
	s.file = append(s.file, content...)
	s.file = s.order.AppendUint32(s.file, length)
}

func (s *sections) half(v uint16) []byte { return s.order.AppendUint16(nil, v) }
func (s *sections) word(v uint32) []byte { return s.order.AppendUint32(nil, v) }
func (s *sections) long(v uint64) []byte { return s.order.AppendUint64(nil, v) }

// section begins a section in an order.
func (s *sections) section(order binary.AppendByteOrder) {
	s.order = order
	s.block(blockSection, s.word(byteOrderMagic), s.half(1), s.half(0), s.long(1<<64-1))
}

func (s *sections) option(code uint16, value []byte) []byte {
	padding := make([]byte, -len(value)&3)
	return cat(s.half(code), s.half(uint16(len(value))), value, padding)
}

func (s *sections) describe(link LinkType, snap uint32, options ...[]byte) {
	s.block(blockInterface, s.half(uint16(link)), s.half(0), s.word(snap), cat(options...))
}

func (s *sections) enhanced(on uint32, stamp uint64, frame []byte, length int) {
	s.block(blockEnhanced, s.word(on), s.word(uint32(stamp>>32)), s.word(uint32(stamp)),
		s.word(uint32(len(frame))), s.word(uint32(length)), frame)
}

// pcapOf writes frames a microsecond apart from 2021-04-28T10:30:21Z.
func pcapOf(t tester, link LinkType, frames ...[]byte) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, link, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, frame := range frames {
		if err := w.WritePacket(1619605821_000_000_000+int64(i)*1000, frame, 0); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// readAll reads a capture to its end, and checks its account on the way.
func readAll(t tester, c *Capture) []downpour.Flow {
	t.Helper()
	var flows []downpour.Flow
	var b observe.Batch
	for {
		err := c.Next(&b)
		if err == io.EOF {
			break
		}
		if err != nil || len(b.Flows) == 0 || len(b.Flows) > observe.BatchSize {
			t.Fatalf("Next gave %d flows and %v", len(b.Flows), err)
		}
		flows = append(flows, b.Flows...)
	}
	if err := c.Next(&b); err != io.EOF || len(b.Flows) != 0 {
		t.Errorf("after the end Next gave %d flows and %v", len(b.Flows), err)
	}
	f := c.Figures()
	if f.Flows != uint64(len(flows)) || f.Packets != f.Flows+f.NotIP+f.Undecoded {
		t.Errorf("%d flows do not agree with %+v", len(flows), f)
	}
	return flows
}

// readStream reads a file as a stream.
func readStream(t tester, file []byte) ([]downpour.Flow, *Capture) {
	t.Helper()
	c, err := Open("test", bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	flows := readAll(t, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return flows, c
}

// oneProblem checks that there is just one problem, with words in it.
func oneProblem(t tester, c *Capture, offset int64, count int, words string) {
	t.Helper()
	got := c.Input().Problems
	if len(got) != 1 || got[0].Offset != offset || got[0].Count != count || !strings.Contains(got[0].Says, words) {
		t.Errorf("problems are %+v, want one at %d, %d times: %s", got, offset, count, words)
	}
}
