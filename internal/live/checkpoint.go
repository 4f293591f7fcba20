package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"downpour/internal/wording"
)

// Settings of the store that hold what detectors know.
const (
	settingOutage   = "outage-detector"
	settingBaseline = "attack-baseline"
	settingOpen     = "attacks-open"
	settingRequests = "requests-detector" // both what is usual and the attacks that are open
)

// What is usual changes slowly and is large, so it is kept every five minutes; the
// attacks that are open (and all that is known of requests, which is less), four times a minute and within a second of one's opening or
// end, since after a crash they are to go on as the same.
const (
	stateEvery    = 15 * time.Second
	baselineEvery = 5 * time.Minute
)

// baselineShare is the part of the disk budget that the baseline may take.
const baselineShare = 4

// keepAll keeps all that detectors know: for the end.
func (l *Live) keepAll(ctx context.Context) error {
	return errors.Join(l.keepState(ctx), l.keepBaseline(ctx))
}

// keepState keeps the outage detector's state and the open attacks.
func (l *Live) keepState(ctx context.Context) error {
	if l.replay != nil {
		return nil // a replay teaches nothing about tomorrow
	}
	l.work.Lock()
	state, err := l.pipeline.Snapshot()
	l.work.Unlock()
	if err == nil {
		err = l.cfg.Store.PutSetting(ctx, settingOutage, state)
	}
	return errors.Join(err, l.keepOpen(ctx, true))
}

// keepOpen keeps the open attacks: where it is not due, only if one has opened or ended.
func (l *Live) keepOpen(ctx context.Context, due bool) error {
	if l.replay != nil {
		return nil
	}
	l.work.Lock()
	opened := l.pipeline.Opened()
	if opened == l.kept && (!due || !l.open) {
		l.work.Unlock()
		return nil
	}
	state, requests := l.pipeline.Open(), l.pipeline.Requests()
	open := state != nil || l.pipeline.Counts().Web.Attacks > 0
	l.work.Unlock()
	if err := l.cfg.Store.PutSetting(ctx, settingOpen, state); err != nil {
		return err
	}
	if err := l.cfg.Store.PutSetting(ctx, settingRequests, requests); err != nil {
		return err
	}
	l.kept, l.open = opened, open
	return nil
}

// keepBaseline keeps what is usual, of traffic and of requests.
func (l *Live) keepBaseline(ctx context.Context) error {
	if l.replay != nil {
		return nil
	}
	l.work.Lock()
	state, requests := l.pipeline.Learned(), l.pipeline.Requests()
	l.work.Unlock()
	if err := l.cfg.Store.PutSetting(ctx, settingRequests, requests); err != nil {
		return err
	}
	l.mu.RLock()
	most := l.cfg.Keep.Disk / baselineShare
	l.mu.RUnlock()
	if most > 0 && int64(len(state)) > most {
		return fmt.Errorf("it takes %s bytes, more than a quarter of store.disk", wording.Thousands(float64(len(state))))
	}
	return l.cfg.Store.PutSetting(ctx, settingBaseline, state)
}

// restore gives the detectors what they knew. What was learnt is worth less than being
// up: what cannot be used is told, and they start without it.
func (l *Live) restore(ctx context.Context) error {
	if l.replay != nil {
		return nil
	}
	for _, part := range []struct {
		setting string
		what    string
		use     func([]byte) error
	}{
		{settingOutage, "the outage detector starts anew", l.pipeline.Restore},
		{settingBaseline, "what is usual is learned anew", func(b []byte) error { return l.pipeline.Relearn(b, l.now) }},
		{settingOpen, "attacks that were going on are over", func(b []byte) error {
			l.open = true // so that it is kept anew
			return l.pipeline.Resume(b, l.now)
		}},
		{settingRequests, "what is usual of requests is learned anew, and attacks in them are over", func(b []byte) error {
			l.open = true
			return l.pipeline.ResumeRequests(b, l.now)
		}},
	} {
		state, err := l.setting(ctx, part.setting)
		if err != nil {
			return err
		}
		if len(state) == 0 {
			continue
		}
		if err := part.use(state); err != nil {
			l.cfg.Log.Warn(part.what+": its checkpoint is not used", "error", err)
		}
	}
	return nil
}
