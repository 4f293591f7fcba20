// Package embedded keeps Downpour's rows in one SQLite file, without cgo.
//
// The file is in WAL mode with synchronous=FULL: a transaction that was
// committed survives a crash of the machine. One goroutine, the committer, does
// all writing. It takes everything that waits into one transaction and answers
// each writer only after COMMIT, so that many writers share the price of one
// fsync. Readers have connections of their own and never wait for it.
//
// One process at a time may use a store; a lock in its directory sees to that.
package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"downpour/internal/store"
)

var _ store.Store = (*Store)(nil)

// FileName is the name of the database in the store's directory.
const FileName = "downpour.db"

const (
	// defaultQueue bounds the reports that wait for a commit. At the slowest
	// disk we met (100 fsync/s, groups of maxGroup) it drains within a second.
	defaultQueue = 8192
	// readers is how many queries run at the same time; more wait.
	readers = 4
	// checkpointPages is after how many pages of 4 KiB the write-ahead log is
	// folded back into the database: SQLite's own default, 4 MiB.
	checkpointPages = 1000
)

// Options adjusts a store. The zero value is right for a server.
type Options struct {
	// Queue bounds the reports waiting to be written; beyond it AddReport
	// returns store.ErrBusy. 0 means 8192.
	Queue int
}

// Store is an open store. Its methods may be called concurrently.
type Store struct {
	dir  string
	file string
	lock *dirLock

	write *sql.DB // one connection, the committer's
	read  *sql.DB

	committer *committer
	shed      atomic.Uint64

	mu     sync.RWMutex // held for reading while a job is handed over
	closed bool
}

// Open opens the store in the directory path, and makes it if there is none
// (the directory with mode 0700, its file with 0600). A store of an earlier
// schema version is migrated. The error is one line that says what is wrong
// with which path: in use by another process, no directory, not writable, not a
// store, damaged, or written by a newer version.
func Open(path string, opt Options) (*Store, error) {
	if opt.Queue <= 0 {
		opt.Queue = defaultQueue
	}
	if err := makeDir(path); err != nil {
		return nil, err
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: path, file: filepath.Join(path, FileName), lock: lock}
	if err := s.open(opt); err != nil {
		return nil, errors.Join(explain(s.file, err), s.closeHandles())
	}
	go s.committer.run()
	return s, nil
}

// open connects, migrates and prepares; what it opened is closed by the caller.
func (s *Store) open(opt Options) error {
	if err := makeFile(s.file); err != nil {
		return err
	}
	if err := inspect(s.file); err != nil {
		return err
	}
	var err error
	if s.write, err = connect(s.file, 1,
		"busy_timeout(5000)", "auto_vacuum(incremental)", "journal_mode(wal)", "synchronous(full)",
		fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages),
		fmt.Sprintf("journal_size_limit(%d)", 2*checkpointPages*4096)); err != nil {
		return err
	}
	ctx := context.Background()
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx, conn, opt); err != nil {
		return errors.Join(err, conn.Close())
	}
	return nil
}

// prepare migrates, and readies the committer to own the connection.
func (s *Store) prepare(ctx context.Context, conn *sql.Conn, opt Options) error {
	err := migrate(ctx, conn)
	if err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	if s.read, err = connect(s.file, readers, "busy_timeout(5000)", "query_only(1)"); err != nil {
		return err
	}
	s.committer, err = newCommitter(ctx, conn, opt.Queue)
	return err
}

// connect opens a pool of n connections, each set up with the pragmas in order.
func connect(file string, n int, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	if err := db.PingContext(context.Background()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close writes what waits, folds the log into the database and frees the
// store. What comes after gets store.ErrClosed. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	err := s.committer.stop()
	return errors.Join(explain(s.file, err), s.closeHandles())
}

func (s *Store) closeHandles() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.lock.release())...)
}

// Stats is what the store tells of itself, for metrics.
type Stats struct {
	Waiting   int    // reports waiting to be written
	Shed      uint64 // reports refused with ErrBusy since Open
	Committed uint64 // reports made durable since Open
	Groups    uint64 // transactions that made them so
	Bytes     int64  // size of the database and its log on disk
}

// Stats returns the figures of this moment.
func (s *Store) Stats() Stats {
	st := Stats{
		Waiting:   len(s.committer.reports),
		Shed:      s.shed.Load(),
		Committed: s.committer.committed.Load(),
		Groups:    s.committer.groups.Load(),
	}
	for _, name := range []string{s.file, s.file + "-wal"} {
		if fi, err := os.Stat(name); err == nil {
			st.Bytes += fi.Size()
		}
	}
	return st
}
