package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
)

// View is a store opened only to be looked at and copied, which works beside a
// server that uses it.
type View struct {
	file string
	read *sql.DB
}

// OpenView opens the store in the directory path; there must be one.
func OpenView(path string) (*View, error) {
	file := filepath.Join(path, FileName)
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("there is no store in %s: %w; name its folder with --data", path, cause(err))
	}
	if err := inspect(file); err != nil {
		return nil, explain(file, err)
	}
	read, err := connect(file, 1, "busy_timeout(5000)", "query_only(1)")
	if err != nil {
		return nil, explain(file, err)
	}
	return &View{file: file, read: read}, nil
}

// Check verifies the store as Store.Check does.
func (v *View) Check(ctx context.Context) ([]string, error) {
	return check(ctx, v.read, func(err error) error { return explain(v.file, err) })
}

// Backup copies the store as Store.Backup does.
func (v *View) Backup(ctx context.Context, path string) error { return backup(ctx, v.file, path) }

// Close ends the view.
func (v *View) Close() error { return v.read.Close() }
