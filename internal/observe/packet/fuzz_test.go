package packet

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
	"testing/iotest"

	"downpour"
)

// checkFile reads a file in three ways, which must agree and keep the account;
// there can be no more packets than there are record headers' bytes for.
func checkFile(t *testing.T, file []byte) {
	t.Helper()
	whole, err := Open("fuzz", bytes.NewReader(file))
	if err != nil {
		if _, again := Open("fuzz", bytes.NewReader(file)); again == nil || again.Error() != err.Error() {
			t.Fatalf("opening gives %v, then %v", err, again)
		}
		return
	}
	flows := readAll(t, whole)
	checkAccount(t, whole, flows, len(file))
	halves, err := Open("fuzz", iotest.HalfReader(bytes.NewReader(file)))
	if err != nil {
		t.Fatal(err)
	}
	mapped := &Capture{name: "fuzz", window: mappedWindow(file), mapped: true}
	if compressionOf(file) == uncompressed {
		if err := mapped.begin(); err != nil {
			t.Fatal(err)
		}
		compare(t, mapped, whole, flows)
	}
	compare(t, halves, whole, flows)
}

func compare(t *testing.T, c, whole *Capture, flows []downpour.Flow) {
	t.Helper()
	if again := readAll(t, c); len(again) != len(flows) || len(flows) > 0 && !reflect.DeepEqual(again, flows) {
		t.Fatalf("%d flows differ from %d", len(again), len(flows))
	}
	if !reflect.DeepEqual(c.Input(), whole.Input()) || c.Figures() != whole.Figures() {
		t.Fatalf("inputs differ:\n%+v\n%+v", c.Input(), whole.Input())
	}
}

func checkAccount(t *testing.T, c *Capture, flows []downpour.Flow, size int) {
	t.Helper()
	in := c.Input()
	if c.figures.Undecoded > 0 && len(in.Problems) == 0 || len(in.Problems) > int(findings)+2 {
		t.Fatalf("%+v has problems %+v", c.Figures(), in.Problems)
	}
	if read := uint64(c.window.offset()); in.Packets*pcapRecordSize > read {
		t.Fatalf("%d packets in %d bytes", in.Packets, read)
	}
	if cap(c.window.data) > max(maxBlock, size) {
		t.Fatalf("a window of %d bytes", cap(c.window.data))
	}
	if in.Packets > 0 && in.Start.After(*in.End) {
		t.Fatalf("from %v to %v", in.Start, in.End)
	}
	for _, f := range flows {
		checkFlow(t, f)
	}
}

// checkFlow checks what is true of each flow.
func checkFlow(t *testing.T, f downpour.Flow) {
	t.Helper()
	switch {
	case f.Packets != 1 || f.Sampling != 1:
		t.Fatalf("no packet: %+v", f)
	case f.Fragment == downpour.LaterFragment && (f.SourcePort|f.DestinationPort != 0 || f.Mark != downpour.NoPayload):
		t.Fatalf("a later fragment with ports or payload: %+v", f)
	case f.Mark > downpour.HTTPRequest || f.Quoted != 0 && f.ICMPType == 0:
		t.Fatalf("no flow: %+v", f)
	}
}

func seedFrames() [][]byte {
	return [][]byte{
		ether(etherIPv4, ip4(6, 0, tcp(80, 4242, 0x12, []byte("HTTP/1.1 200 OK")))),
		ether(etherIPv4, ip4(17, 0x2000, udp(53, 4242, make([]byte, 30)))),
		ether(etherVLAN, cat(u16(1), u16(etherIPv6), ip6(44, cat([]byte{17, 0, 0, 1, 0, 0, 0, 1}, udp(1, 2, nil))))),
		ether(etherIPv4, ip4(1, 0, cat([]byte{3, 3, 0, 0, 0, 0, 0, 0}, ip4(17, 0, udp(53, 999, nil))))),
		ether(etherMPLS, cat([]byte{0, 0, 1, 9}, ip4(47, 0, nil))),
		ether(etherPPPoE, cat(make([]byte, 6), u16(pppIPv6), ip6(60, make([]byte, 32)))),
		ether(etherIPv4, overlay("10.0.0.2", ether(etherIPv4, gre(0xb000, etherBridged, make([]byte, 12), innerFrame())))),
		ether(etherMPLS, cat([]byte{0, 0, 1, 9, 0, 0, 0, 0}, innerFrame())),
	}
}

func FuzzPcap(f *testing.F) {
	f.Add(pcapOf(f, LinkEthernet, seedFrames()...))
	f.Add(pcapOf(f, LinkRaw, ip4(17, 0, udp(1, 2, nil)), ip6(58, make([]byte, 48)))[:120])
	f.Add(pcapVariantFile(binary.BigEndian, magicNanoseconds, 0, uint32(LinkRaw)))
	f.Add(pcapVariantFile(binary.LittleEndian, magicKuznetzov, 8, uint32(LinkRaw)))
	f.Add(append(pcapOf(f, LinkNull), make([]byte, 100)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		if isPcap(file) {
			checkFile(t, file)
		}
	})
}

