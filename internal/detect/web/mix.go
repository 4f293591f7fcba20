package web

import "math"

// mix is what requests are made of: shares of them, [0, 1].
type mix struct {
	requests float64 // that it rests on
	parts    float64 // for parts of pages
	naming   float64 // that name a referrer
	// fresh are the shares by kind of client; alike are those by kinds of what
	// clients do, of known ones too: a crowd that stays looks like those.
	fresh, alike [kinds]float64
}

// mixMemory is how many requests the usual mix rests on at most.
const mixMemory = 20_000

// learn moves the mix toward that of n requests.
func (m *mix) learn(n float64, seen *mix) {
	m.requests = math.Min(m.requests+n, mixMemory)
	by := math.Min(n/m.requests, 1)
	toward := func(usual *float64, share float64) { *usual += (math.Min(share, 1) - *usual) * by }
	toward(&m.parts, seen.parts)
	toward(&m.naming, seen.naming)
	for k := range m.fresh {
		toward(&m.fresh[k], seen.fresh[k])
		toward(&m.alike[k], seen.alike[k])
	}
}

// shrunk is a usual share, toward what is so of most sites as long as little has
// been seen.
func (m *mix) shrunk(share, most float64) float64 {
	const prior = 200 // requests
	return (share*m.requests + most*prior) / (m.requests + prior)
}

// sum adds the shares of some kinds up.
func sum(shares *[kinds]float64, of []kind) (n float64) {
	for _, k := range of {
		n += shares[k]
	}
	return n
}
