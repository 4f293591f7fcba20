//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"downpour/internal/observe/flow"
)

func measured(party string, rate float64, counted uint64, cpu time.Duration) result {
	return result{
		party: party, version: flow.NetFlow9, sources: 1000, rate: rate, cpu: cpu, memory: 10 << 20, counted: counted,
		sent: sent{Records: uint64(rate), Seconds: 1},
	}
}

// TestTable: a row a party, ratios at the rate asked for, and nothing lossless
// that lost.
func TestTable(t *testing.T) {
	b := &bench{o: &options{rates: []float64{100_000, 1_000_000}, costRate: 1_000_000}, results: []result{
		measured("recvmmsg, discard", 100_000, 100_000, 30*time.Millisecond), measured("recvmmsg, discard", 1_000_000, 1_000_000, 100*time.Millisecond),
		measured("Downpour", 100_000, 100_000, 60*time.Millisecond), measured("Downpour", 1_000_000, 1_000_000, 200*time.Millisecond),
		measured("pmacct", 100_000, 100_000, 150*time.Millisecond), measured("pmacct", 1_000_000, 900_000, time.Second),
	}}
	var out strings.Builder
	b.table(&out, flow.NetFlow9, 1000)
	for _, want := range []string{
		"| recvmmsg, discard | 0.30 | 0.10 | 1.0 | 0.5 | 1,000,000/s | 10 MB |",
		"| Downpour | 0.60 | 0.20 | 2.0 | 1.0 | 1,000,000/s | 10 MB |",
		"| pmacct | 1.50 | 1.00, lost 10 % | 10.0 | 5.0 | 100,000/s | 10 MB |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s\nlacks\n%s", out.String(), want)
		}
	}
}

// TestAddUp: what is neither counted nor told as lost fails.
func TestAddUp(t *testing.T) {
	r := measured("Downpour", 1000, 990, time.Second)
	if (&bench{results: []result{r}}).addUp() == nil {
		t.Error("ten records are missing and nothing is said")
	}
	r.reported = 10
	if err := (&bench{results: []result{r}}).addUp(); err != nil {
		t.Error(err)
	}
}

func TestSumOf(t *testing.T) {
	const text = "# HELP a_total x\na_total{on=\"1\",kind=\"b c\"} 5\na_total{on=\"2\"} 1e+06\na_total_more 7\nb 3\n"
	if got := sumOf(text, "a_total", ""); got != 1_000_005 {
		t.Errorf("got %d", got)
	}
	if got := sumOf(text, "a_total", `on="1"`); got != 5 {
		t.Errorf("of one label %d", got)
	}
}

func TestSplice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, []byte("before\n"+tableBegins+"\nold\n"+tableEnds+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := splice(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	if string(data) != "before\n"+tableBegins+"\nnew\n"+tableEnds+"\nafter\n" {
		t.Errorf("%q", data)
	}
	if splice(filepath.Join("..", "..", "go.mod"), "") == nil {
		t.Error("a file without marks was changed")
	}
}

// TestDocumentHasItsMarks: the command can write its tables.
func TestDocumentHasItsMarks(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "performance.md"))
	if err != nil || !strings.Contains(string(data), tableBegins) || !strings.Contains(string(data), tableEnds) {
		t.Errorf("docs/performance.md lacks the marks: %v", err)
	}
}

// TestGeneratorStaysOnLoopback as export's sender does.
func TestGeneratorStaysOnLoopback(t *testing.T) {
	in := strings.NewReader(`{"to":"192.0.2.1:2055","rate":1,"seconds":1}` + "\n")
	var out strings.Builder
	if err := send(context.Background(), []string{"-version", "5", "-records", "1"}, in, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "loopback") {
		t.Errorf("it answers %s", out.String())
	}
}
