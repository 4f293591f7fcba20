package observe

import (
	"errors"
	"io"

	"downpour"
)

// Merged reads several sources as one, in order of time: an investigation's
// captures and counts meet the engine as they happened, whatever the order in
// which they were named. Sources must each be in (nearly) the order of time.
type Merged struct {
	cursors []*cursor
}

// Merge joins sources. It does not close them.
func Merge(sources ...Source) *Merged {
	m := &Merged{}
	for _, s := range sources {
		m.cursors = append(m.cursors, &cursor{source: s})
	}
	return m
}

// cursor is a source with the part of its current batch that is still to come.
type cursor struct {
	source       Source
	batch        Batch
	flow, count  int // next of each
	started, end bool
}

// Next fills b with what comes next in time; io.EOF when all sources ended. An
// error of a source ends the whole.
func (m *Merged) Next(b *Batch) error {
	if len(m.cursors) == 1 && !m.cursors[0].started {
		return m.cursors[0].source.Next(b) // nothing to merge: no copy
	}
	b.Reset()
	for len(b.Flows)+len(b.Counts) < BatchSize {
		c, err := m.earliest()
		if err != nil {
			return err
		}
		if c == nil {
			break
		}
		// The engine takes a batch's counts before its flows, so a batch holds
		// one kind only.
		if c.isCount() && len(b.Flows) > 0 || !c.isCount() && len(b.Counts) > 0 {
			break
		}
		c.move(b)
	}
	if len(b.Flows)+len(b.Counts) == 0 {
		return io.EOF
	}
	return nil
}

// earliest returns the cursor whose next observation is the first in time; the
// first named wins a tie. Nil if all have ended.
func (m *Merged) earliest() (*cursor, error) {
	var first *cursor
	for _, c := range m.cursors {
		if err := c.fill(); err != nil {
			return nil, err
		}
		if !c.end && (first == nil || c.time() < first.time()) {
			first = c
		}
	}
	return first, nil
}

// fill reads the next batch once the current one is used up.
func (c *cursor) fill() error {
	for !c.end && c.flow == len(c.batch.Flows) && c.count == len(c.batch.Counts) {
		c.started, c.flow, c.count = true, 0, 0
		err := c.source.Next(&c.batch)
		if errors.Is(err, io.EOF) {
			c.end = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// isCount tells whether the next observation is a count. A source that gives
// both gives them in one order: counts of a batch first.
func (c *cursor) isCount() bool { return c.count < len(c.batch.Counts) }

func (c *cursor) time() int64 {
	if c.isCount() {
		return c.batch.Counts[c.count].Time.UnixNano()
	}
	return c.batch.Flows[c.flow].Time
}

func (c *cursor) move(b *Batch) {
	if c.isCount() {
		b.Counts = append(b.Counts, c.batch.Counts[c.count])
		c.count++
		return
	}
	b.Flows = append(b.Flows, c.batch.Flows[c.flow])
	c.flow++
}

// Inputs accounts for all sources, in the order in which they were named.
func Inputs(sources []Source) []downpour.Input {
	inputs := make([]downpour.Input, len(sources))
	for i, s := range sources {
		inputs[i] = s.Input()
	}
	return inputs
}
