// Package fastnetmon reads the configuration of FastNetMon Community (1.2), with
// its lists of networks and its host groups, and writes what it says as a
// configuration of Downpour. What has an equal is carried over, with a comment
// that tells file and line; what has none is listed with the reason. Lines that
// FastNetMon itself skips with a word in its log are errors here: who moves wants
// to know of a network that nobody watched.
//
// The format is that of the comments in its packaged fastnetmon.conf: "key =
// value" lines, "#" at the beginning of a line for a comment, the last of two
// equal keys counts, and "hostgroup = name:prefix,prefix" any number of times.
package fastnetmon

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"downpour/internal/config"
)

// DefaultPath is where the package puts the configuration.
const DefaultPath = "/etc/fastnetmon.conf"

// Options tell what the configuration says for another machine, or not at all.
type Options struct {
	// Networks and Whitelist are read instead of the lists that the configuration
	// names; empty: those.
	Networks, Whitelist string
	// Exporters are who sends flow export: FastNetMon takes it from anybody.
	Exporters []netip.Addr
	// Elsewhere tells that the result is for another machine: the notify script
	// need not be on this one.
	Elsewhere bool
}

// Faults is everything that is wrong with the files, in their order.
type Faults []config.Fault

// Error tells each fault with the line it is in.
func (f Faults) Error() string {
	slices.SortStableFunc(f, func(a, b config.Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// Import reads a fastnetmon.conf, or the one in a folder with the lists beside
// it, and returns a configuration that Downpour accepts. What is wrong with the
// files is told as Faults.
func Import(path string, opt Options) ([]byte, error) {
	folder := ""
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		folder, path = path, filepath.Join(path, "fastnetmon.conf")
	}
	im := &importer{options: opt, folder: folder, reasons: map[string]string{}}
	im.conf = im.readConf(path)
	if len(im.conf.settings) == 0 && len(im.faults) > 0 {
		return nil, im.faults
	}
	im.groups = im.hostGroups()
	text := im.write()
	if len(im.faults) > 0 {
		return nil, im.faults
	}
	if _, faults := config.Load("imported configuration", text); len(faults) > 0 {
		return nil, fmt.Errorf("import %s: the result is no configuration: %w", path, Faults(faults))
	}
	return text, nil
}

// importer is one import under way.
type importer struct {
	options Options
	folder  string // the lists are looked for here; "": where the configuration says
	conf    conf
	groups  []hostGroup
	// reasons tell why a key is not carried over, where that depends on others.
	reasons map[string]string
	faults  Faults
}

// fault records what is wrong with a line, beginning at a column.
func (im *importer) fault(l line, column int, key, says, mend string) {
	im.faults = append(im.faults, config.Fault{
		File: l.file, Line: l.number, Column: column, Key: key, Says: says, Mend: mend, Source: l.text,
	})
}

// wrong records what is wrong with a setting's value.
func (im *importer) wrong(s *setting, says, mend string) {
	im.fault(s.line, s.column, s.name, says, mend)
}
