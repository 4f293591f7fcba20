package golden_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"downpour/internal/golden"
)

// TestGoldenCases runs every case that Downpour brings. Adding one needs no code.
func TestGoldenCases(t *testing.T) {
	cases, err := golden.Cases()
	if err != nil {
		t.Fatal(err)
	}
	table, err := golden.Run(context.Background(), cases, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Failed() {
		for _, f := range r.Failures {
			t.Errorf("%s: %s", r.Name, f)
		}
	}
}

// write makes a folder with one case in it.
func write(t *testing.T, name, content string) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

const flood = `says: a flood of 300 ms
capture:
  seed: 1
  start: 2024-05-14T10:00:00Z
  host: 203.0.113.10
  streams:
    - {kind: SYN flood, lasts: 300ms, rate: 8000, senders: spoofed, port: 443}
`

// TestWrongTruthIsSeen gives truths that the input contradicts, one at a time.
func TestWrongTruthIsSeen(t *testing.T) {
	const right = "target: 203.0.113.10, vectors: {SYN flood: 1}"
	for truth, want := range map[string]string{
		"{" + right + "}": "",
		"{target: 203.0.113.11, vectors: {SYN flood: 1}}":  "nothing else victim",
		"{target: 203.0.113.10, vectors: {ACK flood: 1}}":  "vector",
		"{" + right + ", sources: 100}":                    "sources",
		"{" + right + ", peak: 9000}":                      "peak",
		"{" + right + ", spoofed: false}":                  "spoofing",
		"{" + right + ", reflected: true}":                 "reflection",
		"{" + right + ", onset: 2024-05-14T10:00:00.200Z}": "onset",
		"{" + right + ", end: 2024-05-14T10:00:00.100Z}":   "end",
	} {
		cases, err := golden.Load(write(t, "case.yaml", flood+"truth: {attacks: ["+truth+"]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		result, err := cases[0].Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var failed []string
		for _, f := range result.Failures {
			failed = append(failed, string(f.Check))
		}
		if got := strings.Join(failed, " "); got != want {
			t.Errorf("truth %s: %q fails, want %q", truth, got, want)
		}
	}
}

// TestFilesBesideACase wants a case to name files by their place beside it, and
// claims no attack where there is none to be found.
func TestFilesBesideACase(t *testing.T) {
	folder := write(t, "wave/truth.yaml", "says: counts in a file\ncounts: [rows.csv]\nbucket: 15m\ntruth: {outages: [{peak: 900, peakat: 2024-01-01T18:00:00Z}]}\n")
	rows := "time,reports\n"
	for i := range 96 {
		count := 9 + i%3
		if i == 72 {
			count = 900
		}
		rows += fmt.Sprintf("2024-01-01T%02d:%02d:00Z,%d\n", i/4, i%4*15, count)
	}
	if err := os.WriteFile(filepath.Join(folder, "wave", "rows.csv"), []byte(rows), 0o644); err != nil {
		t.Fatal(err)
	}
	cases, err := golden.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	table, err := golden.Run(context.Background(), cases, 1)
	if err != nil {
		t.Fatal(err)
	}
	if cases[0].Name != "wave" || table.Total.OutagesFound != 1 || table.Total.Held != 1 {
		t.Errorf("%s: %+v", cases[0].Name, table.Results)
	}
}

func TestFaultyCases(t *testing.T) {
	for content, want := range map[string]string{
		"says: nothing\n":       "needs capture, log, reports, files or counts",
		flood + "colour: red\n": "unknown field",
		strings.Replace(flood, "SYN flood", "SIN flood", 1):    "neither a vector nor",
		strings.Replace(flood, "8000", "80000000", 1):          "packets in all",
		flood + "truth: {unsettled: [weather]}\n":              "not a check",
		flood + "truth: {attacks: [{target: 203.0.113.10}]}\n": "needs target and vectors",
		strings.Replace(flood, "seed: 1", "view: sideways", 1): "both or ingress",
		"reports: {start: 2024-05-14T10:00:00Z, usual: 4}\n":   "needs start, bucket and lasts",
		strings.Replace(flood, "spoofed", "birds", 1):          "are not known",
	} {
		_, err := golden.Load(write(t, "case.yaml", content))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q of:\n%s", err, want, content)
		}
	}
	if _, err := golden.Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
