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

// z is the normal quantile of a 95 % interval.
const z = 1.959964

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
	exact := make(map[downpour.Address]uint64, len(f.Sample))
	for _, s := range f.Sample {
		exact[s.Address] = s.Packets
	}
	certain := map[downpour.Address]bool{}
	list := make([]located, 0, len(f.Sample)+len(f.Heavy))
	left := float64(f.Packets)
	if !f.SampleComplete && len(f.Heavy) > 0 {
		least := f.Heavy[0].Packets
		for _, s := range f.Heavy {
			least = min(least, s.Packets)
		}
		for _, s := range f.Heavy {
			if known, ok := exact[s.Address]; ok {
				s.Packets = known
			}
			if s.Packets >= 2*least && float64(s.Packets) <= left && !certain[s.Address] {
				certain[s.Address] = true
				left -= float64(s.Packets)
				list = append(list, located{source: s, weight: 1})
			}
		}
	}
	var seen float64
	for _, s := range f.Sample {
		if !certain[s.Address] {
			seen += float64(s.Packets)
		}
	}
	weight := 1.0
	if !f.SampleComplete && seen > 0 {
		weight = max(left/seen, 1)
	}
	for _, s := range f.Sample {
		if !certain[s.Address] {
			list = append(list, located{source: s, weight: weight, sampled: true})
		}
	}
	for i := range list {
		list[i].place = t.Place(list[i].source.Address)
		if _, ok := exact[list[i].source.Address]; ok {
			list[i].sampled = true
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
	keys := make([]string, len(list))
	packets := map[string]float64{}
	for i, l := range list {
		keys[i] = key(l.place)
		packets[keys[i]] += l.weight * float64(l.source.Packets)
	}
	order := make([]string, 0, len(packets))
	for k := range packets {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(packets[b], packets[a]), cmp.Compare(a, b)) })
	if len(order) > maxRows {
		kept := map[string]bool{}
		for _, k := range order[:maxRows-1] {
			kept[k] = true
		}
		for i, k := range keys {
			if !kept[k] {
				keys[i] = other
			}
		}
		order = append(order[:maxRows-1:maxRows-1], other)
	}
	shares := estimate(list, keys)
	out := make([]shareOf, len(order))
	for i, k := range order {
		out[i] = shareOf{k, shares[k]}
	}
	slices.SortStableFunc(out, func(a, b shareOf) int { return cmp.Compare(b.share.Value, a.share.Value) })
	return out
}

// estimate gives each class's share of packets with a 95 % interval that treats
// a source's packets as going together: the linearised variance of a ratio over
// clusters (Cochran 1977, 6.3), Σ w²x²(1{c}−p)²/(Σ wx)², turned into the number
// of independent packets that it is worth (as Korn and Graubard 1998 do), and
// Wilson's interval of that many. A class's own variance may come out too small
// by luck, so it counts never less than that of Kish's effective number
// (Σ wx)²/Σ w²x². The interval is that of the share which the senders have as a
// population; so it has a width even where every packet was seen.
func estimate(list []located, keys []string) map[string]downpour.Estimate {
	var total, squares float64
	packets, own := map[string]float64{}, map[string]float64{}
	for i, l := range list {
		x := l.weight * float64(l.source.Packets)
		total += x
		squares += x * x
		packets[keys[i]] += x
		own[keys[i]] += x * x
	}
	shares := make(map[string]downpour.Estimate, len(packets))
	for k, x := range packets {
		if total == 0 {
			shares[k] = downpour.Estimate{High: 1}
			continue
		}
		p := x / total
		variance := (own[k]*(1-p)*(1-p) + (squares-own[k])*p*p) / (total * total)
		variance = max(variance, p*(1-p)*squares/(total*total))
		n := total * total / squares
		if variance > 0 {
			n = p * (1 - p) / variance
		}
		shares[k] = wilson(p, max(n, 1))
	}
	return shares
}

// wilson is Wilson's score interval of a proportion p of n (Wilson 1927).
func wilson(p, n float64) downpour.Estimate {
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return downpour.Estimate{Value: p, Low: max(min(centre-half, p), 0), High: min(max(centre+half, p), 1)}
}

// classes estimates how many known classes the sources have, nil if none is
// known: counted where all sources are known and every packet was seen, else Chao's lower bound of what was not met with its
// log-normal interval (Chao 1984, 1987), in the bias-corrected form.
func classes(f *downpour.Footprint, list []located, key func(downpour.Place) string) *downpour.Estimate {
	met := map[string]int{}
	for _, l := range list {
		if k := key(l.place); k != "" {
			met[k]++
		}
	}
	seen := float64(len(met))
	if len(met) == 0 {
		return nil
	}
	if f.SampleComplete && f.Sampling <= 1 {
		e := downpour.Exactly(seen)
		return &e
	}
	var once, twice float64
	for _, n := range met {
		switch n {
		case 1:
			once++
		case 2:
			twice++
		}
	}
	unseen := once * (once - 1) / (2 * (twice + 1))
	if unseen == 0 {
		e := downpour.Exactly(seen)
		return &e
	}
	r := once / (twice + 1)
	variance := unseen * (1 + r*(1+r/2))
	spread := math.Exp(z * math.Sqrt(math.Log(1+variance/(unseen*unseen))))
	return &downpour.Estimate{Value: seen + unseen, Low: seen + unseen/spread, High: seen + unseen*spread}
}
