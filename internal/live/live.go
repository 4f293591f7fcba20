// Package live is the running server's middle: it takes users' reports and
// telemetry to the pipeline as event time passes, keeps what must survive, and
// answers the pages and the API from memory. It is one of the two edges where a
// clock is read (the other is the command line): everything below it is told
// the time. A replay is the same thing with another clock.
package live

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"downpour"
	"downpour/internal/enrich"
	"downpour/internal/notify"
	"downpour/internal/observe"
	"downpour/internal/observe/report"
	"downpour/internal/pipeline"
	"downpour/internal/show/web"
	"downpour/internal/store"
)

// Service is a service that is watched.
type Service struct {
	ID       string // as in addresses
	Name     string // as people say it
	RunBy    string // who runs its page here; may be empty
	Contact  string // where to ask for erasure; may be empty
	Symptoms []web.Symptom
	Zone     *time.Location // times are shown in this zone; the reader's if nil
}

// Config says what is watched and with what.
type Config struct {
	Services []Service
	Store    store.Store
	Places   *enrich.Table
	Pipeline pipeline.Config
	Intake   *report.Intake
	Counter  *report.Counter
	// Replay, if not nil, is a source whose observations are fed when the clock
	// reaches their time.
	Replay observe.Source
	// Telemetry is what comes in from the network and from logs; nil in a replay.
	Telemetry *Telemetry
	// Clock tells event time at the live edge.
	Clock func() time.Time
	// Step is how often, in real time, the pipeline is brought up to date.
	Step time.Duration
	// Start and End, if set, bound the charts: the length of a replay.
	Start, End time.Time
	Notice     string // shown above every page; may be empty
	// Warning tells what the server noticed of its surroundings; may be nil.
	Warning func() []web.Warning
	// Published is what the public sees of an incident until an operator says
	// otherwise.
	Published web.Publication
	Keep      Keep
	// Notifier tells receivers of incidents; nil if there are none.
	Notifier *notify.Notifier
	// Kept tells how the store is; nil if there is nothing to tell.
	Kept    func() web.StoreHealth
	Version string
	Log     *slog.Logger
}

// Keep says how long things are kept in the store. What is 0 has no bound.
type Keep struct {
	Reports   time.Duration // with their counts, and minutes of traffic
	Incidents time.Duration // that are over
	Disk      int64         // bytes that the store may take
}

// Live is the running server's state. Run drives it; the other methods may be
// called concurrently.
type Live struct {
	cfg      Config
	keeper   keeper
	kept     uint64     // pipeline.Opened when open attacks were kept last; the keeping goroutine's
	open     bool       // whether there were any then
	allowing sync.Mutex // one operator's exporter at a time

	// work guards what belongs to the stepping goroutine. It is held long, so
	// nothing that a page waits for is behind it.
	work     sync.Mutex
	pipeline *pipeline.Pipeline
	replay   *paced
	fed      []downpour.ReportCount     // since the last publish
	closed   []downpour.ExpectedReports // likewise

	mu        sync.RWMutex // guards what follows
	services  map[string]*service
	incidents map[string]store.Record
	order     []string          // incidents' ids, oldest first
	replayed  downpour.Input    // account of the replay, as of now
	counts    pipeline.Counts   // of engine and detectors, as of now
	merged    map[string]string // incidents that became part of another
	published map[string]web.Publication
	now       time.Time
	last      *time.Time // latest report
	ready     bool
}

// New returns an inert Live with what the store remembers. It starts nothing.
func New(ctx context.Context, cfg Config) (*Live, error) {
	l := &Live{
		cfg: cfg, services: map[string]*service{}, incidents: map[string]store.Record{},
		published: map[string]web.Publication{}, merged: map[string]string{}, now: cfg.Clock(),
	}
	if cfg.Replay != nil {
		l.replay = &paced{source: cfg.Replay}
	}
	for _, s := range cfg.Services {
		l.services[s.ID] = &service{Service: s}
	}
	cfg.Pipeline.Bucket = func(b downpour.ExpectedReports) { l.closed = append(l.closed, b) }
	if cfg.Replay == nil { // a replay is nobody's past
		cfg.Pipeline.Minutes = l.keeper.traffic
	}
	cfg.Pipeline.Exhibit = l.keeper.exhibit
	l.pipeline = pipeline.New(cfg.Pipeline)
	l.keeper.store, l.keeper.log = cfg.Store, cfg.Log
	err := l.remember(ctx)
	return l, err
}

