package attack

import (
	"math"
	"time"
)

// What is usual is learned in two sizes. Every target has, in its 256 bytes, a
// decayed maximum by class (target.learn). Where that alone could keep an attack
// from being found, or a backup from being left alone, since it comes near the
// floor, the class is given a season beside it: what came in each hour of the week.
//
// A season knows of each hour its 99.9 % quantile by seconds, which of 3,600 is the
// fourth highest: so no sketch is needed, four numbers are exact. Hours are those
// of UTC; since the hours beside one count too, summer time moves nothing.

const (
	hoursOfDay  = 24
	hoursOfWeek = 7 * hoursOfDay
	hour        = int64(time.Hour)
	// outliers is how many seconds of an hour may be busier than its quantile.
	outliers = 3
	// elsewhen is the share of the busiest hour of the week that is expected in any
	// other: with a Rise of 3, what is half as much again as the busiest hour.
	elsewhen = 0.5
	// calmer is the share of the way that an hour's level goes down when the same
	// hour of a later week is calmer: half of it in two weeks. Up it goes at once.
	calmer = 0.3
	// briefly and seldom are after how many days without being busy a season may
	// give way to another: one of a single day, and any other.
	briefly, seldom = 1, 8
)

// season is what one class at one target is used to by hour of the week: some 400
// bytes, for the busiest.
type season struct {
	owner         *target
	hour          int64  // number of the hour at hand, since the epoch
	next          uint32 // season of the same target, number + 1; 0 is none
	day           uint32 // number of the day on which it was last busy
	days          uint8  // on which it was, saturating
	class         Class
	warm          bool // the hour at hand is known from another day
	packets, bits track
}

// track is one of a season's two rates.
type track struct {
	highest  [outliers + 1]float32 // seconds of the hour at hand, the highest first
	expected float32               // in the hour at hand
	hours    [hoursOfWeek]level
	most     level // highest of the hours
}

// level is a rate in steps of a sixth of a doubling, so that a byte reaches from
// 1 to 5e12 a second; 0 is not known.
type level uint8

const levelSteps = 6

// levelOf is the lowest level that is not below a rate. A level's own rate gives the
// level again, however it was rounded.
func levelOf(rate float32) level {
	const rounding = 1e-4
	if rate <= 1 {
		return 1
	}
	return level(min(1+math.Ceil(levelSteps*math.Log2(float64(rate))-rounding), math.MaxUint8))
}

func (l level) rate() float32 {
	if l == 0 {
		return 0
	}
	return float32(math.Exp2(float64(l-1) / levelSteps))
}

// note takes a second into the hour at hand.
func (t *track) note(rate float32) {
	for i, r := range t.highest {
		if rate > r {
			t.highest[i], rate = rate, r
		}
	}
}

// close puts the hour at hand into its place of the week, if enough was seen of it.
func (t *track) close(hour int64) {
	v := t.highest[outliers]
	t.highest = [outliers + 1]float32{}
	if v == 0 {
		return
	}
	at := &t.hours[hour%hoursOfWeek]
	if was := at.rate(); v < was {
		v = was - (was-v)*calmer
	}
	*at = levelOf(v)
	t.most = 0
	for _, l := range t.hours {
		t.most = max(t.most, l)
	}
}

// of is what is known of an hour of the week: where it was never seen, the same
// hour of other days.
func (t *track) of(hour int64) (l level) {
	if l = t.hours[hour%hoursOfWeek]; l != 0 {
		return l
	}
	for day := range int64(7) {
		l = max(l, t.hours[(hour+day*hoursOfDay)%hoursOfWeek])
	}
	return l
}

// open begins an hour: expected is what came in it and in the hours beside it, and
// a share of the busiest. It tells whether the hour itself is known.
func (t *track) open(hour int64) bool {
	at := t.of(hour)
	beside := max(t.of(hour+hoursOfWeek-1), t.of(hour+1))
	t.expected = max(max(at, beside).rate(), elsewhen*t.most.rate())
	return at != 0
}

