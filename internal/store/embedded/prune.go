package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// pruneChunk is how many rows one transaction of Prune deletes; reports that
	// wait get their turn between two of them.
	pruneChunk = 2000
	// freeChunk is how many pages one turn gives back to the file system.
	freeChunk = 4096
	// logReserve is the part of the disk budget that is left to the write-ahead
	// log (an eighth of the budget, at most this): two checkpoints' worth.
	logReserve = 2 * checkpointPages * 4096
)

// Prune deletes reports, buckets, minutes of traffic and exhibits older than before. Then,
// while the minutes take more than a quarter of budget bytes, the oldest of them, and while
// exhibits take more than an eighth the oldest of those, so that none of them nor reports
// crowd the others out; and while the store is larger than the
// budget (its log included; 0 is no budget), the oldest reports of all. It works in small transactions, so that writers wait little;
// if ctx ends between two of them it returns what was deleted so far. Totals
// stay as they were.
func (s *Store) Prune(ctx context.Context, before time.Time, budget int64) (int64, error) {
	old, err := s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		return pruneReports(ctx, c, `SELECT id FROM reports WHERE time < ? ORDER BY time LIMIT ?`, nanos(before), pruneChunk)
	})
	if err != nil {
		return old, err
	}
	buckets, err := s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		return affected(c.ExecContext(ctx, `DELETE FROM buckets WHERE (service, time, length) IN
			(SELECT service, time, length FROM buckets WHERE time < ? ORDER BY time LIMIT ?)`, nanos(before), pruneChunk))
	})
	if err != nil {
		return old + buckets, err
	}
	minutes, err := s.pruneTraffic(ctx, before, budget)
	if buckets += minutes; err != nil {
		return old + buckets, err
	}
	exhibits, err := s.pruneExhibits(ctx, before, budget)
	if buckets += exhibits; err != nil {
		return old + buckets, err
	}
	surplus, err := s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		if size, err := usedBytes(ctx, c); err != nil || budget <= 0 || size <= budget-min(budget/8, logReserve) {
			return 0, err
		}
		return pruneReports(ctx, c, `SELECT id FROM reports ORDER BY time LIMIT ?`, pruneChunk)
	})
	if n := old + buckets + surplus; err != nil || n == 0 {
		return n, err
	}
	return old + buckets + surplus, s.shrink(ctx)
}

// pruneAll calls chunk, each time in a transaction of its own, until it deletes
// nothing more.
func (s *Store) pruneAll(ctx context.Context, chunk func(context.Context, *sql.Conn) (int64, error)) (int64, error) {
	var all int64
	for {
		var n int64
		err := s.update(ctx, func(ctx context.Context, c *sql.Conn) (err error) {
			n, err = chunk(ctx, c)
			return err
		})
		if err != nil || n == 0 {
			return all, err
		}
		all += n
	}
}

// pruneReports deletes the reports whose ids the query gives and remembers in
// the totals that they are gone.
func pruneReports(ctx context.Context, c *sql.Conn, ids string, args ...any) (int64, error) {
	rows, err := c.QueryContext(ctx, `DELETE FROM reports WHERE id IN (`+ids+`) RETURNING service, counted`, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	gone := map[string]*totals{}
	var n int64
	for rows.Next() {
		var service string
		var counted int64
		if err := rows.Scan(&service, &counted); err != nil {
			return 0, err
		}
		t := gone[service]
		if t == nil {
			t = &totals{service: service}
			gone[service] = t
		}
		t.received++
		t.counted += counted
		n++
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	for _, t := range gone {
		if _, err := c.ExecContext(ctx, `UPDATE report_totals SET pruned_received = pruned_received + ?,
			pruned_counted = pruned_counted + ? WHERE service = ?`, t.received, t.counted, t.service); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// usedBytes is the size of the pages in use; free ones are given back or used
// again, so the file cannot stay larger.
func usedBytes(ctx context.Context, c querier) (int64, error) {
	var n int64
	err := c.QueryRowContext(ctx, `SELECT (page_count - freelist_count) * page_size
		FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).Scan(&n)
	return n, err
}

// shrink gives free pages back to the file system.
func (s *Store) shrink(ctx context.Context) error {
	free := int64(1)
	for last := int64(-1); free > 0 && free != last; {
		last = free
		err := s.inTurn(ctx, func(ctx context.Context, c *sql.Conn) error {
			if err := drain(ctx, c, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", freeChunk)); err != nil {
				return err
			}
			return c.QueryRowContext(ctx, "SELECT freelist_count FROM pragma_freelist_count").Scan(&free)
		})
		if err != nil {
			return err
		}
	}
	return s.inTurn(ctx, checkpoint)
}

// checkpoint folds the log into the database and empties it. Where a reader is
// in the way it does what it can; the next one does the rest.
func checkpoint(ctx context.Context, c *sql.Conn) error {
	return drain(ctx, c, "PRAGMA wal_checkpoint(TRUNCATE)")
}

// drain runs a pragma to its end: some do one step of their work a row.
func drain(ctx context.Context, c *sql.Conn, query string) error {
	rows, err := c.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// EraseNetwork deletes the free text of all reports that bear the network's
// token and returns of how many. An empty token is none and erases nothing.
func (s *Store) EraseNetwork(ctx context.Context, network string) (int64, error) {
	if network == "" {
		return 0, nil
	}
	var n int64
	err := s.update(ctx, func(ctx context.Context, c *sql.Conn) (err error) {
		n, err = affected(c.ExecContext(ctx, `UPDATE reports SET text = '' WHERE network = ? AND text <> ''`, network))
		return err
	})
	return n, err
}
