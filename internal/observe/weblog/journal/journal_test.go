//go:build unix

package journal

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"downpour/internal/testenv"
	"os/exec"
)

// stand writes a journalctl that answers as the real one does in the journal's
// JSON format, and keeps what it was asked.
func stand(t *testing.T) (path, asked string) {
	t.Helper()
	dir := t.TempDir()
	path, asked = filepath.Join(dir, "journalctl"), filepath.Join(dir, "asked")
	script := "#!/bin/sh\necho \"$@\" >> " + asked + `
printf '%s\n' '{"__CURSOR":"s=1","MESSAGE":"one"}' 'garbage' '{"__CURSOR":"s=2","MESSAGE":[116,119,195,182]}' '{"__CURSOR":"s=3","MESSAGE":null}'
exec sleep 60
`
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path, asked
}

func TestMessagesAndCursor(t *testing.T) {
	path, asked := stand(t)
	r := Reader{Unit: "nginx.service", Command: path}
	for range 2 {
		var got []string
		ctx, stop := context.WithCancel(t.Context())
		r.Run(ctx, func(line []byte) bool {
			if got = append(got, string(line)); len(got) == 3 {
				stop()
			}
			return true
		}, func(err error) { t.Error(err) })
		if !slices.Equal(got, []string{"one", "twö", ""}) {
			t.Errorf("got %q", got)
		}
	}
	data, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "--lines=0") || !strings.HasSuffix(lines[1], "--after-cursor=s=3") {
		t.Errorf("asked %q", lines)
	}
}

// TestEntryThatIsTooLong: it is counted and passed over, not met again for ever;
// and journalctl is asked for long messages at all.
func TestEntryThatIsTooLong(t *testing.T) {
	r := Reader{Unit: "x"}
	from := `{"__CURSOR":"s=1","MESSAGE":"one"}` + "\n" + `{"__CURSOR":"s=2","MESSAGE":"` + strings.Repeat("x", 3*maxEntry) + "\"}\n" +
		`{"__CURSOR":"s=3","MESSAGE":"three"}` + "\nno entry\n" + `{"__CURSOR":"s=4","MESSAGE":"four"}`
	var got []string
	err := r.read(strings.NewReader(from), func(line []byte) bool {
		got = append(got, string(line[:min(len(line), 12)]))
		return true
	})
	if want := []string{"one", `{"__CURSOR":`, "three", "four"}; err != nil || !slices.Equal(got, want) || r.Cursor != "s=4" {
		t.Errorf("%q, cursor %s, %v", got, r.Cursor, err)
	}
	if !slices.Contains(r.arguments(), "--all") {
		t.Error("long messages are not asked for")
	}
}

// TestRefusedComesAgain: the cursor stands before what was not taken.
func TestRefusedComesAgain(t *testing.T) {
	path, _ := stand(t)
	r := Reader{Unit: "x", Command: path}
	n := 0
	r.Run(t.Context(), func([]byte) bool { n++; return n < 2 }, func(err error) { t.Error(err) })
	if r.Cursor != "s=1" {
		t.Errorf("cursor %q", r.Cursor)
	}
}

// TestRealJournalctl holds that the program knows the options that it is given.
func TestRealJournalctl(t *testing.T) {
	if _, err := exec.LookPath(Command); err != nil {
		testenv.Lack(t, "needs journalctl")
	}
	r := Reader{Unit: "nginx.service"}
	a := slices.DeleteFunc(r.arguments(), func(s string) bool { return s == "--follow" })
	out, err := exec.Command(Command, append(a, "--directory="+t.TempDir())...).CombinedOutput()
	if strings.Contains(string(out), "option") {
		t.Errorf("%v: %s", err, out)
	}
}
