package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"downpour"
	"downpour/internal/show/web"
	"downpour/internal/store"
)

// beside is how much of the kept minutes before and after an attack its page may show,
// and longest of how long an attack they are looked up at all: minutes hold all targets.
const (
	beside  = 30 * time.Minute
	longest = 12 * time.Hour
)

// AttackView is the page of an attack of an incident.
func (l *Live) AttackView(ctx context.Context, incident, attack string) (web.AttackView, error) {
	r, err := l.Incident(ctx, incident)
	if err != nil {
		return web.AttackView{}, err
	}
	a := attackOf(&r, attack)
	if a == nil {
		return web.AttackView{}, store.ErrNotFound
	}
	v := web.AttackView{Service: web.ServiceRef{ID: r.Incident.Service}, Incident: r.Incident, Attack: *a}
	l.mu.RLock()
	s := l.services[r.Incident.Service]
	if v.Frame = l.frame(s); s != nil {
		v.Service = s.ref()
	}
	l.mu.RUnlock()
	if v.Minutes, err = l.minutesOf(ctx, a); err != nil {
		return v, err
	}
	e, err := l.cfg.Store.Exhibit(ctx, a.ID)
	switch {
	case err == nil:
		v.Exhibit = &e
	case !errors.Is(err, store.ErrNotFound):
		return v, fmt.Errorf("load samples of attack %s: %w", a.ID, err)
	}
	return v, nil
}

func attackOf(r *store.Record, id string) *downpour.Attack {
	for i := range r.Attacks {
		if r.Attacks[i].ID == id {
			return &r.Attacks[i]
		}
	}
	return nil
}

// minutesOf are the minutes that are kept of an attack's target and classes, from before
// it to after it.
func (l *Live) minutesOf(ctx context.Context, a *downpour.Attack) (list []downpour.TrafficMinute, err error) {
	if !a.Target.Prefix.IsValid() || a.End.Sub(a.Onset) > longest {
		return nil, nil
	}
	classes := map[string]bool{}
	for _, e := range a.Expected {
		classes[e.Class] = true
	}
	err = l.cfg.Store.Traffic(ctx, a.Onset.Add(-beside), a.End.Add(beside), func(minutes []downpour.TrafficMinute) error {
		for _, m := range minutes {
			if m.Target == a.Target.Prefix && classes[m.Class] {
				list = append(list, m)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load minutes of %s: %w", a.Target, err)
	}
	return list, nil
}
