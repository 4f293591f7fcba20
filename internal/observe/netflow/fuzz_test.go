package netflow

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"downpour/internal/observe/flow"
)

// tight are limits that a fuzzer reaches.
var tight = Limits{Domains: 4, Templates: 16, Fields: 32, AllFields: 96, Waiting: 2048, Names: 4, Samplers: 4}

// conversation strings messages together, each behind its length in 2 bytes.
func conversation(messages ...[]byte) (b []byte) {
	for _, m := range messages {
		b = binary.BigEndian.AppendUint16(b, uint16(len(m)))
		b = append(b, m...)
	}
	return b
}

// messagesOf takes a conversation apart.
func messagesOf(b []byte) (messages [][]byte) {
	for len(b) >= 2 {
		n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		messages = append(messages, b[2:2+n:2+n])
		b = b[2+n:]
	}
	return messages
}

func FuzzDecode(f *testing.F) {
	groups := exporters(f)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		var all [][]byte
		for _, file := range groups[name] {
			all = append(all, payloads(f, file)...)
		}
		f.Add(conversation(all...))
		slices.Reverse(all)
		f.Add(conversation(all...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<15 {
			return // longer says nothing new
		}
		decoder, walker := New(Config{Limits: tight}), New(Config{Limits: tight})
		given := bytes.Clone(b)
		for i, m := range messagesOf(b) {
			checkMessage(t, decoder, walker, m, int64(i))
		}
		if !bytes.Equal(b, given) {
			t.Fatal("the messages were written to")
		}
		checkSnapshot(t, decoder)
	})
}

// checkMessage decodes a message and checks what holds for any.
func checkMessage(t *testing.T, decoder, walker *Decoder, m []byte, at int64) {
	t.Helper()
	before := decoder.Stats()
	kept := flow.Record{Domain: 77}
	got, told := decoder.Decode([]flow.Record{kept}, m, at)
	if got[0] != kept {
		t.Fatal("a record of the caller was written to")
	}
	var walked []flow.Record
	again := walker.Walk(m, at, func(w *Walked) {
		walked = append(walked, w.Records...)
		for _, field := range w.Fields {
			if _, err := json.Marshal(field.Value()); err != nil {
				t.Fatalf("%+v: %v", field, err)
			}
		}
	})
	after := decoder.Stats()
	switch {
	case !slices.Equal(got[1:], walked) || told != again || after != walker.Stats():
		t.Fatalf("decoded %+v %+v\nwalked  %+v %+v", got[1:], after, walked, walker.Stats())
	case after.Records-before.Records != uint64(len(got)-1):
		t.Fatalf("%d records counted, %d given", after.Records-before.Records, len(got)-1)
	case after.Lost > 1<<62 || after.Waiting+after.Dropped > after.Misses:
		t.Fatalf("%+v", after)
	}
	for i := range got[1:] {
		if r := &got[1+i]; r.Sampling == 0 || r.Ingress != 0 {
			t.Fatalf("no record: %+v", r)
		}
	}
	checkBounds(t, decoder)
}

// checkBounds checks that memory is bounded.
func checkBounds(t *testing.T, d *Decoder) {
	t.Helper()
	fields, templates := 0, 0
	for _, of := range d.domains {
		templates += len(of.templates)
		for _, known := range of.templates {
			fields += len(known.fields)
		}
		if r := of.rates; len(r.samplers) > tight.Samplers || len(r.templates) > tight.Samplers || len(r.interfaces) > tight.Samplers {
			t.Fatalf("rates %+v", r)
		}
	}
	held := 0
	for _, s := range d.waiting.sets {
		held += len(s.data)
	}
	switch {
	case templates != d.templates || fields != d.fields:
		t.Fatalf("%d templates of %d fields, counted %d of %d", templates, fields, d.templates, d.fields)
	case templates > tight.Templates || fields > tight.AllFields || len(d.domains) > tight.Domains || len(d.names) > tight.Names:
		t.Fatalf("%d templates of %d fields in %d domains, %d names", templates, fields, len(d.domains), len(d.names))
	case held != d.waiting.bytes || held > tight.Waiting || len(d.waiting.sets) > maxWaiting:
		t.Fatalf("%d sets of %d bytes wait, counted %d", len(d.waiting.sets), held, d.waiting.bytes)
	}
}

// checkSnapshot keeps and restores what a decoder knows.
func checkSnapshot(t *testing.T, d *Decoder) {
	t.Helper()
	snapshot := d.Templates()
	again := New(Config{Limits: tight})
	if err := again.Restore(snapshot); err != nil {
		t.Fatalf("%v\n%x", err, snapshot)
	}
	if !bytes.Equal(again.Templates(), snapshot) {
		t.Fatalf("restored\n%x\nof\n%x", again.Templates(), snapshot)
	}
}

func FuzzRestore(f *testing.F) {
	whole := learned(f).Templates()
	f.Add(whole)
	f.Add(whole[:200])
	f.Add(New(Config{}).Templates())
	m := message{version: 10, export: exportSecond, domain: 77}
	data := m.set(256, plainRecords(5)).set(257, plainRecords(1)).bytes()
	f.Fuzz(func(t *testing.T, b []byte) {
		d := New(Config{Limits: tight})
		if err := d.Restore(b); err != nil {
			if len(d.domains) > 0 || len(d.names) > 0 {
				t.Fatal("a refused snapshot left something")
			}
			return
		}
		checkBounds(t, d)
		checkSnapshot(t, d)
		d.Decode(nil, data, 1)
		checkBounds(t, d)
	})
}
