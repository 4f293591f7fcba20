package overlap

import "downpour/internal/observe/flow"

// State is how a view counts.
type State uint8

// The states of a view.
const (
	Measuring State = iota // by records, until enough is known
	Counted                // as a whole
	Partly                 // by records, since a part of it is told by others
	LeftOut                // as a whole, since others tell of it
)

// View is what one exporter meters at one interface in one direction, for the
// operator's screen.
type View struct {
	Exporter  uint16
	Interface uint32         // SNMP index; 0 if not exported
	Direction flow.Direction // Untold counts as In
	Edge      bool
	Sampling  uint32 // 1:N of its records
	State     State
	// Covered is the share of its flows that preferred views tell of too, and
	// CoveredBytes that of their bytes; both 0 until Measured.
	Covered, CoveredBytes float64
	Measured              bool
	By                    []uint16 // the exporters that cover it, the most first
	// Records is what it told, Omitted what of that was left out, in records,
	// packets and bytes of the records.
	Records, Omitted Volume
	Last             int64  // when a record last came
	Says             string // all of this in a sentence
}

// Volume is an amount of records.
type Volume struct{ Records, Packets, Bytes uint64 }

// Views are all views in the order of exporter, direction and interface.
func (f *Filter) Views() []View { return nil }

// Stats counts what a filter did.
type Stats struct {
	Records Volume // given to Apply
	Omitted Volume // of which left out, as a whole or in part
	Forgot  uint64 // flows given up before their time because the table was full
	Views   int
	Crowded uint64 // records of views beyond the bound: counted, and not measured
}

// Stats are the counters as they stand.
func (f *Filter) Stats() Stats { return Stats{} }
