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
	over   bool    // more came than the limit
	what   string  // of what: "requests to www.example.com", "... for /search"
	rate   float64 // requests/s of it over the window
	limit  float64
	usual  float64
	enough float64 // requests/s above the mean that keep an attack going
	score  float64 // log-odds that it is an attack
	says   []remark
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
	v, t := w.exceeds(sec)
	if !v.over {
		return v
	}
	w.above = sec
	if w.rise == 0 {
		w.rise = w.risen(sec)
		if !t.whole {
			w.rise = spanBefore(sec).from // the site's own course hides it
		}
	}
	e, ok := w.excess(sec, t)
	if !ok {
		v.score = math.Inf(-1)
		return v
	}
	v.weigh(w, &e)
	return v
}

// topic is what the excess is of: the site as a whole, or what is common to a part
// of its requests.
type topic struct {
	requests func(s span) float64 // within a span
	usual    float64              // requests/s
	of       func(*client) bool   // whose they are
	whole    bool
}

// exceeds tests the rates against their limits: the site's, then those of the
// paths, networks, agents and answers that came most above their own usual.
func (w *watch) exceeds(sec int64) (verdict, topic) {
	v := verdict{what: "requests to " + w.target().String(), rate: w.rate(sec), usual: w.usual}
	v.limit = math.Max(w.cfg.Rise*w.usual, w.floors.Requests)
	v.enough = (v.limit - w.mean) / 2
	// A second that holds as much as two is told of without the others.
	const alone = 2
	if last := float64(w.sum(sec-1, sec)); last >= alone*v.limit {
		v.rate = math.Max(v.rate, last)
	}
	if v.over = v.rate >= v.limit; v.over {
		return v, topic{func(s span) float64 { return w.count(&w.ring, s) }, w.mean, everybody, true}
	}
	s := spanBefore(sec)
	if w.rise == 0 && sec%2 != 0 || w.count(&w.ring, s) < w.floors.Requests*s.seconds() {
		return v, topic{} // every other second is often enough
	}
	for n, of := range [...]*cells{&w.paths, &w.nets, &w.agents, &w.answers} {
		i, _ := of.rising(s.number, s.seconds())
		b := &of.buckets[i]
		rate, usual := float64(b.within(s.number))/s.seconds(), float64(b.usual)
		limit := math.Max(w.cfg.Rise*usual, w.floors.Requests)
		if rate < limit || rate-usual < w.cfg.PartOfSite*w.mean {
			continue
		}
		word := [...]string{"requests for ", "requests from ", "requests by ", "requests answered "}[n]
		v = verdict{
			over: true, what: word + of.name(i) + " to " + w.target().String(),
			rate: rate, limit: limit, usual: usual, enough: (limit - usual) / 2,
		}
		return v, topic{func(s span) float64 { return float64(b.within(s.number)) }, usual, w.whose(n, b.hash), false}
	}
	return v, topic{}
}

// whose tells whose requests those are that bear a path, network, agent or answer,
// given by its hash: nearly all of them, and few others.
func (w *watch) whose(sort int, hash uint64) func(*client) bool {
	switch sort {
	case 0:
		return func(c *client) bool { return c.main == hash }
	case 1:
		return func(c *client) bool { return networkOf(c.Address).Hash(w.sample.key) == hash }
	case 2:
		return func(c *client) bool { return c.agent == hash }
	}
	return func(c *client) bool { return c.first >= w.rise*second }
}

// weigh adds up what speaks for an attack and against one. The weights are
// log-odds, judged by hand and held by the golden cases.
func (v *verdict) weigh(w *watch, e *excess) {
	const before = -1 // more rises are crowds, crawlers and errors than attacks
	v.score = before
	usual := w.mix.shrunk(e.usual, 0.3)
	foreign := math.Max(likelier(e.foreign, usual), likelier(e.mostly, w.mix.shrunk(e.usuallySo, 0.3)))
	v.add(foreign, "%s of what came on top is of %s as visitors do (usual: %s)",
		percent(e.foreign), wording.Count(uint64(math.Round(e.clients)), "client that does not behave", "clients that do not behave"), percent(usual))
	low, high := 0.3, 0.7
	if w.mix.shrunk(w.mix.parts, 0.5) < usualParts {
		low, high = 0.6, 0.9 // where only pages are logged, a crowd begins with one too
	}
	if path, strange := ramp(e.path, low, high), ramp(e.strange, 0.4, 0.9); path >= strange {
		v.add(1.5*path-0.5, "%s for %s", percent(e.path), e.pathName)
	} else {
		v.add(1.5*strange-0.5, "%s for what is hardly ever asked for", percent(e.strange))
	}
	if agent, unheard := ramp(e.agent, 0.3, 0.8), ramp(e.unheard, 0.4, 0.9); agent >= unheard {
		v.add(1.25*agent-0.25, "%s by one agent", percent(e.agent))
	} else {
		v.add(1.5*unheard-0.25, "%s by agents that hardly ever come", percent(e.unheard))
	}
	v.addMix(w, e)
	v.addRise(e)
	v.add(-4*e.known, "%s of clients that were there before", percent(e.known))
	v.add(-3*e.walking, "%s of clients that ask for something new each time", percent(e.walking))
}

// addRise weighs how fast it rose.
func (v *verdict) addRise(e *excess) {
	switch {
	case math.IsNaN(e.rise), e.beginnings:
		// A fleet that asks at its own slow pace may always have done so.
		v.add(-3*(1-ramp(e.perClient, 0.15, 0.3)), "it was there when the log began, and each of its clients asks %s times a second", figure(e.perClient))
	case e.rise <= 5:
		v.add(1, "it rose within %.0f s", math.Max(e.rise, 1))
	case e.rise <= 15:
		v.add(0.5, "it rose within %.0f s", e.rise)
	case e.rise >= 60:
		v.add(-1.5, "it rose over %.0f s", e.rise)
	}
}

// usualParts is the share of requests for parts of pages, or naming a referrer,
// from which on their absence tells something.
const usualParts = 0.2

// addMix compares what the requests are made of with what is usual.
func (v *verdict) addMix(w *watch, e *excess) {
	if naming := w.mix.shrunk(w.mix.naming, 0); naming >= usualParts {
		v.add(1-3*math.Min(e.naming/naming, 1), "%s name a referrer (usual: %s)", percent(e.naming), percent(naming))
	}
	if !e.whole {
		return // those of a part of the requests are lost among the others'
	}
	if parts := w.mix.shrunk(w.mix.parts, 0); parts >= usualParts {
		v.add(2-4*math.Min(e.parts/parts, 1), "%s for parts of pages (usual: %s)", percent(e.parts), percent(parts))
	} else if e.parts >= usualParts {
		v.add(-2, "%s for parts of pages", percent(e.parts))
	}
}

func (v *verdict) add(weight float64, format string, args ...any) {
	v.score += weight
	v.says = append(v.says, remark{weight, fmt.Sprintf(format, args...)})
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
	what := strings.ToUpper(v.what[:1]) + v.what[1:]
	return fmt.Sprintf("%s were %s/s; expected at most %s. %s", what, figure(v.rate), v.expectation(), v.reasons())
}

// reasons are the comparisons that speak for an attack, the weightiest first.
func (v *verdict) reasons() string {
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
	return strings.Join(says, "; ")
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
