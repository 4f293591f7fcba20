package weblog

import (
	"maps"
	"slices"
	"strconv"
)

// machines are the kinds of machines that ask without being an attack; rate is
// requests/s.
var machines = map[string]func(m *maker, s *Stream){
	"crawler":    crawl("Mozilla/5.0 (compatible; Examplebot/2.1; +http://www.example.net/bot.html)", 30, 3),
	"mirror":     crawl("Wget/1.21.4", 1, 1),
	"cache fill": (*maker).cacheFill,
	"monitor":    (*maker).monitor,
	"retries":    (*maker).retries,
	"pollers":    (*maker).pollers,
	"scan":       (*maker).scan,
	// Of these two rate is visits/s.
	"long poll":    (*maker).longPoll,
	"stuck server": (*maker).stuckServer,
}

// Machines lists the kinds of machines.
func Machines() []string { return names(machines) }

func names[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }

// crawl asks for each page once.
func crawl(agent string, clients, networks int) func(m *maker, s *Stream) {
	return func(m *maker, s *Stream) {
		from := m.world.housed(max(s.Sources, clients), networks)
		n := 0
		m.course(s, func(at int64) {
			n++
			m.add(at, request{from: from[m.rng.IntN(len(from))], agent: agent, method: "GET", path: "/page/" + strconv.Itoa(n*7%100_003)})
		})
	}
}

// cacheFill is a delivery network that fetches what a deploy has changed.
func (m *maker) cacheFill(s *Stream) {
	from := m.world.housed(max(s.Sources, 40), 10)
	n := 0
	m.course(s, func(at int64) {
		n++
		m.add(at, request{from: from[m.rng.IntN(len(from))], agent: "ExampleCDN/1", method: "GET", path: "/static/build-7/" + strconv.Itoa(n/4) + ".js"})
	})
}

// monitor asks for one page from a few places.
func (m *maker) monitor(s *Stream) {
	from := m.world.housed(max(s.Sources, 6), 6)
	m.course(s, func(at int64) {
		m.add(at, request{from: from[m.rng.IntN(len(from))], agent: "ExampleMonitor/1", method: "HEAD", path: "/health", bytes: 1})
	})
}

// retries is an app's fleet that asks once a minute, and after a third of the
// time is refused and asks again and again.
func (m *maker) retries(s *Stream) {
	const usual = 1.0 / 60
	from := m.world.clients(s, 600)
	calm := *s
	calm.Rate = usual * float64(len(from))
	m.course(&calm, func(at int64) {
		m.add(at, request{from: from[m.rng.IntN(len(from))], agent: "ExampleApp/4.1 (Android)", method: "POST", path: "/v1/sync"})
	})
	failing := *s
	failing.From += s.Lasts / 3
	failing.Lasts -= s.Lasts / 3
	m.course(&failing, func(at int64) {
		m.add(at, request{from: from[m.rng.IntN(len(from))], agent: "ExampleApp/4.1 (Android)", method: "POST", path: "/v1/sync", status: 503, bytes: 60})
	})
}

// pollers ask for one thing each at their own regular moments.
func (m *maker) pollers(s *Stream) {
	n := max(s.Sources, 300)
	every := float64(n) / s.Rate
	for range n {
		from := m.world.person()
		for t := m.rng.Float64() * every; t < s.Lasts.Seconds(); t += every {
			m.add(m.recipe.Start.Add(s.From).UnixNano()+int64(t*1e9), request{from: from, agent: "FeedReader/2", method: "GET", path: "/feed.xml", status: 304})
		}
	}
}

// scan asks one after the other for what weak sites have.
func (m *maker) scan(s *Stream) {
	from := m.world.housed(max(s.Sources, 1), 1)
	n := 0
	m.course(s, func(at int64) {
		n++
		m.add(at, request{from: from[m.rng.IntN(len(from))], agent: "Mozilla/5.0 zgrab/0.x", method: "GET", path: "/wp-content/plugins/p" + strconv.Itoa(n) + "/readme.txt", status: 404, bytes: 150})
	})
}

// longPoll is people whose open page holds a request until there is news.
func (m *maker) longPoll(s *Stream) {
	const patience = int64(25e9)
	page := &site{pages: 30, shared: 6}
	m.course(s, func(at int64) {
		from, agent := m.world.person(), m.world.browser()
		path := "/room/" + strconv.Itoa(m.world.zipf(page.pages))
		m.view(at, page, from, agent, path, "", map[string]bool{})
		at += 2e9
		for stay := int64(m.rng.ExpFloat64() * 300e9); stay > 0; stay -= patience {
			took := min(int64(m.rng.ExpFloat64()*40e9), patience) + 1e6
			m.add(at, request{from: from, agent: agent, method: "GET", path: "/poll", referrer: "https://" + m.recipe.host() + path, duration: took, bytes: 40})
			at += took
		}
	})
}

// stuckServer is people who ask a server that does not answer, give up after a
// while and mostly try again.
func (m *maker) stuckServer(s *Stream) {
	m.course(s, func(at int64) {
		from, agent := m.world.person(), m.world.browser()
		path := "/page/" + strconv.Itoa(m.world.zipf(500))
		for range 1 + m.rng.IntN(3) {
			r := request{from: from, agent: agent, method: "GET", path: path, status: 499, bytes: 1, duration: int64(8e9 + m.rng.ExpFloat64()*10e9)}
			if r.duration > 30e9 {
				r.duration, r.status = 30e9, 504
			}
			m.add(at, r)
			at += r.duration + 2e9
		}
	})
}
