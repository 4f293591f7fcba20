package weblog

import (
	"fmt"
	"slices"
	"time"
)

// Recipe says what a log holds. Its YAML names are the fields' in lower case;
// durations are written as 1.5s.
type Recipe struct {
	Seed  uint64
	Start time.Time
	// Host is whose log it is; www.example.com if nothing is said. A log in
	// combined format doesn't tell it.
	Host string
	// Format is combined (the default: whole seconds, no durations) or json
	// (as nginx writes its variables: milliseconds, durations, host).
	Format  Format
	Streams []Stream
}

// Format is how lines are written.
type Format string

// The formats.
const (
	Combined Format = "combined"
	JSON     Format = "json"
)

// Stream is one kind of requests during one stretch of time.
type Stream struct {
	// Kind is a kind of site with its visitors (Sites), of machines that visit
	// (Machines), or an attack (Attacks).
	Kind string
	// From is when it begins, from the recipe's Start; Lasts for how long.
	From, Lasts time.Duration
	// Rate is visits/s of a site, requests/s of machines and floods, and
	// connections held at once of slow requests.
	Rate float64
	// Day is by what share of it the rate of a site swings over a day, highest at
	// 20:00 UTC.
	Day float64
	// Ramp is how long it takes to reach Rate.
	Ramp time.Duration
	// On and Off make pulses; 0: without a pause.
	On, Off time.Duration
	// Sources is how many clients send; 0 is the kind's own number.
	Sources int
	// Path is where a visit begins and what a flood asks for, if not the kind's own.
	Path string
	// Paths is how many different things a flood asks for; 0 is one.
	Paths int
	// Agents is what a flood says that it is: browsers (the default), one (the
	// same browser everywhere), tool, none, or crawler.
	Agents string
	// Referred has a flood name referrers.
	Referred bool
	// Status answers a flood, if not 200.
	Status int
	// Method is what a flood asks by, if not GET.
	Method string
	// Network puts all clients into so many networks of 256 addresses; 0: into
	// those of usual people.
	Networks int
}

// Fault says what is wrong with a recipe, or nil.
func (r *Recipe) Fault() error {
	if r.Start.IsZero() || len(r.Streams) == 0 {
		return fmt.Errorf("a recipe needs start and streams")
	}
	switch r.Format {
	case "", Combined, JSON:
	default:
		return fmt.Errorf("format %q: combined or json", r.Format)
	}
	for i := range r.Streams {
		if err := r.Streams[i].fault(); err != nil {
			return fmt.Errorf("stream %d: %w", i+1, err)
		}
	}
	return nil
}

// most bounds what a stream may hold, so that a slip of the pen does not fill the
// memory.
const most = 5_000_000

func (s *Stream) fault() error {
	_, site := sites[s.Kind]
	_, machine := machines[s.Kind]
	attack := isAttack(s.Kind)
	switch {
	case !site && !machine && !attack:
		return fmt.Errorf("kind %q is no site, no machine and no attack", s.Kind)
	case s.Lasts <= 0 || s.From < 0:
		return fmt.Errorf("%s: lasts must be above 0, from not below", s.Kind)
	case s.Rate <= 0 || s.Rate*s.Lasts.Seconds() > most:
		return fmt.Errorf("%s: a rate above 0 and at most %d in all", s.Kind, most)
	case s.Agents != "" && !slices.Contains([]string{"browsers", "one", "tool", "none", "crawler"}, s.Agents):
		return fmt.Errorf("agents %q: browsers, one, tool, none or crawler", s.Agents)
	case s.Day < 0 || s.Day >= 1:
		return fmt.Errorf("%s: day from 0 to below 1", s.Kind)
	}
	return nil
}

// The attacks that can be made.
const (
	flood = "HTTP flood"
	slow  = "slow HTTP"
)

func isAttack(kind string) bool { return kind == flood || kind == slow }
