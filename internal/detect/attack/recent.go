package attack

import "downpour"

// recent remembers the latest flows of a partition, so that a new suspect can be
// given what came before it was suspected: its heavy counters then know the
// first packet, although they began late.
type recent struct {
	flows []seen
	wide  []downpour.Flow // beside those of flows that do not fit there; made when needed
	next  int
	limit int
}

// seen is a flow that was remembered. Nearly all are single IPv4 packets, each
// of which is written twice and hardly ever read: they are packed into 40 bytes.
type seen struct {
	time                        int64
	source, destination         uint32
	sourcePort, destinationPort uint16
	sequence                    uint32
	id, window, bytes           uint16
	protocol, flags, ttl        uint8
	fragment                    downpour.Fragment
	icmpType, icmpCode          uint8
	mark                        downpour.PayloadMark
	quoted                      uint8
	outgoing                    bool // the partition's address was its source
	isWide                      bool // it stands in recent.wide instead
}

func (r *recent) push(f *downpour.Flow, outgoing bool) {
	i := r.next
	if len(r.flows) < r.limit {
		i = len(r.flows)
		r.flows = append(r.flows, seen{})
	} else if r.next++; r.next == r.limit {
		r.next = 0
	}
	s := &r.flows[i]
	s.outgoing, s.isWide = outgoing, !fits(f)
	if !s.isWide {
		s.pack(f)
		return
	}
	if r.wide == nil {
		r.wide = make([]downpour.Flow, r.limit)
	}
	r.wide[i] = *f
}

// fits tells whether a flow can be packed: a single IPv4 packet, not sampled.
func fits(f *downpour.Flow) bool {
	return f.Source.Is4() && f.Destination.Is4() && f.Packets == 1 && f.Sampling == 1 && f.Bytes < 1<<16
}

func (s *seen) pack(f *downpour.Flow) {
	s.time = f.Time
	s.source, s.destination = f.Source.V4(), f.Destination.V4()
	s.sourcePort, s.destinationPort = f.SourcePort, f.DestinationPort
	s.sequence = f.Sequence
	s.id, s.window, s.bytes = f.IPID, f.Window, uint16(f.Bytes)
	s.protocol, s.flags, s.ttl = f.Protocol, f.TCPFlags, f.TTL
	s.fragment = f.Fragment
	s.icmpType, s.icmpCode = f.ICMPType, f.ICMPCode
	s.mark, s.quoted = f.Mark, f.Quoted
}

func (s *seen) unpack() downpour.Flow {
	return downpour.Flow{
		Time: s.time, Packets: 1, Sampling: 1, Bytes: uint64(s.bytes),
		Source: downpour.AddressFrom4(s.source), Destination: downpour.AddressFrom4(s.destination),
		SourcePort: s.sourcePort, DestinationPort: s.destinationPort,
		Protocol: s.protocol, TCPFlags: s.flags, TTL: s.ttl, Fragment: s.fragment,
		ICMPType: s.icmpType, ICMPCode: s.icmpCode, Mark: s.mark, Quoted: s.quoted,
		IPID: s.id, Window: s.window, Sequence: s.sequence,
	}
}

// replay gives the remembered flows of an address, oldest first.
func (r *recent) replay(a downpour.Address, incoming, outgoing func(*downpour.Flow)) {
	for i := range r.flows {
		j := i + r.next
		if j >= len(r.flows) {
			j -= len(r.flows)
		}
		s := &r.flows[j]
		f := s.unpack()
		if s.isWide {
			f = r.wide[j]
		}
		switch {
		case s.outgoing && f.Source == a:
			outgoing(&f)
		case !s.outgoing && f.Destination == a:
			incoming(&f)
		}
	}
}
