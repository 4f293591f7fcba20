package web

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"downpour/internal/wording"
)

// verdict is what a second's judgement found.
type verdict struct {
	over    bool    // more came than the limit
	what    string  // of what: "requests to www.example.com", "... for /search"
	rate    float64 // requests/s of it over the window
	limit   float64
	usual   float64
	enough  float64 // requests/s above the mean that keep an attack going
	score   float64 // log-odds that it is an attack
	says    []remark
	foreign float64 // share of what came on top by clients that are no visitors
}

// remark is one comparison, with its weight in log-odds.
type remark struct {
	weight float64
	says   string
}

// doubtful tells that something speaks for an attack: then nothing is learnt.
func (v *verdict) doubtful() bool { return v.over && v.score > 0 }

// judge weighs the seconds before sec.
func (w *watch) judge(sec int64) verdict {
	v := w.exceeds(sec)
	if !v.over {
		return v
	}
	w.above = sec
	if w.rise == 0 {
		w.rise = w.risen(sec)
	}
	e, ok := w.excess(sec)
	if !ok {
		v.score = math.Inf(-1)
		return v
	}
	v.foreign = e.foreign
	v.weigh(w, &e)
	return v
}

// exceeds tests the rates against their limits: the site's, then those of the
// paths, networks and agents that came most above their own usual.
func (w *watch) exceeds(sec int64) verdict {
	floor := w.cfg.Floor
	v := verdict{what: "requests to " + w.target().String(), rate: w.rate(sec), usual: w.usual}
	v.limit = math.Max(w.cfg.Rise*w.usual, floor)
	v.enough = (v.limit - w.mean) / 2
	if v.over = v.rate >= v.limit; v.over {
		return v
	}
	s := spanBefore(sec)
	for _, t := range [...]struct {
		of   *cells
		word string
	}{{&w.paths, "requests for "}, {&w.nets, "requests from "}, {&w.agents, "requests by "}} {
		i, _ := t.of.rising(s.number, s.seconds())
		b := &t.of.buckets[i]
		rate, usual := float64(b.within(s.number))/s.seconds(), float64(b.usual)
		limit := math.Max(w.cfg.Rise*usual, floor)
		if rate >= limit && rate-usual >= w.cfg.PartOfSite*w.mean {
			return verdict{
				over: true, what: t.word + t.of.names[i].String() + " to " + w.target().String(),
				rate: rate, limit: limit, usual: usual, enough: (limit - usual) / 2,
			}
		}
	}
	return v
}

// excess is what came on top of the usual in a span: shares of it, [0, 1].
type excess struct {
	requests   float64 // of clients that have shown what they are
	clients    float64 // that are no visitors
	foreign    float64
	known      float64
	walking    float64
	perClient  float64 // requests/s of each that is no visitor
	path       float64 // for one path
	usualPath  float64 // and its usual share
	pathName   string
	usualAgent float64
	agent      float64 // by one agent
	network    float64 // from one network
	parts      float64
	naming     float64
	rise       float64 // seconds; NaN if it is not known
}

// excess measures what came on top; false if that is too little to judge.
func (w *watch) excess(sec int64) (excess, bool) {
	s := spanBefore(sec)
	n, usual := w.count(&w.ring, s), w.mean*s.seconds()
	c := w.census(s, w.rise)
	total := c.total()
	if total == 0 || n <= usual {
		return excess{}, false
	}
	scale := n / total // from the sample to all
	decided := c.decided() * scale
	e := excess{requests: decided - usual, rise: w.riseTime(sec)}
	if e.requests < w.cfg.MinRequests {
		return e, false
	}
	above := func(now, usual float64) float64 { return math.Min(math.Max((now-usual)/e.requests, 0), 1) }
	all := n - usual
	part := func(of float64) float64 { return math.Min(math.Max(of/all, 0), 1) }
	i, top := w.paths.rising(s.number, s.seconds())
	e.path, e.pathName = part(top), w.paths.names[i].String()
	e.usualPath = math.Min(float64(w.paths.buckets[i].usual)/math.Max(w.mean, 1e-9), 1)
	i, agent := w.agents.rising(s.number, s.seconds())
	e.usualAgent = math.Min(float64(w.agents.buckets[i].usual)/math.Max(w.mean, 1e-9), 1)
	_, network := w.nets.rising(s.number, s.seconds())
	e.agent, e.network = part(agent), part(network)
	const ofOneNetwork = 0.5
	foreign, walking := c.split(e.network >= ofOneNetwork)
	e.foreign = above(c.of(foreign)*scale, usual*w.mix.foreign)
	e.known = above(c.requests[known]*scale, usual)
	e.walking = above(c.of(walking)*scale, 0)
	for _, k := range foreign {
		e.clients += float64(c.clients[k]) / w.sample.share()
	}
	e.perClient = c.of(foreign) * scale / math.Max(e.clients, 1) / s.seconds()
	w.swarmed = w.swarmed || c.swarm()
	parts := w.count(&w.parts, s) - usual*w.mix.parts
	if isAsset(e.pathName) {
		parts -= top // whoever floods a picture loads no page
	}
	e.parts = part(parts)
	e.naming = part(w.count(&w.naming, s) - usual*w.mix.naming)
	return e, true
}

