package embedded

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"downpour"
)

// exhibitShare is the part of the disk budget that exhibits may take, and mostExhibit the
// most that one may hold when it is unpacked: many times what its bounds allow.
const exhibitShare, mostExhibit = 8, 4 << 20

// PutExhibit keeps what is kept of an attack's records, replacing what was kept of it.
func (s *Store) PutExhibit(ctx context.Context, e downpour.Exhibit) error {
	packed, err := packExhibit(e)
	if err != nil {
		return fmt.Errorf("exhibit of attack %s: %w", e.Attack, err)
	}
	return s.update(ctx, func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `INSERT OR REPLACE INTO exhibits (attack, time, exhibit) VALUES (?, ?, ?)`, e.Attack, nanos(e.AsOf), packed)
		return err
	})
}

// Exhibit returns what is kept of an attack's records, or store.ErrNotFound.
func (s *Store) Exhibit(ctx context.Context, attack string) (downpour.Exhibit, error) {
	var packed []byte
	var e downpour.Exhibit
	err := s.get(ctx, `SELECT exhibit FROM exhibits WHERE attack = ?`, []any{attack}, &packed)
	if err != nil {
		return e, err
	}
	if e, err = unpackExhibit(packed); err != nil {
		return e, fmt.Errorf("exhibit of attack %s: %w", attack, err)
	}
	return e, nil
}

func packExhibit(e downpour.Exhibit) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(e); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpackExhibit(packed []byte) (e downpour.Exhibit, err error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return e, err
	}
	err = json.NewDecoder(io.LimitReader(z, mostExhibit)).Decode(&e)
	return e, err
}

// pruneExhibits deletes those older than before, and the oldest while all of them take
// more than their share of the budget.
func (s *Store) pruneExhibits(ctx context.Context, before time.Time, budget int64) (int64, error) {
	return s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		n, err := affected(c.ExecContext(ctx, `DELETE FROM exhibits WHERE attack IN
			(SELECT attack FROM exhibits WHERE time < ? ORDER BY time LIMIT ?)`, nanos(before), pruneChunk))
		if err != nil || n > 0 || budget <= 0 {
			return n, err
		}
		const tenth = 10 // of them at a time, so that few more go than must
		var bytes, rows int64
		err = c.QueryRowContext(ctx, `SELECT coalesce(sum(length(exhibit)), 0), count(*) FROM exhibits`).Scan(&bytes, &rows)
		if err != nil || bytes <= budget/exhibitShare {
			return 0, err
		}
		return affected(c.ExecContext(ctx, `DELETE FROM exhibits WHERE attack IN
			(SELECT attack FROM exhibits ORDER BY time, attack LIMIT ?)`, min(max(rows/tenth, 1), pruneChunk)))
	})
}
