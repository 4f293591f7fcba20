package embedded

import (
	"context"
	"database/sql"
	"fmt"

	"downpour/internal/store"
)

// Check verifies the file's structure (PRAGMA integrity_check), the schema's
// version, that the totals are what the reports add up to, and that every
// incident can be read. It returns each fault as a sentence; none is health. It
// reads everything: some seconds for a gigabyte.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	if s.isClosed() {
		return nil, store.ErrClosed
	}
	return check(ctx, s.read, s.failed)
}

// check looks at the database behind a reading pool; failed puts what went wrong
// into words.
func check(ctx context.Context, read *sql.DB, failed func(error) error) ([]string, error) {
	tx, err := read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, failed(err)
	}
	defer tx.Rollback()
	var faults []string
	for _, check := range []func(context.Context, *sql.Tx) ([]string, error){
		checkIntegrity, checkVersion, checkTotals, checkIncidents,
	} {
		found, err := check(ctx, tx)
		faults = append(faults, found...)
		if err != nil {
			// A damaged file may fail instead of naming its faults.
			return append(faults, failed(err).Error()), ctx.Err()
		}
	}
	return faults, nil
}

func checkIntegrity(ctx context.Context, tx *sql.Tx) ([]string, error) {
	found, err := sentences(ctx, tx, "PRAGMA integrity_check(100)")
	if len(found) == 1 && found[0] == "ok" {
		found = nil
	}
	return found, err
}

func checkVersion(ctx context.Context, tx *sql.Tx) ([]string, error) {
	steps, err := migrations()
	if err != nil {
		return nil, err
	}
	version, err := schemaVersion(ctx, tx)
	if err != nil || version == len(steps) {
		return nil, err
	}
	return []string{fmt.Sprintf("schema version is %d, not %d", version, len(steps))}, nil
}

// checkTotals tells the services whose totals are not rows + pruned rows.
func checkTotals(ctx context.Context, tx *sql.Tx) ([]string, error) {
	return sentences(ctx, tx, `
		WITH rows AS (SELECT service, count(*) AS received, sum(counted) AS counted FROM reports GROUP BY service)
		SELECT format('totals of service %s: %d received and %d counted are kept, its reports add up to %d and %d', service,
			coalesce(t.received, 0), coalesce(t.counted, 0),
			coalesce(r.received, 0) + coalesce(t.pruned_received, 0), coalesce(r.counted, 0) + coalesce(t.pruned_counted, 0))
		FROM report_totals t FULL JOIN rows r USING (service)
		WHERE coalesce(t.received, 0) <> coalesce(r.received, 0) + coalesce(t.pruned_received, 0)
			OR coalesce(t.counted, 0) <> coalesce(r.counted, 0) + coalesce(t.pruned_counted, 0)
		ORDER BY service`)
}

func checkIncidents(ctx context.Context, tx *sql.Tx) ([]string, error) {
	return sentences(ctx, tx, `SELECT format('incident %s cannot be read', id) FROM incidents
		WHERE NOT json_valid(record) OR record ->> '$.incident.id' IS NOT id ORDER BY id LIMIT 100`)
}

// sentences reads a query of one text column.
func sentences(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return out, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
