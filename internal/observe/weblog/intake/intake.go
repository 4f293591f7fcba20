// Package intake runs the web logs of a server that is watching: files that are
// followed, units of systemd's journal, and sockets that lines are sent to, in
// syslog's frames or bare. Each log is decoded by a goroutine of its own (a
// stream's by one a connection) and goes to the pipeline in batches through the
// queue of all intakes. What can wait (a file, a stream) waits for a pipeline that
// falls behind; datagrams are shed, and counted.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/weblog"
	"downpour/internal/observe/weblog/journal"
	"downpour/internal/observe/weblog/tail"
)

// Config says which logs are read.
type Config struct {
	Logs []Log
	// State is the file that keeps how far files have been read.
	State string
	Queue *observe.Queue
	Log   *slog.Logger
}

// Log is one log: one of Path, Listen and Journal is set.
type Log struct {
	// Path is a file or a pattern of files (filepath.Glob).
	Path string
	// Listen is udp://host:port, tcp://host:port or unix:PATH.
	Listen string
	// Journal is a unit that writes its log to systemd's journal.
	Journal string
	// From are the senders that are heard; only this machine if none are named.
	From    []netip.Prefix
	Options weblog.Options
}

// Name is what the operator knows it by.
func (l *Log) Name() string {
	switch {
	case l.Path != "":
		return l.Path
	case l.Journal != "":
		return "journal of " + l.Journal
	}
	return l.Listen
}

// Status is how a log comes in.
type Status struct {
	Name    string
	Address string // where it listens; "" for files
	Account weblog.Account
	// Seen is when the last line came, by the clock here; zero if none did.
	Seen time.Time
	// Lag is how far the last request's time was behind the clock when it came.
	Lag time.Duration
	// Files tells of files; nil for a socket.
	Files *tail.Stats
	// Shed counts requests that the pipeline had no room for, Refused messages and
	// connections of senders that are not heard or too many.
	Shed, Refused uint64
	// Future counts requests that were dated ahead of their arrival, and count at it.
	Future uint64
	// Problem is why a journal could not be read, last; "" if it could.
	Problem string
}

// Intake reads logs. Run drives it.
type Intake struct {
	cfg   Config
	feeds []*feed
	state *state
	close []func() error
}

// New opens what is to be read: sockets are bound, files need not be there yet.
func New(ctx context.Context, cfg Config) (*Intake, error) {
	in := &Intake{cfg: cfg, state: loadState(cfg.State, cfg.Log)}
	for i := range cfg.Logs {
		f, err := in.open(ctx, cfg.Logs[i])
		if err != nil {
			in.Close()
			return nil, fmt.Errorf("log %s: %w", cfg.Logs[i].Name(), err)
		}
		in.feeds = append(in.feeds, f)
	}
	return in, nil
}

func (in *Intake) open(ctx context.Context, l Log) (*feed, error) {
	d, err := weblog.NewDecoder(l.Options)
	if err != nil {
		return nil, err
	}
	f := &feed{Log: l, decoder: d, queue: in.cfg.Queue}
	if l.Path != "" {
		follower := tail.New(l.Path, in.state.of(l.Path))
		f.run = func(ctx context.Context) error { return f.follow(ctx, follower, in.state) }
		in.close = append(in.close, func() error { follower.Close(); return nil })
		return f, nil
	}
	if l.Journal != "" {
		r := &journal.Reader{Unit: l.Journal, Cursor: in.state.cursor(l.Journal)}
		f.run = func(ctx context.Context) error { f.journal(ctx, r, in.state, in.cfg.Log); return nil }
		return f, nil
	}
	s, err := listen(ctx, f)
	if err != nil {
		return nil, err
	}
	f.run, f.address = s.run, s.Address().String()
	in.close = append(in.close, s.close)
	return f, nil
}

// Run reads until ctx ends, then keeps how far it came.
func (in *Intake) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, f := range in.feeds {
		g.Go(func() error { return f.run(ctx) })
	}
	g.Go(func() error { return in.state.keep(ctx) })
	err := g.Wait()
	in.Close()
	return errors.Join(err, in.state.save())
}

// Close gives up what was opened.
func (in *Intake) Close() {
	for _, c := range in.close {
		_ = c() // it is given up
	}
	in.close = nil
}

// Status tells how the logs come in, in the order of the configuration.
func (in *Intake) Status() []Status {
	var list []Status
	for _, f := range in.feeds {
		list = append(list, f.status())
	}
	return list
}

// feed is a log on its way to the queue.
type feed struct {
	Log
	queue   *observe.Queue
	run     func(context.Context) error
	address string // where it listens; "" for files

	mu      sync.Mutex // guards what follows
	decoder *weblog.Decoder
	pending []downpour.Request
	seen    time.Time
	lag     time.Duration
	files   *tail.Stats
	shed    uint64
	refused uint64
	future  uint64
	problem string // what went wrong last; "" if nothing did
}

func (f *feed) status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Status{Name: f.Name(), Address: f.address, Account: f.decoder.Account(), Seen: f.seen, Lag: f.lag, Files: f.files, Shed: f.shed, Refused: f.refused, Future: f.future, Problem: f.problem}
}

// line decodes a line; the lock is held. True if a batch is full.
func (f *feed) line(line []byte) bool {
	n := len(f.pending)
	if n == cap(f.pending) {
		f.pending = append(f.pending, downpour.Request{})
	} else {
		f.pending = f.pending[:n+1]
	}
	if !f.decoder.Decode(line, &f.pending[n]) {
		f.pending = f.pending[:n]
	}
	return len(f.pending) >= observe.BatchSize
}

// note remembers when lines came; the lock is held.
func (f *feed) note(now time.Time) {
	f.seen = now
	if n := len(f.pending); n > 0 {
		f.lag = max(0, now.Sub(time.Unix(0, f.pending[n-1].Time)))
	}
}

// clockSlack is how far ahead of ours a log's clock may be.
const clockSlack = 2 * time.Second

// redate has requests dated ahead count now; the lock is held. The time of a log
// moves everybody's: one whose clock or zone is wrong would close seconds whose
// flows are still to come.
func (f *feed) redate(now time.Time) {
	latest := now.Add(clockSlack).UnixNano()
	for i := range f.pending {
		if r := &f.pending[i]; r.Time > latest {
			r.Time = now.UnixNano()
			f.future++
		}
	}
}

// flush hands over what is pending; the lock is held. False if ctx ended before
// there was room. Whoever can't wait sheds.
func (f *feed) flush(ctx context.Context, wait bool) bool {
	if len(f.pending) == 0 {
		return true
	}
	if wait && ctx.Err() != nil {
		return false // whoever would feed it may have ended
	}
	now := time.Now()
	f.redate(now)
	f.note(now)
	b := f.queue.Take()
	if b == nil && wait {
		if b = f.queue.Wait(ctx); b == nil {
			return false
		}
	}
	if b == nil {
		f.shed += uint64(len(f.pending))
		f.queue.Shed(0, len(f.pending))
		f.pending = f.pending[:0]
		return true
	}
	b.Requests, f.pending = f.pending, b.Requests[:0]
	f.queue.Put(b)
	return true
}
