// Package pipeline wires the stages: observations go in, and incidents with
// their attacks, outages and assessed claims come out. analyze, serve and demo
// run this same pipeline; they differ in where observations come from and in
// who reads the incidents.
package pipeline

import (
	"maps"
	"slices"
	"time"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/assess/incident"
	"downpour/internal/assess/origin"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/outage"
	"downpour/internal/detect/web"
	"downpour/internal/engine"
	"downpour/internal/enrich"
	"downpour/internal/observe"
)

// Config says what the pipeline works with.
type Config struct {
	Shards int // see engine.Config
	Attack attack.Config
	Outage outage.Config
	// Web says how attacks are found in requests; the zero one looks for none.
	Web    web.Config
	Places *enrich.Table
	// Ingress tells what the places are called where flows came in, for exported
	// flows; nil if nothing is exported.
	Ingress func(downpour.IngressID) downpour.Ingress
	// Coverage is the share of the ingress that telemetry sees, [0, 1], as the
	// operator states it; nil if nobody said.
	Coverage *float64
	Claims   []downpour.Claim
	// Traffic tells whether any traffic telemetry is given at all: without it
	// no attack can be ruled out.
	Traffic bool
	// Synthetic marks all traffic as made by a generator.
	Synthetic bool
	// Bucket, if not nil, receives every closed bucket of reports.
	Bucket func(downpour.ExpectedReports)
	// Minutes, if not nil, receives what each minute of traffic brought. The list
	// holds only during the call.
	Minutes func([]downpour.TrafficMinute)
	// Exhibit, if not nil, receives what is to be kept of an attack's records, anew
	// whenever more of it was measured: ten seconds apart, or when it has doubled.
	Exhibit func(downpour.Exhibit)
}

// Pipeline is the chain of stages. Its methods are called from one goroutine.
type Pipeline struct {
	cfg       Config
	engine    *engine.Engine
	outage    *outage.Detector
	web       *web.Detector // nil if requests are not looked at
	book      *incident.Book
	attacks   map[string]downpour.Attack
	stale     map[string]bool // attacks with a footprint that is not assessed yet
	outages   map[string]downpour.Outage
	buckets   []downpour.ExpectedReports // the latest of all services
	touched   map[string]bool            // attacks and outages since the last Changed
	told      map[string][]string        // parts of incidents as last told by Changed
	forgotten uint64                     // attacks given up to keep the bound
	opened    uint64                     // attacks that have opened or ended
	resumed   map[string]bool            // attacks of an earlier run that go on
	watched   span                       // event time in which traffic was looked at
	prefixes  *attack.Prefixes
	detectors []*attack.Detector
	counts    Counts                   // as of the last tick
	minutes   []downpour.TrafficMinute // to be used again
}

// New returns a pipeline that is ready to be fed. Its goroutines end with Finish.
func New(cfg Config) *Pipeline {
	cfg.Attack.History = cfg.Minutes != nil
	p := &Pipeline{
		cfg:     cfg,
		outage:  outage.New(cfg.Outage),
		book:    incident.New(incident.Default()),
		attacks: map[string]downpour.Attack{},
		stale:   map[string]bool{},
		outages: map[string]downpour.Outage{},
		touched: map[string]bool{},
		told:    map[string][]string{},
		resumed: map[string]bool{},
	}
	p.prefixes = attack.NewPrefixes(cfg.Attack)
	ec := engine.Config{
		Shards: cfg.Shards,
		Flows:  p.detector,
		Joint:  p.prefixes,
		Counts: p.outage,
		Ours:   ours(cfg.Attack.Service),
		Emit:   p.take,
		Ticked: p.count,
	}
	if cfg.Web.Sites > 0 {
		p.web = web.New(cfg.Web)
		ec.Requests = p.web
	}
	p.engine = engine.New(ec)
	return p
}

