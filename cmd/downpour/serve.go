package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"downpour/internal/app"
	"downpour/internal/config"
)

type serveCommand struct {
	Config string   `placeholder:"FILE" help:"Configuration (YAML); read again on SIGHUP. Without one, a service named example is watched."`
	Data   string   `placeholder:"DIR" help:"Folder of the store; wins over the configuration."`
	Listen string   `placeholder:"ADDR:PORT" help:"Where the pages are served; wins over the configuration."`
	Log    []string `placeholder:"PATH" help:"A web log to read, or a pattern of several, besides those of the configuration; may be given several times."`
}

// Run watches services until a signal ends it.
func (c *serveCommand) Run(ctx context.Context, io streams) error {
	cfg, err := loadConfig(c.Config, c.override)
	if err != nil {
		return wrong(err)
	}
	if cfg.HTTP.Listen == "" {
		return wrong(fmt.Errorf("%s names no http.listen: write it there or give --listen", c.Config))
	}
	log, level := newLog(io.err, cfg.Log)
	reload, stop := c.reloads(ctx, log)
	defer stop()
	return app.Serve(ctx, app.Options{
		Config: cfg, Out: io.out, Log: log, Level: level, Version: buildVersion(), Reload: reload,
	})
}

// override lets flags win over the file.
func (c *serveCommand) override(cfg *config.Config) {
	if c.Data != "" {
		cfg.Store.Path = c.Data
	}
	if c.Listen != "" {
		cfg.HTTP.Listen = c.Listen
	}
	for _, path := range c.Log {
		cfg.AddLog(path)
	}
}

// reloads reads the configuration again on each SIGHUP. A faulty one is told
// and changes nothing.
func (c *serveCommand) reloads(ctx context.Context, log *slog.Logger) (<-chan *config.Config, func()) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	out := make(chan *config.Config)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
			}
			cfg, err := loadConfig(c.Config, c.override)
			if err != nil {
				log.Error("the new configuration is not applied", "error", err)
				continue
			}
			select {
			case out <- cfg:
			case <-ctx.Done():
			}
		}
	}()
	return out, func() { signal.Stop(hup) }
}

type demoCommand struct {
	Listen string  `placeholder:"ADDR:PORT" default:"127.0.0.1:8080" help:"Where the pages are served."`
	Speed  float64 `default:"600" help:"How many times faster than the day itself; from 1 to 100000."`
}

// Run plays the founding case until a signal ends it.
func (c *demoCommand) Run(ctx context.Context, io streams) error {
	if c.Speed < 1 || c.Speed > 100_000 {
		return misused("--speed %g: from 1 to 100000", c.Speed)
	}
	cfg := app.DemoConfig(c.Listen)
	log, level := newLog(io.err, config.Log{Level: slog.LevelWarn, Format: "text"})
	return app.Demo(ctx, app.Options{Config: cfg, Out: io.out, Log: log, Level: level, Version: buildVersion()}, c.Speed)
}

// newLog makes the program's log and the level that a reload may change.
func newLog(w io.Writer, c config.Log) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(c.Level)
	opt := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opt)), level
	}
	return slog.New(slog.NewTextHandler(w, opt)), level
}
