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

// How often files are looked at, and how often it is kept how far they were read:
// a crash costs at most that many seconds of lines read twice.
const (
	pollEvery = 250 * time.Millisecond
	keepEvery = time.Second
)

// follow reads files until ctx ends.
func (f *feed) follow(ctx context.Context, files *tail.Follower, s *state) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		more := files.Poll(func(lines []byte) int { return f.take(ctx, lines) })
		s.set(f.Path, files.Positions())
		f.mu.Lock()
		stats := files.Stats()
		f.files = &stats
		f.mu.Unlock()
		if ctx.Err() != nil {
			return nil
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// take decodes whole lines and hands them over. It returns how many bytes were
// taken: up to the last batch that the queue had room for before ctx ended.
func (f *feed) take(ctx context.Context, lines []byte) (taken int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for at := 0; at < len(lines); {
		line := lines[at:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i]
		}
		at = min(at+len(line)+1, len(lines))
		if full := f.line(line); full || at == len(lines) {
			if !f.flush(ctx, true) {
				f.pending = f.pending[:0] // these come again
				return taken
			}
			taken = at
		}
	}
	f.seen = time.Now()
	return taken
}

// state keeps how far files have been read, by the pattern that leads to them.
type state struct {
	path string
	mu   sync.Mutex
	now  map[string][]tail.Position
	kept []byte
}

// loadState reads what an earlier run kept. A file that cannot be read costs the
// lines of the time in between, and is told.
func loadState(path string, log *slog.Logger) *state {
	s := &state{path: path, now: map[string][]tail.Position{}}
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
		s.now = map[string][]tail.Position{}
	}
	return s
}

func (s *state) of(path string) []tail.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now[path]
}

func (s *state) set(path string, positions []tail.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now[path] = positions
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
		os.Remove(f.Name()) //nolint:errcheck // err says enough
		return err
	}
	s.kept = data
	return nil
}
