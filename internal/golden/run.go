package golden

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour"
	"downpour/internal/analysis"
	"downpour/internal/assess/claim"
	"downpour/internal/detect/outage"
	"downpour/internal/golden/series"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe/report"
	"downpour/internal/show/document"

	"github.com/goccy/go-yaml"
)

// Run runs the cases, so many at a time, and scores them. The table is in the
// order of the cases. An error means that a case could not be run at all.
func Run(ctx context.Context, cases []Case, atOnce int) (Table, error) {
	results := make([]Result, len(cases))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(atOnce, 1))
	for i := range cases {
		group.Go(func() error {
			var err error
			if results[i], err = cases[i].Run(ctx); err != nil {
				return fmt.Errorf("case %s: %w", cases[i].Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Table{}, err
	}
	return newTable(results), nil
}

// Run makes the case's inputs, analyzes them and scores what came out.
func (c *Case) Run(ctx context.Context) (Result, error) {
	folder, err := os.MkdirTemp("", "downpour-case-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(folder)
	opt, truth, err := c.prepare(folder)
	if err != nil {
		return Result{}, err
	}
	a, err := analysis.Run(ctx, opt)
	if err != nil {
		return Result{}, err
	}
	return c.score(truth, a), nil
}

// prepare writes the inputs into a folder and returns what to analyze, with the
// truth complete.
func (c *Case) prepare(folder string) (analysis.Options, Truth, error) {
	opt, truth := analysis.Options{Shards: 1, Direction: outage.Direction(c.Direction), Places: c.places}, c.Truth
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return opt, truth, fmt.Errorf("timezone %s: no such zone", c.Timezone)
	}
	opt.CSV = report.CSVOptions{Bucket: c.Bucket, Location: zone, Service: downpour.DefaultService}
	for _, name := range c.Files {
		opt.Inputs = append(opt.Inputs, filepath.Join(c.folder, name))
	}
	for _, name := range c.Counts {
		opt.Reports = append(opt.Reports, filepath.Join(c.folder, name))
	}
	if c.Capture != nil {
		made := traffic.Make(c.Capture)
		opt.Inputs = append(opt.Inputs, filepath.Join(folder, captureName))
		if err := write(opt.Inputs[len(opt.Inputs)-1], made.Write); err != nil {
			return opt, truth, err
		}
		truth.countAttacks(made)
	}
	if c.Log != nil {
		name, err := c.log(folder, &truth)
		if err != nil {
			return opt, truth, err
		}
		opt.Inputs = append(opt.Inputs, name)
	}
	if c.Reports != nil {
		rows, outages := series.Make(c.Reports)
		opt.Reports = append(opt.Reports, filepath.Join(folder, seriesName))
		if err := write(opt.Reports[len(opt.Reports)-1], func(w io.Writer) error { return series.Write(w, rows) }); err != nil {
			return opt, truth, err
		}
		truth.countOutages(outages)
	}
	opt.Claims, err = c.claims()
	return opt, truth, err
}

// countAttacks takes the truth from what was made, unless the case gives it.
func (t *Truth) countAttacks(made *traffic.Capture) {
	if len(t.Attacks) > 0 {
		return
	}
	for _, m := range made.Truth() {
		a := AttackTruth{
			Target: m.Target.Addr(), Over: m.Over(), Shape: m.Shape, Vectors: map[string]float64{}, Onset: m.Onset, End: m.End,
			Sources: m.Sources, Peak: m.Peak, Spoofed: m.Spoofed, Reflected: m.Reflected,
		}
		for _, v := range m.Vectors {
			a.Vectors[v.Name] = v.Share
		}
		t.Attacks = append(t.Attacks, a)
	}
}

func (t *Truth) countOutages(made []series.Truth) {
	if len(t.Outages) > 0 {
		return
	}
	for _, m := range made {
		t.Outages = append(t.Outages, OutageTruth{Onset: m.Onset, PeakAt: m.PeakAt, Peak: m.Peak})
	}
}

// claims reads the case's claims as a claims file is read.
func (c *Case) claims() ([]downpour.Claim, error) {
	if len(c.Claims) == 0 {
		return nil, nil
	}
	data, err := yaml.Marshal(c.Claims)
	if err != nil {
		return nil, err
	}
	return claim.Load(bytes.NewReader(data), "claims")
}

// write writes a file through a buffer.
func write(name string, content func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := content(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// spanOf is the time from the first to the last thing in the inputs.
func spanOf(a *document.Analysis) time.Duration {
	var first, last time.Time
	for _, in := range a.Input {
		if in.Start != nil && (first.IsZero() || in.Start.Before(first)) {
			first = *in.Start
		}
		if in.End != nil && in.End.After(last) {
			last = *in.End
		}
	}
	return last.Sub(first)
}
