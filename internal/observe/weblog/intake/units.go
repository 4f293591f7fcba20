package intake

import (
	"context"
	"log/slog"

	"downpour/internal/observe/weblog/journal"
)

// journal follows a unit until ctx ends. Each message goes on its way at once:
// the journal brings few, and its cursor then stands exactly behind what was
// handed over.
func (f *feed) journal(ctx context.Context, r *journal.Reader, s *state, log *slog.Logger) {
	r.Run(ctx, func(line []byte) bool {
		s.setCursor(f.Journal, r.Cursor)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.line(line)
		return f.flush(ctx, true)
	}, func(err error) {
		log.Warn("a log cannot be read", "log", f.Name(), "error", err)
		f.mu.Lock()
		f.problem = err.Error()
		f.mu.Unlock()
	})
	s.setCursor(f.Journal, r.Cursor)
}
