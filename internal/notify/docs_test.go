package notify

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store"
)

// shown returns the block of a language in docs/alerts.md.
func shown(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatalf("docs/alerts.md shows no %s", language)
	}
	return string(block[1])
}

// TestShownMessageIsOne: what the page shows has just the fields that are sent.
func TestShownMessageIsOne(t *testing.T) {
	text := shown(t, "json")
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var m Message
	if err := d.Decode(&m); err != nil || m.Schema != Schema {
		t.Fatalf("schema %q: %v", m.Schema, err)
	}
	r := record(downpour.Major, true, "SYN flood")
	sent, err := json.Marshal(newMessage(&r, Opened, nil, 1, start()))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fields(t, []byte(text)), fields(t, sent); !slices.Equal(got, want) {
		t.Errorf("shown are %q, sent are %q", got, want)
	}
	round, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil || !bytes.Equal(compact.Bytes(), round) {
		t.Errorf("%v: written again it is\n%s, not\n%s", err, round, compact.Bytes())
	}
}

// fields are the names of a message's fields, and of its incident and attack.
func fields(t *testing.T, text []byte) []string {
	t.Helper()
	var m struct {
		Incident map[string]any   `json:"incident"`
		Attacks  []map[string]any `json:"attacks"`
	}
	var all map[string]any
	for _, into := range []any{&m, &all} {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	out := slices.Sorted(maps.Keys(all))
	out = append(out, slices.Sorted(maps.Keys(m.Incident))...)
	return append(out, slices.Sorted(maps.Keys(m.Attacks[0]))...)
}

// TestShownScriptWorks runs the page's script, with a mail program that writes
// into a file.
func TestShownScriptWorks(t *testing.T) {
	dir := t.TempDir()
	script, out := filepath.Join(dir, "notify"), filepath.Join(dir, "mail")
	for path, text := range map[string]string{script: shown(t, "sh"), filepath.Join(dir, "sendmail"): "#!/bin/sh\n{ echo \"to $1\"; cat; } >" + out + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	n := New(Config{
		Receivers: []Receiver{{Script: script, Timeout: 20 * time.Second, Minimum: downpour.Minor}}, Since: start().Add(-time.Hour), Clock: start,
		SearchPath: dir + ":" + os.Getenv("PATH"), Log: discard(),
	})
	run(t, n)
	n.Take(start(), []store.Record{record(downpour.Major, true, "SYN flood")}, nil)
	until(t, n, "the mail", func(s Stats) bool { return s.Sent == 1 })
	mail, err := os.ReadFile(out)
	if err != nil || !strings.HasPrefix(string(mail), "to noc@example.net\nSubject: Downpour: incident i1 opened\n\n{\"schema\"") {
		t.Errorf("%v: %s", err, mail)
	}
}
