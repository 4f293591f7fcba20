package weblog

import (
	"net/netip"
	"strconv"
	"time"
)

// site is a kind of site and how people use it.
type site struct {
	pages      int           // that it has
	shared     int           // parts that all pages have
	own        int           // and that each has for itself, at most
	views      float64       // pages a visit has beyond the first, on average
	think      time.Duration // between pages, on average
	landing    float64       // share of visits that come by a link elsewhere
	reload     float64       // share of views that are of the same page again
	poll       time.Duration // how often an open page asks again; 0: not
	stay       time.Duration // for how long then, on average
	app        bool          // an app asks, no browser
	conditions float64       // share of known parts that are asked for with a condition (304)
}

// sites are the kinds.
var sites = map[string]*site{
	// Pages with pictures, looked at one after the other.
	"shop": {pages: 2000, shared: 8, own: 6, views: 4, think: 20 * time.Second, landing: 0.6, reload: 0.03, conditions: 0.2},
	// Many come for one page.
	"news": {pages: 300, shared: 12, own: 4, views: 0.6, think: 60 * time.Second, landing: 0.75, reload: 0.1, conditions: 0.2},
	// Parts are served from elsewhere: only pages are in the log.
	"pages": {pages: 1000, views: 2, think: 25 * time.Second, landing: 0.5, reload: 0.05},
	// One page whose script asks for what is new.
	"single page": {pages: 3, shared: 10, views: 0.5, think: 40 * time.Second, landing: 0.3, poll: 15 * time.Second, stay: 5 * time.Minute, conditions: 0.5},
	// An app's interface: some calls at the start, then one again and again.
	"api": {pages: 40, views: 5, think: 2 * time.Second, poll: 30 * time.Second, stay: 4 * time.Minute, app: true},
	// Feeds and downloads, each fetched once.
	"files": {pages: 5000, views: 0.3, think: 30 * time.Second, landing: 0.4},
}

// Sites lists the kinds of sites.
func Sites() []string { return names(sites) }

// site makes the visits of a stream.
func (m *maker) site(s *Stream, k *site) {
	office := m.world.clients(s, 1)
	m.course(s, func(at int64) {
		from, agent := m.world.person(), m.world.browser()
		if s.Sources > 0 || s.Networks > 0 { // many people behind few addresses
			from = office[m.rng.IntN(len(office))]
		}
		if k.app {
			agent = "ExampleApp/4." + strconv.Itoa(m.world.zipf(4)) + " (" + []string{"Android", "iOS"}[m.rng.IntN(2)] + ")"
		}
		m.visit(at, s, k, from, agent)
	})
}

// visit is one person's visit.
func (m *maker) visit(at int64, s *Stream, k *site, from netip.Addr, agent string) {
	path, referrer := s.Path, ""
	if path == "" {
		path = m.page(k)
	}
	if m.rng.Float64() < k.landing {
		referrer = "https://search.example.net/"
	}
	known := map[string]bool{}
	views := 1 + int(m.rng.ExpFloat64()*k.views+0.5)
	for range min(views, 40) {
		m.view(at, k, from, agent, path, referrer, known)
		if !k.app {
			referrer = "https://" + m.recipe.host() + path
		}
		at += int64(float64(k.think) * (0.2 + 0.8*m.rng.ExpFloat64()))
		if m.rng.Float64() >= k.reload {
			path = m.page(k)
		}
	}
	if k.poll == 0 {
		return
	}
	for stay := int64(m.rng.ExpFloat64() * float64(k.stay)); stay > 0; stay -= int64(k.poll) {
		at += int64(k.poll)
		m.add(at, request{from: from, agent: agent, method: "GET", path: "/v1/updates", referrer: referrer, bytes: 120})
	}
}

func (m *maker) page(k *site) string {
	n := strconv.Itoa(m.world.zipf(k.pages))
	if k.app {
		return "/v1/items/" + n
	}
	return "/page/" + n
}

// view is a page and the parts that the browser does not have yet.
func (m *maker) view(at int64, k *site, from netip.Addr, agent, path, referrer string, known map[string]bool) {
	status := 200
	if m.rng.Float64() < 0.01 {
		status = 404
	}
	m.add(at, request{from: from, agent: agent, method: "GET", path: path, referrer: referrer, status: status})
	own := 0
	if k.own > 0 {
		own = m.rng.IntN(k.own + 1)
	}
	for i := range k.shared + own {
		part := "/static/" + strconv.Itoa(i) + []string{".js", ".css", ".woff2", ".svg"}[i%4]
		if i >= k.shared {
			part = "/img" + path + "-" + strconv.Itoa(i) + ".jpg"
		}
		status := 200
		if known[part] {
			if status = 304; m.rng.Float64() >= k.conditions {
				continue
			}
		}
		known[part] = true
		m.add(at+int64(50e6)+m.rng.Int64N(1500e6), request{
			from: from, agent: agent, method: "GET", path: part, referrer: "https://" + m.recipe.host() + path, status: status,
		})
	}
}
