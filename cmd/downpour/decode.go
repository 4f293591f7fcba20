package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"downpour"
	"downpour/internal/analysis"
	"downpour/internal/observe/export"
	"downpour/internal/observe/export/listing"
)

type decodeCommand struct {
	Format   string   `enum:"json,csv" default:"json" help:"How to print records: json or csv, one a line."`
	Timezone string   `placeholder:"TZ" default:"UTC" help:"Zone of times in CSV of nfdump, which prints local ones (e.g. America/New_York)."`
	Inputs   []string `arg:"" name:"input" help:"Captures of flow export (pcap, pcapng), raw payloads, CSV of nfdump, directories of these; also .gz, .zst; - is standard input."`
}

// Run prints the flow records of all inputs, and on standard error what was
// wrong with these.
func (c *decodeCommand) Run(ctx context.Context, io streams) error {
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return misused("--timezone %s: there is no such zone; use a name like America/New_York", c.Timezone)
	}
	reader, err := analysis.OpenExport(c.Inputs, io.in, export.Options{Location: zone})
	if err != nil {
		return wrong(err)
	}
	err = errors.Join(c.print(ctx, reader, io.out), reader.Close())
	inputs := reader.Inputs()
	if err == nil && !hasMessages(inputs) {
		return wrong(fmt.Errorf("%s: %w", inputs[0].Name, export.ErrNotExport))
	}
	tellProblems(io.err, inputs)
	return err
}

// hasMessages tells whether there is any flow export in the inputs.
func hasMessages(inputs []downpour.Input) bool {
	return slices.ContainsFunc(inputs, func(in downpour.Input) bool { return in.Packets > 0 })
}

// print writes all records. What is read from a stream is written at once, since
// somebody may be watching.
func (c *decodeCommand) print(ctx context.Context, r *export.Reader, out io.Writer) error {
	buffered := bufio.NewWriterSize(out, 1<<16)
	w, err := c.writer(buffered)
	if err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	live := r.Streamed()
	err = export.Walk(r, func(record *export.Walked) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.Write(record); err != nil {
			return fmt.Errorf("write records: %w", err)
		}
		if live {
			return buffered.Flush()
		}
		return nil
	})
	return errors.Join(err, buffered.Flush())
}

func (c *decodeCommand) writer(out io.Writer) (*listing.Writer, error) {
	if c.Format == "csv" {
		return listing.NewCSV(out)
	}
	return listing.NewJSON(out), nil
}

// tellProblems says what was wrong with the inputs, a line each.
func tellProblems(w io.Writer, inputs []downpour.Input) {
	for _, in := range inputs {
		for _, p := range in.Problems {
			fmt.Fprintf(w, "%s: at %d: %s (%d)\n", in.Name, p.Offset, p.Says, p.Count)
		}
	}
}
