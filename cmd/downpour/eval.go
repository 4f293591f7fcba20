package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"downpour/internal/golden"
)

type evalCommand struct {
	Cases  string   `type:"path" placeholder:"DIR" help:"Folder of cases (NAME.yaml, or NAME/truth.yaml with its files); those that Downpour brings if not given."`
	Only   string   `placeholder:"GLOB" help:"Only cases of such names: 'syn-*'."`
	Parts  []string `enum:"packets,export,curve,month,peer,all" default:"packets" placeholder:"PART,..." help:"What to measure: packets (each case as packets, logs or counts), export (each case as flow export, whole and sampled), curve (attacks below what must be found), month (false alarms over a simulated month; long), peer (beside what FastNetMon banned) or all."`
	Export string   `type:"path" placeholder:"DIR" help:"Measure nothing; write each case into a folder of its name in DIR: captures, flow export, logs, counts, and the truth."`
	Write  string   `type:"path" placeholder:"FILE" help:"Write what is measured, with date and version, into this Markdown file; its other sections stay."`
	Check  string   `type:"path" placeholder:"FILE" help:"Fail if what is measured is worse than this file, written by --write, has it."`
}

// Run runs the cases, prints what does not hold and the figures over all.
func (c *evalCommand) Run(ctx context.Context, io streams) error {
	cases, err := c.load()
	if err != nil {
		return wrong(err)
	}
	if c.Export != "" {
		return wrong(c.write(cases))
	}
	if slices.Contains(c.Parts, "all") {
		c.Parts = []string{"packets", "export", "curve", "month", "peer"}
	}
	sections, failed, err := c.measure(ctx, cases, io)
	if err != nil {
		return wrong(err)
	}
	if err := c.document(sections); err != nil {
		return err
	}
	if failed > 0 {
		return wrong(fmt.Errorf("%d of %d cases do not hold", failed, len(cases)))
	}
	return nil
}

// load returns the cases whose names are asked for.
func (c *evalCommand) load() (cases []golden.Case, err error) {
	if c.Cases == "" {
		cases, err = golden.Cases()
	} else {
		cases, err = golden.Load(c.Cases)
	}
	if err != nil || c.Only == "" {
		return cases, err
	}
	if _, err := path.Match(c.Only, ""); err != nil {
		return nil, fmt.Errorf("--only %s: %w", c.Only, err)
	}
	cases = slices.DeleteFunc(cases, func(one golden.Case) bool {
		match, _ := path.Match(c.Only, one.Name) // seen to be well-formed
		return !match
	})
	if len(cases) == 0 {
		return nil, fmt.Errorf("--only %s: no case has such a name", c.Only)
	}
	return cases, nil
}

// write writes the cases as files.
func (c *evalCommand) write(cases []golden.Case) error {
	for i := range cases {
		if err := cases[i].Write(c.Export); err != nil {
			return fmt.Errorf("case %s: %w", cases[i].Name, err)
		}
	}
	return nil
}

// monthDays is how many days of usual traffic are simulated.
const monthDays = 30

// measure measures the parts that are asked for, and tells how many cases do not hold.
func (c *evalCommand) measure(ctx context.Context, cases []golden.Case, io streams) (sections []golden.Section, failed int, err error) {
	for _, part := range c.Parts {
		var made []golden.Section
		switch part {
		case "packets":
			made, failed, err = c.packets(ctx, cases, io)
		case "export", "peer":
			made, err = c.export(ctx, cases, part)
		case "curve":
			made, err = c.curve(ctx, cases)
		case "month":
			made = make([]golden.Section, 1)
			made[0], err = golden.RunMonth(ctx, monthDays)
		}
		if err != nil {
			return nil, 0, err
		}
		for _, s := range made {
			if part == "packets" { // told of already, in short
				break
			}
			if _, err := fmt.Fprintf(io.out, "%s\n%s\n", s.Title, s.Body); err != nil {
				return nil, 0, err
			}
		}
		sections = append(sections, made...)
	}
	return sections, failed, nil
}

func (c *evalCommand) packets(ctx context.Context, cases []golden.Case, io streams) ([]golden.Section, int, error) {
	table, err := golden.Run(ctx, cases, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, 0, err
	}
	return []golden.Section{table.Section(), table.List()}, len(table.Failed()), table.Text(io.out)
}

func (c *evalCommand) export(ctx context.Context, cases []golden.Case, part string) ([]golden.Section, error) {
	views := golden.Views()
	if part == "peer" {
		views = golden.PeerViews()
	}
	looks, err := golden.RunViews(ctx, cases, views, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	if part == "peer" {
		s, err := looks.BesidePeer()
		return []golden.Section{s}, err
	}
	return []golden.Section{looks.Section()}, nil
}

func (c *evalCommand) curve(ctx context.Context, cases []golden.Case) ([]golden.Section, error) {
	curve, err := golden.RunCurve(ctx, cases, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	return []golden.Section{curve.Section()}, nil
}

// document writes the sections where --write says, and compares them with what
// --check names. The day is the wall clock's: it says when this was measured.
func (c *evalCommand) document(sections []golden.Section) error {
	if c.Check != "" {
		if err := c.compare(sections); err != nil {
			return wrong(fmt.Errorf("%s: %w", c.Check, err))
		}
	}
	if c.Write == "" {
		return nil
	}
	old, err := os.ReadFile(c.Write)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return wrong(err)
	}
	page := golden.Page(string(old), sections, buildVersion(), time.Now().UTC())
	return os.WriteFile(c.Write, []byte(page), 0o644) //nolint:gosec // a document for everybody
}

// compare wants nothing to be worse than the page has it.
func (c *evalCommand) compare(sections []golden.Section) error {
	page, err := os.ReadFile(c.Check)
	if err != nil {
		return err
	}
	var worse []string
	for _, s := range sections {
		list, err := s.Worse(string(page))
		if err != nil {
			return err
		}
		worse = append(worse, list...)
	}
	if len(worse) > 0 {
		return fmt.Errorf("worse than it was: %s", strings.Join(worse, "; "))
	}
	return nil
}
