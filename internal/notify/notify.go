// Package notify tells people and machines of incidents: webhooks, scripts (also
// with FastNetMon's arguments) and Alertmanager. A receiver is told when an
// incident opens, when it changes in a way that matters, and when it is over;
// never once a second. docs/alerts.md is its manual.
//
// What is told is decided by event time alone (track.go, bans.go); only sending
// reads a clock. Take never waits: a receiver that is slow or dead has a bounded
// queue and a goroutine of its own, tries again with growing pauses, and what it
// is not told is counted. State, kept by the caller, brings queue and memory over
// a restart, so that a message is sent at least once, always under the same ID.
package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour"
	"downpour/internal/store"
)

// Receiver says who is told and of what. Exactly one of Webhook, Alertmanager and
// Script is set.
type Receiver struct {
	Webhook      *url.URL
	Alertmanager *url.URL // its base; the API's path is added
	Script       string   // a program's absolute path
	// FastNetMon gives the script FastNetMon's arguments.
	FastNetMon bool
	Timeout    time.Duration // of one run of the script
	// Secret signs a webhook's messages, or is Alertmanager's bearer token; nil: none.
	Secret []byte
	// Minimum is the least severity that is told.
	Minimum downpour.Severity
}

// Config says who is told.
type Config struct {
	Receivers []Receiver
	// Since is the event time at which watching begins: what was over before is not
	// told.
	Since time.Time
	// Clock tells real time, for attempts and expiry.
	Clock func() time.Time
	// SearchPath is the PATH of scripts.
	SearchPath string
	Log        *slog.Logger
}

// Notifier tells receivers of incidents. Its methods may be called concurrently.
type Notifier struct {
	cfg Config

	mu        sync.Mutex // guards what follows, and everything in the receivers
	receivers []*receiver
	unkept    bool // there is something new in State
}

// receiver is one who is told.
type receiver struct {
	key     string // of its state
	tracker *tracker
	bans    *bans   // not nil: a script with FastNetMon's arguments
	alerts  *alerts // not nil: Alertmanager
	queue   queue
	send    func(context.Context, *item) error
	alert   func(context.Context, []alert) error
	wake    chan struct{} // holds one
}

// New returns a notifier that has told nothing yet.
func New(cfg Config) *Notifier {
	n := &Notifier{cfg: cfg}
	for _, r := range cfg.Receivers {
		made := newReceiver(r, &cfg)
		made.queue.stats.Name = n.unique(made.queue.stats)
		n.receivers = append(n.receivers, made)
	}
	return n
}

// unique numbers receivers that look the same without their secrets.
func (n *Notifier) unique(s Stats) string {
	same := 1
	for _, r := range n.receivers {
		if o := r.queue.stats; o.Kind == s.Kind && (o.Name == s.Name || strings.HasPrefix(o.Name, s.Name+" #")) {
			same++
		}
	}
	if same == 1 {
		return s.Name
	}
	return fmt.Sprintf("%s #%d", s.Name, same)
}

func newReceiver(c Receiver, cfg *Config) *receiver {
	r := &receiver{wake: make(chan struct{}, 1), tracker: &tracker{minimum: c.Minimum, since: cfg.Since, told: map[string]*told{}}}
	client := newClient()
	identity := ""
	switch {
	case c.Webhook != nil:
		w := &webhook{c.Webhook, c.Secret, client}
		r.send, identity = w.send, c.Webhook.String()
		r.queue.stats = Stats{Name: Redacted(c.Webhook), Kind: "webhook"}
	case c.Alertmanager != nil:
		to := c.Alertmanager.JoinPath("api", "v2", "alerts")
		m := &alertmanager{to, c.Secret, client}
		r.alert, identity, r.alerts = m.send, to.String(), &alerts{firing: map[string]*alert{}}
		r.queue.stats = Stats{Name: Redacted(c.Alertmanager), Kind: "alertmanager"}
	default:
		s := newScript(c.Script, cfg.SearchPath, c.Timeout)
		r.send, identity = s.send, c.Script
		r.queue.stats = Stats{Name: c.Script, Kind: "script"}
		if c.FastNetMon {
			identity += " fastnetmon"
			r.bans = &bans{minimum: c.Minimum, banned: map[string]*banned{}}
		}
	}
	sum := sha256.Sum256([]byte(r.queue.stats.Kind + " " + identity))
	r.key = hex.EncodeToString(sum[:8])
	return r
}

