package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"downpour"
	"downpour/internal/show/server"
	"downpour/internal/show/web"
	"downpour/internal/store"
)

// listed is how many earlier incidents a page lists.
const listed = 10

// Ready is nil once the first step was made.
func (l *Live) Ready(context.Context) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.ready {
		return fmt.Errorf("still starting")
	}
	return nil
}

// Frame is what all pages share.
func (l *Live) Frame() web.Frame {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.frame(nil)
}

func (l *Live) frame(s *service) web.Frame {
	f := web.Frame{Now: l.now, Notice: l.cfg.Notice}
	if s == nil && len(l.cfg.Services) == 1 {
		s = l.services[l.cfg.Services[0].ID]
	}
	if s != nil {
		f.Zone, f.RunBy = s.Zone, s.RunBy
	}
	return f
}

func (s *service) ref() web.ServiceRef { return web.ServiceRef{ID: s.ID, Name: s.Name} }

// ServiceView is the public page of a service.
func (l *Live) ServiceView(ctx context.Context, id string) (web.ServiceView, error) {
	v, err := l.serviceView(id)
	if err != nil {
		return v, err
	}
	totals, err := l.totals(ctx, id)
	if err != nil {
		return v, err
	}
	v.Totals = &totals
	from, to := v.Start, v.End
	if from.IsZero() {
		from, to = v.Now.Add(-window), v.Now.Add(time.Minute)
	}
	b, err := l.cfg.Store.ReportBreakdown(ctx, id, from, to)
	if err != nil {
		return v, err
	}
	v.BySymptom, v.ByCountry = tallies(b.Symptoms), tallies(b.Countries)
	return v, nil
}

// serviceView is the part of the page that is in memory.
func (l *Live) serviceView(id string) (web.ServiceView, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.services[id]
	if s == nil {
		return web.ServiceView{}, store.ErrNotFound
	}
	v := web.ServiceView{
		Frame: l.frame(s), Service: s.ref(), Symptoms: s.Symptoms, Usual: s.buckets.usual(),
		Start: l.cfg.Start, End: l.cfg.End,
	}
	v.State, v.Since = l.state(s)
	from, to := v.Start, v.End
	if from.IsZero() {
		from, to = l.now.Add(-window), l.now.Add(time.Minute)
	}
	v.Buckets = s.buckets.between(from, to)
	for _, r := range l.newest(id, listed+1) {
		for i := range r.Outages {
			if r.Outages[i].End.After(from) {
				v.Outages = append(v.Outages, r.Outages[i])
			}
		}
		summary := l.summary(&r)
		if v.Incident == nil && r.Incident.End.After(from) {
			v.Incident = &summary
		} else {
			v.Recent = append(v.Recent, summary)
		}
	}
	slices.SortFunc(v.Outages, func(a, b downpour.Outage) int {
		return cmp.Or(a.Onset.Compare(b.Onset), cmp.Compare(a.ID, b.ID))
	})
	return v, nil
}

// state is what is publicly said of a service now. Reports alone never confirm:
// that takes traffic (or, later, probes and logs).
func (l *Live) state(s *service) (downpour.State, *time.Time) {
	for _, r := range l.newest(s.ID, listed) {
		var since *time.Time
		attacked := slices.ContainsFunc(r.Attacks, func(a downpour.Attack) bool { return a.Ongoing })
		for i := range r.Outages {
			if o := &r.Outages[i]; o.Ongoing && (since == nil || o.Onset.Before(*since)) {
				since = &o.Onset
			}
		}
		switch {
		case since != nil && attacked:
			return downpour.StateConfirmed, since
		case since != nil:
			return downpour.StateReported, since
		}
	}
	if len(s.buckets.list) == 0 {
		return downpour.StateUnknown, nil
	}
	return downpour.StateOK, nil
}

// newest returns up to n incidents of a service (or, empty, of all), newest first.
func (l *Live) newest(service string, n int) []store.Record {
	var out []store.Record
	for i := len(l.order) - 1; i >= 0 && len(out) < n; i-- {
		if r := l.incidents[l.order[i]]; service == "" || r.Incident.Service == service {
			out = append(out, r)
		}
	}
	return out
}

func (l *Live) summary(r *store.Record) web.IncidentSummary {
	s := web.IncidentSummary{
		Incident: r.Incident, Service: web.ServiceRef{ID: r.Incident.Service},
		Waves: len(r.Outages), VerdictPublished: l.publication(r.Incident.ID).Cause,
	}
	if known := l.services[r.Incident.Service]; known != nil {
		s.Service = known.ref()
	}
	for _, o := range r.Outages {
		if s.PeakReports == nil || o.PeakReports > *s.PeakReports {
			s.PeakReports = &o.PeakReports
		}
	}
	return s
}

func (l *Live) publication(id string) web.Publication {
	if p, decided := l.published[id]; decided {
		return p
	}
	return l.cfg.Published
}

