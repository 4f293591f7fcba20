package netflow

import (
	"testing"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// The export time and uptime of tests.
const (
	exportSecond = 1_700_000_000
	exportNano   = exportSecond * int64(time.Second)
	uptimeMilli  = 100_000
)

// value is a field of a record that a test sends.
type value struct {
	spec
	raw []byte
}

func of(element uint16, length int, v uint64) value {
	return value{spec{element, uint16(length), 0}, number(v, length)}
}

func reversed(element uint16, length int, v uint64) value {
	return value{spec{element, uint16(length), Reverse}, number(v, length)}
}

// addresses are what a record needs to be one.
func addresses() []value { return []value{of(8, 4, 0x0a000001), of(12, 4, 0x0a000002)} }

// records decodes one record of such fields, by Decode and by Walk, which must
// agree. A field of variable length bears its length itself.
func records(t *testing.T, version uint16, values ...value) []flow.Record {
	t.Helper()
	var fields []spec
	var content []byte
	for _, v := range values {
		fields = append(fields, v.spec)
		content = append(content, v.raw...)
	}
	m := message{version: version, export: exportSecond, uptime: uptimeMilli, number: 1}
	b := m.template(256, fields...).set(256, content).bytes()
	got, told := New(Config{}).Decode(nil, b, 1)
	if told.Refused != flow.OK && told.Refused != flow.NoAddress {
		t.Fatalf("%s", told.Refused)
	}
	agree(t, "record", New(Config{}), New(Config{}), b)
	return got
}

// with decodes a record with addresses and further fields; it must be one.
func with(t *testing.T, version uint16, values ...value) flow.Record {
	t.Helper()
	got := records(t, version, append(addresses(), values...)...)
	if len(got) != 1 {
		t.Fatalf("%d records", len(got))
	}
	return got[0]
}

func TestFields(t *testing.T) {
	// What every record of the test has.
	base := func(change func(*flow.Record)) flow.Record {
		r := flow.Record{}
		r.Time, r.Sampling = exportNano, 1
		r.Source, r.Destination = downpour.AddressFrom4(0x0a000001), downpour.AddressFrom4(0x0a000002)
		change(&r)
		return r
	}
	for _, c := range []struct {
		name   string
		fields []value
		want   func(*flow.Record)
	}{
		{"nothing else", nil, func(*flow.Record) {}},
		{"counters", []value{of(1, 8, 1500), of(2, 8, 3)}, func(r *flow.Record) { r.Bytes, r.Packets = 1500, 3 }},
		{"counters of 3 and 1 bytes", []value{of(1, 3, 70_000), of(2, 1, 200)}, func(r *flow.Record) { r.Bytes, r.Packets = 70_000, 200 }},
		{"counters of 5 and 7 bytes", []value{of(1, 5, 1<<33+1), of(2, 7, 9)}, func(r *flow.Record) { r.Bytes, r.Packets = 1<<33+1, 9 }},
		{"more packets than fit", []value{of(2, 8, 1<<40)}, func(r *flow.Record) { r.Packets = 1<<32 - 1 }},
		{"totals", []value{of(85, 8, 1500), of(86, 8, 3)}, func(r *flow.Record) { r.Bytes, r.Packets = 1500, 3 }},
		{"totals beside deltas", []value{of(85, 8, 9999), of(1, 4, 10), of(86, 8, 99), of(2, 4, 1)}, func(r *flow.Record) { r.Bytes, r.Packets = 10, 1 }},
		{"what goes out", []value{of(23, 4, 1500), of(24, 4, 3)}, func(r *flow.Record) { r.Bytes, r.Packets = 1500, 3 }},
		{"layer 2 only if nothing else", []value{of(352, 8, 1514)}, func(r *flow.Record) { r.Bytes = 1514 }},
		{"layer 2 beside layer 3", []value{of(352, 8, 1514), of(1, 8, 1500)}, func(r *flow.Record) { r.Bytes = 1500 }},
		{"dropped ones are none", []value{of(132, 8, 1514), of(133, 8, 1)}, func(*flow.Record) {}},
		{"ports side by side", []value{of(7, 2, 53), of(11, 2, 4242), of(4, 1, 17)},
			func(r *flow.Record) { r.SourcePort, r.DestinationPort, r.Protocol = 53, 4242, 17 }},
		{"ports apart", []value{of(11, 2, 4242), of(4, 1, 17), of(7, 2, 53)},
			func(r *flow.Record) { r.SourcePort, r.DestinationPort, r.Protocol = 53, 4242, 17 }},
		{"ports of UDP", []value{of(180, 2, 53), of(181, 2, 4242), of(182, 2, 0), of(183, 2, 0)},
			func(r *flow.Record) { r.SourcePort, r.DestinationPort = 53, 4242 }},
		{"flags of two bytes", []value{of(6, 2, 0x5012)}, func(r *flow.Record) { r.TCPFlags = 0x12 }},
		{"flags of one", []value{of(6, 1, 0x12)}, func(r *flow.Record) { r.TCPFlags = 0x12 }},
		{"TTL", []value{of(53, 1, 64), of(52, 1, 60)}, func(r *flow.Record) { r.TTL = 60 }},
		{"the packet's TTL", []value{of(52, 1, 60), of(192, 1, 61)}, func(r *flow.Record) { r.TTL = 61 }},
		{"interfaces", []value{of(10, 2, 7), of(14, 4, 70_000)}, func(r *flow.Record) { r.Input, r.Output = 7, 70_000 }},
		{"physical interfaces", []value{of(252, 4, 7), of(253, 4, 8), of(10, 4, 0), of(14, 4, 9)}, func(r *flow.Record) { r.Input, r.Output = 7, 9 }},
		{"AS numbers", []value{of(16, 4, 64500), of(17, 4, 64501), of(128, 4, 64502), of(129, 4, 64503)},
			func(r *flow.Record) { r.SourceAS, r.PeerAS = 64500, 64503 }},
		{"no AS number", []value{of(16, 4, 0xffffffff)}, func(*flow.Record) {}},
		{"coming in", []value{of(61, 1, 0)}, func(r *flow.Record) { r.Direction = flow.In }},
		{"going out", []value{of(61, 1, 1)}, func(r *flow.Record) { r.Direction = flow.Out }},
		{"no direction", []value{of(61, 1, 255)}, func(*flow.Record) {}},
		{"ICMP in the port", []value{of(4, 1, 1), of(7, 2, 0), of(11, 2, 3<<8|1)}, func(r *flow.Record) { r.Protocol, r.ICMPType, r.ICMPCode = 1, 3, 1 }},
		{"ICMP of its own", []value{of(4, 1, 1), of(11, 2, 999), of(32, 2, 3<<8|1)}, func(r *flow.Record) { r.Protocol, r.ICMPType, r.ICMPCode = 1, 3, 1 }},
		{"ICMP answers", []value{of(4, 1, 1), of(11, 2, 999), of(176, 1, 0), of(177, 1, 0)}, func(r *flow.Record) { r.Protocol = 1 }},
		{"ICMPv6", []value{of(4, 1, 58), of(139, 2, 135<<8)}, func(r *flow.Record) { r.Protocol, r.ICMPType = 58, 135 }},
		{"ICMPv6 apart", []value{of(4, 1, 58), of(178, 1, 1), of(179, 1, 4)}, func(r *flow.Record) { r.Protocol, r.ICMPType, r.ICMPCode = 58, 1, 4 }},
		{"a later fragment", []value{of(88, 2, 185), of(54, 4, 0xabcd1234)}, func(r *flow.Record) { r.Fragment, r.IPID = downpour.LaterFragment, 0x1234 }},
		{"a first fragment", []value{of(88, 2, 0), of(197, 1, 0x20)}, func(r *flow.Record) { r.Fragment = downpour.FirstFragment }},
		{"no fragment", []value{of(88, 2, 0), of(197, 1, 0x40)}, func(*flow.Record) {}},
		{"TCP", []value{of(184, 4, 77), of(186, 2, 512)}, func(r *flow.Record) { r.Sequence, r.Window = 77, 512 }},
		{"translated addresses are no key", []value{of(225, 4, 1), of(226, 4, 2), of(227, 2, 3), of(228, 2, 4)}, func(*flow.Record) {}},
		{"another's element of the same number", []value{{spec{1, 4, 9}, number(7, 4)}}, func(*flow.Record) {}},
	} {
		if got, want := with(t, 10, c.fields...), base(c.want); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	six := func(last byte) []byte { return append([]byte{0x20, 1, 0xd, 0xb8, 14: 0}, last) }
	none6 := make([]byte, 16)
	a6, b6 := value{spec{27, 16, 0}, six(1)}, value{spec{28, 16, 0}, six(2)}
	z6, y6 := value{spec{27, 16, 0}, none6}, value{spec{28, 16, 0}, none6}
	for _, c := range []struct {
		name   string
		fields []value
		want   string // "" for no record
	}{
		{"IPv4", addresses(), "10.0.0.1 10.0.0.2"},
		{"IPv6", []value{a6, b6}, "2001:db8::1 2001:db8::2"},
		{"both, of which one is empty", []value{z6, y6, of(8, 4, 0x0a000001), of(12, 4, 0x0a000002)}, "10.0.0.1 10.0.0.2"},
		{"both, of which the other is empty", []value{of(8, 4, 0), of(12, 4, 0), a6, b6}, "2001:db8::1 2001:db8::2"},
		{"from nowhere", []value{of(8, 4, 0), of(12, 4, 0xffffffff)}, "0.0.0.0 255.255.255.255"},
		{"prefixes", []value{of(44, 4, 0x0a000000), of(45, 4, 0x0b000000)}, "10.0.0.0 11.0.0.0"},
		{"prefixes beside addresses", append(addresses(), of(44, 4, 1), of(45, 4, 1)), "10.0.0.1 10.0.0.2"},
		{"prefixes of IPv6", []value{{spec{170, 16, 0}, six(0)}, {spec{169, 16, 0}, six(9)}}, "2001:db8:: 2001:db8::9"},
		{"none", []value{of(1, 4, 5), of(2, 4, 5)}, ""},
		{"IPv4 of 3 bytes", []value{of(8, 3, 5), of(12, 3, 5)}, ""},
	} {
		got := ""
		for _, r := range records(t, 9, c.fields...) {
			got += r.Source.String() + " " + r.Destination.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	const second, milli, micro = int64(time.Second), int64(time.Millisecond), int64(time.Microsecond)
	start := exportNano - 5*second
	ntp := func(at int64) uint64 {
		return uint64(at/second+ntpEpoch)<<32 | uint64(float64(at%second)/float64(second)*(1<<32))
	}
	for _, c := range []struct {
		name    string
		version uint16
		fields  []value
		time    int64
		lasted  uint32 // milliseconds
	}{
		{"none", 10, nil, exportNano, 0},
		{"uptime of v9", 9, []value{of(22, 4, uptimeMilli-5000), of(21, 4, uptimeMilli-3500)}, start, 1500},
		{"uptime of v9 that ran over", 9, []value{of(22, 4, 1<<32-5000+uptimeMilli-uptimeMilli), of(21, 4, 1000)}, exportNano - (uptimeMilli+5000)*milli, 6000},
		{"uptime just ahead of the header", 9, []value{of(22, 4, uptimeMilli+7), of(21, 4, uptimeMilli+9)}, exportNano + 7*milli, 2},
		{"uptime of IPFIX with its start", 10, []value{of(160, 8, exportSecond*1000-90_000), of(22, 4, 85_000), of(21, 4, 86_500)}, start, 1500},
		{"uptime of IPFIX without", 10, []value{of(22, 4, 85_000), of(21, 4, 86_500)}, exportNano - 1500*milli, 1500},
		{"seconds", 10, []value{of(150, 4, exportSecond-5), of(151, 4, exportSecond-2)}, start, 3000},
		{"milliseconds", 10, []value{of(152, 8, exportSecond*1000-5000), of(153, 8, exportSecond*1000-4999)}, start, 1},
		{"microseconds", 10, []value{of(154, 8, ntp(start+250*milli)), of(155, 8, ntp(start+750*milli))}, start + 250*milli, 500},
		{"nanoseconds", 10, []value{of(156, 8, ntp(start)), of(157, 8, ntp(start+500*milli))}, start, 500},
		{"nanoseconds after 2036", 10, []value{of(156, 8, 1<<32), of(157, 8, 5<<32)}, 2_085_978_497 * second, 4000},
		{"before the export", 10, []value{of(158, 4, 5_000_000), of(159, 4, 4_000_000)}, start, 1000},
		{"finer wins", 10, []value{of(150, 4, exportSecond-6), of(151, 4, exportSecond-2), of(152, 8, exportSecond*1000-5000), of(153, 8, exportSecond*1000-4000)}, start, 1000},
		{"start and duration", 10, []value{of(152, 8, exportSecond*1000-5000), of(161, 4, 1234)}, start, 1234},
		{"start and duration in microseconds", 10, []value{of(152, 8, exportSecond*1000-5000), of(162, 4, 1_234_000)}, start, 1234},
		{"only the end", 10, []value{of(153, 8, exportSecond*1000-5000)}, start, 0},
		{"end and duration", 10, []value{of(153, 8, exportSecond*1000-4000), of(161, 4, 1000)}, start, 1000},
		{"when it was observed", 10, []value{of(323, 8, exportSecond*1000-5000)}, start, 0},
		{"when it was observed, in seconds", 10, []value{of(322, 4, exportSecond-5)}, start, 0},
		{"when it was observed, in nanoseconds", 10, []value{of(325, 8, ntp(start))}, start, 0},
		{"start and when it was observed", 10, []value{of(323, 8, exportSecond*1000-4000), of(152, 8, exportSecond*1000-5000)}, start, 1000},
		{"when it was collected", 10, []value{of(258, 8, exportSecond*1000-5000)}, start, 0},
		{"a start that is 0", 10, []value{of(152, 8, 0), of(153, 8, exportSecond*1000-5000)}, start, 0},
		{"an end before the start", 10, []value{of(152, 8, exportSecond*1000-5000), of(153, 8, exportSecond*1000-9000)}, start, 0},
		{"both ends of 0", 10, []value{of(152, 8, 0), of(153, 8, 0)}, exportNano, 0},
	} {
		r := with(t, c.version, c.fields...)
		if off := r.Time - c.time; off < -micro || off > micro || r.Duration != c.lasted {
			t.Errorf("%s: %v +%d ms, want %v +%d ms", c.name, time.Unix(0, r.Time).UTC(), r.Duration, time.Unix(0, c.time).UTC(), c.lasted)
		}
	}
}

func TestNetFlow5(t *testing.T) {
	d := New(Config{})
	b := message5(exportSecond, uptimeMilli, 0, 1<<14|100,
		record5(0x0a000001, 0x0a000002, uptimeMilli-5000, uptimeMilli-3500, 6, 80<<16|4242, 3, 1500),
		record5(0x0a000001, 0x0a000002, 5, 4, 1, 8<<8, 1, 64))
	records, told := d.Decode(nil, b, 1)
	want := flow.Record{Input: 3, Output: 4, Domain: 0x0102}
	want.Time, want.Duration, want.Sampling = exportNano+5e8-5e9, 1500, 100
	want.Source, want.Destination = downpour.AddressFrom4(0x0a000001), downpour.AddressFrom4(0x0a000002)
	want.SourcePort, want.DestinationPort, want.Protocol, want.TCPFlags = 80, 4242, 6, 0x12
	want.Bytes, want.Packets, want.SourceAS = 1500, 3, 64500
	if len(records) != 2 || records[0] != want {
		t.Errorf("got %+v\nwant %+v", records, want)
	}
	if r := records[1]; r.ICMPType != 8 || r.SourcePort|r.DestinationPort != 0 || r.Duration != 0 {
		t.Errorf("ICMP: %+v", r)
	}
	if told != (flow.Datagram{Version: 5, Domain: 0x0102, Exported: exportNano + 5e8, Uptime: uptimeMilli}) {
		t.Errorf("%+v", told)
	}
	agree(t, "v5", New(Config{}), New(Config{}), b)
	if New(Config{Sampling: 7}).Decode(nil, b, 1); d.Stats().Sampling != 100 {
		t.Errorf("sampling %d", d.Stats().Sampling)
	}
}

// The header of v9 has whole seconds, but uptime has milliseconds: after some
// datagrams, times are right to a few of them, and always within the second.
func TestTimesOfV9AreFinerThanItsSeconds(t *testing.T) {
	const began = exportSecond*1000 + 437 // milliseconds: uptime 0
	fields := []spec{{8, 4, 0}, {12, 4, 0}, {22, 4, 0}, {21, 4, 0}}
	d := New(Config{})
	step := int64(0) // the exporter's clock is set while it runs
	for i := range 400 {
		uptime := uint32(50_000 + 137*i)
		now := began + int64(uptime) + step
		m := message{version: 9, export: uint32(now / 1000), uptime: uptime, number: uint32(i)}
		if i == 0 {
			m.template(256, fields...)
		}
		m.set(256, cat(number(1, 4), number(2, 4), number(uint64(uptime-1000), 4), number(uint64(uptime), 4)))
		got, told := d.Decode(nil, m.bytes(), 1)
		off := (now-1000)*1e6 - got[0].Time
		if off < -1e9 || off > 1e9 || i%200 > 100 && (off < -20e6 || off > 20e6) || told.Exported/1e9 != now/1000 {
			t.Fatalf("%d: off by %v", i, time.Duration(off))
		}
		if i == 199 {
			step = -3_600_000
		}
	}
	if s := d.Stats(); s.Restarts != 0 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
}
