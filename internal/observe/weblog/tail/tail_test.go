package tail

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stage is a log that is written, rotated and followed, with every line numbered.
type stage struct {
	t        *testing.T
	path     string
	pattern  string
	writer   *os.File
	old      []*os.File // that were rotated away while a server still has them open
	written  []string
	got      []string
	follower *Follower
	rotated  int
	half     string // of a line whose rest is still to be written
	deleted  bool   // whether the last old file has no name any longer
}

func newStage(t *testing.T, pattern string) *stage {
	t.Helper()
	dir := t.TempDir()
	s := &stage{t: t, path: filepath.Join(dir, "access.log"), pattern: filepath.Join(dir, pattern)}
	s.create()
	s.follower = New(s.pattern, []Position{}) // reads what is there from its beginning
	s.poll()                                  // it has seen the file before anything happens to it
	t.Cleanup(func() { s.follower.Close(); s.writer.Close() })
	return s
}

func (s *stage) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) create() {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	s.check(err)
	s.writer = f
}

func (s *stage) line(pad int) string {
	l := fmt.Sprintf("line %d %s", len(s.written), strings.Repeat("x", pad))
	s.written = append(s.written, l)
	return l + "\n"
}

func (s *stage) write(to *os.File, text string) {
	_, err := io.WriteString(to, text)
	s.check(err)
}

// finish ends the half line, which stands at the end of the present file.
func (s *stage) finish() {
	if s.half != "" {
		s.write(s.writer, s.half)
		s.half = ""
	}
}

func (s *stage) poll() {
	for s.follower.Poll(func(lines []byte) int {
		s.got = append(s.got, strings.Split(strings.TrimSuffix(string(lines), "\n"), "\n")...)
		return len(lines)
	}) {
	}
}

// rename rotates by renaming; the server may write to the old file for a while.
func (s *stage) rename(lateLines int) {
	s.finish()
	s.rotated++
	s.check(os.Rename(s.path, fmt.Sprintf("%s.%d", s.path, s.rotated)))
	s.old, s.deleted = append(s.old, s.writer), false
	for range lateLines {
		s.write(s.writer, s.line(3))
	}
	s.create()
}

// copyTruncate rotates by copying and truncating, as logrotate does.
func (s *stage) copyTruncate() {
	s.finish()
	s.rotated++
	data, err := os.ReadFile(s.path)
	s.check(err)
	name := fmt.Sprintf("%s.%d", s.path, s.rotated)
	s.check(os.WriteFile(name, data, 0o644))
	s.check(os.Truncate(s.path, 0))
}

func (s *stage) remove() {
	s.finish()
	s.check(os.Remove(s.path))
	s.old, s.deleted = append(s.old, s.writer), true
	s.create()
}

// restart keeps the positions as they are kept on disk, and begins anew.
func (s *stage) restart(down func()) {
	data, err := json.Marshal(s.follower.Positions())
	s.check(err)
	s.follower.Close()
	if s.deleted { // nobody can come back to it
		s.old, s.deleted = nil, false
	}
	down()
	var saved []Position
	s.check(json.Unmarshal(data, &saved))
	s.follower = New(s.pattern, saved)
}

func (s *stage) compare() {
	s.t.Helper()
	s.finish()
	s.poll()
	slices.Sort(s.got)
	want := slices.Clone(s.written)
	slices.Sort(want)
	if slices.Equal(s.got, want) {
		return
	}
	seen := map[string]int{}
	for _, l := range s.got {
		seen[l]++
	}
	wrong := 0
	for _, l := range want {
		if n := seen[l]; n != 1 && wrong < 5 {
			wrong++
			s.t.Errorf("%.40q came %d times", l, n)
		}
		delete(seen, l)
	}
	s.t.Errorf("%d lines came of %d, %d that were never written", len(s.got), len(want), len(seen))
}

// TestRandomRotation lets a writer write, rotate, truncate and delete at random,
// the follower poll and restart in between, and wants every line once. Of
// copytruncate it tests the order that can't lose by its own nature: nothing is
// written between the copy and the truncation, and while the follower runs what
// was written before was read.
func TestRandomRotation(t *testing.T) {
	for _, pattern := range []string{"access.log", "access.log*", "*.log"} {
		for seed := range uint64(12) {
			t.Run(fmt.Sprintf("%s %d", pattern, seed), func(t *testing.T) {
				s := newStage(t, pattern)
				rng := rand.New(rand.NewPCG(seed, 1))
				for range 150 {
					s.act(rng)
				}
				s.compare()
				if p := s.follower.Stats().Problem; p != "" {
					t.Error(p)
				}
			})
		}
	}
}

// act does one thing at random.
func (s *stage) act(rng *rand.Rand) {
	switch n := rng.IntN(20); {
	case n < 8:
		s.finish()
		for range rng.IntN(20) {
			s.write(s.writer, s.line(rng.IntN(100)))
		}
	case n < 10:
		s.finish()
		line := s.line(rng.IntN(100))
		cut := rng.IntN(len(line))
		s.write(s.writer, line[:cut])
		s.half = line[cut:]
	case n < 14:
		s.poll()
	case n == 14:
		s.rename(rng.IntN(3))
	case n == 15:
		s.finish()
		s.poll()
		s.copyTruncate()
	case n == 16:
		s.finish()
		s.poll()
		s.remove()
	case n == 17 && len(s.old) > 0:
		s.write(s.old[len(s.old)-1], s.line(5)) // the server has not reopened yet
		s.poll()
	case n == 18:
		s.restart(func() {})
	default:
		s.down(rng)
	}
}

