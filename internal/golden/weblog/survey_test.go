package weblog_test

import (
	"testing"
	"time"

	"downpour"
	"downpour/internal/detect/web"
	"downpour/internal/golden/weblog"
)

// attacks runs a recipe's log through the detector, without a file between, and
// counts the attacks that it tells of.
func attacks(r *weblog.Recipe) map[string]downpour.Attack {
	d, found, now := web.New(web.Default()), map[string]downpour.Attack{}, int64(0)
	take := func() {
		for _, e := range d.Events(nil) {
			found[e.Attack.ID] = *e.Attack
		}
	}
	weblog.Make(r).Each(func(q *downpour.Request) {
		if at := q.Time - q.Time%int64(time.Second); at > now {
			now = at
			d.Tick(now)
			take()
		}
		d.Request(q)
	})
	d.Finish(now)
	take()
	return found
}

// TestSurvey holds the detector against logs that it was not mended by: other
// seeds, rates and mixtures than the golden cases.
func TestSurvey(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of a processor")
	}
	const from, lasts = 5 * time.Minute, 2 * time.Minute
	start := time.Date(2024, 5, 14, 19, 0, 0, 0, time.UTC)
	floods := map[string]weblog.Stream{
		"one client":   {Rate: 150, Sources: 1, Agents: "tool", Path: "/"},
		"browsers":     {Rate: 200, Sources: 400},
		"wide":         {Rate: 200, Sources: 15000},
		"random names": {Rate: 200, Sources: 800, Paths: 1000000, Status: 404, Path: "/x"},
		"refused":      {Rate: 100, Sources: 200, Method: "POST", Path: "/login", Status: 503},
		"data centre":  {Rate: 250, Sources: 300, Networks: 3, Agents: "one"},
	}
	for kind, rate := range map[string]float64{"shop": 0.6, "pages": 2, "api": 2} {
		site := weblog.Stream{Kind: kind, Lasts: 10 * time.Minute, Rate: rate}
		for name, s := range floods {
			s.Kind, s.From, s.Lasts = "HTTP flood", from, lasts
			if found := attacks(&weblog.Recipe{Seed: 300, Start: start, Streams: []weblog.Stream{site, s}}); len(found) != 1 {
				t.Errorf("%s on %s: %d attacks", name, kind, len(found))
			}
		}
		busy := map[string]weblog.Stream{
			"a crowd":         {Kind: kind, Rate: rate * 10, Lasts: 4 * time.Minute, Ramp: 90 * time.Second},
			"a sudden crowd":  {Kind: kind, Rate: rate * 12, Lasts: 4 * time.Minute, Ramp: 8 * time.Second},
			"a crawler":       {Kind: "crawler", Rate: 150, Lasts: 3 * time.Minute},
			"a mirror":        {Kind: "mirror", Rate: 100, Lasts: 3 * time.Minute},
			"a cache's fill":  {Kind: "cache fill", Rate: 300, Lasts: time.Minute},
			"retries":         {Kind: "retries", Rate: 150, Lasts: 9 * time.Minute},
			"an office":       {Kind: kind, Rate: rate * 5, Lasts: 4 * time.Minute, Sources: 2, Networks: 1, Ramp: time.Minute},
			"a scan":          {Kind: "scan", Rate: 100, Lasts: 2 * time.Minute},
			"a stuck server":  {Kind: "stuck server", Rate: 5, Lasts: 3 * time.Minute},
			"waiting clients": {Kind: "long poll", Rate: 1, Lasts: 4 * time.Minute},
		}
		for name, s := range busy {
			if s.Kind != "retries" { // its clients were there before
				s.From = from
			}
			for _, a := range attacks(&weblog.Recipe{Seed: 400, Start: start, Streams: []weblog.Stream{site, s}}) {
				t.Errorf("%s on %s is taken for an attack: %s", name, kind, a.Why)
			}
		}
	}
}
