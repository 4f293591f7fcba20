package main

import (
	"errors"
	"fmt"
	"net/netip"

	"downpour/internal/importer/fastnetmon"
)

type importCommand struct {
	Fastnetmon importFastnetmon `cmd:"" help:"Write FastNetMon's configuration, with its networks, whitelist and host groups, as Downpour's."`
}

type importFastnetmon struct {
	Path      string   `arg:"" optional:"" name:"file" default:"/etc/fastnetmon.conf" help:"fastnetmon.conf, or a folder that holds it and its lists."`
	Networks  string   `placeholder:"FILE" help:"Read the own networks here, not where networks_list_path says."`
	Whitelist string   `placeholder:"FILE" help:"Read the whitelist here, not where white_list_path says."`
	Elsewhere bool     `help:"The result is for another machine: take over the notify script though it is not on this one."`
	Exporter  []string `placeholder:"ADDR" help:"An exporter to accept flow export from; may be given several times. FastNetMon takes it from anybody."`
}

// Run writes the configuration to standard output, or says all that is wrong with
// FastNetMon's files.
func (c *importFastnetmon) Run(io streams) error {
	opt := fastnetmon.Options{Networks: c.Networks, Whitelist: c.Whitelist, Elsewhere: c.Elsewhere}
	for _, text := range c.Exporter {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return misused("--exporter %s: not an address", text)
		}
		opt.Exporters = append(opt.Exporters, a.Unmap())
	}
	text, err := fastnetmon.Import(c.Path, opt)
	var faults fastnetmon.Faults
	if errors.As(err, &faults) {
		return wrong(err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "%s", text)
	return err
}
