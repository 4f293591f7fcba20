package pipeline

import (
	"time"

	"downpour"
)

// exhibit is what is kept of an attack's footprint to be looked at, with names for places.
func (p *Pipeline) exhibit(a *downpour.Attack) downpour.Exhibit {
	f := a.Footprint
	e := downpour.Exhibit{
		Attack: a.ID, AsOf: a.End, Synthetic: a.Synthetic, SourcesLeast: !f.SampleComplete,
		Before: p.sample(f.Before), During: p.sample(f.During),
	}
	for _, s := range f.Heavy[:min(len(f.Heavy), downpour.ExhibitSources)] {
		e.Sources = append(e.Sources, p.topSource(s))
	}
	for ttl, n := range f.TTLs {
		if n > 0 && ttl > 0 {
			e.TTLs = append(e.TTLs, downpour.TTLCount{TTL: uint8(ttl), Packets: n})
		}
	}
	return e
}

func (p *Pipeline) sample(r downpour.RecordSample) downpour.FlowSample {
	out := downpour.FlowSample{Of: r.Of}
	for i := range r.Flows {
		out.Flows = append(out.Flows, p.sampled(&r.Flows[i]))
	}
	return out
}

// sampled is a flow as it is kept.
func (p *Pipeline) sampled(f *downpour.Flow) downpour.SampledFlow {
	s := downpour.SampledFlow{
		Start: time.Unix(0, f.Time).UTC(), Source: f.Source.Netip(), Destination: f.Destination.Netip(),
		SourcePort: f.SourcePort, DestinationPort: f.DestinationPort, Protocol: f.Protocol, TCPFlags: f.TCPFlags,
		Bytes: f.Bytes, Packets: max(f.Packets, 1), Sampling: max(f.Sampling, 1), TTL: f.TTL, Fragment: f.Fragment,
		IPID: f.IPID, Window: f.Window, Sequence: f.Sequence, SourceAS: f.SourceAS, Packet: isPacket(f),
	}
	if f.Protocol == downpour.ProtocolICMP || f.Protocol == downpour.ProtocolICMPv6 {
		s.ICMPType, s.ICMPCode = &f.ICMPType, &f.ICMPCode
		s.SourcePort, s.DestinationPort = 0, 0 // those are of the packet that an error quotes
	}
	if f.Ingress != 0 && p.cfg.Ingress != nil {
		in := p.cfg.Ingress(f.Ingress)
		s.Exporter, s.Interface = in.Exporter, in.Interface
	}
	return s
}

// isPacket tells a packet whose header was seen from a record of flow export: few
// exporters tell a TTL, and none a payload or what of a header varies by packet.
func isPacket(f *downpour.Flow) bool {
	return f.Packets <= 1 && f.TTL != 0 && (f.Ingress == 0 || f.Mark != downpour.NoPayload || f.IPID|f.Window != 0 || f.Sequence != 0)
}

func (p *Pipeline) topSource(s downpour.Source) downpour.TopSource {
	t := downpour.TopSource{
		Address: s.Address.Netip(), Packets: s.Packets, Bytes: s.Bytes, TTLMin: s.TTLMin, TTLMax: s.TTLMax, Established: s.Established,
		First: time.Unix(0, s.First).UTC(), Last: time.Unix(0, s.Last).UTC(),
	}
	if p.cfg.Places == nil {
		return t
	}
	place := p.cfg.Places.Place(s.Address)
	if place.Country != "" {
		t.Country = &place.Country
	}
	if place.ASN != 0 {
		t.ASN = &place.ASN
	}
	name := place.Network
	if name == "" {
		name = place.Special
	}
	if name != "" {
		t.Network = &name
	}
	return t
}

// keep makes the exhibit of an attack of which more was measured, if anybody wants it.
func (p *Pipeline) keep(a *downpour.Attack) {
	if p.cfg.Exhibit != nil && a.Footprint != nil {
		p.cfg.Exhibit(p.exhibit(a))
	}
}
