package netflow

import (
	"bytes"
	"maps"
	"slices"
	"testing"
)

// learned is a decoder that has read all real exporters' templates and options,
// and announcements of each kind.
func learned(t testing.TB) *Decoder {
	t.Helper()
	d := New(Config{})
	groups := exporters(t)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		for _, file := range groups[name] {
			for _, m := range payloads(t, file) {
				d.Decode(nil, m, 1)
			}
		}
	}
	for i, o := range []told{
		{9, 77, 1, []value{of(1, 4, 0), of(34, 4, 100)}},
		{9, 77, 1, []value{of(1, 4, 0), of(48, 2, 3), of(50, 4, 1000)}},
		{9, 77, 1, []value{of(2, 4, 9), of(34, 4, 50)}},
		{10, 77, 1, []value{of(145, 2, 256), of(34, 4, 20)}},
		{10, 77, 1, []value{of(149, 4, 0), of(160, 8, 1_700_000_000_000)}},
	} {
		d.Decode(nil, o.bytes(uint16(400+i)), 1)
	}
	return d
}

func TestASnapshotRestoresWhatWasLearned(t *testing.T) {
	d := learned(t)
	snapshot := d.Templates()
	again := New(Config{})
	if err := again.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Templates(), snapshot) {
		t.Error("a restored decoder knows something else")
	}
	if a, b := d.Stats(), again.Stats(); a.Templates != b.Templates || b.Templates < 100 || d.fields != again.fields {
		t.Errorf("%d templates of %d fields, then %d of %d", a.Templates, d.fields, b.Templates, again.fields)
	}
	if !maps.Equal(d.Interfaces(), again.Interfaces()) || len(again.Interfaces()) == 0 {
		t.Errorf("%v", again.Interfaces())
	}
	// Data is decoded alike by both.
	m := message{version: 10, export: exportSecond, domain: 77}
	m.template(500, plainFields...)
	d.Decode(nil, m.bytes(), 2)
	again.Decode(nil, m.bytes(), 2)
	data := message{version: 10, export: exportSecond, domain: 77}
	b := data.set(500, plainRecords(3)).bytes()
	one, _ := d.Decode(nil, b, 3)
	other, _ := again.Decode(nil, b, 3)
	if !slices.Equal(one, other) || len(one) != 3 {
		t.Errorf("%+v\n%+v", one, other)
	}
}

func TestARestoredDecoderDecodesAtOnce(t *testing.T) {
	m := message{version: 9, export: exportSecond, uptime: uptimeMilli}
	first := New(Config{})
	first.Decode(nil, m.template(256, plainFields...).bytes(), 1)
	d := New(Config{})
	if err := d.Restore(first.Templates()); err != nil {
		t.Fatal(err)
	}
	data := message{version: 9, export: exportSecond, uptime: uptimeMilli, number: 900}
	got, _ := d.Decode(nil, data.set(256, plainRecords(2)).bytes(), 1)
	if s := d.Stats(); len(got) != 2 || s.Misses != 0 || s.Lost != 0 || s.Restarts != 0 {
		t.Errorf("%d records, %+v", len(got), s)
	}
}

func TestDamagedSnapshotsAreRefused(t *testing.T) {
	whole := learned(t).Templates()
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(whole)
		b[at] = to
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":                    nil,
		"something else":             []byte("not a snapshot at all"),
		"of a later version":         changed(4, 2),
		"cut in an entry":            whole[:len(whole)-1],
		"cut in the head":            whole[:snapshotHead+3],
		"an entry that nobody knows": changed(snapshotHead, 99),
		"of NetFlow v5":              changed(snapshotHead+1, 5),
		"a template of a low number": changed(snapshotHead+entryHead, 0),
		"neither options nor data":   changed(snapshotHead+entryHead+2, 7),
	} {
		d := New(Config{})
		if err := d.Restore(b); err == nil || d.Stats().Templates != 0 || len(d.domains) != 0 {
			t.Errorf("%s: %v, %d templates", name, err, d.Stats().Templates)
		}
	}
	if err := New(Config{}).Restore(New(Config{}).Templates()); err != nil {
		t.Errorf("an empty snapshot: %v", err)
	}
}

func TestARestoredSnapshotIsBounded(t *testing.T) {
	d := New(Config{Limits: Limits{Templates: 20, AllFields: 200, Domains: 3, Names: 2, Samplers: 1}})
	if err := d.Restore(learned(t).Templates()); err != nil {
		t.Fatal(err)
	}
	if s := d.Stats(); s.Templates > 20 || d.fields > 200 || len(d.domains) > 3 || len(d.names) > 2 {
		t.Errorf("%d templates of %d fields in %d domains, %d names", s.Templates, d.fields, len(d.domains), len(d.names))
	}
}
