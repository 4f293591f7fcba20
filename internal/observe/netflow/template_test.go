package netflow

import (
	"slices"
	"testing"

	"downpour"
	"downpour/internal/observe/flow"
)

// decodeAll decodes messages in order and gives all records.
func decodeAll(d *Decoder, messages ...[]byte) (records []flow.Record) {
	for i, m := range messages {
		records, _ = d.Decode(records, m, int64(i))
	}
	return records
}

func TestATemplateThatChangesItsMeaning(t *testing.T) {
	for _, version := range []uint16{9, 10} {
		d := New(Config{})
		m := message{version: version, export: 1_700_000_000}
		second := append(slices.Clone(plainFields[2:]), plainFields[:2]...) // addresses last
		record := plainRecord(7)
		moved := cat(record[8:], record[:8])
		first, changed := m, m
		records := decodeAll(d,
			first.template(256, plainFields...).set(256, record).bytes(),
			changed.template(256, second...).set(256, moved).bytes())
		if len(records) != 2 || records[0] != records[1] || records[0].Source != downpour.AddressFrom4(7) {
			t.Errorf("v%d: %+v", version, records)
		}
		again := m
		decodeAll(d, again.template(256, second...).bytes())
		if s := d.Stats(); s.Changed != 1 || s.Templates != 1 {
			t.Errorf("v%d: %+v", version, s)
		}
	}
}

func TestWithdrawnTemplates(t *testing.T) {
	d := New(Config{})
	m := message{version: 10, export: 1_700_000_000}
	define, one, all, options := m, m, m, m
	define.template(256, plainFields...).template(257, plainFields...).template(258, plainFields...).options(300, 1, spec{149, 4, 0}, spec{34, 4, 0})
	decodeAll(d, define.bytes(), one.set(templates10, cat(number(257, 2), number(0, 2))).bytes())
	if n := d.Stats().Templates; n != 3 {
		t.Errorf("%d templates after one was withdrawn", n)
	}
	decodeAll(d, all.set(templates10, cat(number(templates10, 2), number(0, 2))).bytes())
	if n := d.Stats().Templates; n != 1 {
		t.Errorf("%d templates after all of data were withdrawn", n)
	}
	decodeAll(d, options.set(options10, cat(number(options10, 2), number(0, 2))).bytes())
	if s := d.Stats(); s.Templates != 0 || s.Changed != 0 || d.fields != 0 {
		t.Errorf("%+v, %d fields", s, d.fields)
	}
}

// Templates belong to their domain and version.
func TestDomainsDoNotShareTemplates(t *testing.T) {
	d := New(Config{})
	for _, m := range []message{{version: 9, domain: 1}, {version: 10, domain: 1}, {version: 10, domain: 2}} {
		m.export = 1_700_000_000
		data := m
		if got := decodeAll(d, data.set(256, plainRecords(1)).bytes()); len(got) != 0 {
			t.Fatalf("%+v read by another's template", m)
		}
		if got := decodeAll(d, m.template(256, plainFields...).bytes()); len(got) != 1 || got[0].Domain != m.domain {
			t.Fatalf("%+v gives %+v", m, got)
		}
	}
}

// Data that came before its template is decoded when it comes, by the uptime and
// export time of its own message.
func TestDataWaitsForItsTemplate(t *testing.T) {
	fields := []spec{{8, 4, 0}, {12, 4, 0}, {22, 4, 0}, {21, 4, 0}}
	record := cat(number(1, 4), number(2, 4), number(49_000, 4), number(49_500, 4))
	early := message{version: 9, export: 1_700_000_000, uptime: 50_000, number: 1}
	later := message{version: 9, export: 1_700_000_900, uptime: 950_000, number: 2}
	messages := [][]byte{early.set(256, record).set(257, record).bytes(), later.template(256, fields...).bytes()}
	d := New(Config{})
	records := decodeAll(d, messages...)
	if len(records) != 1 || records[0].Time != 1_699_999_999e9 || records[0].Duration != 500 {
		t.Fatalf("%+v", records)
	}
	if s := d.Stats(); s.Misses != 2 || s.Waiting != 1 || s.Dropped != 0 || s.Records != 1 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
	walker := New(Config{})
	walker.Walk(messages[0], 1, func(*Walked) { t.Error("what waits was yielded") })
	walker.Walk(messages[1], 2, func(w *Walked) {
		if len(w.Records) != 1 || w.Datagram.Exported != 1_700_000_000e9 || len(w.Fields) != 4 || w.Fields[0].Value() != "0.0.0.1" {
			t.Errorf("%+v", w)
		}
	})
}

