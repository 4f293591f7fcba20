package web

import (
	"hash/fnv"
	"math"
	"sort"
	"strconv"
	"time"

	"downpour"
)

// vectorColours is how many colours the style sheet has for vectors: the seven
// of Okabe and Ito ("Color Universal Design", 2008) besides black.
const vectorColours = 7

// vectorClass is a vector's colour, the same on every page. The most frequent
// vectors have a colour each; the others share by a hash of their name.
func vectorClass(name string) string {
	fixed := map[string]int{
		"SYN flood": 0, "DNS amplification": 1, "NTP amplification": 2, "UDP flood": 3,
		"ACK flood": 4, "HTTP flood": 5, "SYN-ACK reflection": 6, "CLDAP amplification": 6,
		"ICMP flood": 2, "UDP fragment flood": 5, "memcached amplification": 4,
	}
	n, ok := fixed[name]
	if !ok {
		h := fnv.New32a()
		_, _ = h.Write([]byte(name))
		n = int(h.Sum32() % vectorColours)
	}
	return "v" + strconv.Itoa(n)
}

// stack is traffic by vector on a grid of equal steps, ready to be stacked.
type stack struct {
	vectors []string    // largest first, at the bottom
	rates   [][]float64 // [vector][step], in the unit
	unit    string      // bit/s, packets/s or requests/s
	top     float64     // the highest sum
	cells   int
}

// stackCells is the number of steps that a drawing shows.
const stackCells = 240

// otherVectors is the name of what does not get a layer of its own.
const otherVectors = "other traffic"

// mostLayers bounds the layers of a stack; eyes tell no more apart.
const mostLayers = 6

// newStack sums the attacks' timelines on the grid [from, to). Of several
// steps that fall into one cell the highest counts, so that a short peak shows.
func newStack(attacks []downpour.Attack, from, to time.Time) stack {
	unit := unitPackets
	switch {
	case hasBits(attacks):
		unit = unitBits
	case allRequests(attacks):
		unit = unitRequests
	}
	return stackOf(attacks, unit, from, to)
}

// The units of rates.
const (
	unitBits     = "bit/s"
	unitPackets  = "packets/s"
	unitRequests = "requests/s"
)

// stackOf sums the attacks' timelines in one unit.
func stackOf(attacks []downpour.Attack, unit string, from, to time.Time) stack {
	s := stack{unit: unit, cells: stackCells}
	sums := map[string][]float64{}
	for _, a := range attacks {
		steps := busiest(a.Timeline, unit, s.cells, from, to)
		for _, v := range a.Timeline.Rates {
			rates := ratesIn(v, unit)
			if len(rates) == 0 {
				continue // not seen in this unit
			}
			if sums[v.Vector] == nil {
				sums[v.Vector] = make([]float64, s.cells)
			}
			for cell, step := range steps {
				if step >= 0 && step < len(rates) {
					sums[v.Vector][cell] += rates[step]
				}
			}
		}
	}
	s.order(sums)
	for i := range s.cells {
		sum := 0.0
		for _, r := range s.rates {
			sum += r[i]
		}
		s.top = max(s.top, sum)
	}
	return s
}

// ratesIn are a vector's rates in a unit, as far as they were seen.
func ratesIn(v downpour.VectorTimeline, unit string) []float64 {
	switch unit {
	case unitBits:
		return v.Bits
	case unitRequests:
		return v.Requests
	}
	return v.Packets
}

// allRequests tells whether of all attacks requests were seen and nothing else.
func allRequests(attacks []downpour.Attack) bool {
	for _, a := range attacks {
		if a.Peak.Requests == nil {
			return false
		}
	}
	return len(attacks) > 0
}

func hasBits(attacks []downpour.Attack) bool {
	for _, a := range attacks {
		for _, v := range a.Timeline.Rates {
			for _, r := range v.Bits {
				if r > 0 {
					return true
				}
			}
		}
	}
	return false
}

// busiest is, for each cell, the step of a timeline that brings most of those that fall
// into it, all vectors together; -1 where none does.
func busiest(t downpour.Timeline, unit string, cells int, from, to time.Time) []int {
	steps, out := 0, make([]int, cells)
	for i := range out {
		out[i] = -1
	}
	for _, v := range t.Rates {
		steps = max(steps, len(ratesIn(v, unit)))
	}
	perCell := to.Sub(from).Seconds() / float64(cells)
	if perCell <= 0 || t.Step <= 0 {
		return out
	}
	begin, most := t.Start.Sub(from).Seconds(), make([]float64, cells)
	for i := range steps {
		start, sum := begin+float64(i)*t.Step, sumAt(t, i, unit)
		first, last := int(math.Floor(start/perCell)), int((start+t.Step-1e-9)/perCell)
		for cell := max(first, 0); cell <= last && cell < cells && start+t.Step > 0; cell++ {
			if out[cell] < 0 || sum > most[cell] {
				out[cell], most[cell] = i, sum
			}
		}
	}
	return out
}

// order sorts the vectors by volume and folds the smallest into one layer.
func (s *stack) order(sums map[string][]float64) {
	total := func(name string) (sum float64) {
		for _, r := range sums[name] {
			sum += r
		}
		return sum
	}
	for name := range sums {
		s.vectors = append(s.vectors, name)
	}
	sort.Slice(s.vectors, func(i, j int) bool {
		a, b := total(s.vectors[i]), total(s.vectors[j])
		if a != b {
			return a > b
		}
		return s.vectors[i] < s.vectors[j]
	})
	for _, name := range s.vectors {
		s.rates = append(s.rates, sums[name])
	}
	if len(s.vectors) <= mostLayers {
		return
	}
	rest := s.rates[mostLayers-1]
	for _, r := range s.rates[mostLayers:] {
		for i, v := range r {
			rest[i] += v
		}
	}
	s.vectors = append(s.vectors[:mostLayers-1:mostLayers-1], otherVectors)
	s.rates = s.rates[:mostLayers]
}

// layers returns the closed shapes of the stack, one list a vector; silent
// stretches are left out.
func (s stack) layers(x timeScale, y linear) [][][]point {
	ground := make([]float64, s.cells)
	var out [][][]point
	for _, rates := range s.rates {
		var shapes [][]point
		var low, high []point
		for i := 0; i <= s.cells; i++ {
			if i < s.cells && rates[i] > 0 {
				x0 := x.start + (x.end-x.start)*float64(i)/float64(s.cells)
				x1 := x.start + (x.end-x.start)*float64(i+1)/float64(s.cells)
				h0, h1 := y.at(ground[i]), y.at(ground[i]+rates[i])
				low = append(low, point{x0, h0}, point{x1, h0})
				high = append(high, point{x0, h1}, point{x1, h1})
				continue
			}
			if len(high) > 0 {
				shapes = append(shapes, closeLayer(dropCollinear(low), dropCollinear(high)))
				low, high = nil, nil
			}
		}
		for i, r := range rates {
			ground[i] += r
		}
		out = append(out, shapes)
	}
	return out
}

func closeLayer(low, high []point) []point {
	for i := len(low) - 1; i >= 0; i-- {
		high = append(high, low[i])
	}
	return high
}
