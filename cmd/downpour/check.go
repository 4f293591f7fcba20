package main

import (
	"errors"
	"fmt"
	"strings"

	"downpour/internal/config"
)

type checkCommand struct {
	Config string `placeholder:"FILE" help:"Configuration (YAML). Without one, what holds without a file is checked."`
}

// Run says all faults, or that there are none.
func (c *checkCommand) Run(io streams) error {
	cfg, err := loadConfig(c.Config, nil)
	if err != nil {
		return wrong(err)
	}
	name := c.Config
	if name == "" {
		name = "the configuration without a file"
	}
	_, err = fmt.Fprintf(io.out, "%s is right: %d services, pages on %s, store in %s (%s)\n",
		name, len(cfg.Services), orNowhere(cfg.HTTP.Listen), cfg.Store.Path, cfg.Store.Disk)
	return err
}

func orNowhere(listen string) string {
	if listen == "" {
		return "no address (give --listen)"
	}
	return listen
}

// loadConfig reads a configuration, or takes the one that holds without a file,
// and lets flags win. All faults are in the error, a line each.
func loadConfig(path string, override func(*config.Config)) (*config.Config, error) {
	cfg := config.Default()
	if path != "" {
		var faults []config.Fault
		if cfg, faults = config.LoadFile(path); len(faults) > 0 {
			lines := make([]string, len(faults))
			for i, f := range faults {
				lines[i] = f.String()
			}
			return nil, errors.New(strings.Join(lines, "\n"))
		}
	}
	if override != nil {
		override(cfg)
	}
	return cfg, nil
}