// down lets things happen while nobody follows. Before it the follower has seen
// what there was, as it does when it is ended in order.
func (s *stage) down(rng *rand.Rand) {
	s.finish()
	s.poll()
	s.restart(func() {
		for range rng.IntN(4) {
			for range 1 + rng.IntN(5) {
				s.write(s.writer, s.line(rng.IntN(50)))
			}
			s.rename(0)
		}
		for range rng.IntN(5) {
			s.write(s.writer, s.line(rng.IntN(50)))
		}
	})
}

// TestCopyTruncateWhileDown: what a copy holds of a file that was truncated while
// nobody followed is read from the copy.
func TestCopyTruncateWhileDown(t *testing.T) {
	s := newStage(t, "access.log")
	s.write(s.writer, s.line(10)+s.line(10))
	s.poll()
	s.restart(func() {
		s.write(s.writer, s.line(10)+s.line(10))
		s.copyTruncate()
		s.write(s.writer, s.line(200))
	})
	s.compare()
}

// TestWriterNeverWaits: a server that writes and rotates on its own, as fast as it
// can, loses no line to a follower that polls meanwhile.
func TestWriterNeverWaits(t *testing.T) {
	s := newStage(t, "access.log")
	s.poll()
	rng := rand.New(rand.NewPCG(7, 7))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20_000 {
			io.WriteString(s.writer, s.line(rng.IntN(200))) // a line that is missing is found
			if i%701 == 700 {
				s.rotated++
				os.Rename(s.path, fmt.Sprintf("%s.%d", s.path, s.rotated)) // likewise
				s.old = append(s.old, s.writer)
				s.writer, _ = os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
			}
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		s.poll()
	}
	s.compare()
	if s.follower.Stats().Rotations == 0 {
		t.Error("no rotation was met: the test shows nothing")
	}
}

func TestStartsAtTheEnd(t *testing.T) {
	s := newStage(t, "access.log")
	s.write(s.writer, "old\nolder\nhal")
	s.follower = New(s.pattern, nil)
	s.poll()
	s.write(s.writer, "f\n"+s.line(1))
	s.poll()
	if want := []string{"half", s.written[0]}; !slices.Equal(s.got, want) {
		t.Errorf("got %q, want %q", s.got, want)
	}
}

func TestSymbolicLink(t *testing.T) {
	s := newStage(t, "current")
	s.check(os.Symlink(s.path, s.pattern))
	s.write(s.writer, s.line(1))
	s.poll()
	other := s.path + "-next"
	next, err := os.Create(other)
	s.check(err)
	defer next.Close()
	s.check(os.Remove(s.pattern))
	s.check(os.Symlink(other, s.pattern))
	s.write(s.writer, s.line(2))
	s.write(next, s.line(3))
	s.compare()
}

func TestLongLine(t *testing.T) {
	s := newStage(t, "access.log")
	s.write(s.writer, "a\n"+strings.Repeat("b", 3*chunkSize))
	s.poll()
	s.write(s.writer, strings.Repeat("b", chunkSize)+"\nc\n")
	s.poll()
	if len(s.got) != 3 || s.got[0] != "a" || len(s.got[1]) != MaxLine+1 || s.got[2] != "c" {
		t.Errorf("%d lines: %.50q", len(s.got), s.got)
	}
}

// TestRefusedLinesComeAgain: a receiver that ends within a poll is given the rest
// when it comes back.
func TestRefusedLinesComeAgain(t *testing.T) {
	s := newStage(t, "access.log")
	for range 10 {
		s.write(s.writer, s.line(1))
	}
	if more := s.follower.Poll(func(lines []byte) int {
		first, _, _ := strings.Cut(string(lines), "\n")
		s.got = append(s.got, first)
		return len(first) + 1
	}); !more {
		t.Error("there is more, and nobody says so")
	}
	s.restart(func() {})
	s.compare()
}

// TestLastLineOfARotatedFile comes without its line feed, once nobody writes to it
// any longer.
func TestLastLineOfARotatedFile(t *testing.T) {
	s := newStage(t, "access.log")
	s.write(s.writer, "one\ntwo")
	s.poll()
	s.rename(0)
	for range quietPolls + 2 {
		s.poll()
	}
	if !slices.Equal(s.got, []string{"one", "two"}) {
		t.Errorf("got %q", s.got)
	}
	if n := s.follower.Stats().Files; n != 1 {
		t.Errorf("%d files are open, want 1", n)
	}
}

func TestUnreadableIsTold(t *testing.T) {
	s := newStage(t, "")
	s.poll()
	if p := s.follower.Stats().Problem; !strings.HasSuffix(p, "is not a regular file") {
		t.Errorf("problem %q", p)
	}
}

func TestCompressedFilesAreIgnored(t *testing.T) {
	s := newStage(t, "*")
	s.check(os.WriteFile(s.path+".2.gz", []byte("\x1f\x8b\x08rest\n"), 0o644))
	s.write(s.writer, s.line(1))
	s.compare()
	if n := s.follower.Stats().Ignored; n != 1 {
		t.Errorf("%d files ignored, want 1", n)
	}
}
