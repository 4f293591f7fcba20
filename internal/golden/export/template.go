package export

import (
	"fmt"

	"downpour/internal/observe/flow"
)

// Variable is the length of a field that says its own (RFC 7011, 7).
const Variable = 65535

// ReversePEN marks a field as the reverse direction's (RFC 5103).
const ReversePEN = 29305

// Field is one field of a template: an element of IANA's table of IPFIX
// (NetFlow v9 has the same numbers), its length in bytes or Variable, and the
// enterprise that numbered it, if not IANA. A field of another enterprise than
// ReversePEN is filled with a pattern.
type Field struct {
	Element, Length uint16
	Enterprise      uint32
}

// Elements that Flow can fill.
const (
	OctetDeltaCount          = 1
	PacketDeltaCount         = 2
	ProtocolIdentifier       = 4
	IPClassOfService         = 5
	TCPControlBits           = 6
	SourceTransportPort      = 7
	SourceIPv4Address        = 8
	IngressInterface         = 10
	DestinationTransportPort = 11
	DestinationIPv4Address   = 12
	EgressInterface          = 14
	IPNextHopIPv4Address     = 15
	BGPSourceAsNumber        = 16
	BGPDestinationAsNumber   = 17
	FlowEndSysUpTime         = 21
	FlowStartSysUpTime       = 22
	SourceIPv6Address        = 27
	DestinationIPv6Address   = 28
	ICMPTypeCodeIPv4         = 32
	SamplingInterval         = 34
	SamplingAlgorithm        = 35
	SamplerID                = 48
	SamplerMode              = 49
	SamplerRandomInterval    = 50
	MinimumTTL               = 52
	VLANID                   = 58
	FlowDirection            = 61
	IPNextHopIPv6Address     = 62
	InterfaceName            = 82
	OctetTotalCount          = 85
	PacketTotalCount         = 86
	BGPNextAdjacentAsNumber  = 128
	BGPPrevAdjacentAsNumber  = 129
	ICMPTypeCodeIPv6         = 139
	FlowStartSeconds         = 150
	FlowEndSeconds           = 151
	FlowStartMilliseconds    = 152
	FlowEndMilliseconds      = 153
	FlowStartMicroseconds    = 154
	FlowEndMicroseconds      = 155
	FlowStartNanoseconds     = 156
	FlowEndNanoseconds       = 157
	SystemInitMilliseconds   = 160
	PaddingOctets            = 210
	SamplingPacketInterval   = 305
	SamplingPacketSpace      = 306
	DataLinkFrameSize        = 312
	IPHeaderPacketSection    = 313
	DataLinkFrameSection     = 315
)

// Fields4 is a template as routers have it for IPv4: 51 bytes in v9, so that 28
// fit into a datagram, 59 in IPFIX, so that 24 do.
func Fields4(v flow.Version) []Field {
	return append([]Field{{SourceIPv4Address, 4, 0}, {DestinationIPv4Address, 4, 0}, {ICMPTypeCodeIPv4, 2, 0}}, common(v)...)
}

// Fields6 is the same for IPv6.
func Fields6(v flow.Version) []Field {
	return append([]Field{{SourceIPv6Address, 16, 0}, {DestinationIPv6Address, 16, 0}, {ICMPTypeCodeIPv6, 2, 0}}, common(v)...)
}

func common(v flow.Version) []Field {
	list := []Field{
		{IngressInterface, 4, 0}, {EgressInterface, 4, 0}, {PacketDeltaCount, 4, 0}, {OctetDeltaCount, 4, 0},
		{SourceTransportPort, 2, 0}, {DestinationTransportPort, 2, 0}, {TCPControlBits, 1, 0}, {ProtocolIdentifier, 1, 0},
		{IPClassOfService, 1, 0}, {FlowDirection, 1, 0}, {MinimumTTL, 1, 0}, {BGPSourceAsNumber, 4, 0}, {BGPDestinationAsNumber, 4, 0},
	}
	if v == flow.IPFIX {
		return append(list, Field{FlowStartMilliseconds, 8, 0}, Field{FlowEndMilliseconds, 8, 0})
	}
	return append(list, Field{FlowStartSysUpTime, 4, 0}, Field{FlowEndSysUpTime, 4, 0})
}

// With is a template with more fields.
func With(fields []Field, more ...Field) []Field {
	return append(append([]Field(nil), fields...), more...)
}

