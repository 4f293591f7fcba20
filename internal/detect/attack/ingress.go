package attack

import (
	"cmp"
	"slices"

	"downpour"
)

// ingressMost is how many places of entry are told apart for one kind of traffic
// to one suspect; what comes in by further ones counts as by one not known.
const ingressMost = 64

// ingresses counts packets by where they came in.
type ingresses struct {
	list []downpour.IngressPackets
	last int // counted last: mostly the next, too
}

func (g *ingresses) add(id downpour.IngressID, n uint64) {
	if g.last < len(g.list) && g.list[g.last].Ingress == id {
		g.list[g.last].Packets += n
		return
	}
	for i := range g.list {
		if g.list[i].Ingress == id {
			g.list[i].Packets += n
			g.last = i
			return
		}
	}
	if len(g.list) >= ingressMost-1 && id != 0 {
		g.add(0, n)
		return
	}
	g.last = len(g.list)
	g.list = append(g.list, downpour.IngressPackets{Ingress: id, Packets: n})
}

// reset forgets the counts and keeps the memory.
func (g *ingresses) reset() { g.list, g.last = g.list[:0], 0 }

// ingress sums up where packets of a set of kinds came in, the busiest first;
// nothing if no record told.
func (s *suspect) ingress(set kindSet) []downpour.IngressPackets {
	var sum ingresses
	for _, k := range s.active {
		if set.has(k) {
			for _, p := range s.rows[k].ingress.list {
				sum.add(p.Ingress, p.Packets)
			}
		}
	}
	if !slices.ContainsFunc(sum.list, func(p downpour.IngressPackets) bool { return p.Ingress != 0 }) {
		return nil
	}
	slices.SortFunc(sum.list, func(a, b downpour.IngressPackets) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Ingress, b.Ingress))
	})
	return sum.list
}
