package month

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour"
	"downpour/internal/detect/attack"
	"downpour/internal/engine"
)

// The pace of the simulation: what a step holds is drawn at once.
const (
	step    = 10 * time.Second
	seconds = int(step / time.Second)
)

// network is one whose border is watched.
type network struct {
	name     string
	sampling uint32
	ingress  bool // what goes out is not told of
	targets  int
	members  []member // by turns
}

// networks are those that are simulated, in halves that are simulated at once.
func networks() [2][]network {
	homes := append(slices.Repeat([]member{home()}, 39), gateway(0.03, wave(20.5, 0.12)))
	hosting := []member{
		webServer(30), webServer(5), webServer(2), mailServer(), webServer(10), webServer(1), resolver(300), webServer(3),
		webServer(15), webServer(2), webServer(1), webServer(5), webServer(3), mailServer(), webServer(8), backupServer(),
	}
	games := []member{gameServer(100), gameServer(30), gameServer(10)}
	company := []member{companyDoor(), gateway(0.02, office), mailServer(), webServer(1), backupServer()}
	return [2][]network{{
		{"access, both ways, 1:4,000", 4000, false, 98, homes},
		{"access, ingress only, 1:1,000", 1000, true, 30, homes},
		{"hosting, ingress only, 1:2,000", 2000, true, 36, hosting[:15]},
		{"games, ingress only, 1:4,000", 4000, true, 3, games},
		{"companies, both ways, 1:4,000", 4000, false, 4, company},
	}, {
		{"access, ingress only, 1:4,000", 4000, true, 94, homes},
		{"access, both ways, 1:1,000", 1000, false, 30, homes},
		{"hosting, both ways, 1:2,000", 2000, false, 36, hosting[:15]},
		{"games, both ways, 1:4,000", 4000, false, 3, games},
		{"companies, ingress only, 1:10,000", 10_000, true, 5, company},
		{"cache, both ways, 1:10,000", 10_000, false, 1, []member{cache()}},
	}}
}

// Alarm is a false one.
type Alarm struct {
	Network, Member, Episode string
	At                       time.Time
	Says                     string
	Severity                 downpour.Severity
}

// Result is what came of a month.
type Result struct {
	Days     int
	Targets  int
	Samples  uint64 // packets that were looked at
	Alarms   []Alarm
	Networks []Watched
	// Margins are the highest of each target-day, where the alarm's statistic was above 0.
	Margins []float64
}

// Watched is what came of one network.
type Watched struct {
	Name            string
	Targets, Alarms int
	Samples         uint64
	Largest         float64 // margin
}

// TargetDays is how many days of targets were looked at.
func (r *Result) TargetDays() int { return r.Days * r.Targets }

