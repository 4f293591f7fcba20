package packet

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Two sections of either byte order, interfaces of other links, resolutions and
// offsets, and blocks that are to be passed over.
func TestPcapngSections(t *testing.T) {
	raw := ip4(17, 0, udp(1, 2, nil))
	var s sections
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		s.section(order)
		s.describe(LinkRaw, 0, s.option(2, []byte("eth0")), s.option(0, nil))
		s.describe(LinkEthernet, 65535, s.option(optionResolution, []byte{9}), s.option(optionOffset, s.long(100)))
		s.describe(LinkRaw, 0, s.option(optionResolution, []byte{0x80 | 10}))
		s.block(0xbad, make([]byte, 3*maxBlock)) // custom, longer than is ever held
		s.enhanced(0, 5_000_006, raw, len(raw))
		s.enhanced(1, 5_000_000_006, ether(etherIPv4, raw), 14+len(raw))
		s.enhanced(2, 5<<10|512, raw, len(raw))
		s.block(blockPacket, s.half(0), s.half(0), s.word(0), s.word(6_000_000),
			s.word(uint32(len(raw))), s.word(uint32(len(raw))), raw)
		s.block(blockSimple, s.word(uint32(len(raw))), raw)
	}
	flows, c := readStream(t, s.file)
	var times []int64
	for _, f := range flows {
		times = append(times, f.Time)
	}
	section := []int64{5_000_006_000, 105_000_000_006, 5_500_000_000, 6_000_000_000, 6_000_000_000}
	if want := slices.Concat(section, section); !slices.Equal(times, want) {
		t.Errorf("times are %v, want %v", times, want)
	}
	if in := c.Input(); in.Kind != "pcapng" || len(in.Problems) != 1 || in.Problems[0].Count != 2 ||
		in.Problems[0].Says != timeMissing.String() {
		t.Errorf("input is %+v", in)
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		resolution uint8
		shift      int64
		stamp      uint64
		want       int64
		ok         bool
	}{
		{6, 0, 1_500_000, 1_500_000_000, true},
		{0, 0, 3, 3_000_000_000, true},
		{9, 0, 7, 7, true},
		{12, 0, 7_999, 7, true},
		{18, 0, 3_000_000_000, 3, true},
		{28, 0, math.MaxUint64, 1, true},
		{127, 0, math.MaxUint64, 0, true},
		{0x80, 0, 3, 3_000_000_000, true},
		{0x80 | 20, 0, 1<<20 + 1<<19, 1_500_000_000, true},
		{0x80 | 63, 0, 1 << 63, 1_000_000_000, true},
		{0x80 | 64, 0, 1 << 63, 500_000_000, true},
		{0x80 | 127, 0, math.MaxUint64, 0, true},
		{6, -1, 2_000_000, 1_000_000_000, true},
		{6, 0, math.MaxUint64, math.MaxInt64, false},
		{9, 0, math.MaxInt64 + 1, math.MaxInt64, false},
		{9, math.MaxInt64, 1, math.MaxInt64, false},
		{9, math.MinInt64, 1, math.MinInt64, false},
		{9, 1, math.MaxInt64, math.MaxInt64, false},
	} {
		clock := newClock(c.resolution)
		clock.shift = c.shift
		if got, ok := clock.nanoseconds(c.stamp); got != c.want || ok != c.ok {
			t.Errorf("resolution %#x, offset %d: %d is %d, %v; want %d, %v",
				c.resolution, c.shift, c.stamp, got, ok, c.want, c.ok)
		}
	}
}

