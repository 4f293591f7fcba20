// Package incident joins outages and attacks of a service that belong together,
// and says in a sentence or two what happened. All of it is event time: the
// book never asks what time it is.
package incident

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/assess/cause"
)

// Config says what belongs together, and how much is held.
type Config struct {
	// Outages no further apart than this are one incident: trouble that comes
	// back within a working shift has the same people at it, and in waves of
	// hours the same cause more often than not.
	Outages time.Duration
	// Attacks no further apart than this are one incident.
	Attacks time.Duration
	// Parts is how many outages and attacks are held; beyond it those that
	// ended first are forgotten, and counted.
	Parts int
}

// Default is the configuration in use where none is given.
func Default() Config {
	return Config{Outages: 6 * time.Hour, Attacks: time.Hour, Parts: 1024}
}

// Book holds the newest state of outages and attacks. It is used from one
// goroutine.
type Book struct {
	cfg       Config
	parts     map[string]*part
	added     uint64
	forgotten uint64
}

// part is one outage or attack.
type part struct {
	outage *downpour.Outage
	attack *downpour.Attack
	order  uint64    // of first being added
	first  time.Time // its onset as first told, which names the incident
}

// New returns an empty book.
func New(cfg Config) *Book { return &Book{cfg: cfg, parts: map[string]*part{}} }

// Add takes in the newest state of an attack or an outage; it replaces the
// earlier one of the same id. Other events are ignored.
func (b *Book) Add(e downpour.Event) {
	var key string
	p := part{outage: e.Outage, attack: e.Attack}
	switch {
	case e.Outage != nil:
		key = "o" + e.Outage.ID
	case e.Attack != nil:
		key = "a" + e.Attack.ID
	default:
		return
	}
	if known := b.parts[key]; known != nil {
		known.outage, known.attack = p.outage, p.attack
		return
	}
	b.added++
	p.order, p.first = b.added, p.start()
	b.parts[key] = &p
	if len(b.parts) > b.cfg.Parts {
		b.forget()
	}
}

// Drop leaves an attack out: it turned out to be a part of another.
func (b *Book) Drop(attack string) { delete(b.parts, "a"+attack) }

// Forgotten is how many parts were given up to keep the bound.
func (b *Book) Forgotten() uint64 { return b.forgotten }

// forget gives up the part that ended first; one that goes on only if all do.
func (b *Book) forget() {
	var oldest string
	for key, p := range b.parts {
		if oldest == "" || p.before(b.parts[oldest]) {
			oldest = key
		}
	}
	delete(b.parts, oldest)
	b.forgotten++
}

// before orders parts by what may be given up first; no two are equal.
func (p *part) before(q *part) bool {
	if p.ongoing() != q.ongoing() {
		return q.ongoing()
	}
	if c := p.end().Compare(q.end()); c != 0 {
		return c < 0
	}
	return p.order < q.order
}

func (p *part) start() time.Time {
	if p.attack != nil {
		return p.attack.Onset
	}
	return p.outage.Onset
}

// earliest is the earliest that the part can have begun.
func (p *part) earliest() time.Time {
	if p.outage != nil && p.outage.OnsetLow != nil {
		return *p.outage.OnsetLow
	}
	return p.start()
}

func (p *part) end() time.Time {
	if p.attack != nil {
		return p.attack.End
	}
	return p.outage.End
}

func (p *part) ongoing() bool {
	return p.attack != nil && p.attack.Ongoing || p.outage != nil && p.outage.Ongoing
}

// kind tells what may be joined at all: an attack that our own host takes part
// in does not bring our service down.
func (p *part) kind() (service string, outbound bool) {
	if p.attack != nil {
		return p.attack.Service, p.attack.Direction == downpour.Outbound
	}
	return p.outage.Service, false
}

