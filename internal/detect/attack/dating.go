package attack

import (
	"cmp"
	"math"
	"slices"

	"downpour/internal/detect/finding"
)

// levels are rates of the attack's kinds in samples a second: what came before it,
// and the limit. The zero value: every packet is seen.
type levels struct{ usual, limit float64 }

// put sets the usual rate, which the limit exceeds by as much as is asked of an attack.
func (l *levels) put(usual, rise float64) { l.usual, l.limit = usual, max(l.limit, rise*usual) }

// learnBefore takes what the collection holds from before the onset for the usual,
// as rise does, where that dated by slots.
func (s *suspect) learnBefore() {
	if s.attack.levels.limit == 0 {
		return
	}
	since, n := s.attack.onset, uint64(0)
	for _, k := range s.active {
		if r := s.rows[k]; s.attack.dated.has(k) {
			n += r.before.samples
			since = min(since, max(s.known, r.from))
		}
	}
	seconds := float64(s.attack.onset-since) / float64(second)
	s.attack.levels.put((s.attack.levels.usual+float64(n))/(1+seconds), s.cfg.Rise)
}

// sampledOnset dates the onset by the samples of the attack's kinds. false: every
// packet was seen, or samples are so many that the slots reach further back.
func (s *suspect) sampledOnset() (int64, bool) {
	var all volume
	since := s.known
	for _, k := range s.active {
		if r := s.rows[k]; s.attack.dated.has(k) && r.window.samples > 0 {
			if r.arrivals.n == 0 {
				return 0, false
			}
			since = r.arrivals.complete(since)
			all.add(r.window.volume)
		}
	}
	if all.packets == all.samples {
		return 0, false
	}
	s.attack.levels = s.levels(all)
	if since > s.known && since > s.oldest()*slotLength {
		return 0, false
	}
	list := s.arrived(since - 1)
	if len(list) == 0 {
		return 0, false
	}
	at, before := rise(list, since, s.now, s.attack.levels.usual, float64(s.cfg.MinSamples))
	s.attack.levels.put(before, s.cfg.Rise)
	if run := s.classes[s.attack.lead].run; at == list[0].at && since > s.known && run != 0 {
		at = min(at, max(run, s.since)) // it began before the samples that are kept
	}
	return at, true
}

// arrived lists the samples of the attack's kinds after a time, oldest first.
func (s *suspect) arrived(after int64) (list []arrival) {
	for _, k := range s.active {
		if s.attack.dated.has(k) {
			s.rows[k].arrivals.latest(after, func(a *arrival) { list = append(list, *a) })
		}
	}
	slices.SortStableFunc(list, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	return list
}

// levels tells the usual rate and the limit of the attack's classes, of whose kinds
// a volume was seen. Where nothing is usual it takes a thirtieth of the limit.
func (s *suspect) levels(seen volume) (l levels) {
	const least = 1.0 / 30
	rate, size := float64(seen.packets)/float64(seen.samples), float64(seen.bytes)/float64(seen.packets)
	var counted [classes]bool
	for _, k := range s.active {
		c := kindClasses[k]
		if !s.attack.dated.has(k) || counted[c] {
			continue
		}
		counted[c] = true
		st := &s.classes[c]
		limit := st.limit.Packets
		if inBits := st.limit.Bits / 8 / max(size, 1); limit == 0 || inBits > 0 && inBits < limit {
			limit = inBits
		}
		l.limit += limit / rate
		l.usual += max(float64(st.usual.packets), least*limit) / rate
	}
	return l
}

// rise is the time of the first sample of the attack: the one for which it is
// most likely that those before it, seen since a time, came at the usual rate and
// those from it on came at another until now. What is usual is known as
// well as if it had been seen for a second: the likelihood of those before is that
// of a Poisson rate with a gamma distribution, and the rate from then on is the one
// that fits best. So no chance thickening in the attack is taken for its beginning.
// An attack has a fewest number of samples. With its time comes the rate before it.
func rise(list []arrival, since, now int64, usual, fewest float64) (at int64, rate float64) {
	var total, before float64
	for i := range list {
		total += float64(list[i].samples)
	}
	known, _ := math.Lgamma(usual)
	at, rate = list[0].at, usual
	best := math.Inf(-1)
	for i := range list {
		earlier := float64(list[i].at-since) / float64(second)
		later := max(float64(now-list[i].at)/float64(second), 1e-3)
		gamma, _ := math.Lgamma(usual + before)
		fit := gamma - known - (usual+before)*math.Log1p(earlier) + finding.Fitted(total-before, later) - (total - before)
		rises := before*later <= (total-before)*earlier
		if rises && fit > best && total-before >= min(fewest, total) {
			best, at, rate = fit, list[i].at, (usual+before)/(1+earlier)
		}
		before += float64(list[i].samples)
	}
	return at, rate
}

// persists tells whether the attack still goes on. Sampled traffic after its last
// moment belongs to it if it is more likely to have come at the attack's rate since
// then than at the usual one, or is beyond doubt that of another pulse or of an
// attack grown weaker. A stray sample of usual traffic is neither.
func (s *suspect) persists() bool {
	a := s.attack
	if a.levels.limit == 0 {
		return s.goesOn()
	}
	if a.reach != a.dated && s.goesOn() {
		return true // of what joined later the usual isn't known so well
	}
	list := s.arrived(a.end)
	if len(list) == 0 {
		return s.exact() && s.goesOn()
	}
	attack := a.levels.limit
	if lasted := float64(a.end-a.onset) / float64(second); lasted > 0 {
		attack = max(attack, float64(s.attacked())/lasted)
	}
	const beyondDoubt = 20 // logarithm of a likelihood ratio
	return cusum(list, a.end, a.levels.usual, attack, math.Inf(-1)) > 0 ||
		cusum(list, a.end, a.levels.usual, attack, 0) >= beyondDoubt ||
		cusum(list, a.end, a.levels.usual, a.levels.limit, 0) >= beyondDoubt
}

// exact tells whether what the two latest slots hold of the attack's kinds was not sampled.
func (s *suspect) exact() bool {
	for _, k := range s.active {
		if r := s.rows[k]; s.attack.dated.has(k) && r.arrivals.n == 0 && s.at(r).samples > 0 {
			return true
		}
	}
	return false
}

// attacked is how many samples the attack has.
func (s *suspect) attacked() (n uint64) {
	for _, k := range s.active {
		if s.attack.dated.has(k) {
			n += s.rows[k].ofAttack().samples
		}
	}
	return n
}

// cusum is the log-likelihood ratio at the last of some samples between two rates
// a second since a time, begun anew whenever it falls below the least (Page 1954).
func cusum(list []arrival, since int64, usual, attack, least float64) (sum float64) {
	for i := range list {
		gap := float64(list[i].at-since) / float64(second)
		sum = max(least, sum-(attack-usual)*gap) + float64(list[i].samples)*math.Log(attack/usual)
		since = list[i].at
	}
	return sum
}
