package web

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"downpour"
)

var start = time.Date(2024, 5, 14, 10, 0, 0, 0, time.UTC)

// traffic makes requests whose truth is known, for www.example.com.
type traffic struct {
	rng  *rand.Rand
	list []downpour.Request
}

func newTraffic(seed uint64) *traffic { return &traffic{rng: rand.New(rand.NewPCG(seed, 1))} }

func (t *traffic) add(at time.Duration, from downpour.Address, path, agent string, referred downpour.Tristate, status uint16) {
	t.list = append(t.list, downpour.Request{
		Time: start.Add(at).UnixNano(), Client: from, Host: "www.example.com", Method: "GET",
		Path: path, Agent: agent, Referred: referred, Status: status, Bytes: 512,
	})
}

func (t *traffic) address() downpour.Address {
	return downpour.AddressFrom4(0x18000000 + uint32(t.rng.IntN(1<<28)))
}

func (t *traffic) agent() string {
	return "Mozilla/5.0 (Windows NT 10.0) Chrome/" + strconv.Itoa(100+t.rng.IntN(25)) + ".0.0.0"
}

// visit is a person who looks at some pages with their parts, from the landing
// page on.
func (t *traffic) visit(at time.Duration, landing string) {
	from, agent, referred := t.address(), t.agent(), downpour.No
	path := landing
	for range 1 + t.rng.IntN(4) {
		t.add(at, from, path, agent, referred, 200)
		for part := range 6 {
			t.add(at+time.Duration(t.rng.IntN(2000))*time.Millisecond, from, "/static/"+strconv.Itoa(part)+".js", agent, downpour.Yes, 200)
		}
		at += 5*time.Second + time.Duration(t.rng.ExpFloat64()*15e9)
		path, referred = "/page/"+strconv.Itoa(t.rng.IntN(300)), downpour.Yes
	}
}

// poisson calls each at the instants of a process of a rate (events/s at a time)
// bounded by most.
func (t *traffic) poisson(from, to time.Duration, most float64, rate func(time.Duration) float64, each func(time.Duration)) {
	for at := from; ; {
		at += time.Duration(t.rng.ExpFloat64() / most * 1e9)
		if at >= to {
			return
		}
		if t.rng.Float64()*most < rate(at) {
			each(at)
		}
	}
}

func steady(rate float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return rate }
}

// people are usual visitors for a time.
func (t *traffic) people(from, to time.Duration, visits float64) {
	t.poisson(from, to, visits, steady(visits), func(at time.Duration) { t.visit(at, "/page/"+strconv.Itoa(t.rng.IntN(300))) })
}

// attacks runs the requests through a detector as the engine does, and returns the
// last state of each attack.
func (t *traffic) attacks(d *Detector) []downpour.Attack {
	slices.SortStableFunc(t.list, func(a, b downpour.Request) int { return int(a.Time/1e6 - b.Time/1e6) })
	var found []downpour.Attack
	take := func() {
		for _, e := range d.Events(nil) {
			if i := slices.IndexFunc(found, func(a downpour.Attack) bool { return a.ID == e.Attack.ID }); i >= 0 {
				found[i] = *e.Attack
			} else {
				found = append(found, *e.Attack)
			}
		}
	}
	now := start.UnixNano()
	for i := range t.list {
		if at := t.list[i].Time - t.list[i].Time%second; at > now {
			now = at
			d.Tick(now)
			take()
		}
		d.Request(&t.list[i])
	}
	d.Finish(now)
	take()
	return found
}

