package embedded

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"downpour"
	"downpour/internal/store"
)

// maxGroup bounds the reports of one transaction, and with it how long the first
// of them waits for the last: some 10 ms of work.
const maxGroup = 512

// The life of a waiting report: whoever changes waiting first, the committer or
// a writer that gives up, decides.
const (
	waiting int32 = iota
	taken         // will be answered with what the commit gave
	given         // given up by its writer; not written
)

// pending is a report on its way to the disk.
type pending struct {
	report downpour.Report
	state  atomic.Int32
	done   chan error // of capacity 1
}

// work is any other write, done by the committer between two groups of reports.
type work struct {
	do   func(context.Context, *sql.Conn) error
	done chan error // of capacity 1
}

// committer is the one goroutine that writes.
type committer struct {
	conn    *sql.Conn
	insert  *sql.Stmt
	total   *sql.Stmt
	reports chan *pending
	work    chan work
	stopped chan error

	committed, groups atomic.Uint64
}

const insertReport = `INSERT INTO reports
	(time, service, symptom, text, country, asn, network, counted, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const addTotals = `INSERT INTO report_totals (service, received, counted) VALUES (?, ?, ?)
	ON CONFLICT (service) DO UPDATE SET received = received + excluded.received, counted = counted + excluded.counted`

func newCommitter(ctx context.Context, conn *sql.Conn, queue int) (*committer, error) {
	insert, err := conn.PrepareContext(ctx, insertReport)
	if err != nil {
		return nil, err
	}
	total, err := conn.PrepareContext(ctx, addTotals)
	if err != nil {
		return nil, err
	}
	return &committer{
		conn: conn, insert: insert, total: total,
		reports: make(chan *pending, queue), work: make(chan work), stopped: make(chan error, 1),
	}, nil
}

// run serves both queues until they are closed and empty.
func (c *committer) run() {
	ctx := context.Background()
	group := make([]*pending, 0, maxGroup)
	reports, others := c.reports, c.work
	for reports != nil || others != nil {
		select {
		case p, ok := <-reports:
			if !ok {
				reports = nil
				continue
			}
			c.commit(ctx, c.gather(append(group[:0], p)))
		case w, ok := <-others:
			if !ok {
				others = nil
				continue
			}
			w.done <- w.do(ctx, c.conn)
		}
	}
	c.stopped <- errors.Join(checkpoint(ctx, c.conn), c.insert.Close(), c.total.Close(), c.conn.Close())
}

// gather adds what else waits already, and leaves out what was given up.
func (c *committer) gather(group []*pending) []*pending {
	for more := true; more && len(group) < maxGroup; {
		select {
		case p, ok := <-c.reports:
			if more = ok; ok {
				group = append(group, p)
			}
		default:
			more = false
		}
	}
	kept := group[:0]
	for _, p := range group {
		if p.state.CompareAndSwap(waiting, taken) {
			kept = append(kept, p)
		}
	}
	return kept
}

// commit writes a group as one transaction and answers each of its writers.
func (c *committer) commit(ctx context.Context, group []*pending) {
	if len(group) == 0 {
		return
	}
	err := inTransaction(ctx, c.conn, func() error { return c.write(ctx, group) })
	if err == nil {
		c.committed.Add(uint64(len(group)))
		c.groups.Add(1)
	}
	for _, p := range group {
		p.done <- err
	}
}

// totals are the reports of one service in a group.
type totals struct {
	service           string
	received, counted int64
}

func (c *committer) write(ctx context.Context, group []*pending) error {
	var sums []totals
	for _, p := range group {
		r := &p.report
		_, err := c.insert.ExecContext(ctx, nanos(r.Time), r.Service, r.Symptom, r.Text, r.Country, r.ASN, r.Network, r.Counted, r.Reason)
		if err != nil {
			return err
		}
		sums = addTotal(sums, r)
	}
	for _, t := range sums {
		if _, err := c.total.ExecContext(ctx, t.service, t.received, t.counted); err != nil {
			return err
		}
	}
	return nil
}

// addTotal adds a report to its service's sum; a group has few services.
func addTotal(sums []totals, r *downpour.Report) []totals {
	i := 0
	for i < len(sums) && sums[i].service != r.Service {
		i++
	}
	if i == len(sums) {
		sums = append(sums, totals{service: r.Service})
	}
	sums[i].received++
	if r.Counted {
		sums[i].counted++
	}
	return sums
}

// stop lets the committer finish what waits and returns how that ended. No job
// may be handed over any more.
func (c *committer) stop() error {
	close(c.reports)
	close(c.work)
	return <-c.stopped
}

// AddReport returns nil once the report is on the disk. If ctx ends while it
// still waits for its turn, it is not written; once its transaction is under
// way the answer is how that ended.
func (s *Store) AddReport(ctx context.Context, r downpour.Report) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &pending{report: r, done: make(chan error, 1)}
	if err := s.enqueue(p); err != nil {
		return err
	}
	select {
	case err := <-p.done:
		return explain(s.file, err)
	case <-ctx.Done():
		if p.state.CompareAndSwap(waiting, given) {
			return ctx.Err()
		}
		return explain(s.file, <-p.done)
	}
}

func (s *Store) enqueue(p *pending) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	select {
	case s.committer.reports <- p:
		return nil
	default:
		s.shed.Add(1)
		return store.ErrBusy
	}
}

// inTurn has the committer do something on its connection, outside of a
// transaction. Once begun it is waited for.
func (s *Store) inTurn(ctx context.Context, do func(context.Context, *sql.Conn) error) error {
	w := work{do: do, done: make(chan error, 1)}
	if err := s.handOver(ctx, w); err != nil {
		return err
	}
	return explain(s.file, <-w.done)
}

func (s *Store) handOver(ctx context.Context, w work) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	select {
	case s.committer.work <- w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// update is inTurn within a transaction.
func (s *Store) update(ctx context.Context, do func(context.Context, *sql.Conn) error) error {
	return s.inTurn(ctx, func(ctx context.Context, c *sql.Conn) error {
		return inTransaction(ctx, c, func() error { return do(ctx, c) })
	})
}
