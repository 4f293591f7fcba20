package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecretsAreNotPrinted: neither faults nor changes show what may be secret.
func TestSecretsAreNotPrinted(t *testing.T) {
	_, faults := LoadFile("testdata/bad/notify.yaml")
	a := load(t, `notify: [{url: "https://alerts.example.net/hook-t0ken?key=hunter2"}]`)
	b := load(t, `notify: [{url: "https://alerts.example.net/hook-t0ken?key=hunter3"}]`)
	var said strings.Builder
	for _, f := range faults {
		said.WriteString(f.String())
	}
	changes := Changes(a, b)
	if len(changes) != 1 || changes[0].Key != "notify" || changes[0].Live {
		t.Errorf("another address is no change: %+v", changes)
	}
	for _, c := range changes {
		said.WriteString(c.From + c.To)
	}
	for _, secret := range []string{"hunter", "t0ken"} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("%s is printed:\n%s", secret, said.String())
		}
	}
}

func TestSecretsAreReadFromWhereTheyAre(t *testing.T) {
	t.Setenv("DOWNPOUR_TEST_SECRET", "from the environment")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("https://alerts.example.net/hook\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[Secret]string{"env:DOWNPOUR_TEST_SECRET": "from the environment", Secret("file:" + file): "https://alerts.example.net/hook"} {
		if got, err := from.Value(); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", from, got, err)
		}
	}
	if u, err := Location("file:" + file).URL(); err != nil || u.Host != "alerts.example.net" {
		t.Errorf("an address in a file: %v, %v", u, err)
	}
	if _, err := Location("env:DOWNPOUR_TEST_SECRET").URL(); err == nil || strings.Contains(err.Error(), "from the") {
		t.Errorf("an address that is none: %v", err)
	}
	for _, missing := range []Secret{"env:DOWNPOUR_TEST_NONE", "file:/nowhere/secret"} {
		if _, err := missing.Value(); err == nil {
			t.Errorf("%s is there", missing)
		}
	}
}
