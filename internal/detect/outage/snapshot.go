package outage

import (
	"encoding/json"
	"fmt"
)

// snapshotVersion changes when a saved state can no longer be read.
const snapshotVersion = 1

type snapshot struct {
	Version int             `json:"version"`
	Now     int64           `json:"now"`
	Stats   Stats           `json:"stats"`
	Series  []snapshotEntry `json:"series"`
}

type snapshotEntry struct {
	Rows  bool    `json:"rows"`
	State *series `json:"state"`
}

// Snapshot is the detector's state as JSON: expectations, histories and open
// outages. Events not yet taken are not part of it.
func (d *Detector) Snapshot() ([]byte, error) {
	s := snapshot{Version: snapshotVersion, Now: d.now, Stats: d.stats}
	for _, state := range d.order {
		s.Series = append(s.Series, snapshotEntry{d.series[key{state.Service, true}] == state, state})
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("outage snapshot: %w", err)
	}
	return b, nil
}

// Restore replaces the state by a saved one; the configuration stays the
// detector's own, and series beyond its MaxServices are shed and counted. On an
// error the detector is as before.
func (d *Detector) Restore(b []byte) error {
	var s snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("outage restore: %w", err)
	}
	if s.Version != snapshotVersion {
		return fmt.Errorf("outage restore: the state has version %d and this program reads %d; start without it, the expectation is learned anew", s.Version, snapshotVersion)
	}
	fresh := New(d.cfg)
	fresh.now, fresh.stats = s.Now, s.Stats
	for i, e := range s.Series {
		if e.State == nil {
			return fmt.Errorf("outage restore: series %d is empty", i)
		}
		k := key{e.State.Service, e.Rows}
		if fresh.series[k] != nil {
			return fmt.Errorf("outage restore: service %q stands twice", k.service)
		}
		if len(fresh.order) == fresh.cfg.MaxServices {
			fresh.stats.Shed++
			continue
		}
		fresh.series[k] = e.State
		fresh.order = append(fresh.order, e.State)
	}
	*d = *fresh
	return nil
}
