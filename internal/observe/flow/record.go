package flow

import "downpour"

// Direction is where on the interface a record was metered (IPFIX element 61).
type Direction uint8

// The directions. Most exporters meter what comes in and don't say so.
const (
	Untold Direction = iota
	In
	Out
)

// Record is one flow record of an exporter with what only the intake needs. Its
// Flow bears the exporter's own clock and no Ingress yet; Sampling is what the
// exporter told or was configured, else 1.
type Record struct {
	downpour.Flow
	Input, Output uint32 // interfaces (SNMP index); 0 if not exported
	// PeerAS is the neighbour that the traffic came from: bgpPrevAdjacentAsNumber,
	// sFlow's src_peer_as; 0 if not exported.
	PeerAS    uint32
	Domain    uint32 // observation domain, source id or sub-agent
	Direction Direction
}

// Datagram is what a message tells of its exporter.
type Datagram struct {
	Version  Version
	Domain   uint32
	Exported int64 // its export time by the exporter's clock, nanoseconds since the epoch; 0 if it bears none (sFlow)
	Uptime   int64 // of the exporter, in milliseconds; 0 if it bears none (IPFIX)
	// Refused says why the rest of the message could not be used; OK if it could.
	Refused Reason
}

// Decoder decodes the datagrams of one exporter, of all its domains. It is for
// one goroutine.
type Decoder interface {
	// Decode appends the records of a message that arrived at a time to dst. It
	// allocates nothing once dst and the templates are grown. What is damaged is
	// counted in Stats by reason; what came before the damage counts.
	Decode(dst []Record, message []byte, at int64) ([]Record, Datagram)
	// Stats is what the decoder has counted since it was made.
	Stats() Stats
}

// Stats counts what one exporter sent. Whatever is refused or lost is in here.
type Stats struct {
	Datagrams uint64
	Records   uint64 // flow records delivered
	Options   uint64 // options records read
	Templates int    // templates known
	// Lost is what sequence numbers say is missing: flow records for v5 and
	// IPFIX, datagrams for v9 and sFlow.
	Lost       uint64
	Duplicates uint64 // datagrams that came twice; the second was left out
	Reordered  uint64 // datagrams that came late; they count
	Restarts   uint64 // of the exporter
	// Misses are data sets whose template had not come. They wait for it, within
	// a bound; Waiting is how many still do, Dropped those given up.
	Misses, Waiting, Dropped uint64
	Changed                  uint64 // templates that changed their meaning
	Refused                  [Reasons]uint64
	Sampling                 uint32 // the newest 1:N told; 0 if none
	Counters                 uint64 // sFlow counter samples
	Drops                    uint64 // sFlow: samples the agent itself dropped
	// Apart is how many of sFlow's data sources tell a rate that their own count of
	// packets disagrees with, by more than chance and a tenth: they drop samples
	// untold, or tell it wrongly.
	Apart    int
	Discards uint64 // sFlow: packets that the agent tells it discarded (format 5); no flows
	Skipped  uint64 // sFlow: samples of kinds that are not decoded
	// Unfollowed counts what is decoded but held against nothing before it: sFlow of
	// sub-agents, data sources and interfaces beyond the number that is kept.
	Unfollowed uint64
}

// Reason is why (a part of) a message could not be used.
type Reason uint8

// The reasons.
const (
	OK             Reason = iota
	UnknownVersion        // the message is of no protocol that we know
	ShortMessage          // it ends before what its header or a set promises
	BadSet                // a set's length is impossible
	BadTemplate           // a template that can't be: no fields, too many, too long
	TooManyTemplates
	BadRecord // a record's own lengths contradict each other
	NoAddress // a record without addresses: of layer 2, of counters, of events
	BadCount  // a v5 header's count contradicts its length
	TooManyDomains
	Reasons // how many there are
)

// String says a reason in words, for people.
func (r Reason) String() string {
	return [...]string{"fine", "unknown version", "shorter than it says", "a set of impossible length",
		"an impossible template", "too many templates", "a record whose lengths contradict each other",
		"a record without addresses", "the count contradicts the length", "too many domains"}[r]
}