// Redacted writes a URL without what may be secret: many webhooks have their
// credential in the path.
func Redacted(u *url.URL) string {
	out := u.Scheme + "://" + u.Host
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		out += "/…"
	}
	return out
}

// Take takes in what has happened to incidents up to now; merged tells of those
// that are part of another one now. It must be called about once a second also
// when nothing has happened, and it never waits.
func (n *Notifier) Take(now time.Time, records []store.Record, merged map[string]string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range n.receivers {
		if r.take(now, records, merged) {
			n.unkept = true
			select {
			case r.wake <- struct{}{}:
			default:
			}
		}
	}
}

// take tells whether there is something to send.
func (r *receiver) take(now time.Time, records []store.Record, merged map[string]string) bool {
	var items []item
	if r.bans != nil {
		for i := range records {
			items = append(items, r.bans.observe(now, &records[i])...)
		}
		items = append(items, r.bans.due(now)...)
		r.queue.push(items...)
		return len(items) > 0
	}
	var messages []Message
	for i := range records {
		messages = append(messages, r.tracker.observe(now, &records[i])...)
		r.fire(&records[i], now)
	}
	for id, into := range merged {
		messages = append(messages, r.tracker.merged(now, id, into)...)
	}
	messages = append(messages, r.tracker.due(now)...)
	for i := range messages {
		m := &messages[i]
		switch {
		case r.alerts == nil:
			items = append(items, itemOf(m))
		case m.Event == Ended:
			r.alerts.end(m.Incident.ID, now)
		}
	}
	r.queue.push(items...)
	return len(messages) > 0
}

// fire keeps the alert of an incident that is told of up to date.
func (r *receiver) fire(record *store.Record, now time.Time) {
	if e := r.tracker.told[record.Incident.ID]; r.alerts != nil && e != nil && !e.Ended {
		r.alerts.set(record, now)
	}
}

// Run sends until ctx ends. What is not sent by then stays in State.
func (n *Notifier) Run(ctx context.Context) {
	if n == nil {
		return
	}
	var g errgroup.Group
	for _, r := range n.receivers {
		g.Go(func() error {
			if r.alerts != nil {
				n.repeat(ctx, r)
			} else {
				n.deliver(ctx, r)
			}
			return nil
		})
	}
	_ = g.Wait() // none of them fails
}

// state is what is kept of a receiver.
type state struct {
	Told    map[string]*told   `json:"told,omitempty"`
	Banned  map[string]*banned `json:"banned,omitempty"`
	Waiting []item             `json:"waiting,omitempty"`
}

// State is what must survive a restart, and whether it is another one than when
// it was last asked for.
func (n *Notifier) State() (data []byte, changed bool, err error) {
	if n == nil {
		return nil, false, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.unkept {
		return nil, false, nil
	}
	all := map[string]state{}
	for _, r := range n.receivers {
		s := state{Told: r.tracker.told, Waiting: r.queue.items}
		if r.bans != nil {
			s.Banned = r.bans.banned
		}
		all[r.key] = s
	}
	data, err = json.Marshal(all)
	n.unkept = err != nil
	return data, true, err
}

// Unkept notes that the last State could not be kept.
func (n *Notifier) Unkept() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unkept = true
}

// Restore takes what an earlier run kept, before Run and Take. Receivers that are
// no longer configured are forgotten.
func (n *Notifier) Restore(data []byte) error {
	all := map[string]state{}
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("restore what was told: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range n.receivers {
		s := all[r.key]
		for id, e := range s.Told {
			if e != nil {
				r.tracker.told[id] = e
			}
		}
		r.queue.push(s.Waiting...)
		if r.bans == nil {
			continue
		}
		for key, e := range s.Banned {
			if e != nil { // over, unless it is seen again
				e.quiet = n.cfg.Since
				r.bans.banned[key] = e
			}
		}
	}
	return nil
}

// Stats tell what became of each receiver's messages.
func (n *Notifier) Stats() []Stats {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []Stats
	for _, r := range n.receivers {
		s := r.queue.stats
		s.Waiting = len(r.queue.items)
		if r.bans != nil {
			s.Dropped += r.bans.shed
		}
		if r.alerts != nil {
			s.Waiting = len(r.alerts.over)
		}
		out = append(out, s)
	}
	return slices.Clip(out)
}
