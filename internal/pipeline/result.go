package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"downpour"
	"downpour/internal/assess/claim"
	"downpour/internal/engine"
	"downpour/internal/store"
)

// Attacks returns all attacks in order of onset.
func (p *Pipeline) Attacks() []downpour.Attack {
	p.assess()
	return slices.SortedFunc(maps.Values(p.attacks), func(a, b downpour.Attack) int {
		return cmp.Or(a.Onset.Compare(b.Onset), cmp.Compare(a.ID, b.ID))
	})
}

// Outages returns all outages in order of their peaks.
func (p *Pipeline) Outages() []downpour.Outage {
	return slices.SortedFunc(maps.Values(p.outages), func(a, b downpour.Outage) int {
		return cmp.Or(a.PeakAt.Compare(b.PeakAt), cmp.Compare(a.ID, b.ID))
	})
}

// Incidents joins them and concludes on each.
func (p *Pipeline) Incidents() []downpour.Incident {
	p.assess()
	return p.book.Incidents(p.seen())
}

// Claims assesses the claims against everything that was found.
func (p *Pipeline) Claims() []downpour.ClaimAssessment {
	return p.assessClaims(p.Attacks(), p.Outages())
}

func (p *Pipeline) assessClaims(attacks []downpour.Attack, outages []downpour.Outage) []downpour.ClaimAssessment {
	return claim.Assess(p.cfg.Claims, claim.Evidence{Attacks: attacks, Outages: outages, Seen: p.seen()})
}

// Notes tell what a reader must know of the run as a whole: what was given up.
func (p *Pipeline) Notes() []string {
	var notes []string
	if p.forgotten > 0 {
		notes = append(notes, fmt.Sprintf("More than %d attacks were found; %d that ended first are not listed.", maxAttacks, p.forgotten))
	}
	if n := p.book.Forgotten(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d attacks and outages that ended first are part of no incident: more were found than incidents can hold.", n))
	}
	if n := p.engine.Late(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d packets bear a time more than a second before that of the packets around them, and were counted when they came.", n))
	}
	if n := p.engine.Leaps(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d packets bear a time far after that of the packets around them, and were counted when they came.", n))
	}
	return append(notes, held(p.engine.Hold())...)
}

// held tells what flows that had to wait for their second to be complete lost.
func held(h engine.HoldStats) (notes []string) {
	if n := h.Late; n.Flows > 0 {
		notes = append(notes, fmt.Sprintf("%d flow records, or parts of them (%d packets), came after their second had been judged, and count nowhere.", n.Flows, n.Packets))
	}
	if n := h.Thinned; n.Flows > 0 {
		notes = append(notes, fmt.Sprintf("More flow records had to wait for their second than can be held: of the small ones %d (%d packets) were left out, and the others stand for them.", n.Flows, n.Packets))
	}
	if n := h.EarlySeconds; n > 0 {
		notes = append(notes, fmt.Sprintf("%d seconds were judged before they were complete: more flow records had to wait than can be held.", n))
	}
	return notes
}

// Changes is what has happened to incidents since it was last asked.
type Changes struct {
	// Records are the incidents that have changed, each with all of its parts.
	Records []store.Record
	// Merged tells of incidents that turned out to be part of another, by id.
	Merged map[string]string
}

// Changed returns what has changed since it was last called, and forgets parts
// of which no incident tells any longer.
func (p *Pipeline) Changed() Changes {
	var c Changes
	if len(p.touched) == 0 {
		return c
	}
	now, of := map[string][]string{}, map[string]string{}
	for _, i := range p.Incidents() {
		parts := slices.Concat(i.Attacks, i.Outages)
		now[i.ID] = parts
		changed := false
		for _, id := range parts {
			of[id] = i.ID
			changed = changed || p.touched[id]
		}
		if changed || !slices.Equal(parts, p.told[i.ID]) {
			c.Records = append(c.Records, p.record(i))
		}
	}
	c.Merged = merged(p.told, now, of)
	p.told = now
	maps.DeleteFunc(p.attacks, func(id string, _ downpour.Attack) bool { return of[id] == "" })
	maps.DeleteFunc(p.outages, func(id string, _ downpour.Outage) bool { return of[id] == "" })
	clear(p.touched)
	return c
}

// merged finds the incidents told before that are gone since their parts belong
// to another one now.
func merged(before, now map[string][]string, of map[string]string) map[string]string {
	into := map[string]string{}
	for id, parts := range before {
		if _, stays := now[id]; stays {
			continue
		}
		for _, part := range parts {
			if of[part] != "" {
				into[id] = of[part]
				break
			}
		}
	}
	return into
}

// record puts an incident together with its parts.
func (p *Pipeline) record(i downpour.Incident) store.Record {
	r := store.Record{Incident: i}
	for _, id := range i.Attacks {
		r.Attacks = append(r.Attacks, p.attacks[id])
	}
	for _, id := range i.Outages {
		r.Outages = append(r.Outages, p.outages[id])
	}
	r.Claims = p.assessClaims(r.Attacks, r.Outages)
	return r
}