// weigh adds up what speaks for an attack and against one. The weights are
// log-odds, judged by hand and held by the golden cases.
func (v *verdict) weigh(w *watch, e *excess) {
	const before = -1 // more rises are crowds, crawlers and errors than attacks
	v.score = before
	foreign := w.mix.shrunk(math.Max(w.mix.foreign, w.mix.alike), 0.3)
	v.add(likelier(e.foreign, foreign), "%s of what came on top is of %s that are no visitors by what they do (usual: %s)",
		percent(e.foreign), wording.Count(uint64(math.Round(e.clients)), "client", "clients"), percent(foreign))
	low, high := 0.3, 0.7
	if w.mix.shrunk(w.mix.parts, 0.5) < usualParts {
		low, high = 0.6, 0.9 // where only pages are logged, a crowd begins with one too
	}
	v.add(1.5*ramp(e.path-e.usualPath, low, high)-0.5, "%s for %s", percent(e.path), e.pathName)
	v.addMix(w, e)
	v.add(1.25*ramp(e.agent-e.usualAgent, 0.3, 0.8)-0.25, "%s by one agent", percent(e.agent))
	switch {
	case math.IsNaN(e.rise):
		// A fleet that asks at its own slow pace may always have done so.
		v.add(-3*(1-ramp(e.perClient, 0.15, 0.3)), "it was there when the log began, and each of its clients asks %s times a second", figure(e.perClient))
	case e.rise <= 5:
		v.add(1, "it rose within %.0f s", math.Max(e.rise, 1))
	case e.rise <= 15:
		v.add(0.5, "it rose within %.0f s", e.rise)
	case e.rise >= 60:
		v.add(-1.5, "it rose over %.0f s", e.rise)
	}
	v.add(-4*e.known, "%s of clients that were there before", percent(e.known))
	v.add(-3*e.walking, "%s of clients that ask for something new each time", percent(e.walking))
}

// usualParts is the share of requests for parts of pages, or naming a referrer,
// from which on their absence tells something.
const usualParts = 0.2

// addMix compares what the requests are made of with what is usual.
func (v *verdict) addMix(w *watch, e *excess) {
	if parts := w.mix.shrunk(w.mix.parts, 0); parts >= usualParts {
		v.add(2-4*math.Min(e.parts/parts, 1), "%s for parts of pages (usual: %s)", percent(e.parts), percent(parts))
	} else if e.parts >= usualParts {
		v.add(-2, "%s for parts of pages", percent(e.parts))
	}
	if naming := w.mix.shrunk(w.mix.naming, 0); naming >= usualParts {
		v.add(1-1.5*math.Min(e.naming/naming, 1), "%s name a referrer (usual: %s)", percent(e.naming), percent(naming))
	}
}

func (v *verdict) add(weight float64, format string, args ...any) {
	v.score += weight
	v.says = append(v.says, remark{weight, fmt.Sprintf(format, args...)})
}

// shrunk is a usual share, toward what is so of most sites as long as little has
// been seen.
func (m *mix) shrunk(share, most float64) float64 {
	const prior = 200 // requests
	return (share*m.requests + most*prior) / (m.requests + prior)
}

// likelier compares two models of a share: that of a flood, nearly all, and the
// usual one.
func likelier(x, usual float64) float64 {
	const flood, floodSpread, usualSpread, most = 0.95, 0.12, 0.15, 3
	a, b := (x-flood)/floodSpread, (x-usual)/usualSpread
	return math.Min(math.Max((b*b-a*a)/2, -most), most)
}

// ramp rises from 0 at low to 1 at high.
func ramp(x, low, high float64) float64 {
	return math.Min(math.Max((x-low)/(high-low), 0), 1)
}

// why puts the rule that fired into a sentence.
func (v *verdict) why() string {
	list := slices.Clone(v.says)
	slices.SortStableFunc(list, func(a, b remark) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	var says []string
	for _, r := range list {
		if r.weight > 0.2 {
			says = append(says, r.says)
		}
	}
	what := strings.ToUpper(v.what[:1]) + v.what[1:]
	return fmt.Sprintf("%s were %s/s; expected at most %s. %s", what, figure(v.rate), v.expectation(), strings.Join(says, "; "))
}

// expectation words the limit and where it comes from.
func (v *verdict) expectation() string {
	if v.usual < 0.05 {
		return figure(v.limit) + "/s (floor; hardly anything is usual)"
	}
	return fmt.Sprintf("%s/s (usual up to %s/s)", figure(v.limit), figure(v.usual))
}

// figure writes a rate with as many digits as it needs.
func figure(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.2g", v)
	}
	return wording.Thousands(v)
}

func percent(p float64) string { return fmt.Sprintf("%.0f %%", 100*p) }