// turn closes the hour at hand if another has begun at time now.
func (s *season) turn(now int64) {
	h := max(0, now) / hour
	if h == s.hour {
		return
	}
	if s.hour != 0 {
		s.packets.close(s.hour)
		s.bits.close(s.hour)
	}
	s.hour = h
	known := s.packets.open(h)
	s.warm = s.bits.open(h) || known
}

// forget leaves out what was seen of the hour at hand: an attack was among it.
func (s *season) forget() {
	s.packets.highest, s.bits.highest = [outliers + 1]float32{}, [outliers + 1]float32{}
}

// busied notes that the class was busy on the day of time now.
func (s *season) busied(now int64) {
	if day := uint32(max(0, now) / (hoursOfDay * hour)); day != s.day {
		s.day = day
		s.days = min(s.days, math.MaxUint8-1) + 1
	}
}

// stale tells whether it was not busy for so long that it may give way.
func (s *season) stale(now int64) bool {
	idle := max(0, now)/(hoursOfDay*hour) - int64(s.day)
	return idle > seldom || s.days <= 1 && idle > briefly
}

// seasons holds those of a partition, at most limit.
type seasons struct {
	list    []*season
	limit   int
	refused int64 // until when there is no room
	shed    uint64
}

// of returns the season of a class at a target, or nil.
func (p *seasons) of(t *target, c Class) *season {
	for n := t.season; n != 0; n = p.list[n-1].next {
		if s := p.list[n-1]; s.class == c {
			return s
		}
	}
	return nil
}

// admit makes a season for a class at a target; where all places are taken one that
// is stale gives way. nil: there is none.
func (p *seasons) admit(t *target, c Class, now int64) *season {
	n := len(p.list)
	if n >= p.limit {
		if n = p.reclaim(now); n < 0 {
			return nil
		}
	} else {
		p.list = append(p.list, nil)
	}
	s := &season{owner: t, class: c, next: t.season}
	p.list[n], t.season = s, uint32(n+1)
	return s
}

// reclaim frees the place of a stale season and returns its number, -1 if all
// serve. It looks once a minute.
func (p *seasons) reclaim(now int64) int {
	if now < p.refused {
		return -1
	}
	for n, s := range p.list {
		if s.stale(now) {
			p.unlink(uint32(n + 1))
			p.shed++
			return n
		}
	}
	p.refused = now + int64(time.Minute)
	p.shed++
	return -1
}

// unlink takes a season out of its target's list.
func (p *seasons) unlink(number uint32) {
	at := &p.list[number-1].owner.season
	for *at != number {
		at = &p.list[*at-1].next
	}
	*at = p.list[number-1].next
}

// season lets the seasons of a target learn from the second that has passed, and
// raises what is usual to what they expect. busy holds a bit for each class that
// comes near its floor.
func (d *Detector) season(t *target, busy uint16, now int64) {
	fade := float32(math.Exp2(-float64(now-t.start) / float64(d.cfg.SeasonHalfLife)))
	for c := range Class(classes) {
		s := d.seasons.of(t, c)
		isBusy := busy&(1<<c) != 0
		if s == nil {
			if !isBusy {
				continue
			}
			if s = d.seasons.admit(t, c, now); s == nil {
				continue
			}
		}
		s.turn(t.start)
		if isBusy {
			s.busied(t.start)
		}
		n, u := t.seen(c), &t.usual[c]
		s.packets.note(n.packets)
		s.bits.note(n.bits)
		s.turn(now) // what begins now may begin with the hour
		if s.warm {
			u.packets *= fade
			u.bits *= fade
		}
		u.packets, u.bits = max(u.packets, s.packets.expected), max(u.bits, s.bits.expected)
	}
}

// spoil lets the seasons of a target forget the hour in which it is attacked.
func (d *Detector) spoil(t *target) {
	for n := t.season; n != 0; n = d.seasons.list[n-1].next {
		d.seasons.list[n-1].forget()
	}
}

// worth is the usual rate from which Rise times it passes a floor: below it what
// is usual decides nothing.
func worthOf(floor Floor, rise float64) usualRate {
	least := func(floor float64) float32 {
		if floor <= 0 {
			return math.MaxFloat32
		}
		return float32(floor / rise)
	}
	return usualRate{least(floor.Packets), least(floor.Bits)}
}
