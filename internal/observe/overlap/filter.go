package overlap

import (
	"sync"

	"downpour/internal/observe/flow"
)

// second is a second in nanoseconds.
const second = int64(1e9)

// Config says what a filter may rely on. The zero value has defaults.
type Config struct {
	// Edge tells whether an exporter's interface (SNMP index) is of role edge:
	// traffic is best counted there. Nil if no role is known.
	Edge func(exporter uint16, index uint32) bool
	// Name is what an exporter is called in View.Says; its number if nil.
	Name func(exporter uint16) string
	// Seed keys the hashes of flows: random in a running server, fixed offline.
	Seed uint64
	// Flows is how many flows are remembered for step 1, 16 bytes each; 1,048,576
	// by default.
	Flows int
}

// The bounds of a filter, beside Config.Flows: 1.6 MB with the sample, once there
// are several views.
const (
	maxViews    = 1024
	viewsShare  = 32 // of one exporter, once three quarters of them are taken
	defaultFlow = 1 << 20
)

// Filter leaves out what is reported twice. Its methods may be called from
// several goroutines.
type Filter struct {
	cfg       Config
	mu        sync.Mutex
	views     []*view
	index     map[viewKey]*view
	near      [nearViews]*view // the view of a few keys, found without the map
	ranked    []*view          // by preference
	unranked  bool             // that has changed since
	rankings  int              // how often they were ranked
	crowd     *view            // of all beyond the bound
	exporters []exporter       // by number
	claims    *claims          // nil until there is something to remember
	sample    sample
	lag       lag
	now       int64 // latest arrival
	patience  int64 // for how long all views must have had their say of a flow
	ticked    int64 // whole second of arrival at which views were last judged
	alone     bool  // all views are of one exporter and direction
	budget    int   // claims that may still be made this second although none is due
	free      int   // what budget begins each second with
	stats     Stats
}

// New returns a filter that has measured nothing yet.
func New(cfg Config) *Filter {
	if cfg.Flows <= 0 {
		cfg.Flows = defaultFlow
	}
	return &Filter{
		cfg: cfg, index: map[viewKey]*view{},
		crowd: &view{viewKey: viewKey{out: true}, state: Counted}, alone: true, sample: newSample(), free: claimsFree, patience: leastPatience,
	}
}

// Apply filters records of one exporter (a number that stays with it over its
// restarts) that arrived at a time, in place: their Time must be corrected to
// our clock. It returns those that count; one that counts in part has its Time,
// Duration, Packets and Bytes cut.
func (f *Filter) Apply(number uint16, records []flow.Record, at int64) []flow.Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = max(f.now, at)
	f.heard(number)
	if f.now-f.ticked >= second {
		f.tick()
	}
	kept := 0
	v := f.crowd
	for i := range records {
		r := &records[i]
		if !v.holds(r) {
			v = f.viewOf(number, r)
		}
		v.told.add(r)
		if (!f.alone || f.budget > 0) && !f.admit(v, r) {
			continue
		}
		if kept != i {
			records[kept] = *r
		}
		kept++
	}
	return records[:kept]
}

// admit tells whether a record counts, and cuts it if it counts in part.
func (f *Filter) admit(v *view, r *flow.Record) bool {
	if v == f.crowd {
		return true
	}
	key := keyOf(r, f.cfg.Seed)
	if !f.alone {
		f.measure(v, r, key)
	}
	if v.state == LeftOut {
		v.omitted.add(r)
		return false
	}
	if !v.claims && f.budget <= 0 {
		return true
	}
	f.budget--
	told := Volume{1, uint64(r.Packets), r.Bytes}
	if f.claims == nil {
		f.claims = newClaims(f.cfg.Flows)
	}
	switch f.claims.hold(f, v, r, key) {
	case whole:
		return true
	case parted:
		v.omitted.plus(Volume{1, told.Packets - uint64(r.Packets), told.Bytes - r.Bytes})
		return true
	}
	v.omitted.plus(told)
	return false
}

// Stats counts what a filter did.
type Stats struct {
	Records Volume // given to Apply
	Omitted Volume // of which left out, as a whole or in part
	// Forgot is how many flows were given up before their time because the table
	// was full; what another view tells of them counts again.
	Forgot  uint64
	Views   int
	Crowded uint64 // records of views beyond the bound: counted, not measured
}

// Stats are the counters as they stand.
func (f *Filter) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Views = len(f.views)
	s.Records.plus(f.crowd.told)
	for _, v := range f.views {
		s.Records.plus(v.told)
		s.Omitted.plus(v.omitted)
	}
	if f.claims != nil {
		s.Forgot = f.claims.forgot
	}
	return s
}
