package netflow

import (
	"testing"

	"downpour/internal/observe/flow"
)

// plainFields is a template of what a test needs: 4+4+8+4 bytes and both times.
var plainFields = []spec{{8, 4, 0}, {12, 4, 0}, {1, 8, 0}, {2, 4, 0}, {152, 8, 0}, {153, 8, 0}}

func plainRecord(source uint64) []byte {
	return cat(number(source, 4), number(2, 4), number(100, 8), number(1, 4), number(1_700_000_000_000, 8), number(1_700_000_000_250, 8))
}

func plainRecords(n int) (b []byte) {
	for i := range n {
		b = append(b, plainRecord(uint64(i+1))...)
	}
	return b
}

// sent is a datagram of a scenario: its number, the records in it, how many
// seconds after the first it was exported, the exporter's uptime in seconds.
type sent struct {
	number  uint32
	records int
	second  uint32
	uptime  uint32
}

func TestSequenceNumbers(t *testing.T) {
	for _, c := range []struct {
		name    string
		version flow.Version
		sent    []sent
		want    flow.Stats // of which only what is about sequence numbers counts
	}{
		{"v5 without loss", 5, []sent{{0, 3, 0, 100}, {3, 2, 1, 101}, {5, 1, 2, 102}}, flow.Stats{Records: 6}},
		{"v5 with a gap", 5, []sent{{0, 3, 0, 100}, {10, 2, 1, 101}}, flow.Stats{Records: 5, Lost: 7}},
		{"v5 late gives back", 5, []sent{{0, 3, 0, 100}, {5, 2, 0, 100}, {3, 2, 0, 100}, {7, 1, 1, 101}},
			flow.Stats{Records: 8, Reordered: 1}},
		{"v5 twice", 5, []sent{{0, 3, 0, 100}, {0, 3, 0, 100}, {3, 1, 1, 101}}, flow.Stats{Records: 4, Duplicates: 1}},
		{"v5 twice and late", 5, []sent{{0, 3, 0, 100}, {3, 2, 0, 100}, {0, 3, 0, 100}, {5, 1, 1, 101}},
			flow.Stats{Records: 6, Duplicates: 1}},
		{"v5 starts anew", 5, []sent{{9000, 3, 0, 9000}, {9003, 3, 5, 9005}, {0, 3, 90, 1}, {3, 3, 91, 2}},
			flow.Stats{Records: 12, Restarts: 1}},
		{"v5 starts anew at a higher number", 5, []sent{{10, 3, 0, 9000}, {70000, 3, 90, 1}, {70003, 3, 91, 2}},
			flow.Stats{Records: 9, Restarts: 1}},
		{"v5 starts anew soon", 5, []sent{{0, 3, 0, 10}, {3, 3, 1, 11}, {0, 3, 9, 1}, {3, 1, 10, 2}},
			flow.Stats{Records: 10, Restarts: 1}},
		{"v5 across the largest number", 5, []sent{{0xfffffffe, 3, 0, 100}, {1, 2, 1, 101}, {4, 1, 1, 101}}, flow.Stats{Records: 6, Lost: 1}},
		{"v5 uptime runs over", 5, []sent{{0, 3, 0, 4294967}, {3, 3, 1, 0}, {6, 1, 2, 1}}, flow.Stats{Records: 7}},
		{"v5 clock set back an hour", 5, []sent{{0, 3, 3600, 100}, {3, 3, 1, 101}, {6, 3, 2, 102}}, flow.Stats{Records: 9}},
		{"v9 counts datagrams", 9, []sent{{7, 3, 0, 100}, {8, 2, 1, 101}, {11, 1, 2, 102}}, flow.Stats{Records: 6, Lost: 2}},
		{"v9 late gives back", 9, []sent{{7, 3, 0, 100}, {9, 2, 0, 100}, {8, 1, 0, 100}, {10, 1, 1, 101}},
			flow.Stats{Records: 7, Reordered: 1}},
		{"v9 starts anew", 9, []sent{{5000, 3, 0, 9000}, {1, 3, 60, 5}, {2, 3, 61, 6}}, flow.Stats{Records: 9, Restarts: 1}},
		{"v9 counts records", 9, []sent{{0, 3, 0, 100}, {3, 4, 1, 101}, {7, 5, 2, 102}, {12, 2, 3, 103}, {14, 3, 4, 104}, {22, 3, 5, 105}},
			flow.Stats{Records: 20, Lost: 2}},
		{"IPFIX counts records", 10, []sent{{7, 3, 0, 0}, {10, 2, 1, 0}, {14, 1, 2, 0}}, flow.Stats{Records: 6, Lost: 2}},
		{"IPFIX late gives back", 10, []sent{{7, 3, 0, 0}, {12, 2, 0, 0}, {10, 2, 0, 0}}, flow.Stats{Records: 7, Reordered: 1}},
		{"IPFIX starts anew", 10, []sent{{7000, 3, 0, 0}, {0, 2, 9, 0}, {2, 1, 10, 0}}, flow.Stats{Records: 6, Restarts: 1}},
		{"IPFIX leaps", 10, []sent{{7, 3, 0, 0}, {1 << 30, 2, 9, 0}, {1<<30 + 2, 1, 10, 0}}, flow.Stats{Records: 6, Restarts: 1}},
	} {
		d := New(Config{})
		if c.version != 5 {
			header := message{version: uint16(c.version), export: 1_700_000_000, uptime: 100_000, number: c.sent[0].number}
			if c.version == 9 {
				header.number--
			}
			header.uptime = c.sent[0].uptime * 1000
			d.Decode(nil, header.template(256, plainFields...).bytes(), 1)
		}
		for _, s := range c.sent {
			d.Decode(nil, scenario(c.version, s), 1)
		}
		got := d.Stats()
		got = flow.Stats{Records: got.Records, Lost: got.Lost, Duplicates: got.Duplicates, Reordered: got.Reordered, Restarts: got.Restarts}
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func scenario(version flow.Version, s sent) []byte {
	if version == flow.NetFlow5 {
		var records [][]byte
		for range s.records {
			records = append(records, record5(1, 2, s.uptime*1000-10, s.uptime*1000, 17, 53<<16|99, 1, 100))
		}
		return message5(1_700_000_000+s.second, s.uptime*1000, s.number, 0, records...)
	}
	m := message{version: uint16(version), export: 1_700_000_000 + s.second, uptime: s.uptime * 1000, number: s.number}
	return m.set(256, plainRecords(s.records)).bytes()
}

// A number that stands still means nothing, and says so neither of losses nor of
// restarts for ever.
func TestANumberThatStandsStillIsIgnored(t *testing.T) {
	d := New(Config{})
	m := message{version: 10, export: 1_700_000_000}
	d.Decode(nil, m.template(256, plainFields...).bytes(), 1)
	for i := range 1000 {
		m := message{version: 10, export: 1_700_000_000 + uint32(i)}
		d.Decode(nil, m.set(256, plainRecords(2)).bytes(), 1)
	}
	s := d.Stats()
	if s.Records != 2000 || s.Lost != 0 || s.Restarts+s.Reordered > standstill {
		t.Errorf("%+v", s)
	}
}

// A stream has no losses, and no duplicates either.
func TestAStreamIsNotNumbered(t *testing.T) {
	d := New(Config{Stream: true})
	m := message{version: 10, export: 1_700_000_000}
	d.Decode(nil, m.template(256, plainFields...).bytes(), 1)
	for _, n := range []uint32{0, 50, 0, 0, 7} {
		m := message{version: 10, export: 1_700_000_000, number: n}
		d.Decode(nil, m.set(256, plainRecords(1)).bytes(), 1)
	}
	if s := d.Stats(); s.Records != 5 || s.Lost+s.Duplicates+s.Restarts+s.Reordered != 0 {
		t.Errorf("%+v", s)
	}
}

// Every datagram of a long run lost, doubled or swapped at will: what was lost
// for good is what is counted as lost.
func TestLossesAddUp(t *testing.T) {
	for _, version := range []flow.Version{5, 9, 10} {
		d := New(Config{})
		m := message{version: uint16(version), export: 1_700_000_000, uptime: 1000, number: 0xffffffff}
		if version == 10 {
			m.number = 0
		}
		if version != 5 {
			d.Decode(nil, m.template(256, plainFields...).bytes(), 1)
		}
		records, lost, doubled := uint64(0), uint64(0), uint64(0)
		unit := uint64(3)
		if version == 9 {
			unit = 1
		}
		var held []byte
		for i := range uint32(3000) {
			b := scenario(version, sent{i * uint32(unit), 3, i / 100, 1 + i/100})
			switch {
			case i > 0 && i%7 == 3 && i < 2990: // lost
				lost += unit
				continue
			case i%11 == 5 && held == nil && i < 2990: // held back until the next
				held = b
				continue
			}
			d.Decode(nil, b, 1)
			records += 3
			if i%13 == 1 {
				d.Decode(nil, b, 1)
				doubled++
			}
			if held != nil {
				d.Decode(nil, held, 1)
				records += 3
				held = nil
			}
		}
		s := d.Stats()
		if s.Records != records || s.Lost != lost || s.Duplicates != doubled || s.Restarts != 0 {
			t.Errorf("v%s: %+v, want %d records, %d lost, %d doubled", version, s, records, lost, doubled)
		}
	}
}

// softflowd's IPFIX numbers a message by the records up to its own last, and does
// not count those of options (seen of version 1.1.0).
func TestNumbersThatIncludeTheirOwnRecords(t *testing.T) {
	d := New(Config{})
	total, lost := uint32(0), uint64(0)
	for i := range 200 {
		m := message{version: 10, export: exportSecond}
		n := 5
		if i%16 == 0 {
			n = 3
			m.template(256, plainFields...).options(257, 1, spec{149, 4, 0}, spec{41, 4, 0}).set(257, number(1, 8))
		}
		total += uint32(n)
		m.number = total
		b := m.set(256, plainRecords(n)).bytes()
		switch {
		case i > 100 && i%30 == 7: // lost
			lost += uint64(n)
			continue
		case i > 100 && i%30 == 9: // twice
			d.Decode(nil, b, 1)
		}
		d.Decode(nil, b, 1)
	}
	s := d.Stats()
	if s.Lost != lost || s.Duplicates != 3 || s.Reordered+s.Restarts != 0 || lost == 0 {
		t.Errorf("%+v, want %d lost", s, lost)
	}
}
