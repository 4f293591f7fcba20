package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"downpour/internal/observe/weblog/tail"
)

// keepEvery is how often it is kept how far logs were read: a crash costs at most
// that much of them read twice.
const keepEvery = time.Second

// state keeps how far logs have been read.
type state struct {
	path string
	mu   sync.Mutex
	now  positions
	kept []byte
}

// positions are what is kept.
type positions struct {
	Files   map[string][]tail.Position `json:"files"`   // by the pattern that leads to them
	Journal map[string]string          `json:"journal"` // cursors by unit
}

func noPositions() positions {
	return positions{Files: map[string][]tail.Position{}, Journal: map[string]string{}}
}

// loadState reads what an earlier run kept. A file that cannot be read costs the
// lines of the time in between, and is told.
func loadState(path string, log *slog.Logger) *state {
	s := &state{path: path, now: noPositions()}
	if path == "" {
		return s
	}
	data, err := os.ReadFile(path)
	if err == nil {
		s.kept = data
		err = json.Unmarshal(data, &s.now)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("logs are read from their present ends: it is not known how far they were read", "error", err)
		s.now = noPositions()
	}
	return s
}

func (s *state) of(path string) []tail.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.Files[path]
}

func (s *state) set(path string, positions []tail.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Files[path] = positions
}

func (s *state) cursor(unit string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.Journal[unit]
}

func (s *state) setCursor(unit, cursor string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Journal[unit] = cursor
}

// keep saves at times until ctx ends. A disk that is full now may have room
// later, so it tries again.
func (s *state) keep(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = s.save() // the last try tells
		}
	}
}

// save writes what has changed: a temporary file that takes the name when it is
// whole and on the disk.
func (s *state) save() error {
	s.mu.Lock()
	data, err := json.Marshal(s.now)
	s.mu.Unlock()
	if err != nil || s.path == "" || bytes.Equal(data, s.kept) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+"-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		os.Remove(f.Name()) // err says enough
		return err
	}
	s.kept = data
	return nil
}
