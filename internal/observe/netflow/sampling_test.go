package netflow

import (
	"math"
	"testing"
)

// told is an options record that a test sends: its fields, the first of which are
// its scope.
type told struct {
	version uint16
	domain  uint32
	scopes  int
	fields  []value
}

func (o told) bytes(id uint16) []byte {
	var fields []spec
	var content []byte
	for _, v := range o.fields {
		fields = append(fields, v.spec)
		content = append(content, v.raw...)
	}
	m := message{version: o.version, export: exportSecond, uptime: uptimeMilli, domain: o.domain}
	return m.options(id, o.scopes, fields...).set(id, content).bytes()
}

func TestSampling(t *testing.T) {
	system := of(1, 4, 0)                      // v9's scope System
	interface7 := of(2, 4, 7)                  // v9's scope Interface
	plain := addresses()                       // a record that tells nothing
	named := append(addresses(), of(48, 1, 3)) // one that names sampler 3
	for _, c := range []struct {
		name    string
		config  Config
		told    []told
		version uint16
		fields  []value
		want    uint32
	}{
		{"nothing", Config{}, nil, 9, plain, 1},
		{"configured", Config{Sampling: 50}, []told{{9, 0, 1, []value{system, of(34, 4, 100)}}}, 9, plain, 50},
		{"configured against a record's own", Config{Sampling: 50}, nil, 9, append(addresses(), of(34, 4, 9)), 50},
		{"samplingInterval of the system", Config{}, []told{{9, 0, 1, []value{system, of(34, 4, 100), of(35, 1, 2)}}}, 9, plain, 100},
		{"an interval of 0", Config{}, []told{{9, 0, 1, []value{system, of(34, 4, 0)}}}, 9, plain, 1},
		{"the newest counts", Config{}, []told{{9, 0, 1, []value{system, of(34, 4, 100)}}, {9, 0, 1, []value{system, of(34, 4, 200)}}}, 9, plain, 200},
		{"samplingInterval of IPFIX", Config{}, []told{{10, 0, 1, []value{of(144, 4, 1), of(34, 4, 100)}}}, 10, plain, 100},
		{"a sampler", Config{}, []told{{9, 0, 1, []value{system, of(48, 1, 3), of(49, 1, 2), of(50, 4, 1000)}}}, 9, named, 1000},
		{"a sampler by IPFIX", Config{}, []told{{10, 0, 1, []value{of(48, 1, 3), of(50, 4, 1000)}}}, 10, named, 1000},
		{"the only sampler", Config{}, []told{{9, 0, 1, []value{system, of(48, 1, 3), of(50, 4, 1000)}}}, 9, plain, 1000},
		{"one of two samplers", Config{}, []told{
			{9, 0, 1, []value{system, of(48, 1, 3), of(50, 4, 1000)}}, {9, 0, 1, []value{system, of(48, 1, 4), of(50, 4, 10)}},
		}, 9, named, 1000},
		{"one of two samplers, untold which", Config{}, []told{
			{9, 0, 1, []value{system, of(48, 1, 3), of(50, 4, 1000)}}, {9, 0, 1, []value{system, of(48, 1, 4), of(50, 4, 10)}},
		}, 9, plain, 1},
		{"a sampler of two bytes", Config{}, []told{{9, 0, 1, []value{system, of(48, 2, 300), of(50, 4, 1000)}}, {9, 0, 1, []value{system, of(48, 2, 3), of(50, 4, 7)}}},
			9, append(addresses(), of(48, 2, 300)), 1000},
		{"no sampler", Config{}, []told{{9, 0, 1, []value{system, of(48, 1, 3), of(50, 4, 1000)}}}, 9, append(addresses(), of(48, 1, 0)), 1},
		{"a selector: packets and space", Config{}, []told{{10, 0, 1, []value{of(302, 8, 3), of(304, 2, 1), of(305, 4, 1), of(306, 4, 99)}}},
			10, append(addresses(), of(302, 8, 3)), 100},
		{"a selector: n of N", Config{}, []told{{10, 0, 1, []value{of(302, 8, 3), of(304, 2, 3), of(305, 4, 1), of(309, 4, 1), of(310, 4, 256)}}},
			10, append(addresses(), of(302, 8, 3)), 256},
		{"a selector: probability", Config{}, []told{{10, 0, 1, []value{of(302, 4, 3), of(311, 8, math.Float64bits(0.001))}}},
			10, append(addresses(), of(302, 4, 3)), 1000},
		{"a selector: probability of 4 bytes", Config{}, []told{{10, 0, 1, []value{of(302, 4, 3), of(311, 4, uint64(math.Float32bits(0.01)))}}},
			10, append(addresses(), of(302, 4, 3)), 100},
		{"a template's", Config{}, []told{
			{10, 0, 1, []value{of(145, 2, 256), of(34, 4, 100)}}, {10, 0, 1, []value{of(145, 2, 257), of(34, 4, 5)}},
		}, 10, plain, 100},
		{"a template's by v9", Config{}, []told{{9, 0, 1, []value{of(5, 2, 256), of(34, 4, 100)}}, {9, 0, 1, []value{of(5, 2, 9), of(34, 4, 5)}}}, 9, plain, 100},
		{"an interface's", Config{}, []told{
			{9, 0, 1, []value{interface7, of(34, 4, 100)}}, {9, 0, 1, []value{of(2, 4, 8), of(34, 4, 5)}},
		}, 9, append(addresses(), of(10, 4, 7)), 100},
		{"an interface's, going out", Config{}, []told{
			{10, 0, 1, []value{of(10, 4, 7), of(34, 4, 100)}}, {10, 0, 1, []value{of(10, 4, 8), of(34, 4, 5)}},
		}, 10, append(addresses(), of(10, 4, 7), of(14, 4, 8), of(61, 1, 1)), 5},
		{"another interface's", Config{}, []told{
			{9, 0, 1, []value{interface7, of(34, 4, 100)}}, {9, 0, 1, []value{system, of(34, 4, 5)}},
		}, 9, append(addresses(), of(10, 4, 9)), 5},
		{"told in another domain", Config{}, []told{{9, 99, 1, []value{system, of(34, 4, 100)}}}, 9, plain, 100},
		{"told differently in two others", Config{}, []told{
			{9, 99, 1, []value{system, of(34, 4, 100)}}, {9, 98, 1, []value{system, of(34, 4, 10)}},
		}, 9, plain, 1},
		{"a sampler of another domain", Config{}, []told{
			{9, 99, 1, []value{system, of(48, 1, 3), of(50, 4, 1000)}}, {9, 99, 1, []value{system, of(48, 1, 4), of(50, 4, 10)}},
		}, 9, named, 1000},
		{"its own against another domain's", Config{}, []told{
			{9, 99, 1, []value{system, of(34, 4, 100)}}, {9, 0, 1, []value{system, of(34, 4, 10)}},
		}, 9, plain, 10},
		{"in the record", Config{}, []told{{9, 0, 1, []value{system, of(34, 4, 100)}}}, 9, append(addresses(), of(34, 4, 9)), 9},
		{"in the record, 0", Config{}, []told{{9, 0, 1, []value{system, of(34, 4, 100)}}}, 9, append(addresses(), of(34, 4, 0)), 100},
		{"in the record, packets and space", Config{}, nil, 10, append(addresses(), of(305, 4, 10), of(306, 4, 990)), 100},
		{"in the record, packets alone", Config{}, nil, 10, append(addresses(), of(305, 4, 512)), 512},
	} {
		decoder, walker := New(c.config), New(c.config)
		for i, o := range c.told {
			b := o.bytes(uint16(300 + i))
			agree(t, c.name, decoder, walker, b)
		}
		var fields []spec
		var content []byte
		for _, v := range c.fields {
			fields = append(fields, v.spec)
			content = append(content, v.raw...)
		}
		m := message{version: c.version, export: exportSecond, uptime: uptimeMilli, number: uint32(len(c.told))}
		b := m.template(256, fields...).set(256, content).bytes()
		agree(t, c.name, decoder, walker, b)
		again := m
		again.number, again.sets = m.number+1, nil
		got, _ := decoder.Decode(nil, again.set(256, content).bytes(), 1)
		if len(got) != 1 || got[0].Sampling != c.want {
			t.Errorf("%s: %+v, want 1:%d", c.name, got, c.want)
		}
	}
}

