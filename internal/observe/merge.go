package observe

import (
	"errors"
	"io"
	"time"
)

// Merged reads several sources as one, in order of time: an investigation's
// captures, logs and counts meet the engine as they happened, whatever the order
// in which they were named. What tells when it arrived (flow export) is in the
// order of arrival, everything else in that of its own time. Sources must each be
// in (nearly) that order.
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

// kind is what an observation is; a merged batch holds one kind only, since the
// engine takes a batch's counts before its requests and these before its flows,
// and since arrivals are of all flows of a batch.
type kind uint8

const (
	nothing kind = iota
	count
	request
	packet  // a flow at its own time
	arrival // a flow that came when its batch says
)

// cursor is a source with the part of its current batch that is still to come.
type cursor struct {
	source               Source
	batch                Batch
	flow, count, request int // next of each
	started, end         bool
}

// Next fills b with what comes next in time; io.EOF when all sources ended. An
// error of a source ends the whole. The batch bears the longest delay of any
// source that has something to come, so that packets wait for the records of
// their second.
func (m *Merged) Next(b *Batch) error {
	if len(m.cursors) == 1 && !m.cursors[0].started {
		return m.cursors[0].source.Next(b) // nothing to merge: no copy
	}
	b.Reset()
	holds := nothing
	for n := 0; n < BatchSize; n++ {
		c, err := m.earliest(&b.Delay)
		if err != nil {
			return err
		}
		if c == nil || holds != nothing && !c.joins(holds, b) {
			break
		}
		holds = c.kind()
		c.move(b)
		if holds == request && c.kind() == nothing {
			break // asking for more would take back the strings that b now holds
		}
	}
	if holds == nothing {
		return io.EOF
	}
	return nil
}

// earliest returns the cursor whose next observation is the first in time; the
// first named wins a tie. Nil if all have ended. It raises delay to the longest
// of all.
func (m *Merged) earliest(delay *int64) (*cursor, error) {
	var first *cursor
	for _, c := range m.cursors {
		if err := c.fill(); err != nil {
			return nil, err
		}
		if c.end {
			continue
		}
		*delay = max(*delay, c.batch.Delay)
		if first == nil || c.time() < first.time() {
			first = c
		}
	}
	return first, nil
}

// fill reads the next batch once the current one is used up.
func (c *cursor) fill() error {
	for !c.end && c.kind() == nothing {
		c.started, c.flow, c.count, c.request = true, 0, 0, 0
		err := c.source.Next(&c.batch)
		if errors.Is(err, io.EOF) {
			c.end = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// kind is what the next observation is. A source that gives several kinds gives
// them in one order.
func (c *cursor) kind() kind {
	switch {
	case c.count < len(c.batch.Counts):
		return count
	case c.request < len(c.batch.Requests):
		return request
	case c.flow == len(c.batch.Flows):
		return nothing
	case c.batch.Now != 0:
		return arrival
	}
	return packet
}

// joins tells whether the next observation fits into a batch that holds a kind:
// arrivals must be of the same second.
func (c *cursor) joins(holds kind, b *Batch) bool {
	k := c.kind()
	if k != arrival || holds != arrival {
		return k == holds
	}
	return c.batch.Now/int64(time.Second) == b.Now/int64(time.Second)
}

func (c *cursor) time() int64 {
	switch c.kind() {
	case count:
		return c.batch.Counts[c.count].Time.UnixNano()
	case request:
		return c.batch.Requests[c.request].Time
	case arrival:
		return c.batch.Now
	}
	return c.batch.Flows[c.flow].Time
}

func (c *cursor) move(b *Batch) {
	switch c.kind() {
	case count:
		b.Counts = append(b.Counts, c.batch.Counts[c.count])
		c.count++
		return
	case request:
		b.Requests = append(b.Requests, c.batch.Requests[c.request])
		c.request++
		return
	case arrival:
		b.Now = max(b.Now, c.batch.Now)
	}
	b.Flows = append(b.Flows, c.batch.Flows[c.flow])
	c.flow++
}
