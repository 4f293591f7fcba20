package app

import (
	"os"
	"path/filepath"
	"testing"

	"downpour/internal/testenv"
)

func TestOperatorTokenOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	first, err := operatorToken(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := operatorToken(dir); err != nil || again != first {
		t.Errorf("second start: %q (%v), want %q", again, err, first)
	}
	path := filepath.Join(dir, tokenFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if next, err := operatorToken(dir); err != nil || next == first {
		t.Errorf("after its removal: %q (%v), want a new one", next, err)
	}
}

func TestOperatorTokenReplacesAnEmptyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, tokenFile)
	elsewhere := filepath.Join(t.TempDir(), "readable")
	if err := os.WriteFile(elsewhere, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, path); err != nil {
		testenv.Lack(t, "needs symbolic links: "+err.Error())
	}
	token, err := operatorToken(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v (%v), want a plain file of 0600", info.Mode(), err)
	}
	if b, err := os.ReadFile(elsewhere); err != nil || len(b) != 0 {
		t.Errorf("the link's target holds %q (%v), want nothing", b, err)
	}
	if again, err := operatorToken(dir); err != nil || again != token {
		t.Errorf("second start: %q (%v), want %q", again, err, token)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d files are left (%v), want the token alone", len(left), err)
	}
}

func TestOperatorTokenOthersMayReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := operatorToken(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, tokenFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := operatorToken(dir); err == nil {
		t.Error("a token that others may read was taken")
	}
}
