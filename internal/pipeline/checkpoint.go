package pipeline

import (
	"time"

	"downpour"
	"downpour/internal/store"
)

// Learned is what the detectors of attacks know of what is usual, for Relearn after a
// restart: up to some 14 MB.
func (p *Pipeline) Learned() []byte {
	p.engine.Rest()
	return p.prefixes.Learned()
}

// Relearn gives the detectors of attacks what an earlier run had learned.
func (p *Pipeline) Relearn(state []byte, now time.Time) error {
	return p.prefixes.Relearn(state, now)
}

// Open is what the detectors know of the attacks that are open, for Resume after a
// restart: up to some 8 MB; nil if none is.
func (p *Pipeline) Open() []byte {
	p.engine.Rest()
	return p.prefixes.Open(p.engine.Told)
}

// Requests is what the detector of requests knows, for ResumeRequests after a restart:
// up to some 5 MB; nil if requests are not looked at.
func (p *Pipeline) Requests() []byte {
	if p.web == nil {
		return nil
	}
	return p.web.State()
}

// ResumeRequests gives the detector of requests what an earlier run knew, and lets its
// attacks go on. It comes before Recall.
func (p *Pipeline) ResumeRequests(state []byte, now time.Time) error {
	if p.web == nil {
		return nil
	}
	open, err := p.web.Resume(state, now)
	for _, id := range open {
		p.resumed[id] = true
	}
	return err
}

// Opened changes whenever an attack opens or ends: a reason to keep Open anew.
func (p *Pipeline) Opened() uint64 { return p.opened }

// Resume lets the attacks of an earlier run go on. It comes before Recall.
func (p *Pipeline) Resume(state []byte, now time.Time) error {
	resumed, err := p.prefixes.Resume(state, now)
	for i := range resumed {
		p.resumed[resumed[i].ID] = true
		p.engine.Recall(resumed[i], now.UnixNano())
	}
	return err
}

// Recall takes in an incident of an earlier run, so that what comes next can join it;
// Restore and Resume come before. Nobody watched in between: what was going on then
// ended when it was last seen, unless the detectors have taken it up again. An attack
// of which only exporters' first words were heard may still be borne out.
func (p *Pipeline) Recall(r store.Record, now time.Time) {
	for i := range r.Outages {
		o := r.Outages[i]
		o.Ongoing = o.Ongoing && p.outage.Ongoing(o.ID)
		p.outages[o.ID] = o
		p.enter(r.Incident.ID, o.ID, downpour.Event{At: o.End, Outage: &o})
	}
	for i := range r.Attacks {
		a := r.Attacks[i]
		if a.Ongoing && a.Provisional && now.Sub(a.End) < p.cfg.Attack.Blind {
			p.engine.Recall(a, now.UnixNano())
		} else {
			a.Ongoing = a.Ongoing && p.resumed[a.ID]
		}
		p.attacks[a.ID] = a
		p.enter(r.Incident.ID, a.ID, downpour.Event{At: a.End, Attack: &a})
	}
}

// enter enters a part of an earlier run's incident into the book.
func (p *Pipeline) enter(incident, part string, e downpour.Event) {
	p.touched[part] = true
	p.told[incident] = append(p.told[incident], part)
	p.book.Add(e)
}