func TestNamesOfInterfaces(t *testing.T) {
	name := func(element uint16, s string) value {
		return value{spec{element, 16, 0}, append([]byte(s), make([]byte, 16-len(s))...)}
	}
	d := New(Config{Limits: Limits{Names: 3}})
	for i, o := range []told{
		{9, 0, 1, []value{of(2, 4, 1), name(82, "xe-0/0/1")}},
		{10, 0, 1, []value{of(10, 4, 2), name(82, ""), name(83, "to the exchange")}},
		{10, 0, 1, []value{of(149, 4, 0), of(10, 2, 3), name(82, "bad\xff\xfename  ")}},
		{10, 0, 1, []value{of(10, 4, 4), name(82, "one too many")}},
		{9, 0, 1, []value{of(2, 4, 1), name(82, "xe-0/0/1.7")}},
	} {
		d.Decode(nil, o.bytes(uint16(300+i)), 1)
	}
	want := map[uint32]string{1: "xe-0/0/1.7", 2: "to the exchange", 3: "badname"}
	got := d.Interfaces()
	for index := range uint32(6) {
		if got[index] != want[index] {
			t.Errorf("%d is %q, want %q", index, got[index], want[index])
		}
	}
}

// Any number of announcements takes bounded memory and time.
func TestAnnouncementFlood(t *testing.T) {
	d := New(Config{Limits: Limits{Samplers: 16}})
	for i := range 2000 {
		o := told{9, uint32(i % 5), 1, []value{of(2, 4, uint64(i)), of(34, 4, uint64(i+2))}}
		if i%2 == 0 {
			o.fields = []value{of(1, 4, 0), of(48, 2, uint64(i)), of(50, 4, uint64(i+2))}
		}
		d.Decode(nil, o.bytes(uint16(300+i%2)), int64(i))
	}
	for key, domain := range d.domains {
		if r := domain.rates; len(r.samplers) > 16 || len(r.interfaces) > 16 || len(r.templates) > 16 {
			t.Errorf("%v has %d samplers, %d interfaces", key, len(r.samplers), len(r.interfaces))
		}
	}
}