func TestWaitingIsBounded(t *testing.T) {
	d := New(Config{Limits: Limits{Waiting: 4000}})
	const sets, size = 200, 20
	for i := range sets {
		m := message{version: 10, number: uint32(i)}
		d.Decode(nil, m.set(256, cat(number(uint64(i+1), 4), make([]byte, size-4))).bytes(), int64(i))
	}
	s := d.Stats()
	if s.Misses != sets || s.Waiting+s.Dropped != sets || d.waiting.bytes > 4000 || s.Waiting < 4000/(size+lead)-1 {
		t.Errorf("%+v, %d bytes", s, d.waiting.bytes)
	}
	m := message{version: 10}
	records := decodeAll(d, m.template(256, spec{8, 4, 0}, spec{12, 4, 0}, spec{2, 8, 0}, spec{7, 2, 0}, spec{11, 2, 0}).bytes())
	if uint64(len(records)) != s.Waiting || records[len(records)-1].Source != downpour.AddressFrom4(sets) {
		t.Errorf("%d records, the last %+v", len(records), records[len(records)-1])
	}
	if s := d.Stats(); s.Waiting != 0 || d.waiting.bytes != 0 {
		t.Errorf("%+v, %d bytes", s, d.waiting.bytes)
	}
}

// A flood of templates pushes out those that nobody uses, and the one in use
// stays.
func TestTemplateFlood(t *testing.T) {
	d := New(Config{Limits: Limits{Templates: 64, AllFields: 500, Domains: 8}})
	m := message{version: 10}
	d.Decode(nil, m.template(256, plainFields...).bytes(), 0)
	for i := range 5000 {
		data := message{version: 10, number: uint32(i)}
		if got, _ := d.Decode(nil, data.set(256, plainRecords(1)).bytes(), int64(i)); len(got) != 1 {
			t.Fatalf("after %d templates the one in use is gone", i)
		}
		flood := message{version: 10, number: uint32(i + 1)}
		flood.template(uint16(300+i), slices.Repeat([]spec{{1, 8, 0}}, 1+i%20)...)
		d.Decode(nil, flood.bytes(), int64(i))
		if s := d.Stats(); s.Templates > 64 || d.fields > 500 {
			t.Fatalf("%d templates of %d fields", s.Templates, d.fields)
		}
	}
	if s := d.Stats(); s.Refused[flow.TooManyTemplates]+uint64(s.Templates) != 5001 {
		t.Errorf("%+v", s)
	}
}

func TestDomainFlood(t *testing.T) {
	d := New(Config{Limits: Limits{Domains: 8}})
	for i := range 1000 {
		busy := message{version: 10, domain: 1, number: uint32(i)}
		flood := message{version: 10, domain: uint32(100 + i)}
		if i == 0 {
			busy.template(256, plainFields...)
		}
		got, _ := d.Decode(nil, busy.set(256, plainRecords(1)).bytes(), int64(2*i))
		if len(got) != 1 {
			t.Fatalf("after %d domains the busy one is forgotten", i)
		}
		d.Decode(nil, flood.template(256, plainFields...).set(999, plainRecords(1)).bytes(), int64(2*i+1))
	}
	s := d.Stats()
	if len(d.domains) != 8 || s.Templates != 8 || s.Refused[flow.TooManyDomains] != 1001-8 || s.Waiting+s.Dropped != 1000 || s.Waiting > 8 {
		t.Errorf("%d domains, %+v", len(d.domains), s)
	}
}

