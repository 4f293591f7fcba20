package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"downpour/internal/golden"
)

type evalCommand struct {
	Cases string `type:"path" placeholder:"DIR" help:"Folder of cases (NAME.yaml, or NAME/truth.yaml with its files); those that Downpour brings if not given."`
	Write string `type:"path" placeholder:"FILE" help:"Write the table, with date and version, into this Markdown file."`
}

// Run runs the cases, prints what does not hold and the figures over all.
func (c *evalCommand) Run(ctx context.Context, io streams) error {
	cases, err := c.load()
	if err != nil {
		return wrong(err)
	}
	table, err := golden.Run(ctx, cases, runtime.GOMAXPROCS(0))
	if err != nil {
		return wrong(err)
	}
	if err := table.Text(io.out); err != nil {
		return err
	}
	if err := c.document(&table); err != nil {
		return err
	}
	if failed := len(table.Failed()); failed > 0 {
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

// document writes the table where --write says. The day is the wall clock's:
// it says when this was measured.
func (c *evalCommand) document(table *golden.Table) error {
	if c.Write == "" {
		return nil
	}
	var page bytes.Buffer
	if err := table.Markdown(&page, buildVersion(), time.Now().UTC()); err != nil {
		return err
	}
	return os.WriteFile(c.Write, page.Bytes(), 0o644) //nolint:gosec // a document for everybody
}
