package netflow

import (
	"slices"

	"downpour/internal/observe/flow"
)

// What a doRare operation keeps in rare for when the record is whole.
const (
	rareFirst    uint8 = iota // uptime, of an exporter whose header has none
	rareLast                  // the same
	rareBoot                  // systemInitTimeMilliseconds
	rareDuration              // milliseconds
	rareDurationMicros
	rareCollected // milliseconds
	rareInterval  // from here on: how the record was sampled
	rarePacketInterval
	rarePacketSpace
	rareSize
	rarePopulation
	rareProbability
	rareSelector
	rareReverseBytes // from here on: what is of the other direction
	rareReversePackets
	rareReverseFlags
	rareReverseTTL
	rareReverseInput
	rareReverseOutput
	rareReverseAS
	rareReversePeer
	rares
)

// elementOf is an information element.
type elementOf struct {
	enterprise uint32
	number     uint16
}

// elementSet are the elements of a template whose fields are not empty.
type elementSet map[elementOf]bool

// twoWays tells whether a template counts both directions of a connection.
func (s elementSet) twoWays() bool {
	for _, e := range []elementOf{
		{Reverse, 1}, {Reverse, 2}, {Reverse, 85}, {Reverse, 86}, {iana, 231}, {iana, 232}, {iana, 298}, {iana, 299},
	} {
		if s[e] {
			return true
		}
	}
	return false
}

// meaningOf says what is done with a field. has tells the other fields of its
// template.
func meaningOf(version flow.Version, f field, has elementSet) (meaning, bool) {
	if f.length == 0 {
		return meaning{}, false
	}
	switch f.enterprise {
	case Reverse:
		return reverseMeaning(f)
	case iana:
	default:
		return meaning{}, false
	}
	m, ok := plainMeaning(f.element)
	if !ok {
		m, ok = timeMeaning(version, f.element)
	}
	if !ok {
		m, ok = otherMeaning(f.element, has)
	}
	if ok && m.kind == doSource4 && (has[elementOf{iana, 27}] || has[elementOf{iana, 170}]) {
		m.kind = doSource4Set
	}
	if ok && m.kind == doDestination4 && (has[elementOf{iana, 28}] || has[elementOf{iana, 169}]) {
		m.kind = doDestination4Set
	}
	return m, ok && fits(m.kind, f.length)
}

// fits tells whether a field may have its length: addresses have theirs, numbers
// up to 8 bytes (RFC 7011, 6.2).
func fits(k kind, length uint16) bool {
	switch k {
	case doSectionIP, doSectionEthernet, doSectionLayer2:
		return true
	case doSource16, doDestination16:
		return length == 16 || length == anyLength
	case doSource4, doDestination4, doSource4Set, doDestination4Set:
		return length == 4 || length == anyLength
	case doStartNTP, doEndNTP, doBothNTP:
		return length == 8 || length == anyLength
	}
	return length <= 8 || length == anyLength
}

// plainMeaning is that of elements which have a place in flow.Record.
func plainMeaning(element uint16) (m meaning, ok bool) {
	switch element {
	case 1: // octetDeltaCount
		m.kind = doBytes
	case 2: // packetDeltaCount
		m.kind = doPackets
	case 4: // protocolIdentifier
		m.kind = doProtocol
	case 6: // tcpControlBits
		m.kind = doFlags
	case 7: // sourceTransportPort
		m.kind = doSourcePort
	case 8: // sourceIPv4Address
		m.kind = doSource4
	case 10: // ingressInterface
		m.kind = doInput
	case 11: // destinationTransportPort
		m.kind = doDestinationPort
	case 12: // destinationIPv4Address
		m.kind = doDestination4
	case 14: // egressInterface
		m.kind = doOutput
	case 16: // bgpSourceAsNumber
		m.kind = doSourceAS
	case 27: // sourceIPv6Address
		m.kind = doSource16
	case 28: // destinationIPv6Address
		m.kind = doDestination16
	case 32, 139: // icmpTypeCodeIPv4, icmpTypeCodeIPv6
		m.kind = doICMP
	case 52, 53: // minimumTTL, maximumTTL
		m.kind, m.rank = doTTLElse, uint8(element)
	case 54: // fragmentIdentification
		m.kind = doFragmentID
	case 61: // flowDirection
		m.kind = doDirection
	case 88: // fragmentOffset
		m.kind = doFragmentOffset
	case 129: // bgpPrevAdjacentAsNumber
		m.kind = doPeerAS
	case 176, 178: // icmpTypeIPv4, icmpTypeIPv6
		m.kind = doICMPType
	case 177, 179: // icmpCodeIPv4, icmpCodeIPv6
		m.kind = doICMPCode
	case 180, 182: // udpSourcePort, tcpSourcePort
		m.kind = doSourcePortElse
	case 181, 183: // udpDestinationPort, tcpDestinationPort
		m.kind = doDestinationPortElse
	case 184: // tcpSequenceNumber
		m.kind = doSequence
	case 186: // tcpWindowSize
		m.kind = doWindow
	case 192: // ipTTL
		m.kind = doTTL
	case 197: // fragmentFlags
		m.kind = doFragmentFlags
	case 252: // ingressPhysicalInterface
		m.kind = doInputElse
	case 253: // egressPhysicalInterface
		m.kind = doOutputElse
	default:
		return m, false
	}
	return m, true
}

