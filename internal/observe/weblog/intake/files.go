package intake

import (
	"bytes"
	"context"
	"time"

	"downpour/internal/observe/weblog/tail"
)

// pollEvery is how often files are looked at.
const pollEvery = 250 * time.Millisecond

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
