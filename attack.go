package downpour

import (
	"encoding/json"
	"strconv"
	"time"
)

// Attack is hostile traffic to (or from) one target, from onset to end. Detect
// makes it with what was measured; assess adds Sources, Spoofing and Reflection.
type Attack struct {
	ID        string          `json:"id"` // hash of service, target, direction and alarm time
	Service   string          `json:"service"`
	Direction AttackDirection `json:"direction"`
	Target    Target          `json:"target"`
	Onset     time.Time       `json:"onset"`    // where it began, dated back
	AlarmAt   time.Time       `json:"alarm_at"` // input time at which the detector first said so
	PeakAt    time.Time       `json:"peak_at"`
	End       time.Time       `json:"end"` // last moment seen while Ongoing
	Ongoing   bool            `json:"ongoing"`
	Severity  Severity        `json:"severity"`
	Shape     []string        `json:"shape"`
	Phases    []Phase         `json:"phases"`
	Peak      Rate            `json:"peak"`
	Total     Volume          `json:"total"`
	Vectors   []Vector        `json:"vectors"`
	// Why is the rule that fired, with its numbers, in one sentence.
	Why string `json:"why"`
	// Expected is what Why rests on: what was usual of each class of traffic that passed
	// its limit, the one that passed it first before the others.
	Expected   []Expectation `json:"expected,omitempty"`
	Sources    Sources       `json:"sources"`
	Spoofing   Finding       `json:"spoofing"`
	Reflection Finding       `json:"reflection"`
	Rules      []Rule        `json:"rules"`
	Timeline   Timeline      `json:"timeline"`
	// Marks are what its requests have in common; null where no requests were seen.
	Marks *RequestMarks `json:"marks,omitempty"`
	// Provisional marks an attack that shows in flows whose seconds are not complete
	// yet: its figures are lower limits. The definite one takes its place under
	// the same ID; one that complete seconds do not bear out ends marked so.
	Provisional bool `json:"provisional,omitempty"`
	// Synthetic marks an attack made by a generator, wherever it is shown.
	Synthetic bool `json:"synthetic,omitempty"`
	// Footprint is what assess reads; it may be nil in an update that brings
	// no new one, and it is shared, so nobody changes it.
	Footprint *Footprint `json:"-"`
}

// Expectation is what was expected of a class of traffic when an attack began, and
// what came.
type Expectation struct {
	Class string       `json:"class"` // as a configuration calls it
	Usual TrafficRate  `json:"usual"` // the most that was usual
	Limit TrafficLimit `json:"limit"`
	Peak  TrafficRate  `json:"peak"` // the busiest second, usual traffic among it
}

// TrafficLimit is the rate from which on traffic is an attack, whichever of its two units
// passes it; null where a unit is not looked at.
type TrafficLimit struct {
	Packets *float64 `json:"packets"` // packets/s
	Bits    *float64 `json:"bits"`    // bits/s
}

// AttackDirection is in for an attack on us, out for one that our host takes part in.
type AttackDirection string

// The directions of an attack.
const (
	Inbound  AttackDirection = "in"
	Outbound AttackDirection = "out"
)

// Vector is one kind of attack traffic by the contract's name.
type Vector struct {
	Name            string  `json:"name"`
	Share           float64 `json:"share"` // of the attack's packets
	Protocol        string  `json:"protocol"`
	SourcePort      *uint16 `json:"source_port"`      // null if many
	DestinationPort *uint16 `json:"destination_port"` // null if many
}

// Rate is a peak rate. Where requests were seen, and nothing else, Bits and Packets
// are 0 and written as null; requests is null where none were seen.
type Rate struct {
	Bits     float64  `json:"bits"`     // bits/s
	Packets  float64  `json:"packets"`  // packets/s
	Requests *float64 `json:"requests"` // requests/s
	// The same with 95 % intervals where records were sampled; null where all
	// packets were seen.
	BitsEstimate    *Estimate `json:"bits_estimate"`
	PacketsEstimate *Estimate `json:"packets_estimate"`
}

// Counted is the rate of what was counted, with its unit: requests/s where those
// were seen, else packets/s.
func (r Rate) Counted() (rate float64, unit string) {
	if r.Requests != nil {
		return *r.Requests, "requests/s"
	}
	return r.Packets, "packets/s"
}

// MarshalJSON writes what was not seen as null.
func (r Rate) MarshalJSON() ([]byte, error) {
	type plain Rate
	if r.Requests == nil {
		return json.Marshal(plain(r))
	}
	return json.Marshal(struct {
		plain
		Bits    *float64 `json:"bits"`
		Packets *float64 `json:"packets"`
	}{plain: plain(r)})
}

