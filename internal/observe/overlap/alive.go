package overlap

import (
	"math"
	"slices"
)

// exporter is what is known of an exporter's liveness.
type exporter struct {
	last  int64
	views int   // it has
	gap   int64 // the longest pause between its records lately
}

// leastPatience is for how long a view counts as active at least.
const leastPatience = 30 * second

// The patience with an exporter that covers others.
const (
	leastSilence = 3 * second  // that is taken for a failure
	mostSilence  = 30 * second // that is waited for, however seldom it sends
)

// heard notes that an exporter sent records.
func (f *Filter) heard(number uint16) {
	for int(number) >= len(f.exporters) {
		f.exporters = append(f.exporters, exporter{})
	}
	e := &f.exporters[number]
	switch {
	case e.last == 0:
		e.last = f.now
	case e.silent(f.now):
		f.back(number)
	}
	if pause := f.now - e.last; pause < mostSilence {
		e.gap = max(e.gap-e.gap/64, pause)
	}
	e.last = f.now
}

// silent tells whether an exporter has fallen silent.
func (e *exporter) silent(now int64) bool {
	return now-e.last > min(max(leastSilence, 3*e.gap), mostSilence)
}

// active tells whether a view still tells of anything: within the time in which
// all records come, and its exporter is not silent.
func (f *Filter) active(v *view) bool {
	return f.now-v.last <= f.patience && !f.exporters[v.exporter].silent(f.now)
}

// returned is called with a view that was not looked at lately: what comes back
// after a silence is measured anew.
func (f *Filter) returned(v *view) {
	if f.now-v.last > f.patience {
		f.reconsider(v)
	}
}

// back measures all views of an exporter anew that was taken for failed.
func (f *Filter) back(number uint16) {
	for _, v := range f.views {
		if v.exporter == number {
			f.reconsider(v)
		}
	}
}

// failed tells whether who covers a view has fallen silent: the views that cover
// more than a share of it.
func (f *Filter) failed(v *view) bool {
	const matters = 0.02
	return slices.ContainsFunc(v.measured.by, func(c coverer) bool {
		return c.flows > matters*v.measured.covered && f.exporters[f.views[c.view].exporter].silent(f.now)
	})
}

// pace is how many packets a view tells of a second, sampling accounted for.
type pace struct {
	packets uint64  // since the last tick
	latest  float64 // in the second before it
	rate    float64 // over some seconds
	slow    float64 // over a minute
	usual   float64 // of the rate to that of who covers it, over a minute; 0 if not known
	noise   float64 // mean square of how far a second is from that
	above   int     // seconds for which it was above it
}

func (p *pace) tick(passed int64) {
	const keep = 0.8 // about five seconds
	seconds := max(1, float64(passed)/float64(second))
	p.latest = float64(p.packets) / min(seconds, 60)
	p.rate = keep*p.rate + (1-keep)*p.latest
	p.slow += (p.rate - p.slow) / 60
	p.packets = 0
}

// surges tells whether a view that is left out tells of much more than it should
// by who covers it, for some seconds: an attack that comes only there must not be
// missed. Much is as much as all of those, or thrice its own usual rate, and thrice
// the usual noise of a second. What grows by less shows in the share that is
// covered.
func (f *Filter) surges(v *view) bool {
	const (
		much   = 3
		most   = 3   // seconds
		little = 100 // packets a second
		keep   = 0.98
	)
	others, latest := 0.0, 0.0
	for _, c := range v.measured.by {
		others += f.views[c.view].pace.rate
		latest += f.views[c.view].pace.latest
	}
	p := &v.pace
	excess := p.rate - p.usual*others
	if p.usual != 0 && excess > max(little, min(others, much*p.slow), much*math.Sqrt(p.noise)) {
		p.above++
		return p.above >= most
	}
	p.above = 0
	if ratio := p.rate / max(others, 1); p.usual == 0 {
		p.usual = ratio
	} else {
		p.usual = keep*p.usual + (1-keep)*ratio
		off := p.latest - p.usual*latest
		p.noise = keep*p.noise + (1-keep)*off*off
	}
	return false
}
