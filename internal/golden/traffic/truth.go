package traffic

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Truth is what a capture really holds of one attack, counted from its packets.
type Truth struct {
	Target  netip.Prefix
	Vectors []VectorTruth // most first
	Onset   time.Time     // the first packet toward the target
	End     time.Time     // the last
	Sources int           // distinct addresses
	// Peak is the most packets in any second, wherever it begins.
	Peak int
	// Spoofed and Reflected say whether its addresses are; nil where a part is
	// and a part is not, or where nobody could tell.
	Spoofed, Reflected *bool
	Shape              []string // as downpour.Attack.Shape
}

// Over is the prefix that is attacked; not valid if it is one address.
func (t *Truth) Over() netip.Prefix {
	if t.Target.IsSingleIP() {
		return netip.Prefix{}
	}
	return t.Target
}

// VectorTruth is a vector and its share of the attack's packets.
type VectorTruth struct {
	Name  string
	Share float64
}

// Span is the time from the first packet to the last.
func (c *Capture) Span() (first, last time.Time) {
	if len(c.packets) == 0 {
		return first, last
	}
	return moment(c.packets[0].at), moment(c.packets[len(c.packets)-1].at)
}

func moment(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// Truth counts the attacks, by target.
func (c *Capture) Truth() []Truth {
	byTarget := map[netip.Prefix][]*sent{}
	for i := range c.packets {
		if p := &c.packets[i]; p.attack {
			victim := c.recipe.Streams[p.stream].victim(p)
			byTarget[victim] = append(byTarget[victim], p)
		}
	}
	list := make([]Truth, 0, len(byTarget))
	for target, packets := range byTarget {
		list = append(list, c.truth(target, packets))
	}
	slices.SortFunc(list, func(a, b Truth) int { return a.Target.Addr().Compare(b.Target.Addr()) })
	return list
}

func (c *Capture) truth(target netip.Prefix, packets []*sent) Truth {
	t := Truth{
		Target: target,
		Onset:  moment(packets[0].at), End: moment(packets[len(packets)-1].at),
	}
	sources, vectors, spoofed, reflected := map[netip.Addr]bool{}, map[string]int{}, 0, 0
	first, single := 0, 0
	var streams []*Stream
	for i, p := range packets {
		for packets[first].at <= p.at-int64(time.Second) {
			first++
		}
		t.Peak = max(t.Peak, i-first+1)
		sources[p.from] = true
		s := &c.recipe.Streams[p.stream]
		if !slices.Contains(streams, s) {
			streams = append(streams, s)
		}
		vectors[s.Kind]++
		if s.spoofed() {
			spoofed++
		}
		if isReflection(s.Kind) {
			reflected++
		}
		if s.Senders == Single {
			single++
		}
	}
	t.Sources = len(sources)
	shares := map[string]float64{}
	for name, n := range vectors {
		shares[name] = float64(n) / float64(len(packets))
		t.Vectors = append(t.Vectors, VectorTruth{name, shares[name]})
	}
	slices.SortFunc(t.Vectors, func(a, b VectorTruth) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), strings.Compare(a.Name, b.Name))
	})
	t.Shape = shapesOf(target, streams, shares)
	t.Reflected = part(reflected, len(packets))
	if t.Spoofed = part(spoofed, len(packets)); 2*single > len(packets) {
		t.Spoofed = nil // nothing in one address tells whether it is forged
	}
	return t
}

// part is yes or no where nearly all or hardly any of a whole is so, else nil.
func part(n, whole int) *bool {
	const nearly = 0.9
	yes := float64(n) >= nearly*float64(whole)
	if !yes && float64(n) > (1-nearly)*float64(whole) {
		return nil
	}
	return &yes
}

func (s *Stream) spoofed() bool {
	return s.Senders == Spoofed || s.Senders == SpoofedByTTL || s.Senders == SpoofedMany
}