// Volume is a total over the whole attack, renormalised where sampled. Where
// requests were seen, and nothing else, Bytes and Packets are 0 and written as null.
type Volume struct {
	Bytes    uint64  `json:"bytes"`
	Packets  uint64  `json:"packets"`
	Requests *uint64 `json:"requests,omitempty"` // absent where none were seen
	// The same with 95 % intervals where records were sampled; null where all
	// packets were seen.
	BytesEstimate   *Estimate `json:"bytes_estimate"`
	PacketsEstimate *Estimate `json:"packets_estimate"`
}

// MarshalJSON writes what was not seen as null.
func (v Volume) MarshalJSON() ([]byte, error) {
	type plain Volume
	if v.Requests == nil {
		return json.Marshal(plain(v))
	}
	return json.Marshal(struct {
		plain
		Bytes   *uint64 `json:"bytes"`
		Packets *uint64 `json:"packets"`
	}{plain: plain(v)})
}

// Phase is a stretch of an attack in which the same vectors dominate.
type Phase struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Vectors []string  `json:"vectors"`
}

// Rule is a proposed mitigation as an analysis shows it.
type Rule struct {
	Text       string    `json:"text"`
	Enforcer   string    `json:"enforcer"`
	Stops      *Estimate `json:"stops"`
	Collateral *Estimate `json:"collateral"`
}

// Timeline is an attack's rate over time in steps of equal length, at most
// TimelineSteps of them: the step doubles when they run out.
type Timeline struct {
	Start time.Time        `json:"start"`
	Step  float64          `json:"step"` // seconds
	Rates []VectorTimeline `json:"rates"`
}

// TimelineSteps bounds the length of a Timeline.
const TimelineSteps = 512

// VectorTimeline is one vector's rate in each step: of packets and bits, or of
// requests, whatever was seen.
type VectorTimeline struct {
	Vector   string    `json:"vector"`
	Packets  []float64 `json:"packets"`            // packets/s
	Bits     []float64 `json:"bits"`               // bits/s
	Requests []float64 `json:"requests,omitempty"` // requests/s
}

// Counted is the rate of what was counted: of requests where those were seen, else
// of packets.
func (v *VectorTimeline) Counted() []float64 {
	if len(v.Requests) > 0 {
		return v.Requests
	}
	return v.Packets
}

// Sources says where the traffic toward the target bears to come from. Shares
// are of attack packets; lists are sorted by share.
type Sources struct {
	Addresses Estimate       `json:"addresses"`
	Networks  *Estimate      `json:"networks"`  // null without a network database
	Countries *Estimate      `json:"countries"` // null without a country database
	ByCountry []CountryShare `json:"by_country"`
	ByNetwork []NetworkShare `json:"by_network"`
	ByKind    []KindShare    `json:"by_kind"`
	ByIngress []IngressShare `json:"by_ingress"`
	// Statement says in words what the addresses tell of the origin, never more
	// than the evidence does.
	Statement string `json:"statement"`
	// EvidenceOfOrigin is false where the addresses are forged or reflectors'.
	EvidenceOfOrigin bool `json:"evidence_of_origin"`
	// Databases are those the shares rest on.
	Databases []Database `json:"databases"`
}

// CountryShare is one country's share; Country is null if unknown, "other" for the rest.
type CountryShare struct {
	Country *string  `json:"country"`
	Share   Estimate `json:"share"`
}

// NetworkShare is one autonomous system's share.
type NetworkShare struct {
	ASN   *uint32  `json:"asn"`
	Name  *string  `json:"name"`
	Share Estimate `json:"share"`
}

// KindShare is the share of one kind of network.
type KindShare struct {
	Kind  NetworkKind `json:"kind"`
	Share Estimate    `json:"share"`
}

// IngressShare tells by which exporter, interface and neighbour it came in.
type IngressShare struct {
	Exporter  string   `json:"exporter"`
	Interface string   `json:"interface"`
	PeerAS    *uint32  `json:"peer_as"`
	Share     Estimate `json:"share"`
}

// Name says the ingress in a few words: "edge1 transit-a (AS 64501)"; "not known"
// where no record told.
func (i *IngressShare) Name() string {
	if i.Exporter == "" {
		return "not known"
	}
	name := i.Exporter
	if i.Interface != "" {
		name += " " + i.Interface
	}
	if i.PeerAS != nil {
		name += " (AS " + strconv.FormatUint(uint64(*i.PeerAS), 10) + ")"
	}
	return name
}
