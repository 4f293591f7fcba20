package web

import (
	"strconv"
	"strings"

	"downpour"
)

// watch is the closer look at a site.
type watch struct {
	*site
	cfg     *Config
	floors  Floors
	since   int64 // second in which it began
	last    int64 // latest second with a request
	latest  int64 // latest event time, nanoseconds
	sample  clients
	paths   cells
	nets    cells
	agents  cells
	answers cells                  // method and status
	parts   [ringLength]uint32     // requests by second for parts of pages
	naming  [ringLength]uint32     // and that name a referrer
	taking  [ringLength]uint32     // and, during an attack, that bear its signature, or are of sampled clients that take part
	fine    [4 * ringLength]uint16 // requests by quarter of a second
	filled  int64                  // latest second that these three hold
	mix     mix                    // as usual
	showing showing                // as usual
	mixed   int64                  // half window up to which it is
	learnt  int64                  // second up to which the usual rates are
	blind   int64                  // second up to which nobody watched, since a restart; 0 if there was none
	rise    int64                  // second in which the present rise began; 0 if there is none
	above   int64                  // latest second that was above a limit
	swarmed bool                   // those who walked were too many for crawlers, in this rise
	verdict verdict                // the latest one
	held    int                    // seconds for which it has been that of an attack
	episode *episode               // nil if there is no attack
	idle    idle                   // slow requests
}

// newWatch begins to watch a site; key is of its own.
func newWatch(s *site, cfg *Config, key uint64, sec int64) *watch {
	floors := cfg.Floors
	if cfg.FloorsOf != nil {
		floors = cfg.FloorsOf(s.service)
	}
	return &watch{
		site: s, cfg: cfg, floors: floors, since: sec, last: sec, filled: sec,
		sample: newClients(key, cfg.Clients), nets: cells{networks: make([]downpour.Address, cellBuckets)},
	}
}

// request sees a request in its second.
func (w *watch) request(r *downpour.Request, sec int64) {
	w.latest = max(w.latest, r.Time)
	w.last = max(w.last, sec)
	w.fill(w.now)
	asset := isAsset(r.Path)
	held := sec > w.filled-ringLength
	if held {
		w.fine[r.Time/(second/4)%(4*ringLength)]++
		if asset {
			w.parts[sec%ringLength]++
		}
		if r.Referred == downpour.Yes {
			w.naming[sec%ringLength]++
		}
	}
	half := w.now / halfWindow
	path := hashText(r.Path, w.sample.key)
	if i, fresh := w.paths.note(path, half); fresh {
		w.paths.names[i].set(r.Path)
	}
	agent := hashText(r.Agent, w.sample.key)
	if i, fresh := w.agents.note(agent, half); fresh {
		w.agents.names[i].set(r.Agent)
	}
	network := networkOf(r.Client)
	net := network.Hash(w.sample.key)
	if i, fresh := w.nets.note(net, half); fresh {
		w.nets.networks[i] = network
	}
	answer := hashText(r.Method, w.sample.key^uint64(r.Status)*mixA)
	if i, fresh := w.answers.note(answer, half); fresh {
		w.answers.names[i].set(strings.TrimSpace(r.Method + " " + strconv.Itoa(int(r.Status))))
	}
	c := w.sample.of(r.Client, w.latest-int64(w.cfg.Idle))
	if c != nil {
		c.note(r, path, agent, asset, half)
		if c.shows() && w.rise == 0 { // a crowd teaches nothing
			w.showing.note(r.Time - c.first)
		}
	}
	if took, slow := isSlow(r); slow && held {
		w.noteSlow(r, c, sec, took)
	}
	if w.episode != nil && held && w.episode.takes(w, c, path, net, agent) {
		w.taking[sec%ringLength]++
	}
}

// calm forgets a rise that has been over for a while.
func (w *watch) calm(sec int64) {
	if sec-w.above > int64(w.cfg.Hold.Seconds()) {
		w.rise, w.swarmed = 0, false
		const often = 60
		if sec%often == 0 { // a flood leaves a sparse sample
			w.sample.widen((sec - 2*often) * second)
		}
	}
}

// fill makes room in the rings up to a second.
func (w *watch) fill(sec int64) {
	if sec-w.filled >= ringLength {
		clear(w.parts[:])
		clear(w.naming[:])
		clear(w.taking[:])
		clear(w.fine[:])
		clear(w.idle.open[:])
		clear(w.idle.ended[:])
		w.filled = sec
		return
	}
	for w.filled < sec {
		w.filled++
		i := w.filled % ringLength
		w.parts[i], w.naming[i], w.taking[i] = 0, 0, 0
		clear(w.fine[4*i : 4*i+4])
		w.idle.open[i], w.idle.ended[i] = 0, 0
	}
}
