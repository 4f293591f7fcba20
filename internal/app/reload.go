package app

import (
	"context"

	"downpour/internal/config"
)

// reload applies new configurations as they come. What takes a restart is told
// and left as it is; nothing that is under way is dropped.
func (p *program) reload(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case next := <-p.opt.Reload:
			p.apply(next)
		}
	}
}

func (p *program) apply(next *config.Config) {
	changes := config.Changes(p.config, next)
	if len(changes) == 0 {
		p.opt.Log.Info("configuration read again: nothing has changed")
		return
	}
	for _, c := range changes {
		if c.Live {
			p.opt.Log.Info("configuration changed", "key", c.Key, "from", c.From, "to", c.To)
		} else {
			p.opt.Log.Warn("this change takes a restart", "key", c.Key, "from", c.From, "to", c.To)
		}
	}
	p.config = p.config.Reloaded(next)
	p.client.believe(p.config.HTTP)
	p.intake.Reconfigure(reportServices(p.config), nil)
	p.live.Reconfigure(services(p.config, nil), keep(p.config.Store))
	if p.telemetry != nil && p.telemetry.Flow != nil {
		p.telemetry.Flow.Configure(exporters(p.config.Flow.Exporters), p.config.Flow.Allow)
	}
	p.opt.Level.Set(p.config.Log.Level)
}