func TestPcapngDamage(t *testing.T) {
	raw := ip4(17, 0, udp(1, 2, nil))
	start := func() *sections {
		s := &sections{}
		s.section(binary.LittleEndian)
		s.describe(LinkRaw, 0)
		s.enhanced(0, 1, raw, len(raw))
		return s
	}
	const second = sectionSize + interfaceSize + 60 // where the next block would be
	for name, c := range map[string]struct {
		spoil func(s *sections)
		flows int
		says  string
	}{
		"cut in a block":  {func(s *sections) { s.enhanced(0, 2, raw, 28); s.file = s.file[:len(s.file)-3] }, 1, "within a block"},
		"cut in a header": {func(s *sections) { s.file = append(s.file, 6, 0, 0, 0, 60) }, 1, "within a block header"},
		"cut when passed over": {func(s *sections) {
			s.block(77, make([]byte, 2*maxBlock))
			s.file = s.file[:len(s.file)-1]
		}, 1, "within a block"},
		"absurd length":      {func(s *sections) { s.file = cat(s.file, s.word(6), s.word(1<<31), s.word(0)) }, 1, "2147483648 bytes long"},
		"length below least": {func(s *sections) { s.file = cat(s.file, s.word(6), s.word(8), s.word(8)) }, 1, "8 bytes long"},
		"lengths disagree": {func(s *sections) {
			s.enhanced(0, 2, raw, len(raw))
			s.file[len(s.file)-4]++
		}, 1, "something else behind"},
		"no byte order": {func(s *sections) { s.block(blockSection, make([]byte, 16)) }, 1, "byte-order magic"},
		"unknown interface": {func(s *sections) {
			s.enhanced(1, 2, raw, len(raw))
			s.enhanced(0, 2, raw, len(raw))
		}, 2, "interface that was not described"},
		"unknown link": {func(s *sections) {
			s.describe(127, 0)
			s.enhanced(0, 2, raw, len(raw))
			s.enhanced(1, 2, raw, len(raw))
		}, 2, "link type that is not decoded (the first is 127)"},
		"captured beyond block": {func(s *sections) {
			s.block(blockEnhanced, s.word(0), s.word(0), s.word(2), s.word(100), s.word(100), raw)
			s.enhanced(0, 2, raw, len(raw))
		}, 2, "longer than the block"},
		"too short for its kind": {func(s *sections) { s.block(blockEnhanced, s.word(0)) }, 1, "too short"},
		"dropped while capturing": {func(s *sections) {
			s.block(blockStatistics, s.word(0), s.word(0), s.word(0), s.option(optionDropped, s.long(1)))
		}, 1, "dropped"},
		"beyond 64 bits": {func(s *sections) { s.enhanced(0, 1<<62, raw, len(raw)) }, 2, "64 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start()
			c.spoil(s)
			flows, capture := readStream(t, s.file)
			if len(flows) != c.flows {
				t.Errorf("%d flows, want %d", len(flows), c.flows)
			}
			offset := int64(second)
			if name == "unknown link" { // behind a description and a sound packet
				offset += interfaceSize + 60
			}
			if name == "beyond 64 bits" { // which is a leap too
				if got := capture.Input().Problems; len(got) != 2 || got[0].Says != timeRange.String() {
					t.Errorf("problems are %+v", got)
				}
				return
			}
			oneProblem(t, capture, offset, 1, c.says)
		})
	}
}

// The statistics count from the capture's beginning, so the last one holds.
func TestPcapngDropsAreNotAddedUp(t *testing.T) {
	var s sections
	s.section(binary.BigEndian)
	s.describe(LinkRaw, 0)
	first := int64(len(s.file))
	for _, n := range []uint64{3, 7, math.MaxUint64} {
		s.block(blockStatistics, s.word(0), s.word(0), s.word(0), s.option(optionDropped, s.long(n)))
	}
	_, c := readStream(t, s.file)
	oneProblem(t, c, first, 7, "dropped")
}

func TestPcapngRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sections
		var want []int64
		for range rapid.IntRange(1, 3).Draw(t, "sections") {
			s.section([]binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}[rapid.IntRange(0, 1).Draw(t, "order")])
			n := rapid.IntRange(1, 4).Draw(t, "interfaces")
			for range n {
				s.describe(LinkRaw, 0, s.option(optionResolution, []byte{9}))
			}
			for range rapid.IntRange(0, 1200).Draw(t, "packets") {
				stamp := int64(1_600_000_000_000_000_000 + len(want))
				frame := ip4(17, 0, udp(1, 2, make([]byte, len(want)%97)))
				s.enhanced(uint32(len(want)%n), uint64(stamp), frame, len(frame))
				want = append(want, stamp)
			}
		}
		c, err := Open("test", bytes.NewReader(s.file))
		if err != nil {
			t.Fatal(err)
		}
		flows := readAll(t, c)
		if p := c.Input().Problems; len(flows) != len(want) || len(p) != 0 {
			t.Fatalf("read %d of %d packets, problems %v", len(flows), len(want), p)
		}
		for i, f := range flows {
			if f.Time != want[i] || f.Bytes != uint64(28+i%97) {
				t.Fatalf("packet %d was read as %+v", i, f)
			}
		}
	})
}
