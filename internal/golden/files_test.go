package golden_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour/internal/analysis"
	"downpour/internal/golden"
	"downpour/internal/golden/traffic"
)

// someCases are a few of those that Downpour brings, one of each sort.
func someCases(t *testing.T, names ...string) (list []golden.Case) {
	t.Helper()
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for _, name := range names {
			if c.Name == name {
				list = append(list, c)
			}
		}
	}
	if len(list) != len(names) {
		t.Fatalf("%d of %v", len(list), names)
	}
	return list
}

// TestFilesOfCases writes cases as files and wants those to hold as the cases do, an
// attack to be found in each protocol of flow export, and twice the same bytes.
func TestFilesOfCases(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, c := range someCases(t, "syn-20ms", "claims-spoofed", "log-slow-post", "reports-two", "multi-vector") {
		for _, dir := range []string{first, second} {
			if err := c.Write(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	again, err := golden.Load(first)
	if err != nil {
		t.Fatal(err)
	}
	table, err := golden.Run(context.Background(), again, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Results) != 5 || len(table.Failed()) > 0 || table.Total.Attacks < 4 || table.Total.Outages != 2 {
		t.Errorf("%d cases, %+v", len(table.Results), table.Failed())
	}
	same(t, first, second)
	for _, protocol := range []string{"netflow5", "netflow9", "ipfix", "sflow"} {
		file := filepath.Join(first, "claims-spoofed", protocol+".pcap")
		a, err := analysis.Run(context.Background(), analysis.Options{Shards: 1, Inputs: []string{file}})
		if err != nil || len(a.Attacks) != 1 || a.Input[0].Kind != "flow export" || a.Attacks[0].Vectors[0].Name != "SYN flood" {
			t.Errorf("%s: %v, %+v", protocol, err, a)
		}
	}
}

// same wants two folders to hold the same.
func same(t *testing.T, first, second string) {
	t.Helper()
	err := filepath.WalkDir(first, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		other, _ := filepath.Rel(first, name)
		a, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(second, other))
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs", other)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

const spliced = `says: a capture of a flood amid a web server's traffic
capture:
  seed: 3
  start: 2024-05-14T12:00:00Z
  host: 203.0.113.10
  streams:
    - {kind: web server, lasts: 4s, rate: 20}
    - {kind: SYN flood, file: slice.pcap, from: 1s, lasts: 2s, senders: spoofed}
`

// TestSplice puts a capture amid usual traffic: what it holds toward the host is the
// attack that must be found, at the time to which it was moved.
func TestSplice(t *testing.T) {
	dir := t.TempDir()
	for _, c := range someCases(t, "claims-spoofed") {
		if err := c.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	folder := write(t, "spliced/truth.yaml", spliced)
	if err := os.Rename(filepath.Join(dir, "claims-spoofed", "traffic.pcap"), filepath.Join(folder, "spliced", "slice.pcap")); err != nil {
		t.Fatal(err)
	}
	cases, err := golden.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	made := traffic.Make(cases[0].Capture).Truth()
	want := time.Date(2024, 5, 14, 12, 0, 1, 0, time.UTC)
	if len(made) != 1 || !made[0].Onset.Equal(want) || made[0].Peak < 7000 || made[0].Sources < 10_000 {
		t.Errorf("got %+v", made)
	}
	result, err := cases[0].Run(context.Background())
	if err != nil || len(result.Failures) > 0 {
		t.Errorf("%v, %+v", err, result)
	}
	for content, want := range map[string]string{
		strings.Replace(spliced, "slice.pcap", "none.pcap", 1):              "no such file",
		strings.Replace(spliced, "slice.pcap", "truth.yaml", 1):             "not a pcap file",
		strings.Replace(spliced, "host: 203.0.113.10", "host: 10.0.0.1", 1): "nothing in it goes to the host",
	} {
		if err := os.WriteFile(filepath.Join(folder, "spliced", "truth.yaml"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := golden.Load(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
