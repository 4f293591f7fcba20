package web

import (
	"fmt"
	"math"

	"downpour"
	"downpour/internal/detect/finding"
	"downpour/internal/wording"
)

// A slow attack holds connections open by asking, sending or reading as slowly as
// the server bears (Slowloris and its kin). A log tells of a request when it is
// over, so of such an attack once the first connections have been given up: by
// the server (408), by the client (499 and the like), or since an answer was read
// drop by drop. What never came so far that the server logs it is not to be seen.

// slowSpan is for how many seconds back slow requests are judged: servers' usual
// patience of a minute, twice.
const slowSpan = 120

// What is slow: a request that the server waited for in vain, or one that took long
// and brought next to nothing. An answer of the server's own fault took long
// because of the server, and one that switches protocols is meant to stay open.
const (
	slowLeast = 10 * 1e6 // microseconds
	slowBytes = 500      // bytes/s of the answer
	// slowAssumed is how long a request that was waited for in vain took, where the
	// log doesn't tell.
	slowAssumed = 20 * 1e6
)

// Further statuses that tell something (RFC 9110, 15; 499 is nginx's "the client
// closed the connection").
const (
	switching   = 101
	badRequest  = 400
	timedOut    = 408
	clientClose = 499
	serverFault = 500
)

// isSlow tells whether a request is slow, and how long it took in microseconds.
func isSlow(r *downpour.Request) (uint32, bool) {
	switch {
	case r.Status == timedOut && r.Duration == 0:
		return slowAssumed, true
	case r.Duration < slowLeast, r.Status == switching, r.Status >= serverFault:
		return 0, false
	}
	return r.Duration, r.Status == timedOut || r.Bytes*1e6/uint64(r.Duration) < slowBytes
}

// idle is what a watch knows of slow requests.
type idle struct {
	open  [ringLength]uint32 // slow requests that were open in a second
	ended [ringLength]uint32 // and that ended in it
	usual float64            // decayed maximum of those open
	// episode is the slow attack; nil if there is none.
	episode *slowEpisode
	latest  int64 // second in which the latest one ended
}

// noteSlow counts a slow request, of a client if that is sampled. Servers that log
// when a request began do so when it has ended: it then comes as late as it took.
func (w *watch) noteSlow(r *downpour.Request, c *client, sec int64, took uint32) {
	begin, end := r.Time-int64(took)*1000, r.Time
	if late := w.latest - r.Time; r.Duration > 0 && late > int64(took)*500 {
		begin, end = r.Time, r.Time+int64(took)*1000
	}
	for t := max(begin/second, w.filled-ringLength+1); t <= min(end/second, w.filled); t++ {
		w.idle.open[t%ringLength]++
	}
	w.idle.ended[sec%ringLength]++
	w.idle.latest = sec
	if c == nil {
		return
	}
	if c.slow == 0 || c.slowLast < begin-int64(slowSpan)*second {
		c.slowFirst, c.slow, c.inVain, c.closed = begin, 0, 0, 0
	}
	c.slow++
	c.slowLast = end
	switch r.Status {
	case timedOut, badRequest:
		c.inVain++
	case clientClose:
		c.closed++
	}
}

// slowEpisode is a slow attack while it is open.
type slowEpisode struct {
	id      string
	alarmAt int64
	rise    int64 // second before which a client was known
	onset   int64 // nanoseconds
	first   int64 // second
	end     int64 // latest second in which it went on
	most    float64
	limit   float64
	ends    line
	settled int64
	total   float64
	peak    float64
	peakAt  int64
	usual   float64 // open at once
	reasons string  // what spoke for an attack
	told    int64
}

// tickSlow judges slow requests, and goes on with a slow attack.
func (w *watch) tickSlow(sec int64) (told []downpour.Event) {
	if sec-w.idle.latest > ringLength && w.idle.episode == nil {
		return nil
	}
	e := w.idle.episode
	if e == nil {
		w.learnSlow(sec)
		if e = w.judgeSlow(sec); e == nil {
			return nil
		}
		w.idle.episode = e
		w.followSlow(sec)
		return []downpour.Event{w.slowSnapshot(sec*second, true)}
	}
	w.followSlow(sec)
	const over, every = slowSpan + slowSpan/2, 10
	switch {
	case sec-max(e.end, w.blind) > over:
		told = append(told, w.slowSnapshot(sec*second, false))
		w.idle.episode = nil
	case sec-e.told >= every && sec-w.idle.latest < every:
		told = append(told, w.slowSnapshot(sec*second, true))
	}
	return told
}

// learnSlow takes what has become old enough into what is usual.
func (w *watch) learnSlow(sec int64) {
	t := sec - slowSpan
	w.idle.usual *= math.Exp2(-1 / w.cfg.UsualHalfLife.Seconds())
	if !w.holds(t) || w.openMost(sec) >= w.slowLimit() {
		return
	}
	w.idle.usual += math.Max(float64(w.idle.open[t%ringLength])-w.idle.usual, 0) * 2 * w.cfg.LearnRate
}

func (w *watch) slowLimit() float64 { return math.Max(w.cfg.Rise*w.idle.usual, w.floors.Slow) }

// openMost is the most slow requests that were open at once lately.
func (w *watch) openMost(sec int64) (most float64) {
	for t := sec - slowSpan; t < sec; t++ {
		if w.holds(t) {
			most = math.Max(most, float64(w.idle.open[t%ringLength]))
		}
	}
	return most
}

