package notify

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"downpour"
	"downpour/internal/store"
)

// Schema names the form of a message; another form has another number.
const Schema = "downpour.notification/1"

// Event is why a message is sent.
type Event string

// The events of an incident.
const (
	Opened  Event = "opened"  // it began, or began again
	Changed Event = "changed" // it is graver, or has a new vector, target or outage
	Ended   Event = "ended"
)

// Message is what a receiver is told: the state of one incident. docs/alerts.md
// describes it.
type Message struct {
	Schema string `json:"schema"`
	// ID is the same whenever this very message is sent again.
	ID       string    `json:"id"`
	Event    Event     `json:"event"`
	Changes  []string  `json:"changes"` // what is new, in words
	At       time.Time `json:"at"`      // event time
	Incident Incident  `json:"incident"`
	// Attacks are the largest by packets, at most maxAttacks; AttacksTotal is how
	// many there are.
	Attacks      []Attack `json:"attacks"`
	AttacksTotal int      `json:"attacks_total"`
	Outages      []Outage `json:"outages"`
}

// Incident is the part of an incident that is told.
type Incident struct {
	ID       string            `json:"id"`
	Service  string            `json:"service"`
	Severity downpour.Severity `json:"severity"`
	Start    time.Time         `json:"start"`
	End      time.Time         `json:"end"` // last moment seen while Ongoing
	Ongoing  bool              `json:"ongoing"`
	Verdict  string            `json:"verdict"`
	// MergedInto is the incident that this one turned out to be part of; empty if
	// none.
	MergedInto string `json:"merged_into,omitempty"`
}

// Attack is the part of an attack that is told.
type Attack struct {
	ID        string                   `json:"id"`
	Direction downpour.AttackDirection `json:"direction"`
	Target    downpour.Target          `json:"target"`
	Onset     time.Time                `json:"onset"`
	End       time.Time                `json:"end"`
	Ongoing   bool                     `json:"ongoing"`
	Severity  downpour.Severity        `json:"severity"`
	Shape     []string                 `json:"shape"`
	Vectors   []downpour.Vector        `json:"vectors"`
	Peak      downpour.Rate            `json:"peak"`
	// Provisional marks figures that are lower limits so far.
	Provisional bool   `json:"provisional"`
	Why         string `json:"why"`
}

// Outage is the part of an outage that is told.
type Outage struct {
	ID          string            `json:"id"`
	Direction   downpour.Change   `json:"direction"`
	Onset       time.Time         `json:"onset"`
	End         time.Time         `json:"end"`
	Ongoing     bool              `json:"ongoing"`
	Severity    downpour.Severity `json:"severity"`
	PeakReports float64           `json:"peak_reports"`
	Expected    downpour.Estimate `json:"expected_reports"`
	Why         string            `json:"why"`
}

// maxAttacks bounds a message: carpet bombing can have hundreds of targets.
const maxAttacks = 50

// newMessage tells the state of an incident; number counts its messages to one
// receiver.
func newMessage(r *store.Record, event Event, changes []string, number int, at time.Time) Message {
	in := &r.Incident
	m := Message{
		Schema: Schema, ID: fmt.Sprintf("%s-%d", in.ID, number), Event: event, Changes: changes, At: at,
		Incident: Incident{ID: in.ID, Service: in.Service, Severity: in.Severity, Start: in.Start, End: in.End, Ongoing: in.Ongoing, Verdict: in.Verdict},
		Attacks:  []Attack{}, AttacksTotal: len(r.Attacks), Outages: []Outage{},
	}
	if m.Changes == nil {
		m.Changes = []string{}
	}
	for i := range r.Attacks {
		a := &r.Attacks[i]
		m.Attacks = append(m.Attacks, Attack{
			ID: a.ID, Direction: a.Direction, Target: a.Target, Onset: a.Onset, End: a.End, Ongoing: a.Ongoing, Severity: a.Severity,
			Shape: a.Shape, Vectors: a.Vectors, Peak: a.Peak, Provisional: a.Provisional, Why: a.Why,
		})
	}
	slices.SortStableFunc(m.Attacks, func(a, b Attack) int { return cmp.Compare(b.Peak.Packets, a.Peak.Packets) })
	m.Attacks = m.Attacks[:min(len(m.Attacks), maxAttacks)]
	for i := range r.Outages {
		o := &r.Outages[i]
		m.Outages = append(m.Outages, Outage{o.ID, o.Direction, o.Onset, o.End, o.Ongoing, o.Severity, o.PeakReports, o.ExpectedReports, o.Why})
	}
	return m
}

// rank orders severities, least first.
func rank(s downpour.Severity) int {
	return slices.Index([]downpour.Severity{downpour.Minor, downpour.Partial, downpour.Major}, s)
}
