package netflow

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"downpour/internal/observe/flow"
)

var update = flag.Bool("update", false, "write the golden files anew")

const realFolder = "testdata/logstash"

// exporters groups the payloads by exporter: what stands before _tpl, _opttpl or
// _data in their names; templates come first.
func exporters(t testing.TB) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(realFolder, "*.dat"))
	if err != nil || len(files) != 92 {
		t.Fatalf("%d payloads, %v", len(files), err)
	}
	groups := map[string][]string{}
	for _, file := range files {
		name := filepath.Base(file)
		for _, mark := range []string{"_tpl", "_opttpl", "_data"} {
			name, _, _ = strings.Cut(name, mark)
		}
		groups[name] = append(groups[name], file)
	}
	for _, files := range groups {
		slices.SortStableFunc(files, func(a, b string) int { return cmp.Compare(isData(a), isData(b)) })
	}
	return groups
}

func isData(name string) int {
	if strings.Contains(name, "_data") {
		return 1
	}
	return 0
}

// payloads reads the messages of a file.
func payloads(t testing.TB, file string) (messages [][]byte) {
	t.Helper()
	rest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for len(rest) > 0 {
		var m []byte
		m, rest = split(rest)
		messages = append(messages, m)
	}
	return messages
}

// line is a record as the golden file shows it.
func line(r *flow.Record) string {
	s := fmt.Sprintf("%s +%dms %v:%d > %v:%d proto %d bytes %d packets %d 1:%d in %d out %d as %d",
		time.Unix(0, r.Time).UTC().Format(time.RFC3339Nano), r.Duration, r.Source, r.SourcePort, r.Destination,
		r.DestinationPort, r.Protocol, r.Bytes, r.Packets, r.Sampling, r.Input, r.Output, r.SourceAS)
	for _, more := range []struct {
		name  string
		value int
	}{
		{"flags", int(r.TCPFlags)}, {"ttl", int(r.TTL)}, {"icmp", int(r.ICMPType)<<8 | int(r.ICMPCode)},
		{"direction", int(r.Direction)}, {"fragment", int(r.Fragment)}, {"peer", int(r.PeerAS)}, {"id", int(r.IPID)},
	} {
		if more.value != 0 {
			s += fmt.Sprintf(" %s %d", more.name, more.value)
		}
	}
	return s
}

// account is what of the statistics the golden file shows.
func account(d *Decoder) string {
	s := d.Stats()
	text := fmt.Sprintf("datagrams %d records %d options %d templates %d waiting %d sampling %d",
		s.Datagrams, s.Records, s.Options, s.Templates, s.Waiting, s.Sampling)
	for why, n := range s.Refused {
		if n > 0 {
			text += fmt.Sprintf(", %d of %s", n, flow.Reason(why))
		}
	}
	for _, index := range slices.Sorted(maps.Keys(d.Interfaces())) {
		text += fmt.Sprintf(", %d is %s", index, d.Interfaces()[index])
	}
	return text
}

// shownRecords is how many records of a file the golden file shows.
const shownRecords = 4

func TestRealExporters(t *testing.T) {
	groups := exporters(t)
	var got bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		d := New(Config{})
		fmt.Fprintf(&got, "%s\n", name)
		for _, file := range groups[name] {
			var records []flow.Record
			for _, m := range payloads(t, file) {
				records, _ = d.Decode(records, m, 1)
			}
			fmt.Fprintf(&got, "  %s: %d records\n", filepath.Base(file), len(records))
			for i := range records[:min(len(records), shownRecords)] {
				fmt.Fprintf(&got, "    %s\n", line(&records[i]))
			}
		}
		fmt.Fprintf(&got, "  %s\n", account(d))
	}
	golden(t, "testdata/logstash.txt", got.Bytes())
}

// golden compares with a golden file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	wants, gots := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range max(len(wants), len(gots)) {
		if i >= len(wants) || i >= len(gots) || wants[i] != gots[i] {
			t.Fatalf("%s, line %d:\n%s\nwant\n%s", name, i+1, at(gots, i), at(wants, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// What is invalid is refused, by a counted reason.
func TestInvalidPayloadsAreRefused(t *testing.T) {
	for name, why := range map[string]flow.Reason{
		"netflow5_test_invalid01.dat": flow.BadCount,
		"netflow5_test_invalid02.dat": flow.BadCount,
		"netflow9_test_invalid01.dat": flow.BadCount,
	} {
		d := New(Config{})
		for _, m := range payloads(t, filepath.Join(realFolder, name)) {
			records, told := d.Decode(nil, m, 1)
			if len(records) != 0 || told.Refused != why {
				t.Errorf("%s: %d records, %s", name, len(records), told.Refused)
			}
		}
		if d.Stats().Refused[why] != 1 {
			t.Errorf("%s: %+v", name, d.Stats())
		}
	}
}

// Walk gives the records that Decode gives, and each of them with its fields.
func TestWalkAgreesOnRealExporters(t *testing.T) {
	for name, files := range exporters(t) {
		decoder, walker := New(Config{}), New(Config{})
		for _, file := range files {
			for _, m := range payloads(t, file) {
				agree(t, name, decoder, walker, m)
			}
		}
	}
}

// agree decodes and walks a message, and compares.
func agree(t *testing.T, what string, decoder, walker *Decoder, m []byte) {
	t.Helper()
	want, told := decoder.Decode(nil, m, 1)
	var got []flow.Record
	again := walker.Walk(m, 1, func(w *Walked) {
		got = append(got, w.Records...)
		if w.Options && len(w.Records) > 0 {
			t.Errorf("%s: records of options", what)
		}
		for _, f := range w.Fields {
			f.Value()
		}
	})
	if !slices.Equal(want, got) {
		t.Fatalf("%s: decoded\n%+v\nwalked\n%+v", what, want, got)
	}
	if told != again || decoder.Stats() != walker.Stats() {
		t.Fatalf("%s: decoded %+v %+v, walked %+v %+v", what, told, decoder.Stats(), again, walker.Stats())
	}
}
