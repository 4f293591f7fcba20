// Package pipeline wires the stages: observations go in, and incidents with
// their attacks, outages and assessed claims come out. analyze, serve and demo
// run this same pipeline; they differ in where observations come from and in
// who reads the incidents.
package pipeline

import (
	"time"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/assess/incident"
	"downpour/internal/assess/origin"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/outage"
	"downpour/internal/engine"
	"downpour/internal/enrich"
	"downpour/internal/observe"
)

// Config says what the pipeline works with.
type Config struct {
	Shards int // see engine.Config
	Attack attack.Config
	Outage outage.Config
	Places *enrich.Table
	Claims []downpour.Claim
	// Traffic tells whether any traffic telemetry is given at all: without it
	// no attack can be ruled out.
	Traffic bool
	// Synthetic marks all traffic as made by a generator.
	Synthetic bool
	// Bucket, if not nil, receives every closed bucket of reports.
	Bucket func(downpour.ExpectedReports)
}

// Pipeline is the chain of stages. Its methods are called from one goroutine.
type Pipeline struct {
	cfg     Config
	engine  *engine.Engine
	outage  *outage.Detector
	book    *incident.Book
	attacks map[string]downpour.Attack
	stale   map[string]bool // attacks with a footprint that is not assessed yet
	outages map[string]downpour.Outage
	buckets []downpour.ExpectedReports // the latest of all services
	touched map[string]bool            // attacks and outages since the last Changed
	first   time.Time                  // event time of the first traffic
}

// New returns a pipeline that is ready to be fed. Its goroutines end with Finish.
func New(cfg Config) *Pipeline {
	p := &Pipeline{
		cfg:     cfg,
		outage:  outage.New(cfg.Outage),
		book:    incident.New(incident.Default()),
		attacks: map[string]downpour.Attack{},
		stale:   map[string]bool{},
		outages: map[string]downpour.Outage{},
		touched: map[string]bool{},
	}
	p.engine = engine.New(engine.Config{
		Shards: cfg.Shards,
		Flows:  func(n int) engine.FlowDetector { return attack.New(cfg.Attack, n) },
		Counts: p.outage,
		Emit:   p.take,
	})
	return p
}

// Feed takes in a batch.
func (p *Pipeline) Feed(b *observe.Batch) {
	if p.first.IsZero() && len(b.Flows) > 0 {
		p.first = time.Unix(0, b.Flows[0].Time).UTC()
	}
	p.engine.Feed(b)
}

// Finish ends the input.
func (p *Pipeline) Finish() { p.engine.Finish() }

// Snapshot is what the detectors have learnt, for Restore after a restart.
func (p *Pipeline) Snapshot() ([]byte, error) { return p.outage.Snapshot() }

// Restore gives the detectors what an earlier run had learnt.
func (p *Pipeline) Restore(state []byte) error { return p.outage.Restore(state) }

// take is where detection's events meet assessment.
func (p *Pipeline) take(e downpour.Event) {
	switch {
	case e.Attack != nil:
		p.measure(*e.Attack)
		return
	case e.Outage != nil:
		p.outages[e.Outage.ID] = *e.Outage
		p.touched[e.Outage.ID] = true
	case e.Expected != nil:
		p.close(*e.Expected)
		return
	}
	p.book.Add(e)
}

// measure takes in the newest state of an attack. A snapshot without a
// footprint keeps what the last one gave. Where it comes from is concluded when
// somebody asks: snapshots come each second of event time, and a replay has
// many of those in a second of ours.
func (p *Pipeline) measure(a downpour.Attack) {
	a.Synthetic = p.cfg.Synthetic
	last := p.attacks[a.ID]
	a.Sources, a.Spoofing, a.Reflection = last.Sources, last.Spoofing, last.Reflection
	if a.Footprint != nil {
		p.stale[a.ID] = true
	} else {
		a.Footprint = last.Footprint
	}
	p.attacks[a.ID] = a
	p.touched[a.ID] = true
}

// assess concludes on attacks of which more has been measured, and enters all
// that changed into the book.
func (p *Pipeline) assess() {
	for id := range p.touched {
		a, ok := p.attacks[id]
		if !ok {
			continue // an outage: entered when it came
		}
		if p.stale[id] {
			a.Sources, a.Spoofing, a.Reflection = origin.Assess(a.Footprint, a.Vectors, p.cfg.Places)
			p.attacks[id] = a
		}
		p.book.Add(downpour.Event{At: a.End, Attack: &a})
	}
	clear(p.stale)
}

// maxBuckets bounds the closed buckets that assessment may look back on: two
// days of one service, or an hour of fifty.
const maxBuckets = 3000

// close takes in a closed bucket of reports.
func (p *Pipeline) close(b downpour.ExpectedReports) {
	if len(p.buckets) == maxBuckets {
		p.buckets = append(p.buckets[:0], p.buckets[maxBuckets/4:]...)
	}
	p.buckets = append(p.buckets, b)
	if p.cfg.Bucket != nil {
		p.cfg.Bucket(b)
	}
}

// seen is the account of what could have been seen.
func (p *Pipeline) seen() assess.Seen {
	s := assess.Seen{Traffic: p.cfg.Traffic, Reports: p.buckets}
	if !p.first.IsZero() {
		s.From, s.To = p.first, time.Unix(0, p.engine.Now()).UTC()
		s.Days = s.To.Sub(s.From).Hours() / 24
	}
	return s
}