func (l *Live) summaries(ongoing bool, n int) []web.IncidentSummary {
	var out []web.IncidentSummary
	for _, r := range l.newest("", incidentsInMemory) {
		if r.Incident.Ongoing == ongoing && len(out) < n {
			out = append(out, l.summary(&r))
		}
	}
	return out
}

// IndexView lists the public services.
func (l *Live) IndexView(context.Context) (web.IndexView, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return web.IndexView{Frame: l.frame(nil), Services: l.rows(), Recent: append(l.summaries(true, listed), l.summaries(false, listed)...)}, nil
}

func (l *Live) rows() []web.ServiceRow {
	var rows []web.ServiceRow
	for _, configured := range l.cfg.Services {
		s := l.services[configured.ID]
		row := web.ServiceRow{Service: s.ref(), Expected: s.buckets.usual()}
		row.State, row.Since = l.state(s)
		n := s.recent.lastMinute(l.now)
		row.LastMinute = &n
		rows = append(rows, row)
	}
	return rows
}

// IncidentView is the page of an incident with everything in it.
func (l *Live) IncidentView(ctx context.Context, id string) (web.IncidentView, error) {
	r, err := l.Incident(ctx, id)
	if err != nil {
		return web.IncidentView{}, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.services[r.Incident.Service]
	v := web.IncidentView{
		Frame: l.frame(s), Service: web.ServiceRef{ID: r.Incident.Service}, Incident: r.Incident,
		Attacks: r.Attacks, Outages: r.Outages, Claims: r.Claims, Published: l.publication(r.Incident.ID),
	}
	if s == nil {
		return v, nil
	}
	v.Service = s.ref()
	v.Start, v.End = around(r.Incident, l.now)
	v.Buckets = s.buckets.between(v.Start, v.End)
	return v, nil
}

// around is the stretch of time that an incident's page shows: the incident
// with a tenth of its length, at least a quarter of an hour, on both sides.
func around(i downpour.Incident, now time.Time) (from, to time.Time) {
	margin := max(i.End.Sub(i.Start)/10, 15*time.Minute)
	from, to = i.Start.Add(-margin), i.End.Add(margin)
	if to.After(now) {
		to = now.Truncate(time.Minute).Add(time.Minute)
	}
	return from, to
}

// tallies sorts counts, largest first.
func tallies(m map[string]uint64) []web.Tally {
	out := make([]web.Tally, 0, len(m))
	for k, n := range m {
		out = append(out, web.Tally{Key: k, Count: n})
	}
	slices.SortFunc(out, func(a, b web.Tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// PrivacyView tells what is kept and for how long.
func (l *Live) PrivacyView() web.PrivacyView {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v := web.PrivacyView{Frame: l.frame(nil), ReportsKept: l.cfg.Keep.Reports, CountsKept: l.cfg.Keep.Reports}
	for _, s := range l.cfg.Services {
		v.Contact = cmp.Or(v.Contact, s.Contact)
	}
	return v
}

// Incidents returns the newest first, of one service or (empty) of all.
func (l *Live) Incidents(_ context.Context, service string, limit int) ([]store.Record, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.newest(service, limit), nil
}

// Incident returns one, from memory or, if it is older, from the store.
func (l *Live) Incident(ctx context.Context, id string) (store.Record, error) {
	const most = 16 // that became part of another, one after the other
	for range most {
		l.mu.RLock()
		r, ok := l.incidents[id]
		into := l.merged[id]
		l.mu.RUnlock()
		if ok {
			return r, nil
		}
		if into == "" {
			kept, err := l.setting(ctx, settingMerged+id)
			if err != nil {
				return store.Record{}, err
			}
			into = string(kept)
		}
		if into == "" {
			break
		}
		id = into
	}
	return l.cfg.Store.Incident(ctx, id)
}

// Services are the public services in the configuration's order.
func (l *Live) Services(ctx context.Context) ([]server.ServiceStatus, error) {
	var out []server.ServiceStatus
	for _, id := range l.watched() {
		status, err := l.Service(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, status)
	}
	return out, nil
}

// Service is one service's state and counts.
func (l *Live) Service(ctx context.Context, id string) (server.ServiceStatus, error) {
	totals, err := l.totals(ctx, id)
	if err != nil {
		return server.ServiceStatus{}, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.services[id]
	status := server.ServiceStatus{Name: id, Reports: server.ServiceReports{
		Received: totals.Received, Counted: totals.Counted, LastMinute: totals.LastMinute,
		ExpectedPerMinute: s.buckets.usual(),
	}}
	status.State, status.Since = l.state(s)
	return status, nil
}

// totals counts a service's reports since the store was made.
func (l *Live) totals(ctx context.Context, id string) (web.ReportTotals, error) {
	l.mu.RLock()
	s := l.services[id]
	var lastMinute uint64
	if s != nil {
		lastMinute = s.recent.lastMinute(l.now)
	}
	l.mu.RUnlock()
	if s == nil {
		return web.ReportTotals{}, store.ErrNotFound
	}
	received, counted, err := l.cfg.Store.ReportTotals(ctx, id)
	return web.ReportTotals{Received: received, Counted: counted, LastMinute: lastMinute}, err
}
