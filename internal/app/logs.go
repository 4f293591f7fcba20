package app

import (
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"

	"downpour/internal/config"
	"downpour/internal/observe"
	"downpour/internal/observe/weblog"
	"downpour/internal/observe/weblog/intake"
)

// logsFile keeps how far logs have been read over a restart, in the store's folder.
const logsFile = "log-positions.json"

// openLogs opens the web logs that are configured; nil if there are none.
func openLogs(ctx context.Context, q *observe.Queue, cfg *config.Config, log *slog.Logger) (*intake.Intake, error) {
	if len(cfg.Logs) == 0 {
		return nil, nil
	}
	ic := intake.Config{State: filepath.Join(cfg.Store.Path, logsFile), Queue: q, Log: log}
	for i := range cfg.Logs {
		l := &cfg.Logs[i]
		ic.Logs = append(ic.Logs, intake.Log{Path: l.Path, Listen: l.Listen, Journal: l.Journal, From: l.From, Options: weblog.Options{
			Format: l.Format, Pattern: l.Pattern, Fields: l.Fields.Named(), Service: l.Service, Trusted: trusted(l, &cfg.HTTP),
		}})
	}
	return intake.New(ctx, ic)
}

// trusted are the proxies that a log is believed to name clients for: its own,
// else those of the pages, since one proxy mostly stands before both.
func trusted(l *config.Logs, pages *config.HTTP) []netip.Prefix {
	if l.TrustedProxies != nil {
		return l.TrustedProxies
	}
	return pages.TrustedProxies
}
