package downpour

// Footprint is what an attack left in the telemetry: the measured facts from
// which assess concludes on origin, spoofing and reflection. A snapshot; it is
// shared and not changed after it is made.
type Footprint struct {
	// Requests tells that requests of a web log were counted, which stand in the
	// place of packets everywhere below: whoever sent one had completed a handshake.
	Requests bool
	// Sampling is the largest 1:N of the records; 1 if every packet was seen.
	Sampling uint32
	// Packets and Bytes are the attack's records before renormalisation.
	Packets, Bytes uint64
	// Distinct estimates the source addresses in the records. Under sampling it
	// is a lower bound of those that sent.
	Distinct Estimate
	// Sample holds sources chosen uniformly among the distinct ones (bottom-k
	// by keyed hash), each with all of its records since its first; all sources
	// where SampleComplete.
	Sample         []Source
	SampleComplete bool
	// Heavy holds the sources with the most packets; they may be in Sample too.
	// Where Sample is not complete they come from a sketch (MV-Sketch) and their
	// figures are lower bounds.
	Heavy []Source
	// TTLs counts packets by TTL as seen; index 0 those without one.
	TTLs [256]uint64
	// Ingress counts packets by where they came in, the busiest first, at most 64;
	// empty where no record told.
	Ingress []IngressPackets
	// Conversation facts. Visible says whether traffic from the target was seen
	// at all, at comparable sampling.
	OutgoingVisible Tristate
	Handshakes      uint64 // sources seen to complete a TCP handshake with the target
	Questions       uint64 // packets of the target that ask for such answers (SYN, queries)
	Answers         uint64 // packets of the target back to the attack's sources
	// Reflected counts packets that only a reflector sends: answers from a known
	// service's port, SYN-ACK without SYN, errors and resets of reflectors.
	Reflected uint64
	// Marked counts packets whose payload proved the vector, Payloads those with
	// a payload to look at.
	Marked, Payloads uint64
	// ConstantFields names header fields that hardly vary over many sources
	// ("ip id", "tcp sequence", "tcp window", "source port", "length"), with the share of the
	// commonest value.
	ConstantFields []FieldShare
	// Before and During are records toward the target from before the attack's onset and
	// from then on, the attack's and what came beside it; empty where requests were counted.
	Before, During RecordSample
}

// RecordSample is some records of a stretch of traffic, in order of time, each with the
// same chance to be among them.
type RecordSample struct {
	Of    uint64 // records that it was drawn from, about
	Flows []Flow
}

// Source is one source address of an attack.
type Source struct {
	Address     Address
	Packets     uint64 // of its records, before renormalisation
	Bytes       uint64
	First, Last int64 // nanoseconds since the epoch
	TTLMin      uint8 // 0 if none was exported
	TTLMax      uint8
	// Established is true if the source completed a handshake with the target.
	Established bool
}

// IngressPackets is what came in at one place, in packets of the records.
type IngressPackets struct {
	Ingress IngressID
	Packets uint64
}

// FieldShare is the share of packets that bear a field's commonest value.
type FieldShare struct {
	Field string
	Share float64
}
