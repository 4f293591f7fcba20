package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"downpour"
	"downpour/internal/store"
)

// nanos is the time as columns hold it: nanoseconds since 1970. What lies beyond
// the years 1678 to 2262 gives the nearest that can be held, so that the zero
// time means "from the beginning" in queries.
func nanos(t time.Time) int64 {
	switch y := t.Year(); {
	case y < 1678:
		return math.MinInt64
	case y >= 2262:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// ReportTotals counts the service's reports since the store was made, pruned
// ones included; a service without any has 0.
func (s *Store) ReportTotals(ctx context.Context, service string) (received, counted uint64, err error) {
	err = s.get(ctx, `SELECT received, counted FROM report_totals WHERE service = ?`, []any{service}, &received, &counted)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return received, counted, err
}

// ReportBreakdown counts counted reports in [from, to) by symptom and country;
// reports of unknown country stand under "".
func (s *Store) ReportBreakdown(ctx context.Context, service string, from, to time.Time) (store.Breakdown, error) {
	b := store.Breakdown{Symptoms: map[string]uint64{}, Countries: map[string]uint64{}}
	var symptom, country string
	var n uint64
	err := s.each(ctx, `SELECT symptom, country, count(*) FROM reports
		WHERE counted = 1 AND service = ? AND time >= ? AND time < ? GROUP BY symptom, country`,
		[]any{service, nanos(from), nanos(to)}, []any{&symptom, &country, &n}, func() error {
			b.Symptoms[symptom] += n
			b.Countries[country] += n
			return nil
		})
	return b, err
}

// PutBuckets keeps closed buckets, all or none of them.
func (s *Store) PutBuckets(ctx context.Context, buckets []downpour.ExpectedReports) error {
	return s.update(ctx, func(ctx context.Context, c *sql.Conn) error {
		for i := range buckets {
			b := &buckets[i]
			_, err := c.ExecContext(ctx, `INSERT OR REPLACE INTO buckets
				(service, time, length, count, expected, low, high, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
				b.Service, nanos(b.Time), int64(b.Bucket), b.Count, b.Expected.Value, b.Expected.Low, b.Expected.High, string(b.Origin))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Buckets returns the buckets that begin in [from, to), in order of time and
// then of length.
func (s *Store) Buckets(ctx context.Context, service string, from, to time.Time) ([]downpour.ExpectedReports, error) {
	var out []downpour.ExpectedReports
	var at, length int64
	var count float64
	var expected, low, high sql.NullFloat64
	var origin string
	err := s.each(ctx, `SELECT time, length, count, expected, low, high, origin FROM buckets
		WHERE service = ? AND time >= ? AND time < ? ORDER BY time, length`,
		[]any{service, nanos(from), nanos(to)}, []any{&at, &length, &count, &expected, &low, &high, &origin}, func() error {
			out = append(out, downpour.ExpectedReports{
				Service: service, Time: time.Unix(0, at).UTC(), Bucket: time.Duration(length), Count: count,
				Expected: downpour.Estimate{Value: number(expected), Low: number(low), High: number(high)},
				Origin:   downpour.CountOrigin(origin),
			})
			return nil
		})
	return out, err
}

// number gives back the NaN that SQLite keeps as NULL.
func number(v sql.NullFloat64) float64 {
	if !v.Valid {
		return math.NaN()
	}
	return v.Float64
}

// PutIncident keeps an incident with its parts, replacing an earlier state. What
// the JSON of the domain types leaves out (Footprint) is not kept.
func (s *Store) PutIncident(ctx context.Context, r store.Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("incident %s: %w", r.Incident.ID, err)
	}
	return s.update(ctx, func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `INSERT OR REPLACE INTO incidents (id, service, start, record) VALUES (?, ?, ?, ?)`,
			r.Incident.ID, r.Incident.Service, nanos(r.Incident.Start), string(b))
		return err
	})
}

// Incident returns one, or store.ErrNotFound.
func (s *Store) Incident(ctx context.Context, id string) (store.Record, error) {
	var b []byte
	if err := s.get(ctx, `SELECT record FROM incidents WHERE id = ?`, []any{id}, &b); err != nil {
		return store.Record{}, err
	}
	return decodeRecord(b)
}

func decodeRecord(b []byte) (store.Record, error) {
	var r store.Record
	if err := json.Unmarshal(b, &r); err != nil {
		return store.Record{}, fmt.Errorf("a kept incident cannot be read: %w", err)
	}
	return r, nil
}

// Incidents returns at most limit of them, the newest start first, of one
// service or (empty) of all.
func (s *Store) Incidents(ctx context.Context, service string, limit int) ([]store.Record, error) {
	if limit <= 0 {
		return nil, nil
	}
	query, args := `SELECT record FROM incidents ORDER BY start DESC, id LIMIT ?`, []any{limit}
	if service != "" {
		query, args = `SELECT record FROM incidents WHERE service = ? ORDER BY start DESC, id LIMIT ?`, []any{service, limit}
	}
	var out []store.Record
	var b []byte
	err := s.each(ctx, query, args, []any{&b}, func() error {
		r, err := decodeRecord(b)
		out = append(out, r)
		return err
	})
	return out, err
}

// Setting returns the value kept under the name, or store.ErrNotFound.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	var b []byte
	err := s.get(ctx, `SELECT value FROM settings WHERE name = ?`, []any{name}, &b)
	return b, err
}

// PutSetting keeps a value under a name, replacing an earlier one.
func (s *Store) PutSetting(ctx context.Context, name string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	return s.update(ctx, func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)`, name, value)
		return err
	})
}

// get reads the one row of a query, or store.ErrNotFound.
func (s *Store) get(ctx context.Context, query string, args []any, into ...any) error {
	if s.isClosed() {
		return store.ErrClosed
	}
	err := s.read.QueryRowContext(ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return s.failed(err)
}

// each reads a query's rows into the given variables and calls row after each.
func (s *Store) each(ctx context.Context, query string, args, into []any, row func() error) error {
	if s.isClosed() {
		return store.ErrClosed
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return s.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return s.failed(err)
		}
		if err := row(); err != nil {
			return err
		}
	}
	return s.failed(rows.Err())
}

// failed explains a reader's error; one that Close caused is ErrClosed.
func (s *Store) failed(err error) error {
	if err != nil && s.isClosed() {
		return store.ErrClosed
	}
	return explain(s.file, err)
}

func (s *Store) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}
