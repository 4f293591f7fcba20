package golden_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"downpour/internal/analysis"
	"downpour/internal/golden"
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
