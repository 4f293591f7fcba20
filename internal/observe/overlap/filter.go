package overlap

import (
	"downpour/internal/observe/flow"
)

// Config says what a filter may rely on. The zero value has defaults.
type Config struct {
	// Edge tells whether an exporter's interface (SNMP index) is of role edge:
	// traffic is best counted there. Nil if no role is known.
	Edge func(exporter uint16, index uint32) bool
	// Seed keys the hashes of flows: random in a running server, fixed offline.
	Seed uint64
	// Flows is how many flows are remembered for step 1, 16 bytes each; 1,048,576
	// by default.
	Flows int
}

// Filter leaves out what is reported twice. Its methods may be called from
// several goroutines.
type Filter struct {
	cfg Config
}

// New returns a filter that has measured nothing yet.
func New(cfg Config) *Filter { return &Filter{cfg: cfg} }

// Apply filters records of one exporter (a number that stays with it over its
// restarts) that arrived at a time, in place: their Time must be corrected to
// our clock. It returns those that count; one that counts in part has its Time,
// Duration, Packets and Bytes cut.
func (f *Filter) Apply(exporter uint16, records []flow.Record, at int64) []flow.Record {
	return records
}
