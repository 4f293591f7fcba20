package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"downpour/internal/config"
	"downpour/internal/live"
	"downpour/internal/notify"
)

// newNotifier makes what tells the configured receivers; nil if there are none.
// Addresses and secrets are read here, so one that is missing is told at the start.
func newNotifier(ctx context.Context, opt *Options, st live.Settings, clock func() time.Time) (*notify.Notifier, error) {
	if len(opt.Config.Notify) == 0 {
		return nil, nil
	}
	nc := notify.Config{Since: clock(), Clock: clock, Log: opt.Log, SearchPath: os.Getenv("PATH")}
	for i := range opt.Config.Notify {
		r, err := receiver(&opt.Config.Notify[i])
		if err != nil {
			return nil, fmt.Errorf("notify[%d]: %w", i, err)
		}
		nc.Receivers = append(nc.Receivers, r)
	}
	n := notify.New(nc)
	if err := live.RestoreTold(ctx, st, n); err != nil {
		// To be told twice is worth less than being up.
		opt.Log.Warn("receivers may be told again of what they know", "error", err)
	}
	return n, nil
}

// receiver says in notify's words who is configured.
func receiver(c *config.Notify) (notify.Receiver, error) {
	r := notify.Receiver{Script: c.Script, FastNetMon: c.Arguments == "fastnetmon", Timeout: time.Duration(c.Timeout), Minimum: c.Minimum}
	var err error
	if r.Secret, err = c.Secret.Value(); err != nil {
		return r, err
	}
	switch {
	case c.URL != "":
		r.Webhook, err = c.URL.URL()
	case c.Alertmanager != "":
		r.Alertmanager, err = c.Alertmanager.URL()
	default:
		err = runnable(c.Script)
	}
	return r, err
}

// runnable tells of a script that can't be run.
func runnable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("the script: %w", err)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fmt.Errorf("the script %s may not be executed: chmod +x", path)
	}
	return nil
}
