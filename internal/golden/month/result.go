package month

import (
	"time"

	"downpour"
)

// Result is what came of a month.
type Result struct {
	Days     int
	Targets  int
	Samples  uint64 // packets that were looked at
	Episodes map[string]int
	Alarms   []Alarm
	Networks []Watched
	Prefixes Watched // those of all networks that were followed as a carpet is
	// Margins are the highest of each target-day, where the alarm's statistic was above 0;
	// Notices the highest of each by which a notification is told, as far as they are above 0.
	Margins, Notices []float64
}

// Alarm is a false one.
type Alarm struct {
	Network, Member, Episode string
	At                       time.Time
	Says                     string
	Severity                 downpour.Severity
}

// Watched is what came of one network.
type Watched struct {
	Name            string
	Targets, Alarms int
	Samples         uint64
	Largest         float64 // margin
	Amid            string  // whose it was, and what happened
}

// TargetDays is how many days of targets were looked at.
func (r *Result) TargetDays() int { return r.Days * r.Targets }

// most are the highest margins of a target's day.
type most struct {
	alarm  float64
	notice float64 // of the smaller of the margin and the share of a notification's size
	amid   string
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
		for _, m := range h.days {
			w.reach(m)
			if m.alarm > 0 {
				r.Margins = append(r.Margins, m.alarm)
			}
			if m.notice > 0 {
				r.Notices = append(r.Notices, m.notice)
			}
		}
		for _, e := range h.events {
			if !e.from.Before(s.begin.AddDate(0, 0, teach)) {
				r.Episodes[e.name]++
			}
		}
	}
	for _, a := range s.alarms {
		if a.Member == ofPrefix {
			r.Prefixes.Alarms++
		}
		of[a.Network].Alarms++
	}
	r.Prefixes.reach(s.prefixes)
	for i := range s.networks {
		r.Networks = append(r.Networks, *of[s.networks[i].name])
	}
}

// reach notes a margin if it is the largest.
func (w *Watched) reach(m most) {
	if m.alarm > w.Largest {
		w.Largest, w.Amid = m.alarm, m.amid
	}
}
