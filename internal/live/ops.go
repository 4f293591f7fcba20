package live

import (
	"context"
	"encoding/json"
	"fmt"

	"downpour/internal/show/web"
)

// OpsView is the operator's home.
func (l *Live) OpsView(ctx context.Context) (web.OpsView, error) {
	health, err := l.HealthView(ctx)
	if err != nil {
		return web.OpsView{}, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return web.OpsView{
		Frame: l.frame(nil), Ongoing: l.summaries(true, 50), Recent: l.summaries(false, listed),
		Inputs: health.Inputs, Warnings: health.Warnings, Services: l.rows(),
	}, nil
}

// HealthView tells whether the data is good.
func (l *Live) HealthView(ctx context.Context) (web.HealthView, error) {
	v := web.HealthView{Databases: l.cfg.Places.Databases(), Version: l.cfg.Version}
	received := uint64(0)
	for _, id := range l.watched() {
		t, err := l.totals(ctx, id)
		if err != nil {
			return v, fmt.Errorf("count the reports of %s: %w", id, err)
		}
		received += t.Received
	}
	l.mu.RLock()
	v.Frame = l.frame(nil)
	last, in := l.last, l.replayed
	l.mu.RUnlock()
	v.Inputs = []web.InputHealth{{Name: "reports", Kind: "reports", Received: received, LastSeen: last}}
	if in.Name != "" {
		v.Inputs = append(v.Inputs, web.InputHealth{Name: in.Name, Kind: "replay", Received: in.Packets + in.Records, LastSeen: in.End, Problems: in.Problems})
	}
	if l.cfg.Warning != nil {
		v.Warnings = l.cfg.Warning()
	}
	flow := l.flowStatus()
	var found []web.Warning
	v.Flow, found = l.flowHealth(flow, l.cfg.Clock())
	v.Warnings = append(v.Warnings, found...)
	v.Inputs = append(v.Inputs, flowInput(v.Flow)...)
	captures, down := l.captureInputs()
	v.Inputs, v.Warnings = append(v.Inputs, captures...), append(v.Warnings, down...)
	logs, unread := l.logHealth()
	v.Inputs, v.Warnings = append(v.Inputs, logs...), append(v.Warnings, unread...)
	v.Shed = append(v.Shed, l.telemetryShed(flow)...)
	undelivered, untold := l.notifyHealth()
	v.Warnings, v.Shed = append(v.Warnings, undelivered...), append(v.Shed, untold...)
	intake := l.cfg.Intake.Stats()
	v.Shed = append(v.Shed,
		web.Shed{Where: "intake", Reason: "reports refused by a rate limit", Count: intake.Limited},
		web.Shed{Where: "intake", Reason: "reporters forgotten early, a table was full", Count: intake.Evicted},
		web.Shed{Where: "store", Reason: "closed minutes waited too long", Count: l.keeper.shedCount()})
	if l.cfg.Kept != nil {
		s := l.cfg.Kept()
		v.Store = &s
	}
	return v, nil
}

// PublishIncident sets what the public may see of an incident, durably. Of one
// that joined another it is the other that is decided on: a page opened before
// they joined must still be able to take back what is shown.
func (l *Live) PublishIncident(ctx context.Context, id string, p web.Publication) error {
	r, err := l.Incident(ctx, id)
	if err != nil {
		return err
	}
	id = r.Incident.ID
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := l.cfg.Store.PutSetting(ctx, settingPublish+id, value); err != nil {
		return fmt.Errorf("keep what is published: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.published[id] = p
	return nil
}
