package notify

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// item is one message, or one call of a script, on its way.
type item struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`   // event time
	Body []byte    `json:"body"` // what is sent: JSON, or a script's standard input
	Call *call     `json:"call,omitempty"`
	// Event and Incident are told to scripts in their environment.
	Event    Event  `json:"event,omitempty"`
	Incident string `json:"incident,omitempty"`
}

// itemOf writes a message as it is sent.
func itemOf(m *Message) item {
	body, err := json.Marshal(m)
	if err != nil { // numbers that JSON can't bear would be a fault of detection
		body = []byte(`{"schema":"` + Schema + `"}`)
	}
	return item{ID: m.ID, At: m.At, Body: body, Event: m.Event, Incident: m.Incident.ID}
}

// maxWaiting bounds what waits for one receiver; beyond it the oldest goes, and
// is counted. Every message tells the whole state, so the newest is worth most.
const maxWaiting = 256

// Stats is what became of a receiver's messages.
type Stats struct {
	Name     string // what it is, without secrets
	Kind     string // webhook, script or alertmanager
	Sent     uint64
	Attempts uint64 // that failed
	Dropped  uint64 // given up: too many waited, too old, or refused for good
	Waiting  int
	// LastSent is in real time, zero if never. Problem is the latest failure's text;
	// empty if the last attempt did well.
	LastSent time.Time
	Problem  string
}

// queue is a receiver's queue. Its owner locks.
type queue struct {
	items []item
	stats Stats
}

func (q *queue) push(list ...item) {
	q.items = append(q.items, list...)
	if over := len(q.items) - maxWaiting; over > 0 {
		q.items = slices.Delete(q.items, 0, over)
		q.stats.Dropped += uint64(over)
	}
}

// settle takes what became of an item: it stays first in the queue if it is to be
// tried again, and it may have been pushed out meanwhile.
func (q *queue) settle(i *item, err error, again bool, now time.Time) {
	if err == nil {
		q.stats.Sent++
		q.stats.LastSent, q.stats.Problem = now, ""
	} else {
		q.stats.Attempts++
		q.stats.Problem = err.Error()
		if again {
			return
		}
		q.stats.Dropped++
	}
	if len(q.items) > 0 && q.items[0].ID == i.ID && q.items[0].At.Equal(i.At) {
		q.items = slices.Delete(q.items, 0, 1)
	}
}

// refusal is a failure that another attempt won't mend.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

func isRefusal(err error) bool {
	var r refusal
	return errors.As(err, &r)
}
