package web

import (
	"math"
	"math/bits"
)

// census counts the requests of a span by the kind of client that they are of,
// as far as clients are sampled.
type census struct {
	requests [kinds]float64
	clients  [kinds]float64
	alike    [kinds]float64 // requests by what the clients do, of known ones too
	// Of clients that are not known: their requests so far, and those that name a
	// referrer.
	ofNew, named float64
	networks     [16]uint64 // a bit for each /16 (/32 of IPv6) of walkers, by hash
}

// everybody is the census of all clients.
func everybody(*client) bool { return true }

// census takes one of some clients; rise is the second in which the present rise
// began.
func (w *watch) census(s span, rise int64, of func(*client) bool) *census {
	c := &census{}
	by := w.standard(s.to*second, rise*second)
	strangers := w.standard(s.to*second, 0) // to whom nobody is known
	for i := range w.sample.entries {
		e := &w.sample.entries[i]
		n := e.within(s.number)
		if n == 0 || !of(e) {
			continue
		}
		k := e.kind(&by)
		if k == undecided { // as far as a visitor would have decided it
			by := w.showing.by(s.to*second - e.first)
			c.count(passer, float64(n)*by, by)
			c.count(k, float64(n)*(1-by), 1-by)
		} else {
			c.count(k, float64(n), 1)
		}
		if k == known {
			c.alike[e.kind(&strangers)] += float64(n)
		}
		if k != known {
			c.ofNew += float64(e.requests)
			c.named += float64(e.referred)
		}
		if k == walker {
			h := wideNetwork(e.Address).Hash(w.sample.key)
			c.networks[h>>60] |= 1 << (h >> 54 & 63)
		}
	}
	return c
}

// count adds requests of clients of a kind.
func (c *census) count(k kind, requests, clients float64) {
	c.requests[k] += requests
	c.clients[k] += clients
	if k != known {
		c.alike[k] += requests
	}
}

// standard is what clients are judged by at a time, of a rise.
func (w *watch) standard(now, rise int64) standard {
	return standard{now: now, rise: rise, parts: w.mix.shrunk(w.mix.parts, 0) >= usualParts, cfg: w.cfg}
}

// swarm tells whether those who walk come from so many networks that it is no
// crawler and no mirror: those are of a few.
func (c *census) swarm() bool {
	const many = 24
	n := 0
	for _, b := range c.networks {
		n += bits.OnesCount64(b)
	}
	return n >= many
}

// split parts the kinds: foreign are those that are no visitors by what they do,
// walking those that ask for something new each time. Who asks for what is not
// there is foreign, but scans where it is of one network.
func (c *census) split(scan bool) (foreign, walking []kind) {
	foreign, walking = []kind{repeater, passer}, []kind{crawler}
	if c.swarm() {
		foreign = append(foreign, walker)
	} else {
		walking = append(walking, walker)
	}
	if scan {
		return foreign, append(walking, prober)
	}
	return append(foreign, prober), walking
}

// of is how many requests are of some kinds.
func (c *census) of(list []kind) (n float64) {
	for _, k := range list {
		n += c.requests[k]
	}
	return n
}

// shares are the kinds' shares of the requests, with those known told apart and
// by what they do.
func (c *census) shares() (fresh, alike [kinds]float64) {
	total := math.Max(c.total(), 1)
	for k := range c.requests {
		fresh[k], alike[k] = c.requests[k]/total, c.alike[k]/total
	}
	return fresh, alike
}

// total is how many there are in all.
func (c *census) total() (n float64) {
	for _, r := range c.requests {
		n += r
	}
	return n
}
