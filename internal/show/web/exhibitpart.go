package web

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"downpour"
)

// exhibitPart is what is kept of an attack's records, made ready.
type exhibitPart struct {
	Before, During sampleTable
	Sources, More  []sourceRow // More are those that are folded away
	SourcesNote    string
	FromPorts      []bar
	ToPorts        []bar
	Lengths        []bar
	TTLs           []bar
	SampleNote     string
	Requests       bool // it is of requests, which have no records
}

func newExhibitPart(e *downpour.Exhibit, a downpour.Attack) *exhibitPart {
	hit := slices.Clone(e.During.Flows)
	part := &exhibitPart{
		Before: newSampleTable(e.Before), During: newSampleTable(e.During),
		Sources: sourceRows(e), TTLs: ttlBars(e.TTLs), Requests: a.Peak.Requests != nil,
	}
	if n := len(part.Sources); n > firstSources {
		part.Sources, part.More = part.Sources[:firstSources], part.Sources[firstSources:]
	}
	if e.SourcesLeast {
		part.SourcesNote = "Too many sources for exact figures: these are lower bounds."
	}
	if len(hit) == 0 {
		return part
	}
	ported := slices.DeleteFunc(slices.Clone(hit), func(f downpour.SampledFlow) bool { return !hasPorts(f) })
	part.FromPorts = sharesOf(ported, func(f downpour.SampledFlow) string { return strconv.Itoa(int(f.SourcePort)) })
	part.ToPorts = sharesOf(ported, func(f downpour.SampledFlow) string { return strconv.Itoa(int(f.DestinationPort)) })
	part.Lengths = lengthBars(hit)
	part.SampleNote = "Shares of packets with 95 % intervals, estimated from " + grouped(float64(len(hit))) + " sampled records of " + grouped(float64(e.During.Of)) + " toward " + targetText(a.Target) + "."
	return part
}

func hasPorts(f downpour.SampledFlow) bool {
	return (f.Protocol == downpour.ProtocolTCP || f.Protocol == downpour.ProtocolUDP) && f.Fragment != downpour.LaterFragment
}

// mostShares bounds a list of shares; the rest is in one more.
const mostShares = 6

// weighed is the weight of records with something in common.
type weighed struct {
	label string
	sum   float64
}

// sharesOf are the commonest values of records, by the packets that they stand for.
func sharesOf(flows []downpour.SampledFlow, of func(downpour.SampledFlow) string) []bar {
	sums := map[string]float64{}
	for _, f := range flows {
		sums[of(f)] += packetsOf(f)
	}
	list := make([]weighed, 0, len(sums))
	for label, sum := range sums {
		list = append(list, weighed{label, sum})
	}
	slices.SortFunc(list, func(a, b weighed) int { return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.label, b.label)) })
	if len(list) > mostShares+1 {
		rest := weighed{label: grouped(float64(len(list)-mostShares)) + " others"}
		for _, w := range list[mostShares:] {
			rest.sum += w.sum
		}
		list = append(list[:mostShares:mostShares], rest)
	}
	return weighedBars(list, effective(flows))
}

func packetsOf(f downpour.SampledFlow) float64 {
	return float64(max(f.Packets, 1)) * float64(max(f.Sampling, 1))
}

// effective is how many equal records would tell a share as well as these do, which stand
// for unequally many packets (Kish, Survey Sampling, 1965).
func effective(flows []downpour.SampledFlow) float64 {
	var sum, squares float64
	for _, f := range flows {
		sum += packetsOf(f)
		squares += packetsOf(f) * packetsOf(f)
	}
	return sum * sum / max(squares, 1)
}

// weighedBars are shares with Wilson's interval (1927) for so many records.
func weighedBars(list []weighed, n float64) (out []bar) {
	total := 0.0
	for _, w := range list {
		total += w.sum
	}
	for _, w := range list {
		if total > 0 {
			out = append(out, shareBar(w.label, wilson(w.sum/total, n)))
		}
	}
	return out
}

