package golden

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"downpour"
	"downpour/internal/enrich"
	"downpour/internal/golden/export"
	"downpour/internal/golden/series"
	"downpour/internal/golden/traffic"
	"downpour/internal/golden/weblog"

	"github.com/goccy/go-yaml"
)

// Case is one case: what goes in, and what must come out. Its YAML names are the
// fields' in lower case; docs of the packages below say those of the recipes.
type Case struct {
	Name string // of the file, if the case gives none
	Says string // what it is about, in a sentence
	// Capture, Log and Reports are made from recipes; Files and Counts are captures
	// and CSVs beside the case.
	Capture *traffic.Recipe
	Log     *weblog.Recipe
	Reports *series.Recipe
	Files   []string
	Counts  []string
	// Bucket, Timezone and Direction are analyze's flags of these names.
	Bucket    time.Duration
	Timezone  string
	Direction string
	// Claims are public claims, as a claims file holds them.
	Claims []map[string]any
	Truth  Truth
	folder string // of the case's file
	places *enrich.Table
}

// Truth is what must come out. What a recipe makes is counted from what it made,
// so that only what cannot be counted is given here.
type Truth struct {
	Attacks []AttackTruth
	Outages []OutageTruth
	// Claims gives the assessment of each claim by its id.
	Claims map[string]downpour.Assessment
	// Unsettled names checks that the input cannot decide (spoofing, sources...).
	Unsettled []string
}

// AttackTruth is one attack. What is left out is not checked.
type AttackTruth struct {
	Target    netip.Addr
	Over      netip.Prefix       // in the place of Target, where a prefix is attacked
	Host      string             // in the place of Target, where a log tells of it
	Vectors   map[string]float64 // shares of packets
	Onset     time.Time
	Told      time.Time // when the input held enough of it; its onset, if nothing is said
	End       time.Time
	Sources   int
	Peak      int // packets, or requests, in the busiest second
	Spoofed   *bool
	Reflected *bool
	Shape     []string // those that it must have
}

// OutageTruth is one outage. What is left out is not checked.
type OutageTruth struct {
	Onset  time.Time
	PeakAt time.Time
	Peak   int
}

//go:embed cases/*.yaml
var embedded embed.FS

// Cases returns the cases that Downpour brings, by name.
func Cases() ([]Case, error) {
	return load(embedded, "cases", "")
}

// Load returns the cases of a folder: each YAML file in it and in its
// sub-folders one level down. Files that a case names stand beside it.
func Load(folder string) ([]Case, error) {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such folder", folder)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s: not a folder", folder)
	}
	cases, err := load(os.DirFS(folder), ".", folder)
	if err == nil && len(cases) == 0 {
		err = fmt.Errorf("%s: holds no case (NAME.yaml or NAME/truth.yaml)", folder)
	}
	return cases, err
}

func load(files fs.FS, root, folder string) ([]Case, error) {
	places, err := enrich.Open(enrich.Config{}) // once for all cases
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		names, err := fs.Glob(files, path.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			c, err := read(files, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(folder, name), err)
			}
			c.places = places
			c.folder = filepath.Join(folder, path.Dir(name))
			cases = append(cases, c)
		}
	}
	slices.SortFunc(cases, func(a, b Case) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(cases); i++ {
		if cases[i].Name == cases[i-1].Name {
			return nil, fmt.Errorf("two cases are named %s", cases[i].Name)
		}
	}
	return cases, nil
}

func read(files fs.FS, name string) (Case, error) {
	var c Case
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return c, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&c); err != nil {
		return c, err
	}
	if c.Name == "" {
		c.Name = strings.TrimSuffix(path.Base(name), ".yaml")
		if c.Name == "truth" {
			c.Name = path.Base(path.Dir(name))
		}
	}
	if err := c.fault(); err != nil {
		return c, err
	}
	if c.Capture != nil && c.Capture.Spliced() {
		beside := func(file string) ([]traffic.Real, error) { return readReal(files, path.Join(path.Dir(name), file)) }
		if err := c.Capture.Open(beside); err != nil {
			return c, fmt.Errorf("capture: %w", err)
		}
	}
	return c, nil
}

// readReal reads the packets of a capture.
func readReal(files fs.FS, name string) ([]traffic.Real, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	list, err := export.ReadPackets(f)
	_ = f.Close() // it was only read
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	packets := make([]traffic.Real, len(list))
	for i := range list {
		p := &list[i]
		packets[i] = traffic.Real{At: p.At, IP: p.IP, Source: p.Source, Destination: p.Destination}
	}
	return packets, nil
}

// fault says what is wrong with a case, or nil.
func (c *Case) fault() error {
	if c.Capture == nil && c.Log == nil && c.Reports == nil && len(c.Files)+len(c.Counts) == 0 {
		return fmt.Errorf("a case needs capture, log, reports, files or counts")
	}
	if c.Log != nil {
		if err := c.Log.Fault(); err != nil {
			return fmt.Errorf("log: %w", err)
		}
	}
	if c.Capture != nil {
		if err := c.Capture.Fault(); err != nil {
			return fmt.Errorf("capture: %w", err)
		}
	}
	if c.Reports != nil {
		if err := c.Reports.Fault(); err != nil {
			return fmt.Errorf("reports: %w", err)
		}
	}
	for _, a := range c.Truth.Attacks {
		if !a.Target.IsValid() && a.Host == "" || len(a.Vectors) == 0 {
			return fmt.Errorf("truth: an attack needs target and vectors")
		}
	}
	for _, u := range c.Truth.Unsettled {
		if !slices.Contains(attackChecks[:], check(u)) {
			return fmt.Errorf("truth: %s is not a check; there are %v", u, attackChecks)
		}
	}
	return nil
}
