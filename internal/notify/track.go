package notify

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"downpour"
	"downpour/internal/store"
)

// How often a receiver is told of one incident.
const (
	// hold is how long an incident must be over before its end is told: what goes
	// on after a restart, or pauses, is not told as two.
	hold = 30 * time.Second
	// pause is the least time between two messages of changes; a graver severity
	// is told at once.
	pause = time.Minute
	// maxTold bounds the incidents that are remembered; those that ended first
	// are forgotten.
	maxTold = 2048
	// maxKnown bounds the targets, vectors and outages of one incident that are
	// told as new.
	maxKnown = 256
)

// told is what a receiver knows of an incident.
type told struct {
	Count    int               `json:"count"` // messages
	Severity downpour.Severity `json:"severity"`
	Known    []string          `json:"known"` // targets, vectors and outages, as changes say them
	Ended    bool              `json:"ended"`
	At       time.Time         `json:"at"` // of the last message, event time

	record  *store.Record // the newest state
	waiting []string      // changes that wait for the pause to pass
	quiet   time.Time     // since when it is over; zero while it is not
}

// tracker decides what one receiver is told. It knows event time only.
type tracker struct {
	minimum downpour.Severity
	since   time.Time // what was over before is not told as new
	told    map[string]*told
}

// observe takes in a new state of an incident.
func (t *tracker) observe(now time.Time, r *store.Record) []Message {
	in := &r.Incident
	e := t.told[in.ID]
	if e == nil {
		if rank(in.Severity) < rank(t.minimum) || !in.Ongoing && !in.End.After(t.since) {
			return nil
		}
		e = &told{Severity: in.Severity, Known: known(r)}
		t.told[in.ID] = e
		e.record = r
		e.rest(now)
		m := e.say(Opened, nil, now)
		t.forget()
		return []Message{m}
	}
	if e.Ended && !in.Ongoing {
		return nil
	}
	e.record = r
	if e.Ended {
		e.Ended, e.Severity, e.Known = false, in.Severity, merge(e.Known, known(r))
		e.rest(now)
		return []Message{e.say(Opened, []string{"it began again"}, now)}
	}
	e.rest(now)
	return e.changes(now)
}

// rest notes since when the incident is over.
func (e *told) rest(now time.Time) {
	switch {
	case e.record.Incident.Ongoing:
		e.quiet = time.Time{}
	case e.quiet.IsZero():
		e.quiet = now
	}
}

// changes finds what is worth a message.
func (e *told) changes(now time.Time) []Message {
	graver := rank(e.record.Incident.Severity) > rank(e.Severity)
	if graver {
		e.Severity = e.record.Incident.Severity
		e.waiting = append(e.waiting, "severity is "+string(e.Severity)+" now")
	}
	before := len(e.Known)
	e.Known = merge(e.Known, known(e.record))
	for _, k := range e.Known[before:] {
		e.waiting = append(e.waiting, "new "+k)
	}
	if len(e.waiting) == 0 || !graver && now.Sub(e.At) < pause {
		return nil
	}
	return []Message{e.say(Changed, e.waiting, now)}
}

// due tells what time alone brings: ends, and changes that waited.
func (t *tracker) due(now time.Time) []Message {
	var out []Message
	for _, id := range slices.Sorted(maps.Keys(t.told)) {
		e := t.told[id]
		switch {
		case e.Ended:
		case e.record == nil: // it was told of by an earlier run that did not come to keep it
			if now.Sub(t.since) >= hold {
				e.record = unknown(id, e, now)
				out = append(out, e.say(Ended, []string{"nothing is known of it any longer"}, now))
			}
		case !e.quiet.IsZero() && now.Sub(e.quiet) >= hold:
			out = append(out, e.say(Ended, e.waiting, now))
		case len(e.waiting) > 0 && now.Sub(e.At) >= pause:
			out = append(out, e.say(Changed, e.waiting, now))
		}
	}
	return out
}

// merged ends an incident that turned out to be part of another.
func (t *tracker) merged(now time.Time, id, into string) []Message {
	e := t.told[id]
	if e == nil || e.Ended {
		return nil
	}
	if e.record == nil {
		e.record = unknown(id, e, now)
	}
	m := e.say(Ended, []string{"it is part of incident " + into}, now)
	m.Incident.MergedInto = into
	return []Message{m}
}

// unknown is what can be told of an incident whose state is not known.
func unknown(id string, e *told, now time.Time) *store.Record {
	return &store.Record{Incident: downpour.Incident{ID: id, Severity: e.Severity, Start: e.At, End: now}}
}

// say makes the message and notes that it was told.
func (e *told) say(event Event, changes []string, now time.Time) Message {
	e.Count++
	e.At, e.Ended, e.waiting = now, event == Ended, nil
	m := newMessage(e.record, event, changes, e.Count, now)
	if e.Ended {
		e.record = nil // it is large
	}
	return m
}

// known are the targets, vectors and outages of an incident, in words.
func known(r *store.Record) []string {
	var out []string
	for i := range r.Attacks {
		a := &r.Attacks[i]
		out = append(out, "target "+a.Target.String())
		for _, v := range a.Vectors {
			out = append(out, "vector "+v.Name)
		}
	}
	for i := range r.Outages {
		out = append(out, "outage "+r.Outages[i].ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// merge appends what is new, within the bound.
func merge(have, now []string) []string {
	for _, k := range now {
		if len(have) < maxKnown && !slices.Contains(have, k) {
			have = append(have, k)
		}
	}
	return have
}

// forget keeps the bound: what ended first, else what was told first.
func (t *tracker) forget() {
	if len(t.told) <= maxTold {
		return
	}
	var oldest string
	for id, e := range t.told {
		o := t.told[oldest]
		if o == nil || ended(e, o) < 0 || ended(e, o) == 0 && id < oldest {
			oldest = id
		}
	}
	delete(t.told, oldest)
}

// ended orders by what may be forgotten first.
func ended(a, b *told) int {
	if a.Ended != b.Ended {
		if a.Ended {
			return -1
		}
		return 1
	}
	return cmp.Or(a.At.Compare(b.At))
}
