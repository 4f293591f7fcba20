package embedded

import (
	"context"
	"database/sql"
	"time"
)

// incidentChunk is how many incidents one transaction of PruneIncidents deletes.
const incidentChunk = 100

// PruneIncidents deletes incidents that are over and began before a time and, while all
// take more than most bytes, the oldest that are over, with the settings about them.
func (s *Store) PruneIncidents(ctx context.Context, before time.Time, most int64) (int64, error) {
	const isOver = `NOT coalesce(json_extract(record, '$.incident.ongoing'), 0)`
	old, err := s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		return deleteIncidents(ctx, c, `SELECT id FROM incidents WHERE start < ? AND `+isOver+` ORDER BY start LIMIT ?`, nanos(before), incidentChunk)
	})
	if err != nil || most <= 0 {
		return old, err
	}
	surplus, err := s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		const tenth = 10 // of them at a time, so that few more go than must
		var bytes, rows int64
		err := c.QueryRowContext(ctx, `SELECT coalesce(sum(octet_length(record)), 0), count(*) FROM incidents`).Scan(&bytes, &rows)
		if err != nil || bytes <= most {
			return 0, err
		}
		return deleteIncidents(ctx, c, `SELECT id FROM incidents WHERE `+isOver+` ORDER BY start, id LIMIT ?`, min(max(rows/tenth, 1), incidentChunk))
	})
	return old + surplus, err
}

// deleteIncidents deletes the incidents whose ids the query gives, and what settings
// tell of them: a setting that is longer than an ID is about something else.
func deleteIncidents(ctx context.Context, c *sql.Conn, ids string, args ...any) (int64, error) {
	const about = `DELETE FROM settings WHERE instr(name, '/') > 0 AND octet_length(value) < 256 AND
		(substr(name, instr(name, '/') + 1) IN (`
	if _, err := c.ExecContext(ctx, about+ids+`) OR CAST(value AS TEXT) IN (`+ids+`))`, append(args, args...)...); err != nil {
		return 0, err
	}
	return affected(c.ExecContext(ctx, `DELETE FROM incidents WHERE id IN (`+ids+`)`, args...))
}
