package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"downpour"
	"downpour/internal/show/web"
	"downpour/internal/store"
)

// Settings of the store that live keeps.
const (
	settingPublish = "publication/" // followed by the incident's id
	settingMerged  = "merged/"      // followed by the id of the incident that is gone
)

// How often things are kept: what changed each second; and what is too old or too much
// goes each minute, since a flood of reports can fill a disk in less than an hour. For
// what detectors know see checkpoint.go.
const (
	keepEvery  = time.Second
	pruneEvery = time.Minute
)

// waitingBuckets and waitingMinutes bound the closed buckets and the minutes of traffic
// that wait for the store; beyond it the oldest are shed and counted.
const waitingBuckets, waitingMinutes = 100_000, 100_000

// waitingIncidents bounds the incidents, and those that became part of another, that
// wait for a store that fails; beyond it any of them are shed and counted.
const waitingIncidents = 4096

// incidentShare is the part of the disk budget that incidents may take.
const incidentShare = 4

// keeper collects what is to be stored and writes the newest state of each.
type keeper struct {
	store store.Store
	log   *slog.Logger

	mu        sync.Mutex
	buckets   []downpour.ExpectedReports
	minutes   []downpour.TrafficMinute
	incidents map[string]store.Record
	merged    map[string]string
	exhibits  exhibits
	shed      uint64
}

func (k *keeper) bucket(b downpour.ExpectedReports) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.buckets) == waitingBuckets {
		k.buckets = append(k.buckets[:0], k.buckets[1:]...)
		k.shed++
	}
	k.buckets = append(k.buckets, b)
}

// traffic takes in what a minute of traffic brought.
func (k *keeper) traffic(m []downpour.TrafficMinute) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.minutes = append(k.minutes, m...)
	if over := len(k.minutes) - waitingMinutes; over > 0 {
		k.minutes = append(k.minutes[:0], k.minutes[over:]...)
		k.shed += uint64(over)
	}
}

func (k *keeper) incident(r store.Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.incidents == nil {
		k.incidents = map[string]store.Record{}
	}
	k.incidents[r.Incident.ID] = r
	k.shed += bound(k.incidents, waitingIncidents)
}

// bound deletes what is more than a map may hold.
func bound[V any](from map[string]V, most int) (n uint64) {
	for id := range from {
		if len(from) <= most {
			break
		}
		delete(from, id)
		n++
	}
	return n
}

// merge keeps that an incident is part of another one now, or (into empty) no
// longer is.
func (k *keeper) merge(id, into string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if into != "" {
		delete(k.incidents, id)
	}
	if k.merged == nil {
		k.merged = map[string]string{}
	}
	k.merged[id] = into
	k.shed += bound(k.merged, waitingIncidents)
}

// flush writes all that waits; what could not be written waits again.
func (k *keeper) flush(ctx context.Context) error {
	k.mu.Lock()
	buckets, incidents, merged, minutes := k.buckets, k.incidents, k.merged, k.minutes
	k.buckets, k.incidents, k.merged, k.minutes = nil, nil, nil, nil
	k.mu.Unlock()
	errs := []error{k.flushExhibits(ctx)}
	if len(minutes) > 0 {
		if err := k.store.PutTraffic(ctx, minutes); err != nil {
			errs = append(errs, err)
			k.mu.Lock()
			k.minutes = append(minutes, k.minutes...)
			k.mu.Unlock()
		}
	}
	if len(buckets) > 0 {
		if err := k.store.PutBuckets(ctx, buckets); err != nil {
			errs = append(errs, err)
			k.again(buckets)
		}
	}
	for _, r := range incidents {
		if err := k.store.PutIncident(ctx, r); err != nil {
			errs = append(errs, err)
			k.incidentAgain(r)
		}
	}
	for id, into := range merged {
		if err := k.store.PutSetting(ctx, settingMerged+id, []byte(into)); err != nil {
			errs = append(errs, err)
			k.merge(id, into)
		}
	}
	return errors.Join(errs...)
}

func (k *keeper) again(buckets []downpour.ExpectedReports) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.buckets = append(buckets, k.buckets...)
	if over := len(k.buckets) - waitingBuckets; over > 0 {
		k.buckets = k.buckets[over:]
		k.shed += uint64(over)
	}
}

