package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"downpour/internal/golden"
)

type evalCommand struct {
	Cases string   `type:"path" placeholder:"DIR" help:"Folder of cases (NAME.yaml, or NAME/truth.yaml with its files); those that Downpour brings if not given."`
	Parts []string `enum:"packets,export" placeholder:"PART,..." help:"Measure only these parts: packets (each case as packets, logs or counts) or export (each case as flow export, whole and sampled). All with --write, else packets."`
	Write string   `type:"path" placeholder:"FILE" help:"Write the tables, with date and version, into this Markdown file."`
	Check string   `type:"path" placeholder:"FILE" help:"Fail unless this file, written by --write, shows what is measured now."`
}

// Run runs the cases, prints what does not hold and the figures over all.
func (c *evalCommand) Run(ctx context.Context, io streams) error {
	cases, err := c.load()
	if err != nil {
		return wrong(err)
	}
	if len(c.Parts) == 0 {
		if c.Parts = []string{"packets"}; c.Write != "" {
			c.Parts = []string{"packets", "export"}
		}
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

func (c *evalCommand) load() ([]golden.Case, error) {
	if c.Cases == "" {
		return golden.Cases()
	}
	return golden.Load(c.Cases)
}

// measure measures the parts that are asked for, and tells how many cases do not hold.
func (c *evalCommand) measure(ctx context.Context, cases []golden.Case, io streams) (sections []golden.Section, failed int, err error) {
	atOnce := runtime.GOMAXPROCS(0)
	var list golden.Section
	if slices.Contains(c.Parts, "packets") {
		table, err := golden.Run(ctx, cases, atOnce)
		if err != nil {
			return nil, 0, err
		}
		if err := table.Text(io.out); err != nil {
			return nil, 0, err
		}
		failed = len(table.Failed())
		sections = append(sections, table.Section())
		list = table.List()
	}
	if slices.Contains(c.Parts, "export") {
		looks, err := golden.RunViews(ctx, cases, atOnce)
		if err != nil {
			return nil, 0, err
		}
		section := looks.Section()
		sections = append(sections, section)
		if _, err := fmt.Fprint(io.out, section.Body); err != nil {
			return nil, 0, err
		}
	}
	if list.Title != "" {
		sections = append(sections, list)
	}
	return sections, failed, nil
}

// document writes the sections where --write says, and compares them with what
// --check names. The day is the wall clock's: it says when this was measured.
func (c *evalCommand) document(sections []golden.Section) error {
	if c.Check != "" {
		page, err := os.ReadFile(c.Check)
		if err != nil {
			return wrong(err)
		}
		for _, s := range sections {
			if !s.In(string(page)) {
				return wrong(fmt.Errorf("%s: what it shows under %q is not what is measured now: downpour eval --write %s", c.Check, s.Title, c.Check))
			}
		}
	}
	if c.Write == "" {
		return nil
	}
	page := golden.Page(sections, buildVersion(), time.Now().UTC())
	return os.WriteFile(c.Write, []byte(page), 0o644) //nolint:gosec // a document for everybody
}
