package web

import "time"

// FlowHealth is how flow export comes in.
type FlowHealth struct {
	// Listen are the addresses it is received on, as "udp://0.0.0.0:2055".
	Listen    []string
	Exporters []ExporterHealth
	Unknown   []UnknownExporter
	// UnknownDatagrams counts those of all senders that are not accepted.
	UnknownDatagrams uint64
	// Delay is how long after a moment records of it may still come: until then a
	// second is provisional. 0 if no exporter has sent yet.
	Delay time.Duration
	// Overlap says what was left out because several told of it; empty where
	// nothing could be told twice.
	Overlap []string
	// Setup is what exporters of each make need, shown where none sends.
	Setup []SetupLines
}

// ExporterHealth is one exporter's row.
type ExporterHealth struct {
	Name    string
	Address string // empty if it is the name
	Via     string // who brings its datagrams, if that is another
	// Versions are the protocols it sends, in people's words.
	Versions []string
	LastSeen *time.Time // nil if it never sent anything
	Silent   bool
	// PerSecond is its recent rate of records; nil if it never sent anything.
	PerSecond                   *float64
	Datagrams, Records, Options uint64
	// LostRecords and LostDatagrams are what sequence numbers say is missing; nil
	// where its protocols don't tell.
	LostRecords, LostDatagrams *uint64
	// Misses counts data whose template had not come; Waiting is how much of it
	// still waits, Dropped what was given up.
	Misses, Waiting, Dropped uint64
	// Sampling is N of 1:N; 0 if not known. SamplingBy says who told it.
	Sampling   uint32
	SamplingBy string
	// Offset is how far its clock is behind ours (negative: ahead); nil if its
	// protocol bears no time. Corrected tells whether its times are.
	Offset    *time.Duration
	Corrected bool
	// Delay is how long after a moment its records of it still come; nil if not
	// known yet.
	Delay *time.Duration
	// Late counts records with a part that came too late to be counted in its
	// second, LateBytes the bytes of those parts; Shed records for which there was
	// no room.
	Late, LateBytes, Shed uint64
	// Refused says, by reason, what could not be used.
	Refused []Shed
	// Notes are sentences about it: what is wrong, and what it can't show.
	Notes []Warning
	// Load is that of its busiest interfaces, from sFlow's counters.
	Load []InterfaceLoad
}

// InterfaceLoad is an interface's load, rates a second; nil where not counted.
type InterfaceLoad struct {
	Name    string
	Up      bool
	Speed   uint64 // bits a second; 0 if not known
	In, Out *float64
	// Discards and Errors are packets a second, of both directions.
	Discards, Errors *float64
}

// UnknownExporter is a sender that is not accepted.
type UnknownExporter struct {
	Address   string
	Sends     string // "NetFlow v9"; empty if it sends nothing that we know
	Datagrams uint64
	LastSeen  time.Time
}

// SetupLines are the lines that make devices of a maker export to this server.
type SetupLines struct {
	Maker string // "Cisco IOS-XE"
	Lines string
	Note  string // what to know of it; may be empty
}
