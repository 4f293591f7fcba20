package overlap

import (
	"downpour"
	"downpour/internal/observe/flow"
)

// keyOf hashes what tells flows apart on their way through a network: addresses
// and ports in their direction, and the protocol. Exporters differ in where they
// put an ICMP message's type, so that is left aside.
func keyOf(r *flow.Record, seed uint64) uint64 {
	ports := uint64(r.SourcePort)<<16 | uint64(r.DestinationPort)
	if r.Protocol == downpour.ProtocolICMP || r.Protocol == downpour.ProtocolICMPv6 {
		ports = 0
	}
	h := (r.Source.Hi ^ seed) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29 ^ r.Source.Lo) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>32 ^ r.Destination.Hi) * 0x94d049bb133111eb
	h = (h ^ h>>29 ^ r.Destination.Lo) * 0xff51afd7ed558ccd
	h = (h ^ h>>32 ^ ports<<8 ^ uint64(r.Protocol)) * 0xc4ceb9fe1a85ec53
	return h ^ h>>32
}
