package web

import (
	"cmp"
	"slices"

	"downpour"
)

// Detector owns the requests of all services and hosts. It is used by one
// goroutine at a time and meets engine.RequestDetector.
type Detector struct {
	cfg     Config
	sites   sites
	latest  *site // of the latest request: the next is often of the same
	watches []*watch
	now     int64  // event time of the latest tick
	made    uint64 // watches made, so that each has keys of its own
	events  []downpour.Event
	stats   Stats
}

// Stats counts what the detector holds and what it had to give up.
type Stats struct {
	Sites       int    // hosts and services that are counted
	Watches     int    // looked at closely
	Attacks     int    // open
	ShedHosts   uint64 // requests that counted for their service, since their host had no place
	ShedWatches uint64 // seconds in which a host was not looked at closely, or no longer, because others were busier
	Late        uint64 // requests older than what is remembered
}

// New makes a detector.
func New(cfg Config) *Detector {
	return &Detector{cfg: cfg, sites: newSites(downpour.Address{Lo: 2}.Hash(cfg.Seed), cfg.Sites)}
}

// Stats returns the counters as they stand.
func (d *Detector) Stats() Stats {
	s := d.stats
	s.Sites, s.Watches, s.ShedHosts = len(d.sites.list), len(d.watches), d.sites.shed
	for _, w := range d.watches {
		if w.episode != nil {
			s.Attacks++
		}
		if w.idle.episode != nil {
			s.Attacks++
		}
	}
	return s
}

// Events appends the events since the last call and forgets them.
func (d *Detector) Events(dst []downpour.Event) []downpour.Event {
	dst = append(dst, d.events...)
	clear(d.events)
	d.events = d.events[:0]
	return dst
}

// Request sees a request.
func (d *Detector) Request(r *downpour.Request) {
	sec := r.Time / second
	s := d.site(r, sec)
	if s == nil {
		return
	}
	s.advance(sec)
	if !s.holds(sec) {
		d.stats.Late++
		sec = s.now
	}
	s.ring[sec%ringLength]++
	if s.watch != nil {
		s.watch.request(r, sec)
	} else if s.refused != sec && s.sum(s.now-window+1, s.now+1) >= stirs {
		d.watch(s, r, sec)
	}
}

// stirs is how many requests within the window make a site worth a closer look.
const stirs = window

// site finds the site of a request; nil if there is no place for it.
func (d *Detector) site(r *downpour.Request, sec int64) *site {
	service := r.Service
	if l := d.latest; l != nil && l.host == r.Host && (service == "" || l.service == service) {
		return l
	}
	if service == "" {
		service = downpour.DefaultService
		if d.cfg.Service != nil {
			service = d.cfg.Service(r.Host)
		}
	}
	d.latest = d.sites.of(service, r.Host, sec)
	return d.latest
}

// watch begins a closer look at a site, for which one that is quieter may have to
// make room.
func (d *Detector) watch(s *site, r *downpour.Request, sec int64) {
	if len(d.watches) >= d.cfg.Watches {
		least := slices.MinFunc(d.watches, func(a, b *watch) int {
			return cmp.Or(compareBool(a.attacked(), b.attacked()), cmp.Compare(a.usual, b.usual))
		})
		d.stats.ShedWatches++
		if least.attacked() || least.rate(sec+1) >= s.rate(sec+1) {
			s.refused = sec
			return
		}
		d.release(least)
	}
	d.made++
	s.watch = newWatch(s, &d.cfg, downpour.Address{Lo: d.made}.Hash(d.cfg.Seed), sec)
	d.watches = append(d.watches, s.watch)
	s.watch.request(r, sec)
}

// attacked tells whether an attack on the site is open.
func (w *watch) attacked() bool { return w.episode != nil || w.idle.episode != nil }

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// release ends a closer look. What was usual stays with the site.
func (d *Detector) release(w *watch) {
	w.site.watch = nil
	d.watches = slices.DeleteFunc(d.watches, func(o *watch) bool { return o == w })
}

// Tick judges what is watched: attacks begin, go on or end.
func (d *Detector) Tick(now int64) {
	sec := now / second
	d.now = now
	for i := 0; i < len(d.watches); {
		w := d.watches[i]
		d.tick(w, sec)
		if !w.attacked() && sec-w.last > int64(d.cfg.Idle.Seconds()) {
			d.release(w)
			continue
		}
		i++
	}
}

func (d *Detector) tick(w *watch, sec int64) {
	w.advance(sec - 1)
	w.fill(sec - 1)
	w.latest = max(w.latest, sec*second)
	d.events = append(d.events, w.tickSlow(sec)...)
	if w.episode == nil {
		w.verdict = w.judge(sec)
		if w.certain() {
			w.begin(sec, w.verdict)
			d.events = append(d.events, w.snapshot(sec*second, true))
		} else if !w.verdict.over {
			w.calm(sec)
		}
		w.learn(sec)
		return
	}
	switch over := w.follow(sec); {
	case over:
		w.settle(sec)
		d.events = append(d.events, w.snapshot(sec*second, false))
		w.episode, w.verdict, w.rise = nil, verdict{}, 0
	case w.episode.changed:
		d.events = append(d.events, w.snapshot(sec*second, true))
	}
}

// certain tells whether the latest verdict is that of an attack, beyond doubt or for
// long enough.
func (w *watch) certain() bool {
	if !w.verdict.over || w.verdict.score < w.cfg.Certainty {
		w.held = 0
		return false
	}
	w.held++
	return w.verdict.score >= w.cfg.BeyondDoubt || w.held > int(w.cfg.Doubt.Seconds())
}

// Finish says that the input has ended.
func (d *Detector) Finish(now int64) {
	d.Tick((now/second + 1) * second)
	for _, w := range d.watches {
		if w.episode != nil {
			w.settle(w.now + 1)
			d.events = append(d.events, w.snapshot(now, true))
		}
		if w.idle.episode != nil {
			w.followSlow(w.now + 1 + slack)
			d.events = append(d.events, w.slowSnapshot(now, true))
		}
	}
}
