package origin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"downpour"
)

// Ingresses tells what an ingress is called; nil if nobody can tell.
type Ingresses func(downpour.IngressID) downpour.Ingress

// byIngress makes the shares by where packets came in, with intervals that treat
// a source's packets as going together as the others do: by Kish's effective
// number of packets of the sources that are known.
func byIngress(f *downpour.Footprint, list []located, in Ingresses) []downpour.IngressShare {
	rows := []downpour.IngressShare{}
	if in == nil {
		return rows
	}
	var total float64
	packets := map[downpour.Ingress]float64{}
	for _, p := range f.Ingress {
		place := downpour.Ingress{}
		if p.Ingress != 0 {
			place = in(p.Ingress)
		}
		packets[place] += float64(p.Packets)
		total += float64(p.Packets)
	}
	n := min(effectivePackets(list), total)
	for place, x := range packets {
		row := downpour.IngressShare{Exporter: place.Exporter, Interface: place.Interface, Share: wilson(x/total, max(n, 1))}
		if place.PeerAS != 0 {
			as := place.PeerAS
			row.PeerAS = &as
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b downpour.IngressShare) int {
		return cmp.Or(cmp.Compare(b.Share.Value, a.Share.Value), cmp.Compare(a.Name(), b.Name()))
	})
	return rows
}

// effectivePackets is Kish's number of independent packets that those of the
// sources are worth, (Σwx)²/Σw²x².
func effectivePackets(list []located) float64 {
	var sum, squares float64
	for _, l := range list {
		x := l.weight * float64(l.source.Packets)
		sum += x
		squares += x * x / max(l.weight, 1) // it stands for so many sources
	}
	if squares == 0 {
		return 1
	}
	return sum * sum / squares
}

// entered says where it came in, the one thing that holds whatever the addresses
// bear; nothing where it was not told.
func entered(s *downpour.Sources) string {
	const shown, matters = 3, 0.05
	var said []string
	for _, row := range s.ByIngress {
		if row.Exporter == "" || row.Share.Value < matters || len(said) == shown {
			continue
		}
		if len(s.ByIngress) == 1 {
			return fmt.Sprintf(" It came in by %s: that holds, whatever the addresses are.", row.Name())
		}
		said = append(said, fmt.Sprintf("%s (%s of packets)", row.Name(), interval(row.Share)))
	}
	if len(said) == 0 {
		return ""
	}
	return fmt.Sprintf(" It came in by %s: that holds, whatever the addresses are.", strings.Join(said, ", "))
}
