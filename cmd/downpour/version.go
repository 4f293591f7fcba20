package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"downpour/internal/enrich"
)

// version is set by the release build (-ldflags "-X main.version=v1.2.3").
var version = "dev"

type versionCommand struct{}

// Run prints what this program is made of.
func (versionCommand) Run(io streams) error {
	places, err := enrich.Open(enrich.Config{})
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "downpour %s, %s, %s/%s\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, d := range places.Databases() {
		fmt.Fprintf(io.out, "data: %s, %s. %s\n", d.Name, d.Built, d.Licence)
	}
	return nil
}

// buildVersion is the version with the commit it was built from, if known.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = "+" + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = ".modified"
		}
	}
	return version + commit + dirty
}
