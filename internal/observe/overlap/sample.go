package overlap

import (
	"math/bits"

	"downpour/internal/observe/flow"
)

// sample follows some flows in all views at once: those whose key has so many low
// bits of zero. When there are too many it follows half of them from then on.
type sample struct {
	flows  []followed // a ring, in the order in which they were first told of
	spare  []followed // to copy them to
	at     map[uint64]int32
	from   int // the oldest in the ring
	n      int
	level  int   // low bits of a key that must be zero
	filled int64 // since when the sample is at this level
}

const (
	sampled   = 4096 // flows followed at once
	viewsEach = 6    // views of one flow that are told apart
)

// followed is a flow of the sample.
type followed struct {
	key   uint64
	first int64
	n     int
	seen  [viewsEach]seen
}

// seen is what a view told of a flow, sampling accounted for.
type seen struct {
	view           uint16
	packets, bytes uint64
}

func newSample() sample {
	return sample{at: make(map[uint64]int32)}
}

// measure takes a record into the sample if it is of a flow of it.
func (f *Filter) measure(v *view, r *flow.Record, key uint64) {
	rate := uint64(max(r.Sampling, 1))
	v.pace.packets += uint64(r.Packets) * rate
	s := &f.sample
	if bits.TrailingZeros64(key>>20) < s.level {
		return
	}
	f.lag.add(f.now-r.Time, uint64(r.Packets))
	i, known := s.at[key]
	if !known {
		if s.flows == nil {
			s.flows = make([]followed, sampled)
		}
		if s.n == sampled {
			f.halve()
			if bits.TrailingZeros64(key>>20) < s.level {
				return
			}
		}
		i = int32((s.from + s.n) % sampled)
		s.flows[i] = followed{key: key, first: f.now}
		s.at[key] = i
		s.n++
	}
	e := &s.flows[i]
	for j := range e.seen[:e.n] {
		if e.seen[j].view == v.number {
			e.seen[j].packets += uint64(r.Packets) * rate
			e.seen[j].bytes += r.Bytes * rate
			return
		}
	}
	if e.n < viewsEach {
		e.seen[e.n] = seen{v.number, uint64(r.Packets) * rate, r.Bytes * rate}
		e.n++
		f.met(e, v)
	}
}

// met notes at once that a flow that a preferred view tells of is told of by
// another too: for a view that counts as a whole that is a surprise.
func (f *Filter) met(e *followed, v *view) {
	if e.n == 1 {
		v.measured.fresh++
		return
	}
	for _, s := range e.seen[:e.n] {
		w := f.views[s.view]
		if w.group == v.group {
			continue
		}
		if w.rank > v.rank {
			w.measured.met++
		} else {
			v.measured.met++
		}
	}
	v.measured.fresh++
}

// halve leaves every other flow out of the sample.
func (f *Filter) halve() {
	s := &f.sample
	s.level++
	s.filled = f.now
	if s.spare == nil {
		s.spare = make([]followed, sampled)
	}
	kept, n := s.spare, 0
	clear(s.at)
	for i := range s.n {
		e := &s.flows[(s.from+i)%sampled]
		if bits.TrailingZeros64(e.key>>20) >= s.level {
			kept[n] = *e
			s.at[e.key] = int32(n)
			n++
		}
	}
	s.flows, s.spare, s.from, s.n = kept, s.flows, 0, n
}

// mature judges the flows that all views have had the time to tell of.
func (f *Filter) mature() {
	s := &f.sample
	wait := f.lag.bound()
	for s.n > 0 && f.now-s.flows[s.from].first > wait {
		e := &s.flows[s.from]
		for j := range e.seen[:e.n] {
			f.judge(e, &e.seen[j])
		}
		delete(s.at, e.key)
		s.from = (s.from + 1) % sampled
		s.n--
	}
	if s.level > 0 && s.n < sampled/8 && f.now-s.filled > 2*wait {
		s.level--
		s.filled = f.now
	}
}

// lag learns how old records are when they come, and what packets they tell of:
// counts by powers of two of seconds, which fade. The few records of long flows
// come last and tell of the most.
type lag struct{ records, packets ages }

const (
	lagSteps = 11 // up to 1,024 s
	lagShare = 0.995
)

func (l *lag) add(age int64, packets uint64) {
	step := min(bits.Len64(uint64(max(age, 0)/second)), lagSteps-1)
	l.records.add(step, 1)
	l.packets.add(step, float64(packets))
}

// bound is the age that hardly any record exceeds.
func (l *lag) bound() int64 {
	return int64(1)<<max(l.records.most(), l.packets.most())*second + 5*second
}

type ages struct {
	counts [lagSteps]float64
	total  float64
	n      int
}

func (a *ages) add(step int, weight float64) {
	a.counts[step] += weight
	a.total += weight
	if a.n++; a.n == 1<<16 {
		for i := range a.counts {
			a.counts[i] /= 2
		}
		a.total, a.n = a.total/2, a.n/2
	}
}

// most is the step that nearly all are within.
func (a *ages) most() int {
	sum := 0.0
	for i, n := range a.counts {
		if sum += n; sum >= lagShare*a.total {
			return i
		}
	}
	return lagSteps
}