// incidentAgain puts an incident back unless a newer state has come.
func (k *keeper) incidentAgain(r store.Record) {
	k.mu.Lock()
	_, newer := k.incidents[r.Incident.ID]
	k.mu.Unlock()
	if !newer {
		k.incident(r)
	}
}

// keep writes what changed until ctx ends.
func (l *Live) keep(ctx context.Context) {
	flush, state, prune := time.NewTicker(keepEvery), time.NewTicker(stateEvery), time.NewTicker(pruneEvery)
	baseline := time.NewTicker(baselineEvery)
	defer flush.Stop()
	defer state.Stop()
	defer baseline.Stop()
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			// What waits to be told comes first: told of what is not kept is better than
			// kept and never told.
			l.complain("store what was told", l.keepTold(ctx))
			l.complain("store incidents", l.keeper.flush(ctx))
			l.complain("store the open attacks", l.keepOpen(ctx, false))
		case <-state.C:
			l.complain("store the detectors' state", l.keepState(ctx))
		case <-baseline.C:
			l.complain("store what is usual", l.keepBaseline(ctx))
		case <-prune.C:
			l.complain("delete what is too old", l.prune(ctx))
		}
	}
}

func (l *Live) complain(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		l.cfg.Log.Error("cannot "+what, "error", err)
	}
}

func (l *Live) prune(ctx context.Context) error {
	l.mu.RLock()
	keep := l.cfg.Keep
	l.mu.RUnlock()
	now, rows := l.cfg.Clock(), int64(0)
	var errs []error
	if keep.Incidents > 0 {
		n, err := l.cfg.Store.PruneIncidents(ctx, now.Add(-keep.Incidents), keep.Disk/incidentShare)
		rows, errs = rows+n, append(errs, err)
	}
	n, err := l.cfg.Store.Prune(ctx, now.Add(-keep.Reports), keep.Disk)
	if rows += n; rows > 0 {
		l.cfg.Log.Info("deleted what is older than its retention or over the disk budget", "rows", rows)
	}
	return errors.Join(append(errs, err)...)
}

// remember loads what an earlier run kept.
func (l *Live) remember(ctx context.Context) error {
	now := l.cfg.Clock()
	for id, s := range l.services {
		buckets, err := l.cfg.Store.Buckets(ctx, id, now.Add(-window), now)
		if err != nil {
			return fmt.Errorf("load counts of %s: %w", id, err)
		}
		for _, b := range buckets {
			s.buckets.add(b)
		}
	}
	if err := l.restore(ctx); err != nil {
		return err
	}
	records, err := l.cfg.Store.Incidents(ctx, "", incidentsInMemory)
	if err != nil {
		return fmt.Errorf("load incidents: %w", err)
	}
	for i := len(records) - 1; i >= 0; i-- {
		if err := l.recall(ctx, records[i]); err != nil {
			return err
		}
	}
	return nil
}

// recall takes an incident of an earlier run back into memory, and a recent one
// back into the pipeline, where what comes next may join it.
func (l *Live) recall(ctx context.Context, r store.Record) error {
	id := r.Incident.ID
	into, err := l.setting(ctx, settingMerged+id)
	if err != nil {
		return err
	}
	if len(into) > 0 {
		l.merged[id] = string(into)
		return nil
	}
	l.incidents[id] = r
	l.order = append(l.order, id)
	if r.Incident.Ongoing || l.now.Sub(r.Incident.End) < window {
		l.pipeline.Recall(r, l.now)
	}
	value, err := l.setting(ctx, settingPublish+id)
	if err != nil || value == nil {
		return err // nil: not decided, the default holds
	}
	var p web.Publication
	if err := json.Unmarshal(value, &p); err != nil {
		return fmt.Errorf("load what is published of %s: %w", id, err)
	}
	l.published[id] = p
	return nil
}

// setting returns a value that may not be kept: nil then.
func (l *Live) setting(ctx context.Context, name string) ([]byte, error) {
	return settingOf(ctx, l.cfg.Store, name)
}

// Settings is the part of a store that keeps them.
type Settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
}

func settingOf(ctx context.Context, s Settings, name string) ([]byte, error) {
	value, err := s.Setting(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", name, err)
	}
	return value, nil
}
