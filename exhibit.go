package downpour

import (
	"net/netip"
	"time"
)

// Exhibit is what is kept of an attack's traffic for people to look at and for rules to be
// tried on: who sent most, and a sample of what came before the attack and during it. It
// names sources and targets, so it is the operator's alone.
type Exhibit struct {
	Attack string     `json:"attack"` // the attack's ID
	AsOf   time.Time  `json:"as_of"`  // the last moment of the attack that it knows
	Before FlowSample `json:"before"` // toward the target, before the attack's onset
	During FlowSample `json:"during"` // toward the target, the attack's and what came beside it
	// Sources are those with the most packets, at most ExhibitSources. Where SourcesLeast
	// is true their figures are lower bounds.
	Sources      []TopSource `json:"sources"`
	SourcesLeast bool        `json:"sources_least"`
	// TTLs counts the attack's packets, as sampled, by their time to live.
	TTLs []TTLCount `json:"ttls"`
	// Synthetic marks traffic made by a generator.
	Synthetic bool `json:"synthetic,omitempty"`
}

// Bounds of an Exhibit; with them it takes at most some 40 KB where it is kept.
const (
	ExhibitSources = 32  // sources listed
	ExhibitBefore  = 128 // records of the sample before the attack
	ExhibitDuring  = 256 // and during it
)

// FlowSample is some records of a stretch of traffic, each record with the same chance to
// be among them, in order of time.
type FlowSample struct {
	Of    uint64        `json:"of"` // records that it was drawn from; 0 if none was seen
	Flows []SampledFlow `json:"flows"`
}

// SampledFlow is a record as it was counted: a packet, a sampled packet, or what a record
// of flow export brought in one second. What was not told is left out.
type SampledFlow struct {
	Start           time.Time  `json:"start"`
	Source          netip.Addr `json:"source"`
	Destination     netip.Addr `json:"destination"`
	SourcePort      uint16     `json:"source_port"`
	DestinationPort uint16     `json:"destination_port"`
	Protocol        uint8      `json:"protocol"`
	TCPFlags        uint8      `json:"tcp_flags,omitempty"`
	Bytes           uint64     `json:"bytes"` // as its source counts them, see Flow.Bytes
	Packets         uint32     `json:"packets"`
	Sampling        uint32     `json:"sampling"` // one of so many packets was seen
	TTL             uint8      `json:"ttl,omitempty"`
	Fragment        Fragment   `json:"fragment,omitempty"` // 1 a first one, 2 a later one
	ICMPType        *uint8     `json:"icmp_type,omitempty"`
	ICMPCode        *uint8     `json:"icmp_code,omitempty"`
	IPID            uint16     `json:"ip_id,omitempty"`
	Window          uint16     `json:"tcp_window,omitempty"`
	Sequence        uint32     `json:"tcp_sequence,omitempty"`
	SourceAS        uint32     `json:"source_as,omitempty"`
	Exporter        string     `json:"exporter,omitempty"`
	Interface       string     `json:"input_interface,omitempty"`
	// Packet tells that a packet's own header was seen, not only a record of flow export.
	Packet bool `json:"packet,omitempty"`
}

// TopSource is one of the busiest sources of an attack, with what is known of its place.
type TopSource struct {
	Address     netip.Addr `json:"address"`
	Packets     uint64     `json:"packets"` // of its records, before renormalisation
	Bytes       uint64     `json:"bytes"`
	First       time.Time  `json:"first"`
	Last        time.Time  `json:"last"`
	TTLMin      uint8      `json:"ttl_min,omitempty"`
	TTLMax      uint8      `json:"ttl_max,omitempty"`
	Established bool       `json:"established"` // it completed a handshake with the target
	Country     *string    `json:"country"`     // null if unknown
	ASN         *uint32    `json:"asn"`
	Network     *string    `json:"network"`
}

// TTLCount is how many packets bore a time to live.
type TTLCount struct {
	TTL     uint8  `json:"ttl"`
	Packets uint64 `json:"packets"`
}
