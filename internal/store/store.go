// Package store is the contract of what Downpour keeps: reports that were
// acknowledged, counts by minute with what was expected, incidents with their
// parts, and small settings. internal/store/embedded meets it in one SQLite
// file; a distributed engine can meet it later. Package storetest holds the
// tests that every implementation passes.
package store

import (
	"context"
	"errors"
	"time"

	"downpour"
)

// ErrNotFound is returned where what is asked for is not kept.
var ErrNotFound = errors.New("not found")

// ErrBusy is returned by AddReport when so many reports wait to be written that
// this one was shed. Nothing was kept; the caller may try again later.
var ErrBusy = errors.New("too many reports are waiting to be written")

// ErrClosed is returned by every method after Close, and nothing was done.
var ErrClosed = errors.New("the store is closed")

// Store keeps Downpour's domain rows. Its methods may be called concurrently.
type Store interface {
	// AddReport returns nil once the report survives a crash of the machine.
	AddReport(ctx context.Context, r downpour.Report) error
	// ReportTotals counts the service's reports since the store was made.
	ReportTotals(ctx context.Context, service string) (received, counted uint64, err error)
	// ReportBreakdown counts counted reports in [from, to) by symptom and country.
	ReportBreakdown(ctx context.Context, service string, from, to time.Time) (Breakdown, error)

	// PutBuckets keeps closed buckets of report counts; one of the same
	// service, time and length replaces the earlier.
	PutBuckets(ctx context.Context, b []downpour.ExpectedReports) error
	// Buckets returns the buckets that begin in [from, to), in order of time.
	Buckets(ctx context.Context, service string, from, to time.Time) ([]downpour.ExpectedReports, error)

	// PutTraffic keeps minutes of traffic; they are added to those that are kept.
	PutTraffic(ctx context.Context, m []downpour.TrafficMinute) error
	// Traffic calls each for the minutes that begin in [from, to), in order of time, until
	// it returns an error, which Traffic returns. What each is given may not be kept.
	Traffic(ctx context.Context, from, to time.Time, each func([]downpour.TrafficMinute) error) error

	// PutIncident keeps an incident with its parts, replacing an earlier state.
	PutIncident(ctx context.Context, r Record) error
	// Incident returns one, or ErrNotFound.
	Incident(ctx context.Context, id string) (Record, error)
	// Incidents returns the newest first, of one service or (empty) of all.
	Incidents(ctx context.Context, service string, limit int) ([]Record, error)

	// PutExhibit keeps what is kept of an attack's records, replacing what was kept of it.
	PutExhibit(ctx context.Context, e downpour.Exhibit) error
	// Exhibit returns that of an attack, or ErrNotFound.
	Exhibit(ctx context.Context, attack string) (downpour.Exhibit, error)

	// Setting returns a small value kept under a name, or ErrNotFound.
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, value []byte) error

	// Prune deletes reports, buckets, minutes of traffic and exhibits older than the given
	// time, the oldest minutes while they take more than a quarter of budget bytes, the
	// oldest exhibits while they take more than an eighth and, while the store is larger
	// than budget, the oldest reports of all. It returns how many rows it deleted.
	Prune(ctx context.Context, before time.Time, budget int64) (int64, error)
	// PruneIncidents deletes incidents that are over and began before the given time and,
	// while all take more than most bytes (0: any number), the oldest that are over. With
	// an incident go the settings about it: those named KIND/ID, and those that hold its
	// ID. It returns how many incidents it deleted.
	PruneIncidents(ctx context.Context, before time.Time, most int64) (int64, error)
	// EraseNetwork deletes the free text of all reports bearing a network token.
	EraseNetwork(ctx context.Context, network string) (int64, error)
	// Check verifies integrity and returns every fault found.
	Check(ctx context.Context) ([]string, error)
	// Backup writes a consistent copy to a path that must not exist yet.
	Backup(ctx context.Context, path string) error
	Close() error
}

// Record is an incident with everything that its page tells.
type Record struct {
	Incident downpour.Incident          `json:"incident"`
	Attacks  []downpour.Attack          `json:"attacks"`
	Outages  []downpour.Outage          `json:"outages"`
	Claims   []downpour.ClaimAssessment `json:"claims"`
}

// Breakdown counts reports by what they say and where they come from.
type Breakdown struct {
	Symptoms  map[string]uint64 `json:"symptoms"`
	Countries map[string]uint64 `json:"countries"`
}
