package pipeline

import (
	"cmp"
	"maps"
	"slices"

	"downpour"
	"downpour/internal/assess/claim"
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

// Changed returns the incidents that have changed since it was last called,
// each with all of its parts, and forgets parts of which no incident tells any
// longer.
func (p *Pipeline) Changed() []store.Record {
	if len(p.touched) == 0 {
		return nil
	}
	var records []store.Record
	held := map[string]bool{}
	for _, i := range p.Incidents() {
		changed := false
		for _, id := range slices.Concat(i.Attacks, i.Outages) {
			held[id] = true
			changed = changed || p.touched[id]
		}
		if changed {
			records = append(records, p.record(i))
		}
	}
	maps.DeleteFunc(p.attacks, func(id string, _ downpour.Attack) bool { return !held[id] })
	maps.DeleteFunc(p.outages, func(id string, _ downpour.Outage) bool { return !held[id] })
	clear(p.touched)
	return records
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
