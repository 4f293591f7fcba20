package weblog

import (
	"net/netip"
	"strconv"
	"time"

	"downpour"
)

// flood makes a flood: each request by a client drawn from the stream's.
func (m *maker) flood(s *Stream) {
	from := m.world.clients(s, 500)
	agents := m.world.agents(s, len(from))
	m.course(s, func(at int64) {
		i := m.rng.IntN(len(from))
		m.add(at, m.hostile(s, from[i], agents[i]))
	})
}

func (m *maker) hostile(s *Stream, from netip.Addr, agent string) request {
	r := request{from: from, agent: agent, method: s.Method, path: s.Path, status: s.Status, attack: m.stream + 1}
	if r.method == "" {
		r.method = "GET"
	}
	if r.path == "" {
		r.path = "/search"
	}
	if s.Paths > 1 {
		r.path += "/" + strconv.Itoa(m.rng.IntN(s.Paths))
	}
	if s.Referred {
		r.referrer = "https://search.example.net/?q=" + strconv.Itoa(m.rng.IntN(1e6))
	}
	if r.status >= 400 {
		r.bytes = 150
	}
	return r
}

// slow holds connections open: each ends after the server's patience, and another
// takes its place. Sources hold some each.
func (m *maker) slow(s *Stream) {
	from := m.world.clients(s, 20)
	agents := m.world.agents(s, len(from))
	patience := 40 * time.Second
	held := *s
	held.Rate = s.Rate / patience.Seconds()
	begin, end := m.recipe.Start.Add(s.From).UnixNano(), m.recipe.Start.Add(s.From+s.Lasts).UnixNano()
	hold := func(at int64) {
		i := m.rng.IntN(len(from))
		r := m.hostile(s, from[i], agents[i])
		r.duration = int64(float64(patience) * (0.6 + 0.8*m.rng.Float64()))
		r.duration = max(min(r.duration, end-at), int64(time.Second))
		r.bytes = 1
		if s.Status == 0 {
			r.status = 408
		}
		if s.Path == "" { // no whole request ever came
			r.method, r.path = "", ""
			r.agent = ""
		}
		m.add(at, r)
	}
	for range int(s.Rate) { // those of the beginning
		hold(begin + m.rng.Int64N(int64(3*time.Second)))
	}
	held.From, held.Lasts = s.From+patience/2, s.Lasts-patience/2
	m.course(&held, hold)
}

// Truth is what a log really holds of its attack, counted from its requests.
type Truth struct {
	Target  string // the host, or the service where the format tells no host
	Vectors map[string]float64
	Onset   time.Time // the first request; of slow ones its beginning
	End     time.Time // the last
	Told    time.Time // when the log held 20 of its requests
	Sources int
	Peak    int // requests in the busiest second
}

// Truth counts the attack; false if the log holds none.
func (l *Log) Truth() (Truth, bool) {
	t := Truth{Target: l.recipe.host(), Vectors: map[string]float64{}}
	if l.recipe.Format != JSON {
		t.Target = downpour.DefaultService
	}
	sources, n := map[netip.Addr]bool{}, 0
	var window []int64
	for i := range l.requests {
		r := &l.requests[i]
		if r.attack == 0 {
			continue
		}
		n++
		if n == 20 {
			t.Told = time.Unix(0, r.at).UTC()
		}
		kind := l.recipe.Streams[r.attack-1].Kind
		t.Vectors[kind]++
		sources[r.from] = true
		begin := r.at
		if kind == slow {
			begin -= r.duration
		}
		if at := time.Unix(0, begin).UTC(); t.Onset.IsZero() || at.Before(t.Onset) {
			t.Onset = at
		}
		t.End = time.Unix(0, r.at).UTC()
		at := r.at
		if l.recipe.Format != JSON { // as the log tells it
			at -= at % int64(time.Second)
		}
		for len(window) > 0 && window[0] <= at-int64(time.Second) {
			window = window[1:]
		}
		window = append(window, at)
		t.Peak = max(t.Peak, len(window))
	}
	for kind := range t.Vectors {
		t.Vectors[kind] /= float64(n)
	}
	t.Sources = len(sources)
	return t, n > 0
}