// Run simulates so many days, after a first one that teaches and is not counted.
func Run(ctx context.Context, days int) (Result, error) {
	var made [2]simulation
	group, ctx := errgroup.WithContext(ctx)
	for i, list := range networks() {
		made[i] = simulation{networks: list, days: days, r: rand.New(rand.NewPCG(uint64(i), 2026))}
		group.Go(func() error { return made[i].run(ctx) })
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	r := Result{Days: days}
	for i := range made {
		made[i].gather(&r)
	}
	return r, nil
}

// gather adds what came of a simulation to the result.
func (s *simulation) gather(r *Result) {
	r.Alarms = append(r.Alarms, s.alarms...)
	of := map[string]*Watched{}
	for i := range s.networks {
		n := &s.networks[i]
		of[n.name] = &Watched{Name: n.name, Targets: n.targets}
		r.Targets += n.targets
	}
	for i := range s.hosts {
		h := &s.hosts[i]
		w := of[h.name]
		w.Samples += h.samples
		r.Samples += h.samples
		for _, m := range h.margins {
			if m > 0 {
				r.Margins = append(r.Margins, m)
			}
			w.Largest = max(w.Largest, m)
		}
	}
	for _, a := range s.alarms {
		of[a.Network].Alarms++
	}
	for i := range s.networks {
		r.Networks = append(r.Networks, *of[s.networks[i].name])
	}
}

// simulation is some networks during their month.
type simulation struct {
	networks []network
	days     int
	r        *rand.Rand
	hosts    []host
	number   map[downpour.Address]int
	begin    time.Time
	alarms   []Alarm
	known    map[string]int // alarms by ID
	detector *attack.Detector
	ends     []downpour.FlowEnd // to be used again, as told
	told     []downpour.Event
}

// host is one target.
type host struct {
	network
	address downpour.Address
	member  member
	habits  []habit
	events  []event // in order of time
	next    int
	samples uint64
	margins []float64 // the highest of each day
}

// event is an episode that happens.
type event struct {
	*episode
	from, to time.Time
	rate     float64
	peer     uint64
}

// teach is how many days go by before alarms count.
const teach = 1

func (s *simulation) run(ctx context.Context) error {
	s.begin = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	s.known, s.number = map[string]int{}, map[downpour.Address]int{}
	s.populate()
	cfg := attack.Default()
	cfg.Suspects *= engine.Partitions // there is one detector for all of them
	cfg.Sources *= engine.Partitions
	cfg.Service = func(a downpour.Address) (string, bool) {
		_, ours := s.number[a]
		return downpour.DefaultService, ours
	}
	s.detector = attack.New(cfg, 0)
	var list []downpour.Flow
	for at, end := s.begin, s.begin.AddDate(0, 0, s.days+teach); at.Before(end); at = at.Add(step) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		list = s.draw(list[:0], at)
		s.feed(list, at)
	}
	return nil
}

// feed gives the detector a step second by second, as the engine does.
func (s *simulation) feed(list []downpour.Flow, at time.Time) {
	for range seconds {
		at = at.Add(time.Second)
		now, n := at.UnixNano(), 0
		s.ends = s.ends[:0]
		for ; n < len(list) && list[n].Time < now; n++ {
			if _, ours := s.number[list[n].Destination]; ours {
				s.ends = append(s.ends, downpour.DestinationOf(n))
			} else {
				s.ends = append(s.ends, downpour.SourceOf(n))
			}
		}
		s.detector.Flows(list[:n], s.ends)
		list = list[n:]
		s.detector.Tick(now)
		s.note(now)
		s.told = s.detector.Events(s.told[:0])
		for _, e := range s.told {
			s.emit(e)
		}
	}
}

// draw draws what is sampled in a step, in order of time.
func (s *simulation) draw(list []downpour.Flow, at time.Time) []downpour.Flow {
	fade := min(1, (at.Sub(s.begin)+step).Hours()/fadeIn)
	for i := range s.hosts {
		h := &s.hosts[i]
		from := len(list)
		for j := range h.habits {
			k := &h.habits[j]
			list = k.samples(list, fade*k.rate(at, s.r), k.bursts, k.peer, at, h.address, h.sampling, s.r)
		}
		for h.next < len(h.events) && !h.events[h.next].to.After(at) {
			h.next++
		}
		for j := h.next; j < len(h.events) && h.events[j].from.Before(at.Add(step)); j++ {
			if e := &h.events[j]; e.to.After(at) {
				list = e.samples(list, e.rateAt(at), e.bursts, e.peer, at, h.address, h.sampling, s.r)
			}
		}
		if h.ingress {
			list = incoming(list, from, h.address)
		}
		h.samples += uint64(len(list) - from)
	}
	slices.SortFunc(list, func(x, y downpour.Flow) int { return cmp.Compare(x.Time, y.Time) })
	return list
}

// fadeIn is for how many hours habits come up from nothing: a detector that starts
// amid the traffic of a busy network is another matter.
const fadeIn = 6.0

// incoming leaves out, from a place on, what a host sends.
func incoming(list []downpour.Flow, from int, host downpour.Address) []downpour.Flow {
	kept := list[:from]
	for _, f := range list[from:] {
		if f.Source != host {
			kept = append(kept, f)
		}
	}
	return kept
}