// value appends a flow's value of a field.
func (e *Encoder) value(m []byte, f *Flow, field Field) []byte {
	if field.Enterprise == ReversePEN {
		return appendUint(m, map[uint16]uint64{OctetDeltaCount: f.ReverseBytes, PacketDeltaCount: f.ReversePackets}[field.Element], field.Length)
	}
	if field.Enterprise != 0 {
		return appendBytes(m, []byte{0xde, 0xad, 0xbe, 0xef}, field.Length)
	}
	if b, ok := octets(f, field.Element); ok {
		return appendBytes(m, b, field.Length)
	}
	return appendUint(m, e.number(f, field.Element), field.Length)
}

// octets is the value of a field that is no number.
func octets(f *Flow, element uint16) (b []byte, ok bool) {
	switch element {
	case SourceIPv4Address, SourceIPv6Address:
		return f.Source.AsSlice(), true
	case DestinationIPv4Address, DestinationIPv6Address:
		return f.Destination.AsSlice(), true
	case IPNextHopIPv4Address, IPNextHopIPv6Address:
		return f.NextHop.AsSlice(), true
	case DataLinkFrameSection:
		return f.Frame, true
	case IPHeaderPacketSection:
		return f.Frame[min(14, len(f.Frame)):], true
	case PaddingOctets:
		return nil, true
	}
	return nil, false
}

// number is the value of a field that is one; 0 of those that Flow lacks.
func (e *Encoder) number(f *Flow, element uint16) uint64 {
	start, end := e.clock(f.Start), e.clock(f.End)
	switch element {
	case OctetDeltaCount, OctetTotalCount:
		return f.Bytes
	case PacketDeltaCount, PacketTotalCount:
		return f.Packets
	case ProtocolIdentifier:
		return uint64(f.Protocol)
	case IPClassOfService:
		return uint64(f.TOS)
	case TCPControlBits:
		return uint64(f.TCPFlags)
	case SourceTransportPort:
		return uint64(f.SourcePort)
	case DestinationTransportPort:
		return uint64(f.DestinationPort)
	case IngressInterface:
		return uint64(f.Input)
	case EgressInterface:
		return uint64(f.Output)
	case BGPSourceAsNumber:
		return uint64(f.SourceAS)
	case BGPDestinationAsNumber:
		return uint64(f.DestinationAS)
	case BGPPrevAdjacentAsNumber:
		return uint64(f.PreviousAS)
	case BGPNextAdjacentAsNumber:
		return uint64(f.NextAS)
	case ICMPTypeCodeIPv4, ICMPTypeCodeIPv6:
		return uint64(f.ICMPType)<<8 | uint64(f.ICMPCode)
	case SamplerID:
		return uint64(f.Sampler)
	case MinimumTTL:
		return uint64(f.TTL)
	case VLANID:
		return uint64(f.VLAN)
	case FlowDirection:
		return uint64(max(f.Direction, flow.In) - flow.In)
	case DataLinkFrameSize:
		return uint64(f.FrameLength)
	case FlowStartSysUpTime:
		return uint64(e.uptime(f.Start))
	case FlowEndSysUpTime:
		return uint64(e.uptime(f.End))
	case SystemInitMilliseconds:
		return millis(e.clock(e.s.Boot))
	}
	return instant(element, start, end)
}

// instant is a flow's time in a field's unit.
func instant(element uint16, start, end int64) uint64 {
	switch element {
	case FlowStartSeconds:
		return seconds(start)
	case FlowEndSeconds:
		return seconds(end)
	case FlowStartMilliseconds:
		return millis(start)
	case FlowEndMilliseconds:
		return millis(end)
	case FlowStartMicroseconds, FlowStartNanoseconds:
		return ntp(start)
	case FlowEndMicroseconds, FlowEndNanoseconds:
		return ntp(end)
	}
	return 0
}

// appendUint appends a number in so many bytes. One that does not fit is a
// mistake of the test that wants it, and would falsify its truth.
func appendUint(m []byte, v uint64, length uint16) []byte {
	if length < 8 && v>>(8*length) != 0 {
		panic(fmt.Sprintf("%d does not fit into %d bytes", v, length))
	}
	for i := int(length) - 1; i >= 0; i-- {
		if i >= 8 {
			m = append(m, 0)
			continue
		}
		m = append(m, byte(v>>(8*i)))
	}
	return m
}

// appendBytes appends octets, cut or filled with zeros to a fixed length, or
// with their length before them (RFC 7011, 7: one byte, or 255 and two).
func appendBytes(m, b []byte, length uint16) []byte {
	switch {
	case length == Variable && len(b) < 255:
		return append(append(m, byte(len(b))), b...)
	case length == Variable:
		return append(append(m, 255, byte(len(b)>>8), byte(len(b))), b...)
	}
	b = b[:min(len(b), int(length))]
	m = append(m, b...)
	return append(m, make([]byte, int(length)-len(b))...)
}