func FuzzPcapng(f *testing.F) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var s sections
		s.section(order)
		s.describe(LinkEthernet, 65535, s.option(optionResolution, []byte{0x8a}), s.option(optionOffset, s.long(7)))
		s.describe(LinkRaw, 0)
		for i, frame := range seedFrames() {
			s.enhanced(0, uint64(i), frame, len(frame))
		}
		s.block(blockSimple, s.word(28), ip4(17, 0, udp(1, 2, nil)))
		s.block(blockStatistics, s.word(0), s.long(0), s.option(optionDropped, s.long(9)))
		s.block(4, make([]byte, 40))
		f.Add(bytes.Clone(s.file))
		f.Add(s.file[:len(s.file)-5])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if isPcapng(file) {
			checkFile(t, file)
		}
	})
}

func FuzzCompressed(f *testing.F) {
	plain := pcapOf(f, LinkEthernet, seedFrames()...)
	for _, packed := range [][]byte{gzipOf(f, plain), zstdOf(f, plain)} {
		f.Add(packed)
		f.Add(packed[:len(packed)-2])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<16 {
			return // what unpacks to gigabytes says nothing new
		}
		head, whole, err := Peek(bytes.NewReader(file))
		if err != nil || len(head) > headSize {
			t.Fatalf("looking at it gives %d bytes, %v", len(head), err)
		}
		c, err := Open("fuzz", whole)
		if err != nil {
			return
		}
		if !IsCapture(head) {
			t.Fatalf("opened what begins with %q", head)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if compressionOf(file) != uncompressed {
			checkFile(t, file)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, link := range []LinkType{LinkNull, LinkEthernet, LinkPPP, LinkRaw, LinkRawBSD, LinkRawOpen, LinkPPPHDLC,
		LinkPPPoE, LinkHDLC, LinkLoop, LinkCooked, LinkIPv4, LinkIPv6, LinkCooked2, 127} {
		for _, frame := range seedFrames() {
			f.Add(uint16(link), frame, 0)
			f.Add(uint16(link), frame[ethernetSize:], 1500)
		}
	}
	f.Fuzz(func(t *testing.T, link uint16, frame []byte, more int) {
		length := len(frame) + max(0, more%maxFrame)
		var flow, again downpour.Flow
		found := decode(LinkType(link), frame, length, &flow)
		if found == notIP || found.undecoded() {
			return
		}
		checkFlow(t, flow)
		// Nothing of an earlier packet may show through.
		again = downpour.Flow{SourcePort: 9, Mark: 9, Quoted: 9, TCPFlags: 9, Window: 9, Sequence: 9, IPID: 9, ICMPType: 9}
		if decode(LinkType(link), frame, length, &again) != found || again != flow {
			t.Fatalf("decoded anew it is %+v, not %+v", again, flow)
		}
		checkTunnels(t, LinkType(link), frame, length)
		// Padding behind the packet changes nothing but a length left at 0.
		padded := decode(LinkType(link), append(bytes.Clone(frame), 0), length+1, &again)
		if len(frame) == length && found == fine && padded == fine && again.SourcePort != flow.SourcePort {
			t.Fatalf("padded it is %+v, not %+v", again, flow)
		}
	})
}

// checkTunnels decodes a frame that is a flow in the other ways.
func checkTunnels(t *testing.T, link LinkType, frame []byte, length int) {
	t.Helper()
	var flow, inner downpour.Flow
	if !DecodeFrame(link, frame, length, &flow) || !(Options{Decapsulate: true}).DecodeFrame(link, frame, length, &inner) {
		t.Fatal("a flow one way, and none the other")
	}
	checkFlow(t, inner)
	d, ok := Describe(link, frame, length)
	if !ok || d.Tunnel == NoTunnel && (inner != flow || d.Outer != flow) {
		t.Fatalf("%+v\n%+v\n%+v", flow, inner, d)
	}
}

func FuzzMark(f *testing.F) {
	for _, port := range []uint16{17, 19, 53, 69, 111, 123, 137, 161, 389, 427, 500, 520, 623, 1194, 1434, 1604, 1701, 3283,
		3389, 3702, 4500, 5353, 5683, 10001, 11211, 27015, 32414, 33848, 37810, 47808, 65000} {
		f.Add(port, uint16(53), []byte("HTTP/1.1 200 OK\r\n"))
		f.Add(port, uint16(1), []byte("\xff\xff\xff\xffstatusResponse"))
		f.Add(port, uint16(1), []byte("\x30\x82\x01\x00\x02\x01\x03\x30\x00\x04\x00\x30\x08\x04\x00\x04\x00\xa2\x00"))
		f.Add(port, uint16(1), bytes.Repeat([]byte{0x16, 0xfe, 0xfd, 3}, 12))
	}
	f.Fuzz(func(t *testing.T, source, destination uint16, p []byte) {
		if len(p) == 0 {
			return
		}
		for name, mark := range map[string]downpour.PayloadMark{"UDP": markUDP(source, destination, p), "TCP": markTCP(p)} {
			if mark == downpour.NoPayload || mark > downpour.HTTPRequest {
				t.Fatalf("%s: mark %d", name, mark)
			}
		}
		if markUDP(source, destination, bytes.Clone(p)) != markUDP(source, destination, p) {
			t.Fatal("the mark changed")
		}
	})
}
