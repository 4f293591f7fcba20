package web

import "math"

// excess is what came on top of the usual in a span: shares of it, [0, 1].
type excess struct {
	whole      bool    // of the site's requests, not of a part of them
	requests   float64 // of clients that have shown what they are
	clients    float64 // that are no visitors
	foreign    float64 // by those
	usual      float64 // their usual share
	mostly     float64 // by the commonest kind of those
	usuallySo  float64 // and its usual share
	known      float64
	walking    float64
	perClient  float64 // requests/s of each that is no visitor
	path       float64 // for one path, beyond its usual share
	pathName   string
	strange    float64 // for what is not common here, beyond the usual
	agent      float64 // by one agent, beyond its usual share
	unheard    float64 // by agents that are not common here, beyond the usual
	network    float64 // from one network
	parts      float64
	naming     float64
	rise       float64 // seconds; NaN if it is not known
	beginnings bool    // the site is new: what comes may always have come
}

// beginnings is for how many seconds a site is new, or new to us after a restart.
const beginnings = 60

// excess measures what came on top; false if that is too little to judge.
func (w *watch) excess(sec int64, t topic) (excess, bool) {
	s := spanBefore(sec)
	n, usual := t.requests(s), t.usual*s.seconds()
	c := w.census(s, w.rise, t.of)
	total := c.total()
	if total == 0 || n <= usual {
		return excess{}, false
	}
	scale := 1 / w.sample.share() // from the sample to all
	if t.whole {
		scale = n / total
	}
	e := excess{whole: t.whole, rise: w.riseTime(sec), beginnings: sec-max(w.born, w.blind) < beginnings}
	e.requests = n - math.Min(c.requests[undecided]*scale, n) - usual
	if e.requests < w.cfg.MinRequests {
		return e, false
	}
	w.measure(&e, s, n-usual)
	if !t.whole {
		e.naming = c.named / math.Max(c.ofNew, 1)
	}
	w.sort(&e, c, scale, usual)
	e.perClient = e.foreign * e.requests / math.Max(e.clients, 1) / s.seconds()
	return e, true
}

// sort parts what came on top by the kinds of clients.
func (w *watch) sort(e *excess, c *census, scale, usual float64) {
	above := func(now, usual float64) float64 { return math.Min(math.Max((now-usual)/e.requests, 0), 1) }
	const ofOneNetwork = 0.5
	foreign, walking := c.split(e.network >= ofOneNetwork)
	e.usual = math.Max(sum(&w.mix.fresh, foreign), sum(&w.mix.alike, foreign))
	e.foreign = above(c.of(foreign)*scale, usual*sum(&w.mix.fresh, foreign))
	for _, k := range foreign {
		e.clients += c.clients[k] / w.sample.share()
		if x := above(c.requests[k]*scale, usual*w.mix.fresh[k]); x > e.mostly {
			e.mostly, e.usuallySo = x, math.Max(w.mix.fresh[k], w.mix.alike[k])
		}
	}
	e.known = above(c.requests[known]*scale, usual*w.mix.fresh[known])
	e.walking = above(c.of(walking)*scale, usual*sum(&w.mix.fresh, walking))
	w.swarmed = w.swarmed || c.swarm()
}

// measure tells what the requests that came on top have in common, of which there
// are so many.
func (w *watch) measure(e *excess, s span, all float64) {
	part := func(of float64) float64 { return math.Min(math.Max(of/all, 0), 1) }
	share := func(usual float32) float64 { return math.Min(float64(usual)/math.Max(w.mean, 1e-9), 1) }
	i, top := w.paths.rising(s.number, s.seconds())
	e.pathName = w.paths.name(i)
	e.path = math.Max(part(top)-share(w.paths.buckets[i].usual), 0)
	j, agent := w.agents.rising(s.number, s.seconds())
	e.agent = math.Max(part(agent)-share(w.agents.buckets[j].usual), 0)
	_, network := w.nets.rising(s.number, s.seconds())
	e.network = part(network)
	if !e.whole {
		return // what follows would measure the other requests too
	}
	usual := w.mean * s.seconds()
	strange := func(of *cells) float64 {
		const enough = 200 // requests
		n, common := of.familiar(s.number, w.mean)
		if common < 0.5 || w.mix.requests < enough {
			return 0 // nothing is common here
		}
		return 1 - math.Min(part(n-usual*common)/common, 1)
	}
	e.strange, e.unheard = strange(&w.paths), strange(&w.agents)
	parts := w.count(&w.parts, s) - usual*w.mix.parts
	if isAsset(e.pathName) {
		parts -= top // whoever floods a picture loads no page
	}
	e.parts = part(parts)
	e.naming = part(w.count(&w.naming, s) - usual*w.mix.naming)
}
