package embedded

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// applicationID marks the file as ours in SQLite's header: "DPR1".
const applicationID = 0x44505231

// migrations returns the schema's steps in order; the file 0001_*.sql leads to
// version 1. A step that was released is never changed.
func migrations() ([]string, error) {
	names, err := fs.Glob(schemaFiles, "schema/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	steps := make([]string, len(names))
	for i, name := range names {
		b, err := schemaFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps[i] = string(b)
	}
	return steps, nil
}

// inspect refuses, before anything is written to it, a file that is no store or
// one that we are too old for.
func inspect(file string) error {
	db, err := connect(file, 1, "busy_timeout(5000)", "query_only(1)")
	if err != nil {
		return err
	}
	_, err = knownVersion(context.Background(), db)
	return errors.Join(err, db.Close())
}

// knownVersion is schemaVersion, with an error for a version above ours.
func knownVersion(ctx context.Context, c querier) (int, error) {
	steps, err := migrations()
	if err != nil {
		return 0, err
	}
	version, err := schemaVersion(ctx, c)
	if err == nil && version > len(steps) {
		err = fmt.Errorf("was written by a newer downpour (schema %d; this one knows %d)", version, len(steps))
	}
	return version, err
}

// migrate brings the database to the newest version, one transaction a step, so
// that a crash between leaves a version that is whole.
func migrate(ctx context.Context, c *sql.Conn) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	version, err := schemaVersion(ctx, c)
	if err != nil {
		return err
	}
	for v := version + 1; v <= len(steps); v++ {
		if err := migrateTo(ctx, c, v, steps[v-1]); err != nil {
			return fmt.Errorf("migration to schema %d: %w", v, err)
		}
	}
	return nil
}

func migrateTo(ctx context.Context, c *sql.Conn, version int, step string) error {
	return inTransaction(ctx, c, func() error {
		for _, q := range []string{
			"CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT",
			step,
			fmt.Sprintf("INSERT INTO schema_version VALUES (%d)", version),
			fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		} {
			if _, err := c.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}

// querier is a connection or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// schemaVersion returns the version of the database, 0 for an empty one, and an
// error for a database of some other program.
func schemaVersion(ctx context.Context, c querier) (int, error) {
	var tables, ours, id int
	err := c.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'schema_version'),
		(SELECT application_id FROM pragma_application_id) FROM sqlite_schema`).Scan(&tables, &ours, &id)
	if err != nil {
		return 0, err
	}
	if tables == 0 {
		return 0, nil
	}
	if ours == 0 || id != applicationID {
		return 0, errors.New("is a database of another program")
	}
	var version int
	err = c.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_version").Scan(&version)
	return version, err
}

// inTransaction runs do between BEGIN and COMMIT, or rolls back if it fails.
func inTransaction(ctx context.Context, c *sql.Conn, do func() error) error {
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		_, err = c.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		// After some errors SQLite has rolled back already, and this one fails;
		// the transaction is gone either way.
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
}
