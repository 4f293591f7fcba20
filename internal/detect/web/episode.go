package web

import (
	"math"

	"downpour"
	"downpour/internal/detect/finding"
)

// episode is an attack while it is open.
type episode struct {
	id      string
	alarmAt int64
	first   int64   // second in which it began
	onset   int64   // nanoseconds
	why     string  // what raised the alarm, as it is told
	rate    float64 // requests/s then
	limit   float64 // that were exceeded
	enough  float64 // above the mean that keep it going
	sign    signature
	settled int64   // seconds before it are counted
	end     int64   // latest second in which it went on
	total   float64 // requests of it up to the end
	pending float64 // and since
	peak    float64 // requests in its busiest second
	peakAt  int64
	line    line
	pulses  []int64 // seconds in which it began anew after a pause, the first among them
	changed bool    // since the last snapshot
	told    struct {
		at    int64
		total float64
	}
}

// slack is how many seconds a second stays open for lines that come late.
const slack = 2

// begin opens an attack at a second, with what its verdict was.
func (w *watch) begin(sec int64, v verdict) {
	first := w.changed(sec)
	for first > w.born && w.holds(first-1) && float64(w.ring[(first-1)%ringLength])-w.mean >= v.enough {
		first-- // it was there before it grew
	}
	e := &episode{
		id: finding.ID(w.service, w.target().String(), downpour.Inbound, sec*second), alarmAt: sec * second,
		first: first, onset: first * second, settled: first, end: first,
		why: v.why(), rate: v.rate, limit: v.limit, enough: math.Max(v.enough, 1),
		line: line{start: first}, pulses: []int64{first}, changed: true,
	}
	w.episode = e
	span := spanBefore(sec).number
	w.paths.begin(span)
	w.nets.begin(span)
	w.agents.begin(span)
	w.answers.begin(span)
	if at := w.earliest(first*second - second/2); at != 0 {
		e.onset = at
	}
	e.sign = w.sign(sec)
	w.settle(sec)
}

// takes tells whether a request with these hashes is the attack's; c is its client
// if that is sampled.
func (e *episode) takes(w *watch, c *client, path, net, agent uint64) bool {
	if e.sign.from != 0 {
		return e.sign.borne(path, net, agent)
	}
	return c != nil && w.takesPart(c)
}

// earliest is when the first of the attack's clients came, not before a time; 0 if
// none is known.
func (w *watch) earliest(from int64) int64 {
	at := int64(math.MaxInt64)
	for i := range w.sample.entries {
		if c := &w.sample.entries[i]; c.first >= from && w.takesPart(c) {
			at = min(at, c.first)
		}
	}
	if at == math.MaxInt64 {
		return 0
	}
	return at
}

// takesPart tells whether a client is one of the attack's.
func (w *watch) takesPart(c *client) bool {
	e := w.episode
	if c.last < e.first*second || e.sign.from != 0 && !e.sign.bornBy(c, w.sample.key) {
		return false
	}
	by := w.standard(w.latest, w.rise*second)
	switch c.kind(&by) {
	case repeater, passer, prober, undecided:
		return true
	case walker:
		return w.swarmed
	}
	return false
}

// settle counts the seconds before one.
func (w *watch) settle(sec int64) {
	e := w.episode
	e.settled = max(e.settled, w.now-ringLength+1)
	for ; e.settled < sec && e.settled <= w.now; e.settled++ {
		t := e.settled
		above, _ := w.part(t)
		e.line.add(t, math.Max(above, 0))
		e.pending += above
		if peak := w.busiest(t, above); peak > e.peak {
			e.peak, e.peakAt, e.changed = peak, t, true
		}
		const smooth = 3
		recent := 0.0
		for u := t - smooth + 1; u <= t; u++ {
			_, took := w.part(u)
			recent += took / smooth
		}
		if recent >= e.enough {
			if t-max(e.end, w.blind) > pulsePause && len(e.pulses) < pulseMost {
				e.pulses = append(e.pulses, t)
			}
			e.end, e.changed = t, true
			e.total += math.Max(e.pending, 0)
			e.pending = 0
		}
	}
}

const (
	pulsePause = 4  // seconds without the attack that part two pulses
	pulseMost  = 64 // pulses remembered
)

// shape names what the attack's course looks like.
func (e *episode) shape() []string {
	if finding.Pulsed(e.pulses) {
		return []string{"pulse wave"}
	}
	return []string{}
}

// busiest is the attack's part of the busiest second that ends in a second of which
// so many requests are its.
func (w *watch) busiest(t int64, part float64) float64 {
	var most float64
	for end := 4*t + 1; end <= 4*t+4; end++ {
		var n float64
		for i := end - 4; i < end; i++ {
			n += float64(w.fine[i%(4*ringLength)])
		}
		most = math.Max(most, n)
	}
	return math.Max(most*part/math.Max(float64(w.ring[t%ringLength]), 1), part)
}

// part is how many requests of a second are the attack's: what is above the mean,
// and since the alarm how many bear its signature or, where there is none, no more than
// was of clients that take part. Of a sample of
// the clients its noise would blur the count: there the second figure, at most as
// large, tells whether the attack goes on.
func (w *watch) part(t int64) (n, took float64) {
	if !w.holds(t) {
		return 0, 0
	}
	n = float64(w.ring[t%ringLength]) - w.mean
	if t*second < w.episode.alarmAt {
		return n, n
	}
	if g := &w.episode.sign; g.from != 0 {
		n = float64(w.taking[t%ringLength]) - g.usual
		return n, n
	}
	took = math.Min(n, float64(w.taking[t%ringLength])/w.sample.share())
	if w.sample.complete() || took < n/2 {
		n = took
	}
	return n, took
}

// follow goes on with an open attack and tells whether it is over.
func (w *watch) follow(sec int64) (over bool) {
	w.settle(sec - slack)
	return sec-max(w.episode.end, w.blind) > int64(w.cfg.Hold.Seconds())
}

// severity grades the attack by how far it rose above the limit.
func (e *episode) severity() downpour.Severity {
	return finding.Severity(math.Max(e.peak, e.rate) / e.limit)
}