// ours is what the engine must know of a service's owner; nil for nil.
func ours(service func(downpour.Address) (string, bool)) func(downpour.Address) bool {
	if service == nil {
		return nil
	}
	return func(a downpour.Address) bool {
		_, yes := service(a)
		return yes
	}
}

// span is a stretch of event time, in nanoseconds since the epoch; live tells
// that it goes on in silence too.
type span struct {
	from, to int64
	live     bool
}

// note extends the span by a batch. Only traffic shows that traffic is looked
// at; after that, at a live edge, so does time that passes without any.
func (s *span) note(b *observe.Batch) {
	if n := len(b.Flows); n > 0 {
		if s.from == 0 {
			s.from = b.Flows[0].Time
		}
		s.to = max(s.to, b.Flows[n-1].Time)
	}
	if s.from != 0 && b.Now != 0 {
		s.to = max(s.to, b.Now)
		s.live = s.live || len(b.Flows) == 0 // files of flow export tell of arrivals, never of silence
	}
}

// Feed takes in a batch.
func (p *Pipeline) Feed(b *observe.Batch) {
	p.watched.note(b)
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
	case e.PartOf != "":
		p.drop(e.Attack.ID)
		return
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
	last, known := p.attacks[a.ID]
	if !known || last.Ongoing != a.Ongoing || last.Provisional != a.Provisional {
		p.opened++
	}
	a.Sources, a.Spoofing, a.Reflection = last.Sources, last.Spoofing, last.Reflection
	if a.Footprint != nil {
		p.stale[a.ID] = true
	} else {
		a.Footprint = last.Footprint
	}
	p.attacks[a.ID] = a
	p.touched[a.ID] = true
	if !a.Ongoing {
		p.conclude(a.ID) // its footprint is not needed any longer, and large
	} else {
		p.book.Add(downpour.Event{At: a.End, Attack: &a})
	}
	p.forget()
}

// drop forgets an attack that is told of as part of another.
func (p *Pipeline) drop(id string) {
	delete(p.attacks, id)
	delete(p.stale, id)
	delete(p.touched, id)
	p.book.Drop(id)
}

// assess concludes on attacks of which more has been measured.
func (p *Pipeline) assess() {
	for _, id := range slices.Sorted(maps.Keys(p.stale)) {
		p.conclude(id)
	}
}

// conclude says where an attack comes from, and enters that into the book.
func (p *Pipeline) conclude(id string) {
	a := p.attacks[id]
	if p.stale[id] {
		a.Sources, a.Spoofing, a.Reflection = origin.Assess(a.Footprint, a.Vectors, p.cfg.Places, p.cfg.Ingress)
		delete(p.stale, id)
		p.keep(&a)
	}
	if !a.Ongoing {
		a.Footprint = nil
	}
	p.attacks[id] = a
	p.book.Add(downpour.Event{At: a.End, Attack: &a})
}

// maxAttacks bounds the attacks that are held; beyond it those that ended first
// are given up, and counted.
const maxAttacks = 4096

func (p *Pipeline) forget() {
	if len(p.attacks) <= maxAttacks {
		return
	}
	var oldest string
	for id, a := range p.attacks {
		o, some := p.attacks[oldest]
		if !some || a.End.Before(o.End) || a.End.Equal(o.End) && id < oldest {
			oldest = id
		}
	}
	delete(p.attacks, oldest)
	delete(p.stale, oldest)
	delete(p.touched, oldest)
	p.forgotten++
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
	// A running server learns what it is given by what comes in.
	s := assess.Seen{Traffic: p.cfg.Traffic || p.watched.from != 0, Ingress: p.cfg.Coverage, Reports: p.buckets}
	if p.watched.from == 0 {
		return s
	}
	s.From, s.To = time.Unix(0, p.watched.from).UTC(), time.Unix(0, p.watched.to).UTC()
	if p.watched.live { // a file is a glimpse, not days of watching
		s.Days = s.To.Sub(s.From).Hours() / 24
	}
	return s
}
