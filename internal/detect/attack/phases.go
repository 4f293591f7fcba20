package attack

import (
	"math"
	"slices"
	"time"

	"downpour"
)

// Figures of phases.
const (
	phasesMost = 16   // of one attack
	dominant   = 0.1  // share of a stretch's packets from which on a vector dominates it
	phaseLeast = 0.01 // of the attack's packets; what holds less is no phase
	// phaseGain is by how much the logarithm of the likelihood must rise, in samples,
	// for a stretch to be parted: far more than chance makes of thousands of moments.
	phaseGain = 50
)

// phases are the stretches of an attack in which the same vectors dominate. The
// timeline is parted where that makes it likeliest that each part's vectors come in
// one proportion (binary segmentation; Scott and Knott 1974), as long as others
// dominate then. each is how many packets a sample stands for.
func phases(t downpour.Timeline, onset, end int64, each float64) []downpour.Phase {
	if len(t.Rates) == 0 {
		return []downpour.Phase{}
	}
	m := composition{t: t, upTo: make([][]float64, len(t.Rates))}
	for v, line := range t.Rates {
		m.upTo[v] = make([]float64, len(line.Packets)+1)
		for i, rate := range line.Packets {
			m.upTo[v][i+1] = m.upTo[v][i] + rate*t.Step/max(each, 1)
		}
		m.total += m.upTo[v][len(line.Packets)]
	}
	return m.name(m.parts(len(t.Rates[0].Packets)), onset, end)
}

// stretch is a part of the timeline, and where it is best parted again.
type stretch struct {
	from, to, at int
	gain         float64
}

// parts parts the timeline and returns where, in order.
func (m *composition) parts(steps int) []int {
	list := []stretch{m.cut(0, steps)}
	for len(list) < phasesMost {
		best := 0
		for i := range list {
			if list[i].gain > list[best].gain {
				best = i
			}
		}
		s := list[best]
		if s.gain < phaseGain {
			break
		}
		list[best] = m.cut(s.from, s.at)
		list = append(list, m.cut(s.at, s.to))
	}
	cuts := []int{steps}
	for _, s := range list {
		cuts = append(cuts, s.from)
	}
	slices.Sort(cuts)
	return cuts
}

// composition is a timeline as sums of samples by vector.
type composition struct {
	t     downpour.Timeline
	upTo  [][]float64 // by vector, before each step
	total float64
}

// sums are the samples of each vector in a stretch of steps, and of all.
func (m *composition) sums(from, to int) (list []float64, total float64) {
	list = make([]float64, len(m.upTo))
	for v := range m.upTo {
		list[v] = m.upTo[v][to] - m.upTo[v][from]
		total += list[v]
	}
	return list, total
}

// fit is the log-likelihood of a stretch's vectors at their proportion in it.
func (m *composition) fit(from, to int) (fit float64) {
	var total float64
	for v := range m.upTo {
		n := m.upTo[v][to] - m.upTo[v][from]
		if total += n; n > 0 {
			fit += n * math.Log(n)
		}
	}
	if total > 0 {
		fit -= total * math.Log(total)
	}
	return fit
}

// cut tells where a stretch is best parted into two that others dominate, and by how
// much that is likelier.
func (m *composition) cut(from, to int) stretch {
	best := stretch{from: from, to: to}
	if len(m.upTo) == 1 {
		return best
	}
	whole := m.fit(from, to)
	for k := from + 1; k < to; k++ {
		if g := m.fit(from, k) + m.fit(k, to) - whole; g > best.gain && m.parted(from, k, to) {
			best.at, best.gain = k, g
		}
	}
	return best
}

// parted tells whether a moment lies between two stretches that matter and that
// different vectors dominate.
func (m *composition) parted(from, at, to int) bool {
	before, n := m.sums(from, at)
	after, o := m.sums(at, to)
	if min(n, o) < phaseLeast*m.total {
		return false
	}
	for v := range before {
		if (before[v] >= dominant*n) != (after[v] >= dominant*o) {
			return true
		}
	}
	return false
}

// name makes phases of the stretches between cuts; neighbours that the same vectors
// dominate are one.
func (m *composition) name(cuts []int, onset, end int64) []downpour.Phase {
	out := []downpour.Phase{}
	for i := 1; i < len(cuts); i++ {
		sums, total := m.sums(cuts[i-1], cuts[i])
		var names []string
		for v, n := range sums {
			if n > 0 && n >= dominant*total {
				names = append(names, m.t.Rates[v].Vector)
			}
		}
		if len(names) == 0 {
			continue
		}
		start := m.t.Start.Add(time.Duration(float64(cuts[i-1]) * m.t.Step * float64(second)))
		if n := len(out); n > 0 {
			if slices.Equal(out[n-1].Vectors, names) {
				continue
			}
			out[n-1].End = start
		}
		out = append(out, downpour.Phase{Start: start, Vectors: names})
	}
	if len(out) > 0 {
		out[0].Start, out[len(out)-1].End = instant(onset), instant(end)
	}
	return out
}
