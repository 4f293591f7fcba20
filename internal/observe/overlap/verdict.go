package overlap

import (
	"slices"
)

// The rule of step 2.
const (
	enough    = 64    // flows judged before a view is
	covered   = 0.98  // of flows and of bytes, to be left out
	uncovered = 0.95  // below which it is not any longer
	apart     = 0.005 // at most, to count as a whole
	memory    = 1024  // flows judged that weigh as much as all before
	// fewSamples is how many samples the other view of a sampled flow is expected
	// to hold before its silence says anything: of sixteen fewer than a quarter
	// come once in 2,500 times (Poisson).
	fewSamples = 16
	alike      = 4 // a flow is the same in two views if it is at least a quarter of it
	// claimsFree is how many flows a second are remembered in any case: where
	// little comes, everything is held against everything, at no cost to speak of.
	claimsFree = 10_000
)

// measured is what is known of a view's overlap with preferred ones.
type measured struct {
	since                    int64 // flows first told of before are not judged: not all views were there
	flows, covered           float64
	bytes, coveredBytes      float64
	by                       []coverer
	met, fresh               int // flows shared, and flows, since the last tick
	surprises, surprisesOver int // the same over some seconds, for a view that counts
}

// coverer is an exporter's view that tells of another's flows.
type coverer struct {
	view  uint16
	flows float64
}

const maxCoverers = 8

// reset has a view measured from now on.
func (v *view) reset(now int64) {
	v.state = Measuring
	v.measured = measured{since: now, by: v.measured.by[:0]}
}

// judge decides of one view of a flow whether a preferred view tells of it too.
func (f *Filter) judge(e *followed, of *seen) {
	v := f.views[of.view]
	if v.need == 0 || of.packets < v.need || e.first < v.measured.since {
		return // nobody could cover it, or its silence would mean nothing
	}
	m := &v.measured
	m.flows++
	m.bytes += float64(of.bytes)
	for _, s := range e.seen[:e.n] {
		w := f.views[s.view]
		if w.group != v.group && w.rank < v.rank && w.state != LeftOut && s.packets >= of.packets/alike {
			m.covered++
			m.coveredBytes += float64(of.bytes)
			m.credit(s.view)
			break
		}
	}
	if m.flows >= memory {
		m.fade()
	}
}

// needs works out for all views what it takes to judge them.
func (f *Filter) needs() {
	type best struct {
		rate  uint32
		group uint32
	}
	var first, second best // the largest sampling of preferred views, and of those of another group
	for _, v := range f.ranked {
		rate := first.rate
		if first.group == v.group {
			rate = second.rate
		}
		if v.need = uint64(rate); rate > 1 {
			v.need *= fewSamples
		}
		switch {
		case !f.active(v):
		case v.group == first.group || first.rate == 0:
			first = best{max(first.rate, v.sampling), v.group}
		case v.sampling > first.rate:
			first, second = best{v.sampling, v.group}, first
		case v.sampling > second.rate:
			second = best{v.sampling, v.group}
		}
	}
}

func (m *measured) credit(view uint16) {
	i := slices.IndexFunc(m.by, func(c coverer) bool { return c.view == view })
	if i < 0 {
		if len(m.by) == maxCoverers {
			return
		}
		m.by = append(m.by, coverer{view: view})
		i = len(m.by) - 1
	}
	m.by[i].flows++
}

func (m *measured) fade() {
	m.flows, m.covered, m.bytes, m.coveredBytes = m.flows/2, m.covered/2, m.bytes/2, m.coveredBytes/2
	for i := range m.by {
		m.by[i].flows /= 2
	}
	m.by = slices.DeleteFunc(m.by, func(c coverer) bool { return c.flows < 0.5 })
}

// shares are the covered shares of flows and of bytes.
func (m *measured) shares() (flows, bytes float64) {
	if m.flows == 0 {
		return 0, 0
	}
	if m.bytes == 0 {
		return m.covered / m.flows, m.covered / m.flows
	}
	return m.covered / m.flows, m.coveredBytes / m.bytes
}

// tick judges the views, once a second of arrival.
func (f *Filter) tick() {
	passed := f.now - f.ticked
	f.ticked = f.now - f.now%second
	f.budget = f.free
	if f.alone {
		return
	}
	if f.unranked {
		f.rank()
	}
	f.patience = max(leastPatience, f.lag.bound())
	f.needs()
	f.mature()
	for _, v := range f.ranked {
		if f.active(v) {
			f.decide(v)
		}
		v.pace.tick(passed)
	}
	f.attend()
}

// decide moves a view to the state that its measure asks for.
func (f *Filter) decide(v *view) {
	m := &v.measured
	flows, bytes := m.shares()
	met, fresh := m.surprised()
	switch {
	case v.need == 0:
		if v.state != Counted {
			v.reset(f.now)
			v.state = Counted
		}
	case v.state == LeftOut:
		if flows < uncovered || bytes < uncovered || f.failed(v) || f.surges(v) {
			v.reset(f.now)
		}
	case v.state == Counted:
		if met >= 3 && met*50 > fresh {
			v.reset(f.now)
		}
	case m.flows < enough:
	case flows >= covered && bytes >= covered && !f.failed(v):
		v.state = LeftOut
		v.drained = f.now + f.patience
		v.pace.usual, v.pace.slow, v.pace.noise = 0, v.pace.rate, 0
	case flows <= apart && bytes <= apart:
		v.state = Counted
		m.met, m.fresh, m.surprises, m.surprisesOver = 0, 0, 0, 0
	default:
		v.state = Partly
	}
}

// surprised gives how many of a view's flows of the last seconds a preferred view
// tells of too, and how many there were.
func (m *measured) surprised() (met, fresh int) {
	met, fresh = m.surprises+m.met, m.surprisesOver+m.fresh
	m.surprises, m.surprisesOver = met/2, fresh/2
	m.met, m.fresh = 0, 0
	return met, fresh
}

// attend decides which views have to remember their flows: all while one is being
// measured or has just been left out, else those that share a part and who
// they share it with.
func (f *Filter) attend() {
	all := slices.ContainsFunc(f.views, func(v *view) bool {
		return f.active(v) && (v.state == Measuring || v.state == LeftOut && v.drained > f.now)
	})
	for _, v := range f.views {
		v.claims = all || v.state == Partly
	}
	for _, v := range f.views {
		if v.state == Partly && f.active(v) {
			for _, c := range v.measured.by {
				f.views[c.view].claims = true
			}
		}
	}
}

// reconsider lets a view that has come (or come back) be measured, and those that
// it may cover.
func (f *Filter) reconsider(v *view) {
	if f.alone {
		return
	}
	v.reset(f.now)
	for _, w := range f.ranked[v.rank:] {
		if w.group != v.group && w.state == Counted {
			w.reset(f.now)
		}
	}
	for _, w := range f.views {
		w.claims = true
	}
}
