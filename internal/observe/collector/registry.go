package collector

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/sflow"
)

// registry knows who may send. Looking an exporter up takes no lock: the map is
// replaced, never changed.
type registry struct {
	cfg   *Config
	known atomic.Pointer[map[downpour.Address]*exporter]

	mu      sync.Mutex // guards what follows, and replacing known
	told    map[downpour.Address]Exporter
	allow   []netip.Prefix
	allowed map[downpour.Address]bool
	next    uint16
	full    bool // maxExporters was reached
	unknown unknowns
	kept    map[downpour.Address][]byte // templates of an earlier run
}

func newRegistry(c *Config) *registry {
	r := &registry{cfg: c, allowed: map[downpour.Address]bool{}}
	r.known.Store(&map[downpour.Address]*exporter{})
	r.configure(c.Exporters, c.Allow)
	for _, a := range c.Allowed {
		r.accept(downpour.AddressFrom(a))
	}
	return r
}

// configure takes what the operator told, at the start or anew. Exporters that
// are not accepted any more are forgotten.
func (r *registry) configure(list []Exporter, allow []netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.allow = slices.Clone(allow)
	r.told = map[downpour.Address]Exporter{}
	for _, t := range list {
		a := downpour.AddressFrom(t.Address)
		r.told[a] = t
		r.unknown.forget(a)
		r.add(a)
	}
	known := maps.Clone(*r.known.Load())
	for a, e := range known {
		e.mu.Lock()
		sender := e.sender
		e.mu.Unlock()
		if !r.accepts(a) && !r.accepts(sender) {
			delete(known, a)
		}
	}
	r.known.Store(&known)
}

// accept allows an exporter that was not told of.
func (r *registry) accept(a downpour.Address) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.allowed[a] = true
	r.unknown.forget(a)
	r.add(a)
}

// named tells whether the operator told of somebody or allowed him by address. The
// lock is held.
func (r *registry) named(a downpour.Address) bool {
	_, told := r.told[a]
	return told || r.allowed[a]
}

// accepts tells whether somebody may send. The lock is held.
func (r *registry) accepts(a downpour.Address) bool {
	if r.named(a) {
		return true
	}
	if len(r.allow) == 0 || a == (downpour.Address{}) {
		return false
	}
	ip := a.Netip()
	return slices.ContainsFunc(r.allow, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// add makes an exporter's entry or brings it up to date; nil if there are too
// many. The lock is held.
func (r *registry) add(a downpour.Address) *exporter {
	old := *r.known.Load()
	e := old[a]
	if e == nil {
		if len(old) >= maxExporters {
			r.full = true
			return nil
		}
		r.next++
		e = &exporter{address: a, sender: a, handle: r.next, kept: r.kept[a]}
		known := maps.Clone(old)
		known[a] = e
		r.known.Store(&known)
	}
	r.describe(e)
	return e
}

// describe gives an exporter its name and those of its interfaces. The lock is
// held.
func (r *registry) describe(e *exporter) {
	t := r.told[e.address]
	if t.Name == "" {
		t.Name = e.address.String()
	}
	e.mu.Lock()
	e.told = t
	e.mu.Unlock()
	r.cfg.Ingresses.NameExporter(e.handle, t.Name)
	for index, i := range t.Interfaces {
		if i.Name != "" {
			r.cfg.Ingresses.NameInterface(e.handle, index, i.Name)
		}
	}
}

// find gives the exporter of a datagram: by its sender, or for sFlow by the agent
// that it names. Nil if neither is accepted; then it is counted as unknown.
func (r *registry) find(sender downpour.Address, b []byte, v flow.Version, arrived int64) *exporter {
	a := sender
	if v == flow.SFlow5 {
		if agent, _ := sflow.Agent(b); agent.IsValid() {
			a = downpour.AddressFrom(agent)
		}
	}
	if e := (*r.known.Load())[a]; e != nil && (a == sender || e.comesBy(sender)) {
		return e
	}
	return r.meet(sender, a, v, len(b), arrived)
}

// comesBy tells whether an agent's datagrams came from this sender last.
func (e *exporter) comesBy(sender downpour.Address) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sender == sender
}

// meet takes a datagram that is not of a known exporter by a known way.
func (r *registry) meet(sender, a downpour.Address, v flow.Version, bytes int, arrived int64) *exporter {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := (*r.known.Load())[a]
	switch {
	case !r.accepts(sender) && !r.speaksFor(e, a, arrived):
		e = nil
	case e == nil && r.mayAdd(sender, a):
		e = r.add(a)
	}
	if e == nil {
		r.unknown.note(sender, v, bytes, arrived)
		return nil
	}
	e.mu.Lock()
	e.sender = sender
	e.mu.Unlock()
	return e
}

// speaksFor tells whether a sender who is not accepted is heard because of the
// agent that he names: one that was named to us, not just one within a prefix,
// since anybody can write what he likes there; and only while none who is
// accepted brings its datagrams. The lock is held.
func (r *registry) speaksFor(e *exporter, a downpour.Address, arrived int64) bool {
	if !r.named(a) {
		return false
	}
	if e == nil {
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lastSeen == 0 || arrived-e.lastSeen >= int64(liveFor) || !r.accepts(e.sender)
}

// mayAdd tells whether an exporter that an accepted sender tells of is taken in:
// half of the room is for those that nobody else told of. The lock is held.
func (r *registry) mayAdd(sender, a downpour.Address) bool {
	if a == sender || r.named(a) || r.agentsBehind(sender) < maxAgents {
		return true
	}
	return r.accepts(a) && len(*r.known.Load()) < maxExporters/2
}

// agentsBehind counts the sFlow agents whose datagrams a sender brings. The lock
// is held.
func (r *registry) agentsBehind(sender downpour.Address) (n int) {
	for a, e := range *r.known.Load() {
		if _, told := r.told[a]; !told && a != sender && e.comesBy(sender) {
			n++
		}
	}
	return n
}

// list gives the exporters by address.
func (r *registry) list() []*exporter {
	known := *r.known.Load()
	return slices.SortedFunc(maps.Values(known), func(a, b *exporter) int { return a.address.Compare(b.address) })
}

// byHandle finds an exporter by its number; nil if it is gone.
func (r *registry) byHandle(handle uint16) *exporter {
	for _, e := range *r.known.Load() {
		if e.handle == handle {
			return e
		}
	}
	return nil
}

// nameOf is what an exporter is called.
func (r *registry) nameOf(handle uint16) string {
	e := r.byHandle(handle)
	if e == nil {
		return "an exporter that is gone"
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told.Name
}

// isEdge tells whether the operator gave an interface the role edge.
func (r *registry) isEdge(handle uint16, index uint32) bool {
	e := r.byHandle(handle)
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told.Interfaces[index].Role == Edge
}
