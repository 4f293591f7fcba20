package netflow

import (
	"encoding/binary"
	"slices"
	"testing"

	"downpour"
	"downpour/internal/observe/flow"
)

// variable is a field of variable length, short or long form of its length.
func variable(element uint16, content []byte, long bool) value {
	raw := append([]byte{byte(len(content))}, content...)
	if long {
		raw = append(binary.BigEndian.AppendUint16([]byte{255}, uint16(len(content))), content...)
	}
	return value{spec{element, anyLength, 0}, raw}
}

func TestVariableLength(t *testing.T) {
	app := variable(96, []byte("quic"), false)
	long := variable(96, make([]byte, 300), true)
	needless := variable(96, []byte("ssh"), true)
	empty := variable(96, nil, false)
	tail := []value{of(1, 4, 1500), of(2, 4, 3), of(7, 2, 443), of(11, 2, 9)}
	for name, fields := range map[string][]value{
		"at the end":                   append(append(addresses(), tail...), app),
		"at the front":                 append(append([]value{app}, addresses()...), tail...),
		"in the middle":                append(append(addresses(), app), tail...),
		"long":                         append(append(addresses(), long), tail...),
		"long form of a short one":     append(append(addresses(), needless), tail...),
		"empty":                        append(append(addresses(), empty), tail...),
		"several":                      append(append(append([]value{app}, addresses()...), long, empty), append(tail, needless)...),
		"numbers of variable length":   append(addresses(), variable(1, number(1500, 2), false), variable(2, number(3, 1), true), tail[2], tail[3]),
		"addresses of variable length": append([]value{variable(8, number(0x0a000001, 4), false), variable(12, number(0x0a000002, 4), true)}, tail...),
	} {
		got := records(t, 10, fields...)
		if len(got) != 1 || got[0].Bytes != 1500 || got[0].Packets != 3 || got[0].SourcePort != 443 || got[0].DestinationPort != 9 ||
			got[0].Source != downpour.AddressFrom4(0x0a000001) || got[0].Destination != downpour.AddressFrom4(0x0a000002) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Many records of different lengths, more than are read at once.
func TestManyVariableRecords(t *testing.T) {
	fields := []spec{{8, 4, 0}, {96, anyLength, 0}, {12, 4, 0}, {82, anyLength, 0}, {1, 4, 0}}
	var content []byte
	const n = 3*chunk + 7
	for i := range n {
		content = append(content, number(uint64(i+1), 4)...)
		content = append(content, variable(96, make([]byte, i%90), false).raw...)
		content = append(content, number(9, 4)...)
		content = append(content, variable(82, make([]byte, i%7), i%2 == 0).raw...)
		content = append(content, number(uint64(1000+i), 4)...)
	}
	m := message{version: 10, export: exportSecond}
	b := m.template(256, fields...).set(256, append(content, 0, 0, 0)).bytes()
	got, told := New(Config{}).Decode(nil, b, 1)
	if len(got) != n || told.Refused != flow.OK {
		t.Fatalf("%d records, %s", len(got), told.Refused)
	}
	for i, r := range got {
		if r.Source != downpour.AddressFrom4(uint32(i+1)) || r.Destination != downpour.AddressFrom4(9) || r.Bytes != uint64(1000+i) {
			t.Fatalf("%d: %+v", i, r)
		}
	}
	agree(t, "variable", New(Config{}), New(Config{}), b)
}

func TestLengthsThatContradictEachOther(t *testing.T) {
	m := message{version: 10, export: exportSecond}
	good := cat(number(1, 4), number(2, 4), []byte{3}, []byte("abc"))
	bad := cat(number(1, 4), number(2, 4), []byte{200}, []byte("abc"))
	m.template(256, spec{8, 4, 0}, spec{12, 4, 0}, spec{96, anyLength, 0})
	got, told := New(Config{}).Decode(nil, m.set(256, cat(good, good, bad)).bytes(), 1)
	if len(got) != 2 || told.Refused != flow.BadRecord {
		t.Errorf("%d records, %s", len(got), told.Refused)
	}
}

func TestBiflow(t *testing.T) {
	ports := append(addresses(), of(7, 2, 40000), of(11, 2, 443), of(4, 1, 6), of(10, 4, 1), of(14, 4, 2), of(16, 4, 64500), of(17, 4, 64501))
	for _, c := range []struct {
		name   string
		fields []value
		back   *flow.Record // Bytes, Packets, TCPFlags of the way back; nil if there is none
	}{
		{"RFC 5103", append(ports, of(1, 8, 100), of(2, 8, 1), reversed(1, 8, 3000), reversed(2, 8, 2), reversed(6, 1, 0x12)),
			&flow.Record{Flow: downpour.Flow{Bytes: 3000, Packets: 2, TCPFlags: 0x12}}},
		{"RFC 5103, totals", append(ports, of(85, 8, 100), of(86, 8, 1), reversed(85, 8, 3000), reversed(86, 8, 2)),
			&flow.Record{Flow: downpour.Flow{Bytes: 3000, Packets: 2}}},
		{"RFC 5103 without a way back", append(ports, of(1, 8, 100), of(2, 8, 1), reversed(1, 8, 0), reversed(2, 8, 0)), nil},
		{"a firewall's", append(ports, of(231, 4, 100), of(298, 4, 1), of(232, 4, 3000), of(299, 4, 2)),
			&flow.Record{Flow: downpour.Flow{Bytes: 3000, Packets: 2}}},
		{"a firewall's, beside counters", append(ports, of(1, 4, 100), of(2, 4, 1), of(231, 4, 100), of(232, 4, 3000), of(298, 4, 1), of(299, 4, 2)), nil},
	} {
		got := records(t, 10, c.fields...)
		if len(got) == 0 || got[0].Bytes != 100 || got[0].Packets != 1 || got[0].SourceAS != 64500 || (c.back == nil) != (len(got) == 1) {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		if c.back == nil {
			continue
		}
		want := got[0]
		want.Source, want.Destination, want.SourcePort, want.DestinationPort = want.Destination, want.Source, 443, 40000
		want.Input, want.Output, want.SourceAS = 2, 1, 64501
		want.Bytes, want.Packets, want.TCPFlags = c.back.Bytes, c.back.Packets, c.back.TCPFlags
		if got[1] != want {
			t.Errorf("%s: back\n%+v\nwant\n%+v", c.name, got[1], want)
		}
	}
}

// ip4 is an IPv4 packet of 1,500 bytes with a UDP header, of which that is all.
func ip4() []byte {
	b := make([]byte, 28)
	b[0], b[8], b[9] = 0x45, 61, 17
	binary.BigEndian.PutUint16(b[2:], 1500)
	binary.BigEndian.PutUint32(b[12:], 0x0a000001)
	binary.BigEndian.PutUint32(b[16:], 0x0a000002)
	binary.BigEndian.PutUint16(b[20:], 53)
	binary.BigEndian.PutUint16(b[22:], 4242)
	binary.BigEndian.PutUint16(b[24:], 1480)
	return b
}

func TestPacketSections(t *testing.T) {
	ether := append([]byte{12: 8, 13: 0}, ip4()...)
	tagged := append([]byte{12: 0x81, 13: 0, 15: 7, 16: 8, 17: 0}, ip4()...)
	fixed := func(element uint16, b []byte) value { return value{spec{element, uint16(len(b)), 0}, b} }
	for _, c := range []struct {
		name    string
		version uint16
		fields  []value
		bytes   uint64
		packets uint32
	}{
		{"a frame with its size", 10, []value{of(312, 2, 1518), variable(315, ether, false)}, 1518, 1},
		{"a frame without its size", 10, []value{variable(315, ether, true)}, 1514, 1},
		{"a tagged frame", 10, []value{variable(315, tagged, false)}, 1518, 1},
		{"a frame in a field of fixed length", 10, []value{fixed(315, append(slices.Clone(ether), make([]byte, 60)...))}, 1514, 1},
		{"an IP packet", 10, []value{variable(313, ip4(), false)}, 1500, 1},
		{"an IP packet of a flow", 10, []value{variable(313, ip4(), false), of(1, 8, 9000), of(2, 8, 6)}, 9000, 6},
		{"layer 2 of v9", 9, []value{of(102, 2, 0), of(103, 2, 1514), fixed(104, ether)}, 1514, 1},
		{"layer 2 of v9 from the packet on", 9, []value{of(102, 2, 14), of(103, 2, 1500), fixed(104, ip4())}, 1500, 1},
	} {
		got := records(t, c.version, append(c.fields, of(10, 4, 7), of(61, 1, 0))...)
		if len(got) != 1 {
			t.Errorf("%s: %d records", c.name, len(got))
			continue
		}
		r := got[0]
		if r.Bytes != c.bytes || r.Packets != c.packets || r.Sampling != 1 || r.Input != 7 || r.Direction != flow.In || r.Time != exportNano {
			t.Errorf("%s: %+v", c.name, r)
		}
		if r.Source != downpour.AddressFrom4(0x0a000001) || r.SourcePort != 53 || r.DestinationPort != 4242 || r.Protocol != 17 || r.TTL != 61 {
			t.Errorf("%s: %+v", c.name, r.Flow)
		}
	}
	if got := records(t, 10, variable(315, []byte("no frame at all, and not long"), false)); len(got) != 0 {
		t.Errorf("no frame: %+v", got)
	}
}
