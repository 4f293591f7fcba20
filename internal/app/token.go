package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"downpour/internal/show/server"
)

// tokenFile is the operator's token, in the store's folder. It outlives a
// restart, so that whoever scrapes /metrics or signs in by a unix socket need
// not be told a new one each time; to replace it, remove it and restart.
const tokenFile = "operator-token"

// operatorToken reads the token kept in dir, and makes one the first time.
func operatorToken(dir string) (string, error) {
	path := filepath.Join(dir, tokenFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newToken(path)
	}
	if err != nil {
		return "", fmt.Errorf("read the operator's token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" {
		return newToken(path) // a crash before it was written
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the operator's token %s may be read or written by others: chmod 600 it, or remove it to have a new one", path)
	}
	return token, nil
}

// newToken makes a token and keeps it for the owner alone. The file takes its
// name when it is whole and on the disk: a crash leaves no part of a token, and
// neither the mode nor the place of what was there before counts.
func newToken(path string) (string, error) {
	token := server.NewToken()
	if err := keepToken(path, token); err != nil {
		return "", fmt.Errorf("keep the operator's token: %w", err)
	}
	return token, nil
}

func keepToken(path, token string) error {
	f, err := os.CreateTemp(filepath.Dir(path), tokenFile+"-") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(token + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // err says enough
	}
	return err
}