// wilson is the 95 % interval of a share seen in n records.
func wilson(share, n float64) downpour.Estimate {
	const z = 1.96
	centre := (share + z*z/(2*n)) / (1 + z*z/n)
	half := z * math.Sqrt(share*(1-share)/n+z*z/(4*n*n)) / (1 + z*z/n)
	return downpour.Estimate{Value: share, Low: max(0, min(share, centre-half)), High: min(1, max(share, centre+half))}
}

// lengthBars is the histogram of packets' lengths, in bytes.
func lengthBars(flows []downpour.SampledFlow) []bar {
	edges := [...]float64{64, 128, 256, 512, 1024, 1400, math.Inf(1)}
	list := make([]weighed, len(edges))
	for i, edge := range edges {
		switch {
		case i == 0:
			list[i].label = "up to 64 bytes"
		case math.IsInf(edge, 1):
			list[i].label = "over " + grouped(edges[i-1])
		default:
			list[i].label = grouped(edges[i-1]+1) + " to " + grouped(edge)
		}
	}
	for _, f := range flows {
		mean := float64(f.Bytes) / float64(max(f.Packets, 1))
		i := 0
		for mean > edges[i] {
			i++
		}
		list[i].sum += packetsOf(f)
	}
	list = slices.DeleteFunc(list, func(w weighed) bool { return w.sum == 0 })
	return weighedBars(list, effective(flows))
}

// ttlBars are the commonest times to live, of all packets that were looked at.
func ttlBars(counts []downpour.TTLCount) []bar {
	list := make([]weighed, 0, len(counts))
	for _, c := range counts {
		list = append(list, weighed{strconv.Itoa(int(c.TTL)), float64(c.Packets)})
	}
	slices.SortStableFunc(list, func(a, b weighed) int { return cmp.Compare(b.sum, a.sum) })
	total := 0.0
	for _, w := range list {
		total += w.sum
	}
	if len(list) > mostShares+1 {
		rest := weighed{label: grouped(float64(len(list)-mostShares)) + " others"}
		for _, w := range list[mostShares:] {
			rest.sum += w.sum
		}
		list = append(list[:mostShares:mostShares], rest)
	}
	var out []bar
	for _, w := range list {
		out = append(out, shareBar(w.label, downpour.Exactly(w.sum/total)))
	}
	return out
}

// firstSources is how many of the busiest sources show at once.
const firstSources = 8

// sourceRow is one of the busiest sources.
type sourceRow struct {
	Address, Network, Packets, Bytes, TTL string
	First, Last                           time.Time
	Handshake                             string
}

func sourceRows(e *downpour.Exhibit) (out []sourceRow) {
	for _, s := range e.Sources {
		row := sourceRow{
			Address: s.Address.String(), Packets: grouped(float64(s.Packets)), Bytes: byteSize(int64(min(s.Bytes, 1<<62))),
			First: s.First, Last: s.Last, TTL: ttlText(s.TTLMin, s.TTLMax), Handshake: "none seen", Network: placeText(s),
		}
		if s.Established {
			row.Handshake = "completed"
		}
		out = append(out, row)
	}
	return out
}

func ttlText(low, high uint8) string {
	switch {
	case high == 0:
		return "not known"
	case low == high:
		return strconv.Itoa(int(low))
	}
	return strconv.Itoa(int(low)) + " to " + strconv.Itoa(int(high))
}

// placeText is a source's network and country, as far as they are known.
func placeText(s downpour.TopSource) string {
	text := ""
	if s.ASN != nil || s.Network != nil {
		text = networkName(downpour.NetworkShare{ASN: s.ASN, Name: s.Network})
	}
	if s.Country != nil {
		if text != "" {
			text += ", "
		}
		text += countryName(*s.Country)
	}
	if text == "" {
		return "not known"
	}
	return text
}