func TestDamage(t *testing.T) {
	whole := func(version uint16, set uint16, content []byte) []byte {
		m := message{version: version, export: 1_700_000_000}
		return m.set(set, content).bytes()
	}
	for _, c := range []struct {
		name    string
		message []byte
		want    flow.Reason
	}{
		{"nothing", nil, flow.UnknownVersion},
		{"version 7", []byte{0, 7, 0, 0}, flow.UnknownVersion},
		{"half a header of v5", message5(1, 1, 1, 0)[:20], flow.ShortMessage},
		{"no record of v5", message5(1, 1, 1, 0), flow.BadCount},
		{"a v5 cut short", message5(1, 1, 1, 0, record5(1, 2, 3, 4, 6, 7, 8, 9))[:70], flow.BadCount},
		{"half a header of v9", whole(9, 256, nil)[:12], flow.ShortMessage},
		{"half a header of IPFIX", whole(10, 256, nil)[:12], flow.ShortMessage},
		{"an IPFIX cut short", whole(10, 256, make([]byte, 40))[:30], flow.ShortMessage},
		{"an IPFIX of length 3", []byte{0, 10, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, flow.ShortMessage},
		{"a set of length 3", append(whole(9, 256, nil), 1, 0, 0, 3), flow.BadSet},
		{"a set that nobody assigned", whole(10, 77, make([]byte, 8)), flow.BadSet},
		{"a template set of v9 in IPFIX", whole(10, 0, make([]byte, 8)), flow.BadSet},
		{"a set longer than its message", append(whole(9, 256, nil), 1, 0, 0, 50, 1), flow.ShortMessage},
		{"a template of too many fields", whole(9, 0, cat(number(256, 2), number(9999, 2), make([]byte, 99))), flow.BadTemplate},
		{"a template cut short", whole(9, 0, cat(number(256, 2), number(9, 2), make([]byte, 8))), flow.ShortMessage},
		{"a template without bytes", whole(9, 0, cat(number(256, 2), number(1, 2), number(1, 2), number(0, 2))), flow.BadTemplate},
		{"a template longer than a message", whole(9, 0, cat(number(256, 2), number(2, 2), number(1, 2), number(40000, 2), number(2, 2), number(40000, 2))), flow.BadTemplate},
		{"a template of a low number", whole(9, 0, cat(number(99, 2), number(1, 2), number(1, 2), number(4, 2))), flow.BadTemplate},
		{"options without a scope", whole(10, 3, cat(number(256, 2), number(1, 2), number(0, 2), number(34, 2), number(4, 2))), flow.BadTemplate},
		{"more scopes than fields", whole(10, 3, cat(number(256, 2), number(1, 2), number(2, 2), number(34, 2), number(4, 2))), flow.BadTemplate},
	} {
		d := New(Config{})
		records, told := d.Decode(nil, c.message, 1)
		if len(records) != 0 || told.Refused != c.want || d.Stats().Refused[c.want] == 0 {
			t.Errorf("%s: %d records, %s, want %s", c.name, len(records), told.Refused, c.want)
		}
	}
}

// What is whole before the damage counts.
func TestWhatComesBeforeDamageCounts(t *testing.T) {
	d := New(Config{})
	m := message{version: 10, export: 1_700_000_000}
	b := m.template(256, plainFields...).set(256, plainRecords(3)).bytes()
	records, told := d.Decode(nil, b[:len(b)-10], 1)
	if len(records) != 2 || told.Refused != flow.ShortMessage {
		t.Errorf("%d records, %s", len(records), told.Refused)
	}
}

func TestPadding(t *testing.T) {
	m := message{version: 9, export: 1_700_000_000, number: 1}
	b := m.template(256, plainFields...).set(256, append(plainRecords(2), 0, 0, 0)).bytes()
	d := New(Config{})
	records, told := d.Decode(nil, append(b, make([]byte, 400)...), 1)
	if len(records) != 2 || told.Refused != flow.OK {
		t.Errorf("%d records, %s", len(records), told.Refused)
	}
}
