package packet

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// pcapVariantFile writes one raw IP packet at 5.000006 s or 5.000000006 s in any
// of the variants.
func pcapVariantFile(order binary.AppendByteOrder, magic uint32, extra int, link uint32) []byte {
	frame := ip4(17, 0, udp(1, 2, nil))
	file := order.AppendUint32(nil, magic)
	file = order.AppendUint16(file, 2)
	file = order.AppendUint16(file, 4)
	file = append(file, make([]byte, 8)...)
	file = order.AppendUint32(file, 65535)
	file = order.AppendUint32(file, link)
	for _, v := range []uint32{5, 6, uint32(len(frame)), uint32(len(frame))} {
		file = order.AppendUint32(file, v)
	}
	return append(append(file, make([]byte, extra)...), frame...)
}

func TestPcapVariants(t *testing.T) {
	for name, c := range map[string]struct {
		magic uint32
		extra int
		want  int64
	}{
		"microseconds": {magicMicroseconds, 0, 5_000_006_000},
		"nanoseconds":  {magicNanoseconds, 0, 5_000_000_006},
		"Kuznetzov":    {magicKuznetzov, 8, 5_000_006_000},
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			// A frame check sequence is told of in the upper bits.
			flows, capture := readStream(t, pcapVariantFile(order, c.magic, c.extra, 0x24000000|uint32(LinkRaw)))
			if len(flows) != 1 || flows[0].Time != c.want || flows[0].DestinationPort != 2 {
				t.Errorf("%s, %v: read %+v, problems %v", name, order, flows, capture.Input().Problems)
			}
		}
	}
}

// What is written is read again, whatever it is.
func TestPcapRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nanosecond := rapid.Bool().Draw(t, "nanosecond")
		var file bytes.Buffer
		w, err := NewWriter(&file, LinkRaw, nanosecond)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(0, 3000).Draw(t, "packets")
		size := rapid.IntRange(0, 1400).Draw(t, "size")
		start := rapid.Int64Range(0, 4e18).Draw(t, "start")
		frame := ip4(17, 0, udp(7, 8, make([]byte, size)))
		for i := range n {
			if err := w.WritePacket(start+int64(i), frame, 0); err != nil {
				t.Fatal(err)
			}
		}
		c, err := Open("test", &file)
		if err != nil {
			t.Fatal(err)
		}
		flows := readAll(t, c)
		in := c.Input()
		if len(flows) != n || len(in.Problems) != 0 || in.Bytes != uint64(n*len(frame)) {
			t.Fatalf("read %d of %d packets, %d bytes, problems %v", len(flows), n, in.Bytes, in.Problems)
		}
		for i, f := range flows {
			want := start + int64(i)
			if !nanosecond {
				want -= want % 1000
			}
			if f.Time != want || f.Bytes != uint64(len(frame)) || f.Packets != 1 || f.Sampling != 1 {
				t.Fatalf("packet %d of %d at %d was read as %+v", i, n, want, f)
			}
		}
	})
}

func TestPcapDamage(t *testing.T) {
	good := pcapOf(t, LinkRaw, ip4(17, 0, udp(1, 2, nil)), ip4(17, 0, udp(3, 4, nil)))
	const record, second = 44, 24 + 44 // a record's size, and where the second one is
	changed := func(at int, with ...byte) []byte {
		file := bytes.Clone(good)
		copy(file[at:], with)
		return file
	}
	for name, c := range map[string]struct {
		file   []byte
		flows  int
		offset int64
		says   string
	}{
		"cut in a frame":  {good[:len(good)-1], 1, second, "ends within a record"},
		"cut in a header": {good[:second+7], 1, second, "ends within a record header"},
		"absurd length":   {changed(second+8, 0xff, 0xff, 0xff, 0x7f), 1, second, "holds 2147483647 bytes"},
		"negative length": {changed(second+8, 0xff, 0xff, 0xff, 0xff), 1, second, "holds 4294967295 bytes"},
		"absurd on wire":  {changed(second+12, 0, 0, 0, 0x7f), 1, second, "frame had"},
		"zeros":           {append(bytes.Clone(good), make([]byte, 5000)...), 2, 24 + 2*record, "zeros"},
		"fraction":        {changed(second+4, 0x40, 0x42, 0x0f, 0), 2, second, "fraction"},
		"leap in time":    {changed(second+3, 0x6f), 2, second, "more than a day"},
		"nonsense": {changed(second+4, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00, 0x03, 0x00), 1, second,
			"makes no sense"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "nonsense" {
				copy(c.file[16:], []byte{0xff, 0xff, 0, 0}) // a snap length of 65535
			}
			flows, capture := readStream(t, c.file)
			if len(flows) != c.flows {
				t.Errorf("%d flows, want %d", len(flows), c.flows)
			}
			oneProblem(t, capture, c.offset, 1, c.says)
		})
	}
}

// Some tools write a snap length and then longer packets; nothing is lost.
func TestPcapBeyondSnapLength(t *testing.T) {
	file := pcapOf(t, LinkRaw, ip4(17, 0, udp(1, 2, nil)))
	copy(file[16:], []byte{20, 0, 0, 0})
	flows, c := readStream(t, file)
	if len(flows) != 1 {
		t.Fatalf("%d flows", len(flows))
	}
	oneProblem(t, c, 24, 1, "snap length")
}

func TestInputAccounts(t *testing.T) {
	_, c := readStream(t, pcapOf(t, LinkEthernet, ether(etherIPv4, ip4(6, 0, tcp(1, 2, 2, nil))),
		ether(0x0806, make([]byte, 28)), ether(etherIPv4, []byte{0x15})))
	in := c.Input()
	start := time.Date(2021, 4, 28, 10, 30, 21, 0, time.UTC)
	if in.Name != "test" || in.Kind != "pcap" || in.Packets != 3 || in.Bytes != 54+42+15 || in.Records != 0 {
		t.Errorf("input is %+v", in)
	}
	if !in.Start.Equal(start) || !in.End.Equal(start.Add(2*time.Microsecond)) {
		t.Errorf("from %v to %v", in.Start, in.End)
	}
	if f := c.Figures(); f.Flows != 1 || f.NotIP != 1 || f.Undecoded != 1 {
		t.Errorf("figures are %+v", f)
	}
	oneProblem(t, c, 24+16+54+16+42, 1, "version")
}