// Run brings the pipeline up to date until ctx ends, then takes in what was
// reported last and keeps what there is to keep. Nothing may be submitted after
// ctx has ended.
func (l *Live) Run(ctx context.Context) error {
	kept := make(chan struct{})
	keeping, stop := context.WithCancel(ctx)
	go func() {
		defer close(kept)
		l.keep(keeping)
	}()
	silence := l.runNotifier(ctx)
	err := l.run(ctx)
	silence()
	stop()
	<-kept
	return errors.Join(err, l.finish(context.WithoutCancel(ctx)))
}

// run takes telemetry in as it comes and makes a step at each tick.
func (l *Live) run(ctx context.Context) error {
	tick := time.NewTicker(l.cfg.Step)
	defer tick.Stop()
	if err := l.step(l.cfg.Clock()); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case b := <-l.cfg.Telemetry.ready():
			l.takeIn(b)
			l.gather(ctx)
		case <-tick.C:
			if err := l.step(l.cfg.Clock()); err != nil {
				return err
			}
		}
	}
}

// lastWords is how long the store may take to keep what is left at the end.
const lastWords = 5 * time.Second

// finish makes the last step, keeps what it found and what was learnt, and ends
// the pipeline. What is going on stays so: it is this program that ends.
func (l *Live) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	err := l.step(l.cfg.Clock())
	l.complain("store incidents", l.keeper.flush(ctx))
	l.complain("store what was told", l.keepTold(ctx))
	l.complain("store what the detectors know", l.keepAll(ctx))
	l.work.Lock()
	defer l.work.Unlock()
	l.pipeline.Finish()
	return err
}

// step feeds all that has happened up to now.
func (l *Live) step(now time.Time) error {
	l.work.Lock()
	defer l.work.Unlock()
	if l.replay != nil {
		if err := l.replay.until(now, l.feed); err != nil {
			return err
		}
	}
	l.takeWaiting()
	l.cfg.Telemetry.look(now)
	l.feed(&observe.Batch{Counts: l.drain(now), Now: now.UnixNano(), Delay: l.cfg.Telemetry.delay()})
	changed := l.pipeline.Changed()
	l.publish(now, changed)
	l.tell(now, &changed)
	return nil
}

// publish makes what a step found visible to pages, all at once.
func (l *Live) publish(now time.Time, changed pipeline.Changes) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.fed {
		if s := l.services[c.Service]; s != nil {
			s.recent.add(c)
		}
	}
	for _, b := range l.closed {
		if s := l.services[b.Service]; s != nil {
			s.buckets.add(b)
		}
		l.keeper.bucket(b)
	}
	l.fed, l.closed = l.fed[:0], l.closed[:0]
	for _, r := range changed.Records {
		l.note(r)
	}
	for id, into := range changed.Merged {
		l.merge(id, into)
	}
	if l.replay != nil {
		l.replayed = l.replay.source.Input()
	}
	l.counts = l.pipeline.Counts()
	l.now, l.ready = now, true
}

// drain takes what users reported since the last step. A replay's silence is no
// data: there the counts come from the source, and ours only add to them.
func (l *Live) drain(now time.Time) []downpour.ReportCount {
	counts := l.cfg.Counter.Drain(now)
	if l.replay == nil {
		return counts
	}
	return slices.DeleteFunc(counts, func(c downpour.ReportCount) bool { return c.Count == 0 })
}

// feed hands a batch to the pipeline and remembers counts as they come in.
func (l *Live) feed(b *observe.Batch) {
	l.fed = append(l.fed, b.Counts...)
	l.pipeline.Feed(b)
}

// note takes in a new state of an incident.
func (l *Live) note(r store.Record) {
	id := r.Incident.ID
	if _, gone := l.merged[id]; gone { // an earlier onset can part them again
		delete(l.merged, id)
		l.keeper.merge(id, "")
	}
	if _, known := l.incidents[id]; !known {
		l.order = append(l.order, id)
		l.forget()
	}
	l.incidents[id] = r
	l.keeper.incident(r)
}

// merge lets an incident go that turned out to be part of another. Its address
// leads to that one from now on; what memory has no room for, the store knows.
func (l *Live) merge(id, into string) {
	bound(l.merged, mergedInMemory-1)
	delete(l.incidents, id)
	l.order = slices.DeleteFunc(l.order, func(o string) bool { return o == id })
	l.merged[id] = into
	l.keeper.merge(id, into)
}

// incidentsInMemory bounds what pages show without asking the store, mergedInMemory
// the addresses of incidents that are part of another.
const incidentsInMemory, mergedInMemory = 500, 4096

// forget drops the oldest incident from memory when there are too many; the
// store keeps it.
func (l *Live) forget() {
	if len(l.order) > incidentsInMemory {
		delete(l.incidents, l.order[0])
		delete(l.published, l.order[0])
		l.order = l.order[1:]
	}
}