// timeMeaning is that of the elements that say when. The finer, the lower is
// their rank.
func timeMeaning(version flow.Version, element uint16) (m meaning, ok bool) {
	switch element {
	case 156, 154: // flowStartNanoseconds, flowStartMicroseconds
		m.kind, m.rank = doStartNTP, uint8(156-element)
	case 157, 155: // flowEndNanoseconds, flowEndMicroseconds
		m.kind, m.rank = doEndNTP, uint8(157-element)
	case 152: // flowStartMilliseconds
		m.kind, m.rank = doStartMillis, 3
	case 153: // flowEndMilliseconds
		m.kind, m.rank = doEndMillis, 3
	case 158: // flowStartDeltaMicroseconds
		m.kind, m.rank = doStartDelta, 4
	case 159: // flowEndDeltaMicroseconds
		m.kind, m.rank = doEndDelta, 4
	case 22: // flowStartSysUpTime
		if m.kind, m.rank = doStartUptime, 5; version == flow.IPFIX {
			m = meaning{kind: doRare, rare: rareFirst}
		}
	case 21: // flowEndSysUpTime
		if m.kind, m.rank = doEndUptime, 5; version == flow.IPFIX {
			m = meaning{kind: doRare, rare: rareLast}
		}
	case 150: // flowStartSeconds
		m.kind, m.rank = doStartSeconds, 6
	case 151: // flowEndSeconds
		m.kind, m.rank = doEndSeconds, 6
	case 325, 324: // observationTimeNanoseconds, observationTimeMicroseconds
		m.kind, m.rank = doBothNTP, uint8(7+325-element)
	case 323: // observationTimeMilliseconds
		m.kind, m.rank = doBothMillis, 9
	case 322: // observationTimeSeconds
		m.kind, m.rank = doBothSeconds, 10
	case 160: // systemInitTimeMilliseconds
		m.kind, m.rare = doRare, rareBoot
	case 161: // flowDurationMilliseconds
		m.kind, m.rare = doRare, rareDuration
	case 162: // flowDurationMicroseconds
		m.kind, m.rare = doRare, rareDurationMicros
	case 258: // collectionTimeMilliseconds
		m.kind, m.rare = doRare, rareCollected
	default:
		return m, false
	}
	return m, true
}

// otherMeaning is that of elements which count only where others lack, which
// tell of sampling, or which bear packets.
func otherMeaning(element uint16, has elementSet) (m meaning, ok bool) {
	switch element {
	case 85, 23, 171, 352: // octetTotalCount, postOctetDeltaCount, postOctetTotalCount, layer2OctetDeltaCount
		m.kind, m.rank = doBytesElse, uint8(slices.Index([]uint16{85, 23, 171, 352}, element))
	case 86, 24, 172: // packetTotalCount, postPacketDeltaCount, postPacketTotalCount
		m.kind, m.rank = doPacketsElse, uint8(slices.Index([]uint16{86, 24, 172}, element))
	case 44: // sourceIPv4Prefix
		m.kind = doSource4
		return m, !has[elementOf{iana, 8}]
	case 45: // destinationIPv4Prefix
		m.kind = doDestination4
		return m, !has[elementOf{iana, 12}]
	case 170: // sourceIPv6Prefix
		m.kind = doSource16
		return m, !has[elementOf{iana, 27}]
	case 169: // destinationIPv6Prefix
		m.kind = doDestination16
		return m, !has[elementOf{iana, 28}]
	case 34, 50: // samplingInterval, samplerRandomInterval
		m.kind, m.rare = doInterval, rareInterval
	case 305: // samplingPacketInterval
		m.kind, m.rare = doRare, rarePacketInterval
	case 306: // samplingPacketSpace
		m.kind, m.rare = doRare, rarePacketSpace
	case 309: // samplingSize
		m.kind, m.rare = doRare, rareSize
	case 310: // samplingPopulation
		m.kind, m.rare = doRare, rarePopulation
	case 311: // samplingProbability
		m.kind, m.rare = doRare, rareProbability
	case 48, 302: // samplerId, selectorId
		m.kind, m.rare = doSelector, rareSelector
	case 104: // layer2packetSectionData
		m.kind = doSectionLayer2
	case 313: // ipHeaderPacketSection
		m.kind = doSectionIP
	case 315: // dataLinkFrameSection
		m.kind = doSectionEthernet
	default:
		return pairMeaning(element, has)
	}
	return m, true
}

// pairMeaning is that of elements that tell both directions of a connection as
// firewalls do, where the template has no counters of one direction.
func pairMeaning(element uint16, has elementSet) (m meaning, ok bool) {
	switch element {
	case 231: // initiatorOctets
		m.kind = doBytesElse
		return m, !has[elementOf{iana, 1}] && !has[elementOf{iana, 85}]
	case 298: // initiatorPackets
		m.kind = doPacketsElse
		return m, !has[elementOf{iana, 2}] && !has[elementOf{iana, 86}]
	case 232: // responderOctets
		m.kind, m.rare = doRare, rareReverseBytes
		return m, !has[elementOf{iana, 1}] && !has[elementOf{iana, 85}]
	case 299: // responderPackets
		m.kind, m.rare = doRare, rareReversePackets
		return m, !has[elementOf{iana, 2}] && !has[elementOf{iana, 86}]
	case 17: // bgpDestinationAsNumber
		m.kind, m.rare = doRare, rareReverseAS
		return m, has.twoWays()
	case 128: // bgpNextAdjacentAsNumber
		m.kind, m.rare = doRare, rareReversePeer
		return m, has.twoWays()
	}
	return m, false
}

// reverseMeaning is that of what RFC 5103 tells of the other direction.
func reverseMeaning(f field) (m meaning, ok bool) {
	m.kind = doRare
	switch f.element {
	case 1, 85:
		m.rare = rareReverseBytes
	case 2, 86:
		m.rare = rareReversePackets
	case 6:
		m.rare = rareReverseFlags
	case 52, 192:
		m.rare = rareReverseTTL
	case 10:
		m.rare = rareReverseInput
	case 14:
		m.rare = rareReverseOutput
	default:
		return m, false
	}
	return m, f.length <= 8 || f.length == anyLength
}
