package pipeline

import (
	"downpour/internal/detect/attack"
	"downpour/internal/detect/web"
	"downpour/internal/engine"
)

// Counts is what the engine and the detectors of attacks hold, and what they gave
// up to keep their bounds.
type Counts struct {
	Attack attack.Stats // of all partitions together
	// ShedPrefixes are those not watched for carpet bombing because others were busier.
	ShedPrefixes uint64
	Web          web.Stats // zero if requests are not looked at
	Hold         engine.HoldStats
	Late         uint64 // flows that came more than a second after their time, where none are held
	Leaps        uint64 // flows with impossible times
	// Complete is the event time up to which all is judged, nanoseconds since the
	// epoch.
	Complete int64
	// Forgotten are attacks given up to keep the bound of those that are held.
	Forgotten uint64
}

// Counts are as of the last second of event time.
func (p *Pipeline) Counts() Counts {
	c := p.counts
	c.Hold, c.Late, c.Leaps = p.engine.Hold(), p.engine.Late(), p.engine.Leaps()
	c.Complete, c.Forgotten = p.engine.Complete(), p.forgotten
	if p.web != nil {
		c.Web = p.web.Stats()
	}
	return c
}

// detector makes that of a partition.
func (p *Pipeline) detector(partition int) engine.FlowDetector {
	d := p.prefixes.Partition(partition)
	p.detectors = append(p.detectors, d)
	return d
}

// count adds up what the detectors tell of themselves, while none of them works.
func (p *Pipeline) count() {
	var sum attack.Stats
	for _, d := range p.detectors {
		s := d.Stats()
		sum.Targets += s.Targets
		sum.Suspects += s.Suspects
		sum.ShedTargets += s.ShedTargets
		sum.ShedSuspects += s.ShedSuspects
		sum.LateFlows += s.LateFlows
		sum.Seasons += s.Seasons
		sum.ShedSeasons += s.ShedSeasons
		sum.ShedMinutes += s.ShedMinutes
	}
	p.counts.Attack, p.counts.ShedPrefixes = sum, p.prefixes.Shed()
	p.tellMinutes()
}

// tellMinutes hands on what the last tick told of minutes of traffic.
func (p *Pipeline) tellMinutes() {
	if p.cfg.Minutes == nil {
		return
	}
	if p.minutes = p.prefixes.Minutes(p.minutes[:0]); len(p.minutes) > 0 {
		p.cfg.Minutes(p.minutes)
	}
}