// rateAt is an episode's rate in a step.
func (e *event) rateAt(at time.Time) float64 {
	if e.rise == 0 {
		return e.rate
	}
	return e.rate * min(1, (at.Sub(e.from)+step).Seconds()/(e.rise*e.to.Sub(e.from).Seconds()))
}

// populate makes the networks' hosts and what happens to each.
func (s *simulation) populate() {
	for _, n := range s.networks {
		for i := range n.targets {
			number := len(s.hosts)
			h := host{network: n, address: downpour.AddressFrom4(198<<24 | 18<<16 | uint32(number)), member: n.members[i%len(n.members)]}
			h.margins = make([]float64, s.days)
			h.habits = h.member.habits()
			own := math.Exp(0.5 * s.r.NormFloat64()) // some have more than others
			for j := range h.habits {
				h.habits[j].most *= own
			}
			for j := range h.member.episodes {
				h.happen(&h.member.episodes[j], s)
			}
			slices.SortFunc(h.events, func(a, b event) int { return a.from.Compare(b.from) })
			s.number[h.address] = number
			s.hosts = append(s.hosts, h)
		}
	}
}

// happen draws when an episode happens to a host.
func (h *host) happen(e *episode, s *simulation) {
	between := func(of [2]float64) float64 { return of[0] * math.Pow(of[1]/of[0], s.r.Float64()) }
	add := func(from time.Time) {
		length := time.Duration(between(e.minutes) * float64(time.Minute))
		h.events = append(h.events, event{e, from, from.Add(length), between(e.rate), s.r.Uint64()})
	}
	for day := range s.days + teach {
		begin := s.begin.AddDate(0, 0, day)
		if e.perDay == 0 {
			add(begin.Add(time.Duration((e.at + 0.1*s.r.Float64()) * float64(time.Hour))))
			continue
		}
		for range poisson(e.perDay*4, s.r) { // thinned by the season
			at := begin.Add(time.Duration(s.r.Float64() * 24 * float64(time.Hour)))
			if s.r.Float64()*4 < e.season(at)*thinning(e.season) {
				add(at)
			}
		}
	}
}

// thinning makes up for what a season takes away.
func thinning(of season) float64 {
	sum := 0.0
	for hour := range 7 * 24 {
		sum += of(time.Date(2026, 6, 1, hour, 30, 0, 0, time.UTC))
	}
	return min(4, 7*24/sum)
}

// note notes the margins of a moment.
func (s *simulation) note(now int64) {
	day := int(time.Duration(now-s.begin.UnixNano())/(24*time.Hour)) - teach
	if day < 0 || day >= s.days {
		return
	}
	s.detector.Margins(func(a downpour.Address, _ attack.Class, margin float64) {
		if n, ours := s.number[a]; ours {
			m := s.hosts[n].margins
			m[day] = max(m[day], margin)
		}
	})
}

// emit notes what is told of.
func (s *simulation) emit(e downpour.Event) {
	if e.Attack == nil || e.Attack.AlarmAt.Before(s.begin.AddDate(0, 0, teach)) {
		return
	}
	n, seen := s.known[e.Attack.ID]
	if !seen {
		n = len(s.alarms)
		s.known[e.Attack.ID] = n
		h := &s.hosts[s.number[downpour.AddressFrom(e.Attack.Target.Prefix.Addr())]]
		s.alarms = append(s.alarms, Alarm{Network: h.name, Member: h.member.name, Episode: h.during(e.Attack.AlarmAt), At: e.Attack.AlarmAt})
	}
	s.alarms[n].Says, s.alarms[n].Severity = e.Attack.Why, e.Attack.Severity
}

// during names the episodes of a host at a moment.
func (h *host) during(at time.Time) (names string) {
	for _, e := range h.events {
		if e.from.Before(at.Add(step)) && e.to.After(at.Add(-step)) {
			names += e.name + " "
		}
	}
	return names
}
