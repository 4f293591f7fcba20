package attack

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"downpour"
)

// DryRun tries the floors of a configuration on minutes of the past. It knows rates
// and what was expected of them, not whose business they were: so it tells when a
// limit would have been passed, which is the most that could have fired.
type DryRun struct {
	cfg      Config
	open     map[firingKey]*Firing
	done     []Firing
	From, To time.Time // of the minutes that were taken; To is the end of the last
	Minutes  int       // of one class at one target each
}

// Firing is a stretch of minutes in which one class of traffic toward one target passed
// the limit that a configuration gives it.
type Firing struct {
	Group    int // number of the group + 1; 0: in none
	Class    Class
	Target   netip.Prefix
	From, To time.Time            // of the first minute and of the end of the last
	Peak     downpour.TrafficRate // busiest second
	Limit    Floor                // then
	Attacked bool                 // an attack was told of then
}

type firingKey struct {
	target netip.Prefix
	class  Class
}

// NewDryRun returns one for a configuration.
func NewDryRun(cfg Config) *DryRun { return &DryRun{cfg: cfg, open: map[firingKey]*Firing{}} }

// Take takes in minutes, which come in order of time. Those of a class that this
// version doesn't know are left out.
func (d *DryRun) Take(minutes []downpour.TrafficMinute) {
	for i := range minutes {
		m := &minutes[i]
		c, ok := ClassNamed(m.Class)
		if !ok {
			continue
		}
		if d.Minutes == 0 {
			d.From = m.Time
		}
		d.Minutes++
		d.To = m.Time.Add(time.Minute)
		group, limit := d.limit(m, c)
		if !limit.exceeds(m.Peak.Packets, m.Peak.Bits, 1) {
			continue
		}
		d.fire(Firing{
			Group: group, Class: c, Target: m.Target, From: m.Time, To: d.To, Peak: m.Peak, Limit: limit, Attacked: m.Attacked,
		})
	}
}

// limit is what the configuration gives a class at a target by what was expected then.
func (d *DryRun) limit(m *downpour.TrafficMinute, c Class) (group int, limit Floor) {
	if d.cfg.GroupOf != nil {
		group = d.cfg.GroupOf(downpour.AddressFrom(m.Target.Addr()))
	}
	cfg := d.cfg
	if !m.Target.IsSingleIP() {
		cfg.Floors = cfg.floorsOf(uint8(group)).times(cfg.PrefixFloor)
		cfg.Groups = nil
	}
	t := target{group: uint8(group)}
	t.usual[c] = usualRate{float32(m.Expected.Packets), float32(m.Expected.Bits)}
	return group, t.limit(c, &cfg)
}

// fire adds a minute to the firing that it goes on with, or begins one. A pause that an
// attack is held over parts nothing.
func (d *DryRun) fire(f Firing) {
	key := firingKey{f.Target, f.Class}
	last := d.open[key]
	if last == nil || f.From.Sub(last.To) > d.cfg.HoldMost {
		if last != nil {
			d.done = append(d.done, *last)
		}
		d.open[key] = &f
		return
	}
	last.To = f.To
	last.Attacked = last.Attacked || f.Attacked
	last.Peak.Packets, last.Peak.Bits = max(last.Peak.Packets, f.Peak.Packets), max(last.Peak.Bits, f.Peak.Bits)
}

// Firings are all of them, by group, class, and how far they passed their limit, the
// farthest first.
func (d *DryRun) Firings() []Firing {
	all := slices.Clone(d.done)
	for f := range maps.Values(d.open) {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b Firing) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Class, b.Class), cmp.Compare(b.times(), a.times()),
			a.From.Compare(b.From), a.Target.Addr().Compare(b.Target.Addr()), cmp.Compare(a.Target.Bits(), b.Target.Bits()))
	})
	return all
}

// times is how many times its limit it was, in the unit in which that is more.
func (f *Firing) times() (n float64) {
	if f.Limit.Packets > 0 {
		n = f.Peak.Packets / f.Limit.Packets
	}
	if f.Limit.Bits > 0 {
		n = max(n, f.Peak.Bits/f.Limit.Bits)
	}
	return n
}

// String tells the rate against its limit: 612 Mbit/s, and 500 Mbit/s is the limit.
func (f *Firing) String() string {
	if f.Limit.Bits > 0 && (f.Limit.Packets == 0 || f.Peak.Bits/f.Limit.Bits >= f.Peak.Packets/f.Limit.Packets) {
		return bitRate(f.Peak.Bits) + ", and " + bitRate(f.Limit.Bits) + " is the limit"
	}
	return packetRate(f.Peak.Packets) + ", and " + packetRate(f.Limit.Packets) + " is the limit"
}
