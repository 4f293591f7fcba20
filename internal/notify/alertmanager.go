package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"downpour/internal/store"
)

// Alertmanager forgets an alert that isn't told again; endsAt says when.
const (
	repeat  = time.Minute
	expires = 5 * time.Minute
)

// alert is one of Alertmanager's API v2 (POST /api/v2/alerts). Its labels are its
// identity.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// alerts are those that Alertmanager is to know. Its owner locks.
type alerts struct {
	firing map[string]*alert // by incident
	over   []*alert          // resolved, and not told yet
}

// maxOver bounds the alerts whose end could not be told; they expire by
// themselves.
const maxOver = 1024

// set makes an incident's alert fire, in its newest state. A severity is a label,
// since people route by it: with another one it is another alert, and the earlier
// one is over.
func (a *alerts) set(r *store.Record, now time.Time) {
	id := r.Incident.ID
	next := alertOf(r)
	if old := a.firing[id]; old != nil && old.Labels["severity"] != next.Labels["severity"] {
		a.end(id, now)
	}
	a.firing[id] = next
}

// end resolves an incident's alert.
func (a *alerts) end(id string, now time.Time) {
	old := a.firing[id]
	if old == nil {
		return
	}
	delete(a.firing, id)
	old.EndsAt = now
	a.over = append(a.over, old)
	if over := len(a.over) - maxOver; over > 0 {
		a.over = a.over[over:]
	}
}

// list is what is to be told now, and how many of it are over.
func (a *alerts) list(now time.Time) (out []alert, over int) {
	for _, one := range a.over {
		n := *one
		// An end in Alertmanager's future, by clocks that differ, would be none.
		if latest := now.Add(-hold); n.EndsAt.After(latest) {
			n.EndsAt = latest
		}
		if n.EndsAt.Before(n.StartsAt) {
			n.EndsAt = n.StartsAt
		}
		out = append(out, n)
	}
	for _, one := range a.firing {
		n := *one
		n.EndsAt = now.Add(expires)
		out = append(out, n)
	}
	return out, len(a.over)
}

// alertOf describes an incident.
func alertOf(r *store.Record) *alert {
	in := &r.Incident
	var targets, vectors []string
	for i := range r.Attacks {
		targets = append(targets, r.Attacks[i].Target.String())
		for _, v := range r.Attacks[i].Vectors {
			vectors = append(vectors, v.Name)
		}
	}
	a := &alert{
		Labels: map[string]string{"alertname": "DownpourIncident", "incident": in.ID, "service": in.Service, "severity": string(in.Severity)},
		Annotations: map[string]string{
			"summary":     fmt.Sprintf("%s: %s incident", in.Service, in.Severity),
			"description": in.Verdict,
		},
		StartsAt: in.Start,
	}
	if len(targets) > 0 {
		a.Annotations["targets"] = few(targets)
		a.Annotations["vectors"] = few(vectors)
	}
	return a
}

// few joins distinct words, and counts those beyond ten.
func few(words []string) string {
	words = merge(nil, words)
	const most = 10
	if len(words) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
	}
	return strings.Join(words, ", ")
}

// alertmanager posts alerts.
type alertmanager struct {
	url    *url.URL // of the API's alerts
	token  []byte   // a bearer token; nil: none
	client *http.Client
}

func (m *alertmanager) send(ctx context.Context, list []alert) error {
	body, err := json.Marshal(list)
	if err != nil {
		return refusal{err}
	}
	header := http.Header{}
	if len(m.token) > 0 {
		header.Set("Authorization", "Bearer "+string(m.token))
	}
	return post(ctx, m.client, m.url, header, body)
}
