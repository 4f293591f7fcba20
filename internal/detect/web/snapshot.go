package web

import (
	"cmp"
	"math"
	"slices"

	"downpour"
	"downpour/internal/detect/finding"
)

// The vectors' names in the contract.
const (
	flood    = "HTTP flood"
	slowHTTP = "slow HTTP"
)

// snapshot puts the attack as it stands into an event.
func (w *watch) snapshot(now int64, ongoing bool) downpour.Event {
	e := w.episode
	total, peak := uint64(math.Round(math.Max(e.total, 1))), math.Round(e.peak)
	end := w.lastBefore((e.end + 1) * second)
	out := &downpour.Attack{
		ID: e.id, Service: w.service, Direction: downpour.Inbound, Target: w.target(),
		Onset: instant(min(e.onset, end)), AlarmAt: instant(e.alarmAt), PeakAt: instant(max(e.peakAt*second, min(e.onset, end))), End: instant(end),
		Ongoing: ongoing, Severity: e.severity(), Shape: e.shape(),
		Peak:    downpour.Rate{Requests: &peak},
		Total:   downpour.Volume{Requests: &total},
		Vectors: []downpour.Vector{{Name: flood, Share: 1, Protocol: "http"}},
		Why:     e.why, Rules: []downpour.Rule{},
		Timeline: e.line.timeline(flood, e.end),
		Marks:    w.marks(),
	}
	out.Phases = []downpour.Phase{{Start: out.Onset, End: out.End, Vectors: []string{flood}}}
	if !ongoing || e.footprintDue(now) {
		out.Footprint = w.footprint(total, w.takesPart)
		e.told.at, e.told.total = now, e.total
	}
	e.changed = false
	return downpour.Event{At: instant(now), Attack: out}
}

// footprintDue tells whether a new footprint is worth its cost: the attack has
// doubled, or half a minute has passed.
func (e *episode) footprintDue(now int64) bool {
	const every = 30 * second
	return now-e.told.at >= every || e.total >= 2*e.told.total
}

// lastBefore is when the last of the attack's clients came before a time: logs
// often tell whole seconds only.
func (w *watch) lastBefore(t int64) int64 {
	last := w.episode.end * second
	for i := range w.sample.entries {
		if c := &w.sample.entries[i]; c.last < t && c.last > last && w.takesPart(c) {
			last = c.last
		}
	}
	return last
}

// marks are what the requests have in common.
func (w *watch) marks() *downpour.RequestMarks {
	e := w.episode
	seconds := float64(e.end + 1 - e.first)
	of := func(c *cells) []downpour.NameShare {
		out := []downpour.NameShare{}
		for _, s := range c.shares(e.total, seconds) {
			out = append(out, downpour.NameShare{Name: s.name, Share: s.share})
		}
		return out
	}
	return &downpour.RequestMarks{Usual: math.Round(w.mean*100) / 100, Paths: of(&w.paths), Networks: of(&w.nets), Agents: of(&w.agents)}
}

// footprint gathers the facts that an attack left, of the clients that take part.
func (w *watch) footprint(total uint64, takesPart func(*client) bool) *downpour.Footprint {
	out := &downpour.Footprint{
		Requests: true, Sampling: 1, Packets: total, OutgoingVisible: downpour.Yes,
		ConstantFields: []downpour.FieldShare{},
	}
	var sampled uint64
	list := []downpour.Source{}
	for i := range w.sample.entries {
		c := &w.sample.entries[i]
		if !takesPart(c) {
			continue
		}
		list = append(list, downpour.Source{
			Address: c.Address, Packets: uint64(c.requests), Bytes: c.bytes, First: c.first, Last: c.last, Established: true,
		})
		sampled += uint64(c.requests)
		out.Bytes += c.bytes
	}
	out.Packets = max(total, sampled)
	out.Handshakes = uint64(len(list))
	out.SampleComplete = w.sample.complete()
	out.Distinct = finding.Distinct(len(list), w.sample.threshold)
	out.Sample = list
	const heaviest = 64
	heavy := slices.Clone(list)
	if mean := sampled / uint64(max(len(list), 1)); len(heavy) > 2*heaviest { // only those can be among them
		heavy = slices.DeleteFunc(heavy, func(s downpour.Source) bool { return s.Packets <= mean })
	}
	slices.SortFunc(heavy, func(a, b downpour.Source) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), a.Address.Compare(b.Address))
	})
	out.Heavy = slices.Clip(heavy[:min(len(heavy), heaviest)])
	return out
}

// slowSnapshot puts a slow attack as it stands into an event.
func (w *watch) slowSnapshot(now int64, ongoing bool) downpour.Event {
	e := w.idle.episode
	e.told = now / second
	total, peak := uint64(math.Max(e.total, 1)), e.peak
	end := max((e.end+1)*second-1, e.onset)
	for i := range w.sample.entries { // the last one that ended is the end, if it is near
		if c := &w.sample.entries[i]; w.takesSlowly(c) && c.slowLast > end && c.slowLast < end+2*second {
			end = c.slowLast
		}
	}
	out := &downpour.Attack{
		ID: e.id, Service: w.service, Direction: downpour.Inbound, Target: w.target(),
		Onset: instant(e.onset), AlarmAt: instant(e.alarmAt), PeakAt: instant(min(max(e.peakAt*second, e.onset), end)), End: instant(end),
		Ongoing: ongoing, Severity: e.severity(), Shape: []string{},
		Peak:    downpour.Rate{Requests: &peak},
		Total:   downpour.Volume{Requests: &total},
		Vectors: []downpour.Vector{{Name: slowHTTP, Share: 1, Protocol: "http"}},
		Phases:  []downpour.Phase{{Start: instant(e.onset), End: instant(end), Vectors: []string{slowHTTP}}},
		Why:     e.why(w.target().String()), Rules: []downpour.Rule{},
		Timeline: e.ends.timeline(slowHTTP, e.settled),
	}
	out.Footprint = w.footprint(total, w.takesSlowly)
	return downpour.Event{At: instant(now), Attack: out}
}
