// Package observe says what every intake owes the engine: observations in event
// time, an account of what was read, and every loss counted. One package an
// input stands below it; none of them knows another.
package observe

import "downpour"

// Batch is what travels from an intake to the engine: observations of one input
// in the order of that input. It is reused, so whoever keeps something copies it.
type Batch struct {
	Flows  []downpour.Flow
	Counts []downpour.ReportCount
	// Requests are lines of web logs.
	Requests []downpour.Request
	// Text is memory for what the strings of Requests point into; it is reused
	// with the batch, so that they hold as long as the batch does.
	Text []byte
	// Now, if not zero, is event time that has been reached although nothing
	// was seen (nanoseconds since the epoch): the live edge's tick, and when
	// flow export arrived.
	Now int64
	// Delay, in nanoseconds, is how long after a moment flows of that moment may
	// still come: what exporters hold back (their active timeout). The engine
	// keeps flows until their second is complete. 0: they come as they happen.
	Delay int64
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Flows, b.Counts, b.Requests, b.Text = b.Flows[:0], b.Counts[:0], b.Requests[:0], b.Text[:0]
	b.Now, b.Delay = 0, 0
}

// BatchSize is how many observations a batch holds at most; large enough to
// amortise a hand-over, small enough to stay in a core's cache.
const BatchSize = 1024

// Source is an input that is read to its end: a capture, a file of counts.
type Source interface {
	// Next resets b and fills it with up to BatchSize further observations. It
	// returns io.EOF, with an empty batch, at the end. Damage is no error: the
	// source ends there and Input tells it.
	Next(b *Batch) error
	// Input accounts for what has been read so far.
	Input() downpour.Input
	Close() error
}
