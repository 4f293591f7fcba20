package export

import (
	"net/netip"
	"time"

	"downpour/internal/observe/flow"
)

// Flow is a flow record as an exporter holds it before it is encoded. Times are
// nanoseconds since the Unix epoch by the true clock; what an exporter's clock
// makes of them is the Encoder's.
type Flow struct {
	Source, Destination         netip.Addr
	SourcePort, DestinationPort uint16
	Protocol, TCPFlags          uint8
	TOS, TTL                    uint8
	ICMPType, ICMPCode          uint8
	Bytes, Packets              uint64 // as metered: not multiplied by the sampling
	ReverseBytes                uint64 // of a biflow (RFC 5103)
	ReversePackets              uint64
	Start, End                  int64
	Exported                    int64 // when the flow cache let it go
	Input, Output               uint32
	SourceAS, DestinationAS     uint32
	PreviousAS, NextAS          uint32 // the neighbours that handed it over and that got it
	NextHop                     netip.Addr
	VLAN                        uint16
	Direction                   flow.Direction
	Sampler                     uint8  // which sampler saw it (element 48)
	Frame                       []byte // the first bytes of a frame, for packet sections and sFlow
	FrameLength                 uint32 // of the frame on the wire
	Pool                        uint32 // sFlow: packets that could have been sampled so far; 0: the encoder adds the rate
}

// Datagram is a message on its way.
type Datagram struct {
	At      int64 // when it is sent, by the true clock
	From    netip.AddrPort
	Message []byte
	// Records is how many records of flows it holds.
	Records int
	// Advance is by how much the sequence number grows with it: records of v5
	// and IPFIX (options too), 1 of v9 and sFlow.
	Advance uint32
}

// Totals is what flows add up to.
type Totals struct{ Flows, Packets, Bytes uint64 }

// Sum adds flows up, renormalised by a sampling of 1:n.
func Sum(flows []Flow, n uint32) Totals {
	var t Totals
	for i := range flows {
		t.Flows++
		t.Packets += flows[i].Packets * uint64(n)
		t.Bytes += flows[i].Bytes * uint64(n)
	}
	return t
}

func millis(ns int64) uint64  { return uint64(ns / int64(time.Millisecond)) }
func seconds(ns int64) uint64 { return uint64(ns / int64(time.Second)) }

// ntp is a time as RFC 7011, 6.1.9 encodes it: seconds since 1900 and a binary
// fraction.
func ntp(ns int64) uint64 {
	const since1900 = 2_208_988_800
	return (seconds(ns)+since1900)<<32 | uint64(ns%int64(time.Second))<<32/uint64(time.Second)
}
