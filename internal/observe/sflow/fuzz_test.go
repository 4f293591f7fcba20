package sflow

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/packet"
)

// checkDecode decodes a message, and again with other memory, by all ways, which
// must agree; and what it gave must be flows that the message has room for.
func checkDecode(t *testing.T, message []byte, config Config) {
	t.Helper()
	held := bytes.Clone(message)
	d := New(config)
	records, told := d.Decode(nil, message, at)
	if !bytes.Equal(held, message) {
		t.Fatal("the message was changed")
	}
	stats := d.Stats()
	if stats.Records != uint64(len(records)) || len(records) > len(message)/(tagSize+flowSampleSize+tagSize) {
		t.Fatalf("%d records of %d bytes; %+v", len(records), len(message), stats)
	}
	if told.Refused != flow.OK && stats.Refused[told.Refused] == 0 {
		t.Fatalf("%v is not counted: %+v", told.Refused, stats)
	}
	for i := range records {
		checkRecord(t, &records[i])
	}
	compareWith(t, message, config, records, stats)
	// The same datagram again is known, if it could be read at all.
	if again, _ := d.Decode(nil, message, at); len(again) != 0 {
		t.Fatalf("came twice, and gave %d records again", len(again))
	}
	d.listSources()
	d.Interfaces()
}

func checkRecord(t *testing.T, r *flow.Record) {
	t.Helper()
	none := downpour.Address{}
	if r.Packets != 1 || r.Sampling == 0 || r.Bytes > maxFrame || r.Time != at || r.Duration != 0 || r.Ingress != 0 ||
		r.Fragment == downpour.LaterFragment && r.SourcePort|r.DestinationPort != 0 ||
		r.Source == none && r.Destination == none && r.Protocol == 0 && r.Bytes == 0 && r.TTL == 0 && r.IPID != 0 {
		t.Fatalf("no packet: %+v", r)
	}
}

// compareWith decodes once more, to used memory and by walking.
func compareWith(t *testing.T, message []byte, config Config, records []flow.Record, stats flow.Stats) {
	t.Helper()
	used := make([]flow.Record, len(records))
	for i := range used {
		used[i] = flow.Record{Flow: downpour.Flow{Time: 9, SourceAS: 9, Ingress: 9, Quoted: 9, IPID: 9}, PeerAS: 9, Input: 9, Domain: 9, Direction: flow.Out}
	}
	if again, _ := New(config).Decode(used[:0], message, at); !slices.Equal(again, records) {
		t.Fatalf("to used memory %+v, to new %+v", again, records)
	}
	i, walked := 0, New(config)
	walked.Walk(message, at, func(w *Walked) {
		if i >= len(records) || w.Record != records[i] {
			t.Fatalf("walked to %+v", w.Record)
		}
		i++
	})
	if i != len(records) || walked.Stats() != stats {
		t.Fatalf("walked %d of %d records, %+v, %+v", i, len(records), walked.Stats(), stats)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.hex")
	if err != nil || len(files) == 0 {
		f.Fatal("no datagrams", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		whole := unhex(strings.ReplaceAll(string(text), "\n", ""))
		f.Add(whole, uint32(0), false)
		f.Add(whole[:len(whole)*2/3], uint32(100), true)
	}
	f.Add(message(sampled(gateway(), rawRecord(1, 64, 4, ethernet()), tagged(recordRouter, words(1, 1, 24, 22)))), uint32(0), false)
	f.Add(message(counterSample(1, counterRecord(1, 1, 1, 1, 1), tagged(counterPortName, cat(words(4), []byte("eth0"))))), uint32(0), false)
	f.Add(message(tagged(sampleFlowExpanded, cat(words(1, 0, 7, 1000, 1, 0, 0, 7, 0, 8, 1), rawRecord(headerMPLS, 44, 0, cat(unhex("00064140"), ip()))))), uint32(0), true)
	f.Fuzz(func(t *testing.T, message []byte, sampling uint32, decapsulate bool) {
		checkDecode(t, message, Config{Sampling: sampling, Headers: packet.Options{Decapsulate: decapsulate}})
	})
}

// FuzzSequence takes datagrams by numbers in any order: whatever comes, it is
// counted one way, and nothing runs away.
func FuzzSequence(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 6, 5, 5, 200, 201, 1, 2})
	f.Fuzz(func(t *testing.T, numbers []byte) {
		d := New(Config{})
		records := 0
		for i, n := range numbers {
			list, _ := d.Decode(nil, numbered(uint32(n>>7), uint32(n&0x7f)<<(n>>7*9), uint32(i)*1000, sampled(rawRecord(1, 64, 4, ethernet()))), at+int64(i)*1e9)
			records += len(list)
		}
		s := d.Stats()
		if s.Datagrams != uint64(len(numbers)) || uint64(records)+s.Duplicates != s.Datagrams || s.Lost > 1<<17*uint64(len(numbers)) {
			t.Fatalf("%d records of %v: %+v", records, numbers, s)
		}
	})
}
