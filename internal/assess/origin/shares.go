package origin

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"downpour"
)

// maxRows bounds each list of shares, the row of the rest included.
const maxRows = 50

// other names the row of the rest.
const other = "other"

// located is a source that was sampled, with its place and with how many of the
// attack's sources it stands for.
type located struct {
	source downpour.Source
	place  downpour.Place
	weight float64
	// sampled is false for a heavy source that is known beside the sample.
	sampled bool
}

// locate combines the two samples. Sources that certainly are heavy stand for
// themselves; each other sampled source stands for as many packets more as are
// left (a ratio estimate over the bottom-k sample).
//
// A heavy-hitter sketch's counts are rough near the smallest that it lists (in
// Space-Saving, Metwally 2005, too high by up to that much), so a source counts
// as heavy only from twice that on: else a flood of one-packet sources could
// fill the list with false giants.
func locate(f *downpour.Footprint, t Places) []located {
	list := make([]located, 0, len(f.Sample)+len(f.Heavy))
	var certain map[downpour.Address]bool
	left := float64(f.Packets)
	if !f.SampleComplete {
		list = certainly(f, list)
		certain = make(map[downpour.Address]bool, len(list))
		for _, l := range list {
			certain[l.source.Address] = true
			left -= float64(l.source.Packets)
		}
	}
	var seen float64
	for _, s := range f.Sample {
		if !certain[s.Address] {
			list = append(list, located{source: s, weight: 1, sampled: true})
			seen += float64(s.Packets)
		}
	}
	weight := 1.0
	if !f.SampleComplete && seen > 0 {
		weight = max(left/seen, 1)
	}
	for i := range list {
		list[i].place = t.Place(list[i].source.Address)
		if !certain[list[i].source.Address] {
			list[i].weight = weight
		}
	}
	return list
}

// certainly appends the heavy sources. Of one that is in the sample too, the
// sample knows the packets exactly.
func certainly(f *downpour.Footprint, list []located) []located {
	least := uint64(math.MaxUint64)
	at := make(map[downpour.Address]int, len(f.Heavy))
	heavy := make([]located, len(f.Heavy))
	for i, s := range f.Heavy {
		heavy[i] = located{source: s, weight: 1}
		at[s.Address] = i
		least = min(least, s.Packets)
	}
	for _, s := range f.Sample {
		if i, ok := at[s.Address]; ok {
			heavy[i] = located{source: s, weight: 1, sampled: true}
		}
	}
	left := f.Packets
	for i, h := range heavy {
		if at[h.source.Address] == i && h.source.Packets >= 2*least && h.source.Packets <= left {
			left -= h.source.Packets
			list = append(list, h)
		}
	}
	return list
}

// sources makes the shares and counts.
func sources(f *downpour.Footprint, list []located, t Places) downpour.Sources {
	s := downpour.Sources{
		Addresses: f.Distinct,
		ByCountry: []downpour.CountryShare{}, ByNetwork: []downpour.NetworkShare{},
		ByKind: []downpour.KindShare{}, ByIngress: []downpour.IngressShare{},
		Databases: t.Databases(),
	}
	if len(list) == 0 {
		return s
	}
	for _, g := range group(list, func(p downpour.Place) string { return p.Country }) {
		s.ByCountry = append(s.ByCountry, downpour.CountryShare{Country: known(g.key), Share: g.share})
	}
	s.Countries = classes(f, list, func(p downpour.Place) string { return p.Country })
	if t.KnowsNetworks() {
		names := map[string]string{}
		network := func(p downpour.Place) string {
			if p.ASN == 0 {
				return ""
			}
			key := strconv.FormatUint(uint64(p.ASN), 10)
			names[key] = p.Network
			return key
		}
		for _, g := range group(list, network) {
			s.ByNetwork = append(s.ByNetwork, networkShare(g, names))
		}
		s.Networks = classes(f, list, network)
	}
	if kinds := group(list, func(p downpour.Place) string { return string(p.Kind) }); len(kinds) > 1 || kinds[0].key != string(downpour.KindUnknown) {
		for _, g := range kinds {
			s.ByKind = append(s.ByKind, downpour.KindShare{Kind: downpour.NetworkKind(g.key), Share: g.share})
		}
	}
	return s
}

func networkShare(g shareOf, names map[string]string) downpour.NetworkShare {
	row := downpour.NetworkShare{Share: g.share}
	if n, err := strconv.ParseUint(g.key, 10, 32); err == nil {
		asn := uint32(n)
		row.ASN, row.Name = &asn, known(names[g.key])
	} else {
		row.Name = known(g.key)
	}
	return row
}

func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// shareOf is one class's share of the attack's packets.
type shareOf struct {
	key   string
	share downpour.Estimate
}

// group makes the shares of classes, sorted by share, at most maxRows of them
// with the rest in one row.
func group(list []located, key func(downpour.Place) string) []shareOf {
	ids := map[string]int{}
	var names []string
	var packets []float64
	class := make([]int, len(list)) // of each source
	for i, l := range list {
		k := key(l.place)
		id, ok := ids[k]
		if !ok {
			id = len(names)
			ids[k] = id
			names, packets = append(names, k), append(packets, 0)
		}
		class[i] = id
		packets[id] += l.weight * float64(l.source.Packets)
	}
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(packets[b], packets[a]), cmp.Compare(names[a], names[b]))
	})
	row := make([]int, len(names)) // of each class
	for place, id := range order {
		row[id] = min(place, maxRows-1)
	}
	for i := range class {
		class[i] = row[class[i]]
	}
	shares := estimate(list, class, min(len(names), maxRows))
	out := make([]shareOf, len(shares))
	for i, share := range shares {
		out[i] = shareOf{names[order[i]], share}
	}
	if len(names) > maxRows {
		out[maxRows-1].key = other
	}
	slices.SortStableFunc(out, func(a, b shareOf) int { return cmp.Compare(b.share.Value, a.share.Value) })
	return out
}
