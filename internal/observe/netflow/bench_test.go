package netflow

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"downpour/internal/observe/flow"
)

// common9 and common10 are templates as routers of several makers export them.
var (
	common9 = []spec{
		{8, 4, 0}, {12, 4, 0}, {15, 4, 0}, {10, 4, 0}, {14, 4, 0}, {2, 4, 0}, {1, 4, 0}, {22, 4, 0}, {21, 4, 0},
		{7, 2, 0}, {11, 2, 0}, {6, 1, 0}, {4, 1, 0}, {5, 1, 0}, {61, 1, 0}, {16, 4, 0}, {17, 4, 0}, {9, 1, 0}, {13, 1, 0},
	}
	common10 = []spec{
		{8, 4, 0}, {12, 4, 0}, {5, 1, 0}, {4, 1, 0}, {7, 2, 0}, {11, 2, 0}, {32, 2, 0}, {10, 4, 0}, {16, 4, 0}, {17, 4, 0},
		{15, 4, 0}, {6, 2, 0}, {14, 4, 0}, {1, 8, 0}, {2, 8, 0}, {52, 1, 0}, {53, 1, 0}, {152, 8, 0}, {153, 8, 0}, {61, 1, 0},
	}
)

// random fills n records of a template; protocol and times are such as are.
func random(rng *rand.Rand, fields []spec, n int) (b []byte) {
	for range n {
		for _, f := range fields {
			v := rng.Uint64()
			switch f.element {
			case 4:
				v = 17
			case 48:
				v = 1
			case 21, 22:
				v = 1_000_000 - v%60_000
			case 152, 153:
				v = 1_700_000_000_000 - v%60_000
			}
			b = append(b, number(v, int(f.length))...)
		}
	}
	return b
}

// benchmark decodes datagrams in order; n is how many records each has, step what
// the sequence number grows by.
func benchmark(b *testing.B, datagram []byte, template []byte, sequenceAt, n, step int) {
	d := New(Config{})
	if template != nil {
		d.Decode(nil, template, 1)
	}
	dst := make([]flow.Record, 0, 64)
	next := uint32(step)
	b.ReportAllocs()
	for b.Loop() {
		binary.BigEndian.PutUint32(datagram[sequenceAt:], next)
		next += uint32(step)
		dst, _ = d.Decode(dst[:0], datagram, 1)
		if len(dst) != n {
			b.Fatalf("%d records", len(dst))
		}
	}
	s := d.Stats()
	if s.Lost+s.Restarts+s.Duplicates > 0 {
		b.Fatalf("%+v", s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
}

func BenchmarkNetFlow5(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var records [][]byte
	for range 30 {
		records = append(records, record5(rng.Uint32(), rng.Uint32(), 990_000, 995_000, 17, rng.Uint32(), 9, 900))
	}
	benchmark(b, message5(1_700_000_000, 1_000_000, 0, 0, records...), nil, 16, 30, 30)
}

func BenchmarkNetFlow9(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := message{version: 9, export: 1_700_000_000, uptime: 1_000_000}
	data := m
	benchmark(b, data.set(256, random(rng, common9, 28)).bytes(), m.template(256, common9...).bytes(), 12, 28, 1)
}

func BenchmarkIPFIX(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := message{version: 10, export: 1_700_000_000, number: 24}
	data := m
	benchmark(b, data.set(256, random(rng, common10, 24)).bytes(), m.template(256, common10...).bytes(), 8, 24, 24)
}

func BenchmarkSampler(b *testing.B) { // a record that names its sampler
	rng := rand.New(rand.NewPCG(1, 2))
	fields := append(common9, spec{48, 1, 0})
	m := message{version: 9, export: 1_700_000_000, uptime: 1_000_000}
	data := m
	m.options(257, 1, spec{1, 4, 0}, spec{48, 1, 0}, spec{50, 4, 0})
	m.set(257, cat(number(0, 4), number(1, 1), number(1000, 4)))
	benchmark(b, data.set(256, random(rng, fields, 26)).bytes(), m.template(256, fields...).bytes(), 12, 26, 1)
}

func BenchmarkVariable(b *testing.B) { // with an application's name
	rng := rand.New(rand.NewPCG(1, 2))
	m := message{version: 10, export: 1_700_000_000, number: 20}
	data := m
	var records []byte
	for range 20 {
		records = append(records, random(rng, common10, 1)...)
		records = append(records, "\x05abcde"...)
	}
	benchmark(b, data.set(256, records).bytes(), m.template(256, append(common10, spec{96, anyLength, 0})...).bytes(), 8, 20, 20)
}

// Once templates are known and the caller's slice has grown, nothing is allocated,
// whatever the records are.
func TestNothingIsAllocated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	biflow := append(slices.Clone(common10), spec{1, 8, Reverse}, spec{2, 8, Reverse})
	var sections []byte
	for range 9 {
		sections = append(sections, variable(313, ip4(), false).raw...)
	}
	options := []spec{{149, 4, 0}, {34, 4, 0}, {10, 4, 0}, {82, 16, 0}}
	name := append([]byte("xe-0/0/1"), make([]byte, 8)...)
	for what, c := range map[string]struct {
		fields  []spec
		content []byte
	}{
		"common":   {common10, random(rng, common10, 9)},
		"biflow":   {biflow, random(rng, biflow, 9)},
		"sections": {[]spec{{313, anyLength, 0}}, sections},
		"variable": {append(slices.Clone(common10), spec{96, anyLength, 0}), append(random(rng, common10, 1), 2, 'a', 'b')},
	} {
		d := New(Config{})
		m := message{version: 10, export: exportSecond}
		d.Decode(nil, m.template(256, c.fields...).options(257, 1, options...).bytes(), 1)
		data := message{version: 10, export: exportSecond}
		data.set(256, c.content).set(257, cat(number(0, 4), number(7, 4), number(3, 4), name))
		b, dst := data.bytes(), make([]flow.Record, 0, 64)
		allocations := testing.AllocsPerRun(100, func() {
			got, _ := d.Decode(dst, b, 1)
			if len(got) == 0 {
				t.Fatalf("%s: no records", what)
			}
			b[11] += byte(d.domains[domainKey{10, 0}].sequence.units)
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations a message", what, allocations)
		}
	}
}