// TestFloods finds floods of different makes over usual visitors, dates them back
// and counts them.
func TestFloods(t *testing.T) {
	const from, to = 5 * time.Minute, 7 * time.Minute
	for name, c := range map[string]struct {
		rate  float64
		flood func(tr *traffic) func(at time.Duration)
	}{
		"one client": {200, func(tr *traffic) func(time.Duration) {
			return func(at time.Duration) {
				tr.add(at, downpour.AddressFrom4(0x2d010203), "/", "python-requests/2.31", downpour.No, 200)
			}
		}},
		"a botnet of which each asks once a minute": {250, func(tr *traffic) func(time.Duration) {
			bots := make([]downpour.Address, 15000)
			for i := range bots {
				bots[i] = tr.address()
			}
			return func(at time.Duration) {
				tr.add(at, bots[tr.rng.IntN(len(bots))], "/search", tr.agent(), downpour.No, 200)
			}
		}},
		"random names": {150, func(tr *traffic) func(time.Duration) {
			bots := make([]downpour.Address, 400)
			for i := range bots {
				bots[i] = tr.address()
			}
			return func(at time.Duration) {
				tr.add(at, bots[tr.rng.IntN(len(bots))], "/"+strconv.Itoa(tr.rng.Int()), tr.agent(), downpour.Yes, 404)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTraffic(7)
			tr.people(0, 10*time.Minute, 0.7)
			n := len(tr.list)
			tr.poisson(from, to, c.rate, steady(c.rate), c.flood(tr))
			sent := float64(len(tr.list) - n)
			found := tr.attacks(New(Default()))
			if len(found) != 1 {
				t.Fatalf("%d attacks", len(found))
			}
			a := found[0]
			if off := a.Onset.Sub(start.Add(from)).Abs(); off > time.Second {
				t.Errorf("onset is off by %v", off)
			}
			if off := a.End.Sub(start.Add(to)).Abs(); off > 2*time.Second {
				t.Errorf("end is off by %v", off)
			}
			if wait := a.AlarmAt.Sub(start.Add(from)); wait > 5*time.Second {
				t.Errorf("told after %v", wait)
			}
			if got := float64(*a.Total.Requests); got < 0.94*sent || got > 1.06*sent {
				t.Errorf("%.0f requests, want %.0f", got, sent)
			}
			if a.Target.Name != "www.example.com" || a.Ongoing || a.Why == "" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestBusyIsNoAttack: more requests than ever, for good reasons.
func TestBusyIsNoAttack(t *testing.T) {
	const from, to = 5 * time.Minute, 9 * time.Minute
	for name, more := range map[string]func(tr *traffic){
		"a flash crowd": func(tr *traffic) {
			tr.poisson(from, to, 12, func(at time.Duration) float64 { return 12 * min(1, (at-from).Seconds()/60) },
				func(at time.Duration) { tr.visit(at, "/page/7") })
		},
		"a crawler": func(tr *traffic) {
			n := 0
			tr.poisson(from, to, 120, steady(120), func(at time.Duration) {
				n++
				tr.add(at, downpour.AddressFrom4(0x42f94000+uint32(tr.rng.IntN(20))), "/page/"+strconv.Itoa(n), "Mozilla/5.0 (compatible; Examplebot/2.1)", downpour.No, 200)
			})
		},
		"a cache that is filled": func(tr *traffic) {
			n := 0
			tr.poisson(from, from+30*time.Second, 400, steady(400), func(at time.Duration) {
				n++
				tr.add(at, downpour.AddressFrom4(0x17000000+uint32(tr.rng.IntN(8))), "/static/new/"+strconv.Itoa(n)+".js", "edge-fetcher", downpour.No, 200)
			})
		},
		"known clients that retry": func(tr *traffic) {
			clients := make([]downpour.Address, 200)
			for i := range clients {
				clients[i] = tr.address()
				at := time.Duration(tr.rng.IntN(60)) * time.Second
				for ; at < from; at += time.Minute {
					tr.add(at, clients[i], "/api/sync", "app/3.1", downpour.No, 200)
				}
			}
			tr.poisson(from, to, 300, steady(300), func(at time.Duration) {
				tr.add(at, clients[tr.rng.IntN(len(clients))], "/api/sync", "app/3.1", downpour.No, 503)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTraffic(11)
			tr.people(0, 10*time.Minute, 0.7)
			more(tr)
			for _, a := range tr.attacks(New(Default())) {
				t.Errorf("an attack: %s", a.Why)
			}
		})
	}
}

func TestSameInputSameEvents(t *testing.T) {
	run := func() []downpour.Attack {
		tr := newTraffic(3)
		tr.people(0, 3*time.Minute, 1)
		tr.poisson(time.Minute, 2*time.Minute, 100, steady(100), func(at time.Duration) {
			tr.add(at, downpour.AddressFrom4(0x2d010203+uint32(tr.rng.IntN(9))), "/", "x", downpour.No, 200)
		})
		return tr.attacks(New(Default()))
	}
	a, b := run(), run()
	if len(a) != 1 || len(b) != 1 || a[0].ID != b[0].ID || a[0].Why != b[0].Why || *a[0].Total.Requests != *b[0].Total.Requests {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// TestPulsesAreOneAttack: forty pulses with pauses within the hold are one attack, a
// pulse wave.
func TestPulsesAreOneAttack(t *testing.T) {
	tr := newTraffic(13)
	tr.people(0, 12*time.Minute, 0.7)
	pulses := func(at time.Duration) float64 {
		if (at-2*time.Minute)%(12*time.Second) < 6*time.Second {
			return 200
		}
		return 0
	}
	tr.poisson(2*time.Minute, 10*time.Minute, 200, pulses, func(at time.Duration) {
		tr.add(at, downpour.AddressFrom4(0x2d010000+uint32(tr.rng.IntN(300))), "/", "x", downpour.No, 200)
	})
	found := tr.attacks(New(Default()))
	if len(found) != 1 || !slices.Equal(found[0].Shape, []string{"pulse wave"}) || found[0].End.Sub(found[0].Onset) < 7*time.Minute {
		t.Errorf("%d attacks: %+v", len(found), found)
	}
}

// TestFloorsOfAService: what is below the floor of its service is no attack.
func TestFloorsOfAService(t *testing.T) {
	for floor, want := range map[float64]int{25: 1, 300: 0} {
		cfg := Default()
		cfg.FloorsOf = func(string) Floors { return Floors{Requests: floor, Slow: 50} }
		tr := newTraffic(15)
		tr.people(0, 4*time.Minute, 0.7)
		tr.poisson(2*time.Minute, 3*time.Minute, 200, steady(200), func(at time.Duration) {
			tr.add(at, downpour.AddressFrom4(0x2d010203), "/", "x", downpour.No, 200)
		})
		if found := tr.attacks(New(cfg)); len(found) != want {
			t.Errorf("floor %v: %d attacks", floor, len(found))
		}
	}
}