// Incidents joins what is held and concludes on each, in order of start.
func (b *Book) Incidents(seen assess.Seen) []downpour.Incident {
	list := make([]*part, 0, len(b.parts))
	for _, p := range b.parts {
		list = append(list, p)
	}
	slices.SortFunc(list, func(p, q *part) int {
		return cmp.Or(p.earliest().Compare(q.earliest()), cmp.Compare(p.order, q.order))
	})
	var groups [][]*part
	for _, p := range list {
		groups = b.join(groups, p)
	}
	out := make([]downpour.Incident, len(groups))
	for i, g := range groups {
		out[i] = conclude(g, seen)
	}
	slices.SortStableFunc(out, func(x, y downpour.Incident) int { return x.Start.Compare(y.Start) })
	return out
}

// join puts a part to the groups that it belongs to, which become one.
func (b *Book) join(groups [][]*part, p *part) [][]*part {
	home := -1
	kept := groups[:0]
	for _, g := range groups {
		switch {
		case !slices.ContainsFunc(g, func(q *part) bool { return b.belong(q, p) }):
			kept = append(kept, g)
		case home < 0:
			home = len(kept)
			kept = append(kept, append(g, p))
		default:
			kept[home] = append(kept[home], g...)
		}
	}
	if home < 0 {
		kept = append(kept, []*part{p})
	}
	return kept
}

// belong tells whether two parts, the first of which begins first, are of one
// incident.
func (b *Book) belong(p, q *part) bool {
	service, outbound := p.kind()
	if s, o := q.kind(); s != service || o != outbound {
		return false
	}
	gap := q.earliest().Sub(p.end())
	switch {
	case p.outage != nil && q.outage != nil:
		return gap <= b.cfg.Outages
	case p.attack != nil && q.attack != nil:
		return gap <= b.cfg.Attacks
	}
	return gap <= cause.Aftermath
}

// conclude makes the incident of a group.
func conclude(g []*part, seen assess.Seen) downpour.Incident {
	namer := g[0]
	in := downpour.Incident{Start: g[0].start(), Severity: downpour.Minor, Attacks: []string{}, Outages: []string{}}
	in.Service, _ = g[0].kind()
	slices.SortStableFunc(g, func(p, q *part) int { return cmp.Or(p.start().Compare(q.start()), cmp.Compare(p.order, q.order)) })
	var outages []downpour.Outage
	var attacks []downpour.Attack
	for _, p := range g {
		if p.order < namer.order {
			namer = p
		}
		if p.start().Before(in.Start) {
			in.Start = p.start()
		}
		if p.end().After(in.End) {
			in.End = p.end()
		}
		in.Ongoing = in.Ongoing || p.ongoing()
		if p.attack != nil {
			attacks = append(attacks, *p.attack)
			in.Attacks = append(in.Attacks, p.attack.ID)
			in.Severity = worse(in.Severity, p.attack.Severity)
			in.Synthetic = in.Synthetic || p.attack.Synthetic
			continue
		}
		outages = append(outages, *p.outage)
		in.Outages = append(in.Outages, p.outage.ID)
		in.Severity = worse(in.Severity, p.outage.Severity)
		in.Synthetic = in.Synthetic || slices.Contains(p.outage.Origins, downpour.Synthetic)
	}
	in.ID = identify(in.Service, namer.first)
	in.Cause = cause.Assess(outages, attacks, seen)
	in.Verdict = verdict(outages, attacks, in.Cause)
	in.WouldSettle = settle(outages, attacks, in.Cause, seen)
	return in
}

// identify names an incident by its service and the onset of the part that was
// told first, as it was first told: so the name stays when the incident grows
// or its onset is dated back.
func identify(service string, first time.Time) string {
	sum := sha256.Sum256([]byte(service + "\x00" + first.UTC().Format(time.RFC3339Nano)))
	return hex.EncodeToString(sum[:6])
}

// worse returns the graver of two severities.
func worse(a, b downpour.Severity) downpour.Severity {
	order := []downpour.Severity{downpour.Minor, downpour.Partial, downpour.Major}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}
