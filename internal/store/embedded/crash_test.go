package embedded

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"downpour/internal/store/storetest"
)

// childEnv, when set, makes the test binary the program that is killed: it
// writes reports into the store in the directory that it names.
const childEnv = "DOWNPOUR_CRASH_CHILD"

// roundsEnv sets the number of rounds of TestKill; a release is tried with
//
//	DOWNPOUR_CRASH_ROUNDS=200 go test -run TestKill -timeout 30m ./internal/store/embedded
const roundsEnv = "DOWNPOUR_CRASH_ROUNDS"

const crashWriters = 64

// writeUntilKilled adds reports from many writers and prints the id of each one
// that was acknowledged. Its parent kills it.
func writeUntilKilled(dir string) {
	s, err := Open(dir, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	var writers sync.WaitGroup
	for w := range crashWriters {
		writers.Go(func() {
			for i := 0; ; i++ {
				r := storetest.Report("a", 0)
				r.Text = fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if err := s.AddReport(context.Background(), r); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				out.Lock()
				os.Stdout.WriteString(r.Text + "\n")
				out.Unlock()
			}
		})
	}
	writers.Wait()
}

// TestKill kills a writing process at random times, again and again on the same
// store, and finds every report that was acknowledged.
func TestKill(t *testing.T) {
	rounds := 5
	if v := os.Getenv(roundsEnv); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			t.Fatalf("%s=%s: not a number of rounds", roundsEnv, v)
		}
		rounds = n
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range rounds {
		before := len(acknowledged)
		runAndKill(t, dir, acknowledged)
		if len(acknowledged) == before {
			t.Fatalf("round %d: nothing was acknowledged", round)
		}
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if lost := missing(t, s, acknowledged); len(lost) > 0 {
			t.Fatalf("round %d: lost %d acknowledged reports, e.g. %s", round, len(lost), lost[0])
		}
		if round == rounds-1 {
			if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
				t.Errorf("check: %q, %v", faults, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if round%20 == 19 {
			clear(acknowledged) // verified; keep each round as quick as the first
			dir = t.TempDir()
		}
	}
}

// runAndKill notes what a child acknowledges until it is killed, at least once.
func runAndKill(t *testing.T, dir string, acknowledged map[string]bool) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for first := true; ; first = false {
		// A line without its end was cut off by the kill.
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		acknowledged[line[:len(line)-1]] = true
		if first {
			time.AfterFunc(rand.N(150*time.Millisecond), func() { child.Process.Kill() })
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
}

// missing returns the acknowledged reports that are not in the store.
func missing(t *testing.T, s *Store, acknowledged map[string]bool) []string {
	t.Helper()
	kept := make(map[string]bool, len(acknowledged))
	var text string
	if err := s.each(t.Context(), "SELECT text FROM reports", nil, []any{&text}, func() error {
		kept[text] = true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var lost []string
	for id := range acknowledged {
		if !kept[id] {
			lost = append(lost, id)
		}
	}
	return lost
}
