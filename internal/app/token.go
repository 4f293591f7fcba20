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
	return token, nil
}

func newToken(path string) (string, error) {
	token := server.NewToken()
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the operator's token: %w", err)
	}
	return token, nil
}
