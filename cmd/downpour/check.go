package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"downpour/internal/config"
	"downpour/internal/store/embedded"
	"downpour/internal/wording"
)

type checkCommand struct {
	Config string `placeholder:"FILE" help:"Configuration (YAML). Without one, what holds without a file is checked."`
	Data   string `placeholder:"DIR" help:"Folder of the store whose history the thresholds are tried on. (default: the configuration's)"`
}

// Run says all faults, or that there are none and what the floors would have fired on in
// the stored history.
func (c *checkCommand) Run(ctx context.Context, io streams) error {
	cfg, err := loadConfig(c.Config, nil)
	var faults configError
	if errors.As(err, &faults) {
		return wrong(errors.New(faults.all()))
	}
	if err != nil {
		return wrong(err)
	}
	name := c.Config
	if name == "" {
		name = "the configuration without a file"
	}
	_, err = fmt.Fprintf(io.out, "%s is right: %s, pages on %s, %sstore in %s (%s)\n",
		name, wording.Count(len(cfg.Services), "service", "services"), orNowhere(cfg.HTTP.Listen), taken(cfg), cfg.Store.Path, cfg.Store.Disk)
	if err != nil {
		return err
	}
	if c.Data != "" {
		cfg.Store.Path = c.Data
		return wrong(dryRun(ctx, io.out, cfg))
	}
	if _, err := os.Stat(filepath.Join(cfg.Store.Path, embedded.FileName)); errors.Is(err, fs.ErrNotExist) {
		return nil // there is no history yet
	}
	if err := dryRun(ctx, io.out, cfg); err != nil { // the configuration is right all the same
		_, err = fmt.Fprintln(io.out, "It was not tried on the stored history:", err)
		return err
	}
	return nil
}

// taken says what telemetry is taken in, and how many are told of what it shows.
func taken(cfg *config.Config) string {
	var says strings.Builder
	if len(cfg.Flow.Listen) > 0 {
		listen := make([]string, len(cfg.Flow.Listen))
		for i, e := range cfg.Flow.Listen {
			listen[i] = e.String()
		}
		fmt.Fprintf(&says, "flow export on %s, ", strings.Join(listen, " and "))
	}
	for _, p := range cfg.Packets {
		fmt.Fprintf(&says, "packets of %s, ", p.Interface)
	}
	if len(cfg.Logs) > 0 {
		says.WriteString(wording.Count(len(cfg.Logs), "web log", "web logs") + ", ")
	}
	if n := len(cfg.Notify); n > 0 {
		says.WriteString(wording.Count(n, "receiver", "receivers") + " of alerts, ")
	}
	return says.String()
}

func orNowhere(listen string) string {
	if listen == "" {
		return "no address (give --listen)"
	}
	return listen
}

// configError is all that is wrong with a configuration; there is at least one
// fault. As an error it is one line: the first, and how to see the others.
type configError []config.Fault

func (e configError) Error() string {
	says := e[0].Error()
	if n := len(e) - 1; n > 0 {
		says += fmt.Sprintf(" (%d more: downpour check --config %s)", n, e[0].File)
	}
	return says
}

// all tells each fault with the line it is in.
func (e configError) all() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// loadConfig reads a configuration, or takes the one that holds without a file,
// and lets flags win. What is wrong with a file is a configError.
func loadConfig(path string, override func(*config.Config)) (*config.Config, error) {
	cfg := config.Default()
	if path != "" {
		var faults []config.Fault
		if cfg, faults = config.LoadFile(path); len(faults) > 0 {
			return nil, configError(faults)
		}
	}
	if override != nil {
		override(cfg)
	}
	return cfg, nil
}
