package attack

import (
	"math"
	"slices"

	"downpour"
)

// flowSample draws some of the records toward a suspect, each with the same chance and
// spread over time: one of each so many, at a place that a key draws, so that nothing
// regular is always met or always missed. When it is full every second one goes, and from
// then on one of twice as many is taken. A record costs an addition and a comparison.
type flowSample struct {
	key   uint64
	of    uint64 // records seen
	next  uint64 // the number of the one to take next
	every uint64 // one of so many is taken
	flows []downpour.Flow
}

// reset begins a new sample.
func (s *flowSample) reset() {
	s.of, s.every, s.flows = 0, 1, s.flows[:0]
	s.next = 1
}

// see is called for each record.
func (s *flowSample) see(f *downpour.Flow) {
	if s.of++; s.of == s.next {
		s.take(f)
	}
}

func (s *flowSample) take(f *downpour.Flow) {
	s.flows = append(s.flows, *f)
	if len(s.flows) == downpour.ExhibitDuring {
		s.halve()
	}
	s.next = uint64(len(s.flows))*s.every + 1 + s.drawn(s.next)%s.every
}

// halve keeps one of each two.
func (s *flowSample) halve() {
	for i := range len(s.flows) / 2 {
		s.flows[i] = s.flows[2*i+int(s.drawn(uint64(i)+s.of<<8)&1)]
	}
	s.flows = s.flows[:len(s.flows)/2]
	s.every *= 2
}

// drawn are bits for a number that nobody foresees who does not know the key.
func (s *flowSample) drawn(n uint64) uint64 { return downpour.Address{Lo: n}.Hash(s.key) }

// between is the sample of the records from one time to before another, in order of time.
func (s *flowSample) between(from, to int64) downpour.RecordSample {
	var out downpour.RecordSample
	for i := range s.flows {
		if f := &s.flows[i]; f.Time >= from && f.Time < to {
			out.Flows = append(out.Flows, *f)
		}
	}
	out.Of = uint64(len(out.Flows)) * s.every
	slices.SortStableFunc(out.Flows, byStart)
	return out
}

// before is a sample of what came toward a suspect before its attack's onset: of the
// latest flows of all, or of its collection, whichever holds more of it.
func (d *Detector) before(s *suspect) downpour.RecordSample {
	var out downpour.RecordSample
	for _, p := range d.remembered() {
		for _, e := range p.ends {
			if f := &p.flows[e.Flow()]; !e.IsSource() && f.Destination == s.address && f.Time < s.attack.onset {
				out.Flows = append(out.Flows, *f)
			}
		}
	}
	clear(d.pieces)
	out.Of = uint64(len(out.Flows))
	if gathered := s.records.between(math.MinInt64, s.attack.onset); len(gathered.Flows) > len(out.Flows) {
		out = gathered
	}
	slices.SortStableFunc(out.Flows, byStart)
	return upTo(out, downpour.ExhibitBefore)
}

func byStart(a, b downpour.Flow) int {
	switch {
	case a.Time < b.Time:
		return -1
	case a.Time > b.Time:
		return 1
	}
	return 0
}

// upTo is the sample cut to so many records at most, evenly.
func upTo(r downpour.RecordSample, most int) downpour.RecordSample {
	n := len(r.Flows)
	if n <= most {
		return r
	}
	out := downpour.RecordSample{Of: r.Of, Flows: make([]downpour.Flow, most)}
	for i := range out.Flows {
		out.Flows[i] = r.Flows[i*n/most]
	}
	return out
}
