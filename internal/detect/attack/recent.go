package attack

import "downpour"

// recent remembers the latest flows of a partition, so that a new suspect can be
// given what came before it was suspected: its heavy counters then know the
// first packet, although they began late.
type recent struct {
	flows []seen
	next  int
	limit int
}

// seen is a flow and whether the partition's address was its source.
type seen struct {
	flow     downpour.Flow
	outgoing bool
}

func (r *recent) push(f *downpour.Flow, outgoing bool) {
	if len(r.flows) < r.limit {
		r.flows = append(r.flows, seen{*f, outgoing})
		return
	}
	s := &r.flows[r.next]
	s.flow, s.outgoing = *f, outgoing
	if r.next++; r.next == r.limit {
		r.next = 0
	}
}

// replay gives the remembered flows of an address, oldest first.
func (r *recent) replay(a downpour.Address, incoming, outgoing func(*downpour.Flow)) {
	for i := range r.flows {
		j := i + r.next
		if j >= len(r.flows) {
			j -= len(r.flows)
		}
		switch s := &r.flows[j]; {
		case s.outgoing && s.flow.Source == a:
			outgoing(&s.flow)
		case !s.outgoing && s.flow.Destination == a:
			incoming(&s.flow)
		}
	}
}
