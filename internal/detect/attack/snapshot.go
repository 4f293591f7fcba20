package attack

import (
	"math"
	"strconv"

	"downpour"
)

// snapshot puts the attack as it stands into an event. A footprint is costly, so
// it is brought along when asked for.
func (s *suspect) snapshot(now int64, ongoing, withFootprint bool) downpour.Event {
	s.measure()
	a := s.attack
	parts := s.vectors()
	out := &downpour.Attack{
		ID: a.id, Service: a.service, Direction: a.direction, Target: s.whom(),
		Onset: instant(a.onset), AlarmAt: instant(a.alarmAt), PeakAt: instant(min(a.peakAt, a.end)), End: instant(a.end),
		Ongoing: ongoing, Severity: s.severity(), Shape: s.shape(parts),
		Peak:    downpour.Rate{Bits: float64(a.peakBytes) * 8, Packets: float64(a.peak.packets)},
		Vectors: s.outward(parts), Why: s.why(), Expected: s.expected(), Rules: []downpour.Rule{},
		Timeline: s.timeline(parts, a.onset, a.end),
	}
	for _, p := range parts {
		out.Total.Packets += p.volume.packets
		out.Total.Bytes += p.volume.bytes
	}
	s.intervals(out, parts)
	out.Phases = phases(out.Timeline, a.onset, a.end, standsFor(parts))
	if withFootprint {
		out.Footprint = s.footprint(parts)
		a.footprint.at, a.footprint.packets = now, out.Footprint.Packets
	}
	a.changed = false
	return downpour.Event{At: instant(now), Attack: out}
}

// standsFor is how many packets a sample of some parts stands for.
func standsFor(parts []part) float64 {
	var all volume
	for _, p := range parts {
		all.add(p.volume)
	}
	return float64(all.packets) / float64(max(all.samples, 1))
}

// whom is the target as it is told.
func (s *suspect) whom() downpour.Target {
	if s.wide == nil {
		return downpour.TargetOf(s.target.address)
	}
	return downpour.Target{Prefix: s.wide.span.prefix()}
}

// subject is the target in words: an address, or a prefix with its length.
func (s *suspect) subject() string {
	if s.wide == nil {
		return s.target.address.String()
	}
	return s.wide.span.prefix().String()
}

// outward gives the parts the contract's form; shares add up to 1.
func (s *suspect) outward(parts []part) []downpour.Vector {
	var total uint64
	for _, p := range parts {
		total += p.volume.packets
	}
	out := make([]downpour.Vector, len(parts))
	for i, p := range parts {
		r := s.rows[p.lead]
		out[i] = downpour.Vector{
			Name: p.name, Share: float64(p.volume.packets) / float64(total),
			Protocol: protocolName(p.lead.traits().protocol, r),
		}
		if p.lead.traits().protocol == "udp" && p.lead != kindUDPFragment || p.lead.traits().protocol == "tcp" {
			out[i].SourcePort = r.sourcePort.port(r.total.samples)
			out[i].DestinationPort = r.destinationPort.port(r.total.samples)
		}
	}
	return out
}

// protocolName names the protocol of a kind that is not of one: the commonest by
// its IANA keyword or number, "ip" if there is none.
func protocolName(name string, r *row) string {
	if name != "" && name != "icmp" {
		return name
	}
	if r.proto.share(r.total.samples) < portReported {
		if name == "" {
			return "ip"
		}
		return name
	}
	switch r.proto.value {
	case downpour.ProtocolICMP:
		return "icmp"
	case downpour.ProtocolICMPv6:
		return "ipv6-icmp"
	case downpour.ProtocolIPIP:
		return "ipv4"
	case downpour.ProtocolTCP:
		return "tcp"
	case downpour.ProtocolUDP:
		return "udp"
	case downpour.ProtocolIPv6:
		return "ipv6"
	case downpour.ProtocolAH:
		return "ah"
	case downpour.ProtocolSCTP:
		return "sctp"
	}
	return strconv.Itoa(int(r.proto.value))
}

// footprintDue tells whether a new footprint is worth its cost: the attack has
// doubled, or ten seconds have passed.
func (s *suspect) footprintDue(now int64) bool {
	const every = 10 * second
	var packets uint64
	for _, k := range s.active {
		if s.attack.kinds.has(k) {
			packets += s.rows[k].total.samples
		}
	}
	last := s.attack.footprint
	return now-last.at >= every || packets >= 2*last.packets && packets > math.MaxInt8
}