// judgeSlow weighs whether the slow requests of late are an attack; nil if not.
func (w *watch) judgeSlow(sec int64) *slowEpisode {
	most, limit := w.openMost(sec), w.slowLimit()
	if most < limit {
		return nil
	}
	e := &slowEpisode{alarmAt: sec * second, most: most, limit: limit, ends: line{}, first: sec}
	for t := sec - 1; w.holds(t) && t >= w.since-slowSpan; t-- {
		if open := float64(w.idle.open[t%ringLength]); open >= most/10 {
			e.first = t
		} else if e.first < sec {
			break
		}
	}
	e.rise, e.settled, e.end = e.first, e.first, e.first
	e.ends.start = e.first
	v := w.weighSlow(e, sec)
	if v.score < w.cfg.Certainty {
		return nil
	}
	e.usual, e.reasons = w.idle.usual, v.reasons()
	e.id = finding.ID(w.service+" "+slowHTTP, w.target().String(), downpour.Inbound, e.alarmAt)
	e.onset = e.first * second
	if at := w.earliestSlow(e); at != 0 {
		e.onset = at
	}
	return e
}

// weighSlow adds up what speaks for a slow attack and against one.
func (w *watch) weighSlow(e *slowEpisode, sec int64) (v verdict) {
	const before = -1
	v.score = before
	by := w.standard(sec*second, e.rise*second)
	var all, foreign, known_, inVain, closed, lead, led float64
	var main uint64
	var clients uint64
	each := func(do func(c *client, n float64)) {
		for i := range w.sample.entries {
			if c := &w.sample.entries[i]; c.slow > 0 && c.slowLast >= e.first*second {
				do(c, float64(c.slow))
			}
		}
	}
	each(func(c *client, n float64) {
		all += n
		inVain, closed = inVain+float64(c.inVain), closed+float64(c.closed)
		switch c.kind(&by) {
		case repeater, passer, prober, undecided:
			foreign += n
			clients++
		case known:
			known_ += n
		}
		switch {
		case main == c.main:
			lead += n
		case lead > n:
			lead -= n
		default:
			main, lead = c.main, n
		}
	})
	if all == 0 {
		return v
	}
	each(func(c *client, n float64) {
		if c.main == main {
			led += n
		}
	})
	usual := w.mix.shrunk(math.Max(sum(&w.mix.alike, []kind{repeater, passer, prober}), sum(&w.mix.fresh, []kind{repeater, passer, prober})), 0.3)
	v.add(likelier(foreign/all, usual), "%s are of %s as visitors do (usual: %s)", percent(foreign/all), wording.Count(clients, "client that does not behave", "clients that do not behave"), percent(usual))
	v.add(2.5*ramp(inVain/all, 0.2, 0.6), "the server waited in vain for %s", percent(inVain/all))
	v.add(-2*ramp(closed/all, 0.5, 0.9), "%s were closed by clients that no longer waited", percent(closed/all))
	v.add(ramp(led/all, 0.5, 0.9), "%s are for one thing", percent(led/all))
	v.add(-4*known_/all, "%s are of clients that were there before", percent(known_/all))
	return v
}

// takesSlowly tells whether a client is one of the slow attack's.
func (w *watch) takesSlowly(c *client) bool {
	e := w.idle.episode
	if c.slow == 0 || c.slowLast < e.first*second {
		return false
	}
	by := w.standard(w.latest, e.rise*second)
	switch c.kind(&by) {
	case repeater, passer, prober, undecided:
		return true
	}
	return false
}

// earliestSlow is when the first slow request of the attack began; 0 if not known.
func (w *watch) earliestSlow(e *slowEpisode) int64 {
	at := int64(math.MaxInt64)
	for i := range w.sample.entries {
		if c := &w.sample.entries[i]; c.slow > 0 && c.slowLast >= e.first*second && c.first >= e.rise*second-int64(w.cfg.Acquaintance) {
			at = min(at, c.slowFirst)
		}
	}
	if at == math.MaxInt64 || at < (e.first-2*halfWindow)*second {
		return 0
	}
	return at
}

// followSlow counts the seconds up to one.
func (w *watch) followSlow(sec int64) {
	e := w.idle.episode
	for t := max(e.first, w.now-ringLength+1); t < sec && t <= w.now; t++ {
		open := float64(w.idle.open[t%ringLength])
		e.most = math.Max(e.most, open)
		if open >= e.limit/2 {
			e.end = max(e.end, t)
		}
	}
	for ; e.settled < sec-slack && e.settled <= w.now; e.settled++ {
		if !w.holds(e.settled) {
			continue
		}
		n := float64(w.idle.ended[e.settled%ringLength])
		e.ends.add(e.settled, n)
		e.total += n
		if n > e.peak {
			e.peak, e.peakAt = n, e.settled
		}
	}
}

// why puts the rule that fired into a sentence.
func (e *slowEpisode) why(target string) string {
	expected := figure(e.limit) + " (floor; hardly anything is usual)"
	if e.usual >= 1 {
		expected = fmt.Sprintf("%s (usual up to %s)", figure(e.limit), figure(e.usual))
	}
	return fmt.Sprintf("Requests that take long and bring next to nothing held up to %s connections to %s at once; expected at most %s. %s",
		wording.Thousands(e.most), target, expected, e.reasons)
}

func (e *slowEpisode) severity() downpour.Severity {
	return finding.Severity(e.most / e.limit)
}
