package month

import (
	"cmp"
	"context"
	"math"
	"net/netip"
	"slices"
	"time"

	"downpour"
	"downpour/internal/detect/attack"
	"downpour/internal/engine"
)

// simulation is some networks during their month.
type simulation struct {
	networks []network
	days     int
	drawn    drawn
	hosts    []host
	number   map[downpour.Address]int
	begin    time.Time
	alarms   []Alarm
	known    map[string]int // alarms by ID
	detector *attack.Detector
	wide     *attack.Prefixes
	prefixes most
	now      time.Time          // of the step
	ends     []downpour.FlowEnd // to be used again, as told
	told     []downpour.Event
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
	cfg.Service = func(a downpour.Address) (string, bool) { return downpour.DefaultService, s.ours(a) }
	s.wide = attack.NewPrefixes(cfg)
	s.detector = s.wide.Partition(0)
	s.now = s.begin
	for end := s.begin.AddDate(0, 0, s.days+teach); s.now.Before(end); s.now = s.now.Add(step) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		s.draw()
		for i, list := range s.drawn.seconds {
			slices.SortFunc(list, func(x, y downpour.Flow) int { return cmp.Compare(x.Time, y.Time) })
			s.feed(list, s.now.Add(time.Duration(i+1)*time.Second))
		}
	}
	return nil
}

// feed gives the detectors a second, as the engine does: flows to ours, and both
// ends of those from ours.
func (s *simulation) feed(list []downpour.Flow, end time.Time) {
	s.ends = s.ends[:0]
	for i := range list {
		s.ends = append(s.ends, downpour.DestinationOf(i))
		if s.ours(list[i].Source) {
			s.ends = append(s.ends, downpour.SourceOf(i))
		}
	}
	now := end.UnixNano()
	s.detector.Flows(list, s.ends)
	s.detector.Tick(now)
	s.told = s.wide.Turn(now, false, s.detector.Events(s.told[:0]))
	s.note(end)
	for _, e := range s.told {
		s.emit(e)
	}
}

func (s *simulation) ours(a downpour.Address) bool {
	_, ours := s.number[a]
	return ours
}

// note notes the margins of a moment.
func (s *simulation) note(now time.Time) {
	day := s.day(now)
	if day < 0 || day >= s.days {
		return
	}
	s.detector.Margins(func(m attack.Margin) {
		if n, ours := s.number[m.Target]; ours {
			s.hosts[n].days[day].note(m, &s.hosts[n], s.now)
		}
	})
	s.wide.Margins(func(m attack.Margin) { s.prefixes.note(m, s.hostIn(netip.PrefixFrom(m.Target.Netip(), 24)), s.now) })
}

// day is the number of a moment's day among those that count; below 0 it teaches.
func (s *simulation) day(t time.Time) int {
	return int(math.Floor(t.Sub(s.begin).Hours()/24)) - teach
}

// note notes a margin of a host, or of a prefix in which it is, if it is the largest.
func (d *most) note(m attack.Margin, h *host, at time.Time) {
	if m.Alarm > d.alarm {
		d.alarm, d.amid = m.Alarm, h.member.name+": "+cmp.Or(h.during(at), "nothing special")+" ("+m.Class.String()+")"
	}
	d.notice = max(d.notice, min(m.Alarm, m.Times/Notified))
}

// hostIn is the first host of a prefix.
func (s *simulation) hostIn(p netip.Prefix) *host {
	for i := range s.hosts {
		if p.Contains(s.hosts[i].address.Netip()) {
			return &s.hosts[i]
		}
	}
	return &s.hosts[0]
}

// draw draws what is sampled in a step.
func (s *simulation) draw() {
	for i := range s.drawn.seconds {
		s.drawn.seconds[i] = s.drawn.seconds[i][:0]
	}
	at := s.now
	fade := min(1, (at.Sub(s.begin)+step).Hours()/fadeIn)
	for i := range s.hosts {
		h := &s.hosts[i]
		for j := range h.habits {
			k := &h.habits[j]
			h.samples += s.drawn.samples(&k.shape, fade*k.rate(at, s.drawn.r), k.bursts, k.peer, at, h)
		}
		for h.next < len(h.events) && !h.events[h.next].to.After(at) {
			h.next++
		}
		for j := h.next; j < len(h.events) && h.events[j].from.Before(at.Add(step)); j++ {
			if e := &h.events[j]; e.to.After(at) {
				h.samples += s.drawn.samples(&e.shape, e.rateAt(at), e.bursts, e.peer, at, h)
			}
		}
	}
}

// fadeIn is for how many hours habits come up from nothing: a detector that starts
// amid the traffic of a busy network is another matter.
const fadeIn = 6.0

// ofPrefix is in the place of a member's name in an alarm of a whole prefix.
const ofPrefix = "a prefix"

// emit notes what is told of.
func (s *simulation) emit(e downpour.Event) {
	if e.Attack == nil || e.PartOf != "" || s.day(e.Attack.AlarmAt) < 0 {
		return
	}
	n, seen := s.known[e.Attack.ID]
	if !seen {
		n = len(s.alarms)
		s.known[e.Attack.ID] = n
		target := e.Attack.Target.Prefix
		h := s.hostIn(target)
		a := Alarm{Network: h.name, Member: h.member.name, Episode: h.during(e.Attack.AlarmAt), At: e.Attack.AlarmAt}
		if !target.IsSingleIP() {
			a.Member = ofPrefix
		}
		s.alarms = append(s.alarms, a)
	}
	s.alarms[n].Says, s.alarms[n].Severity = e.Attack.Why, e.Attack.Severity
}
