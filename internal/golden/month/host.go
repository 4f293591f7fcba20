package month

import (
	"math"
	"slices"
	"strings"
	"time"

	"downpour"
)

// host is one target.
type host struct {
	network
	address downpour.Address
	member  member
	habits  []habit
	events  []event // in order of time
	next    int
	samples uint64
	days    []most
}

// event is an episode that happens.
type event struct {
	*episode
	from, to time.Time
	rate     float64
	peer     uint64
}

// rateAt is an episode's rate in a step.
func (e *event) rateAt(at time.Time) float64 {
	if e.rise == 0 {
		return e.rate
	}
	return e.rate * min(1, (at.Sub(e.from)+step).Seconds()/(e.rise*e.to.Sub(e.from).Seconds()))
}

// populate makes the networks' hosts, each network in a /24 of its own, and what
// happens to each.
func (s *simulation) populate() {
	for block, n := range s.networks {
		for i := range n.targets {
			h := host{network: n, address: downpour.AddressFrom4(198<<24 | 18<<16 | uint32(block)<<8 | uint32(i)), member: n.members[i%len(n.members)]}
			h.days = make([]most, s.days)
			h.habits = h.member.habits()
			own := math.Exp(0.5 * s.drawn.r.NormFloat64()) // some have more than others
			for j := range h.habits {
				h.habits[j].most *= own
			}
			for j := range h.member.episodes {
				h.happen(&h.member.episodes[j], s)
			}
			slices.SortFunc(h.events, func(a, b event) int { return a.from.Compare(b.from) })
			s.number[h.address] = len(s.hosts)
			s.hosts = append(s.hosts, h)
		}
	}
}

// happen draws when an episode happens to a host.
func (h *host) happen(e *episode, s *simulation) {
	between := func(of [2]float64) float64 { return of[0] * math.Pow(of[1]/of[0], s.drawn.r.Float64()) }
	add := func(from time.Time) {
		length := time.Duration(between(e.minutes) * float64(time.Minute))
		h.events = append(h.events, event{e, from, from.Add(length), between(e.rate), s.drawn.r.Uint64()})
	}
	for day := range s.days + teach {
		begin := s.begin.AddDate(0, 0, day)
		if e.perDay == 0 {
			add(begin.Add(time.Duration((e.at + 0.1*s.drawn.r.Float64()) * float64(time.Hour))))
			continue
		}
		for range poisson(e.perDay*4, s.drawn.r) { // thinned by the season
			at := begin.Add(time.Duration(s.drawn.r.Float64() * 24 * float64(time.Hour)))
			if s.drawn.r.Float64()*4 < e.season(at)*thinning(e.season) {
				add(at)
			}
		}
	}
}

// thinning makes up for what a season takes away.
func thinning(of season) float64 {
	sum := 0.0
	for hour := range 7 * 24 {
		sum += of(time.Date(2026, 6, 1, hour, 30, 0, 0, time.UTC))
	}
	return min(4, 7*24/sum)
}

// during names the episodes of a host at a moment.
func (h *host) during(at time.Time) string {
	var names []string
	for _, e := range h.events {
		if e.from.Before(at.Add(step)) && e.to.After(at.Add(-step)) {
			names = append(names, e.name)
		}
	}
	return strings.Join(names, ", ")
}
