package attack

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	"downpour"
)

// lifetime is a target whose seconds a test fills, as flows would.
type lifetime struct {
	*Detector
	target *target
	now    int64
}

// monday is 00:00 UTC of a Monday.
var monday = time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC).UnixNano()

func newLifetime(cfg Config) *lifetime {
	d := New(cfg, 0)
	return &lifetime{Detector: d, target: d.admit(victim, monday), now: monday}
}

// bring lets time pass with so many packets of a class a second, or silence.
func (l *lifetime) bring(c Class, over time.Duration, rate func(at time.Duration) uint32) {
	for from := l.now; l.now < from+int64(over); l.now += second {
		if n := rate(time.Duration(l.now - monday)); n > 0 {
			if l.now-l.target.start >= second {
				l.roll(l.target, l.now)
			}
			l.target.count(c, volume{uint64(n), uint64(n) * 100, uint64(n)})
		}
	}
	l.roll(l.target, l.now)
}

func (l *lifetime) limitOf(c Class) float64 { return l.target.limit(c, &l.cfg).Packets }

const day = 24 * time.Hour

// backup is five minutes from a certain hour of each day on; else there is a trickle.
func backup(at time.Duration, rate, trickle uint32) func(time.Duration) uint32 {
	return func(t time.Duration) uint32 {
		if since := t%day - at; since >= 0 && since < 5*time.Minute {
			return rate
		}
		return trickle
	}
}

// TestASeasonKnowsTheHour: what came once at an hour is expected there again, and
// at another hour half of it.
func TestASeasonKnowsTheHour(t *testing.T) {
	const rate = 90_000
	l := newLifetime(Default())
	l.bring(ClassTCP, day, backup(3*time.Hour, rate, 10))
	for at, least := range map[time.Duration]float64{
		2*time.Hour + 30*time.Minute: 3 * rate, 3 * time.Hour: 3 * rate, 4*time.Hour + 59*time.Minute: 3 * rate,
		6 * time.Hour: 1.5 * rate, 15 * time.Hour: 1.5 * rate,
	} {
		l.now = monday + int64(day+at)
		l.roll(l.target, l.now)
		if got := l.limitOf(ClassTCP); got < least || got > 1.5*least {
			t.Errorf("at %v the limit is %.0f packets/s, want %.0f or little more", at, got, least)
		}
	}
}

// TestABackupIsNoAlarmOnTheSecondNight looks at the limit in the second at which it
// begins, after a day without any traffic.
func TestABackupIsNoAlarmOnTheSecondNight(t *testing.T) {
	const rate = 90_000
	l := newLifetime(Default())
	l.bring(ClassTCP, 2*day+3*time.Hour, backup(3*time.Hour, rate, 0))
	l.now = monday + int64(2*day+3*time.Hour)
	l.roll(l.target, l.now) // with its first flow
	if got := l.limitOf(ClassTCP); got < 2*rate {
		t.Errorf("the limit is %.0f packets/s as a backup of %d begins", got, rate)
	}
}

// TestQuietHoursAreWatchedMoreClosely: after an evening's peak has been seen for some
// days, less is let pass at night than in the evening.
func TestQuietHoursAreWatchedMoreClosely(t *testing.T) {
	l := newLifetime(Default())
	evening := func(at time.Duration) uint32 {
		return uint32(40_000 + 35_000*math.Cos(2*math.Pi*float64(at-20*time.Hour)/float64(day)))
	}
	l.bring(ClassTCP, 3*day+8*time.Hour, evening)
	night := l.limitOf(ClassTCP)
	l.bring(ClassTCP, 12*time.Hour, evening)
	if peak := l.limitOf(ClassTCP); peak < 3*75_000 || night > 0.6*peak {
		t.Errorf("the limit is %.0f at night and %.0f in the evening", night, peak)
	}
}

// TestAWeekendIsExpected: what only Saturdays bring is expected on the next one.
func TestAWeekendIsExpected(t *testing.T) {
	const rate = 200_000
	l := newLifetime(Default())
	l.bring(ClassUDP, 12*day+15*time.Hour, func(at time.Duration) uint32 {
		if at/day%7 == 5 && at%day >= 15*time.Hour && at%day < 16*time.Hour {
			return rate
		}
		return 8000
	})
	if got := l.limitOf(ClassUDP); got < 3*rate {
		t.Errorf("on the second Saturday the limit is %.0f", got)
	}
}

// TestBurstsBecomeUsualByTheQuantile: four seconds of an hour do, three do not.
func TestBurstsBecomeUsualByTheQuantile(t *testing.T) {
	for bursts, usual := range map[int]bool{3: false, 4: true} {
		l := newLifetime(Default())
		l.bring(ClassUDP, time.Hour, func(at time.Duration) uint32 {
			if int(at/(10*time.Minute)) < bursts && at%(10*time.Minute) == 5*time.Minute {
				return 300_000
			}
			return 10_000
		})
		l.bring(ClassUDP, 2*time.Second, func(time.Duration) uint32 { return 10_000 })
		if got := l.limitOf(ClassUDP) > 300_000; got != usual {
			t.Errorf("after %d bursts the limit is %.0f", bursts, l.limitOf(ClassUDP))
		}
	}
}

// TestAnAttackDoesNotBecomeUsual: not while it runs, not in the hour that it began in.
func TestAnAttackDoesNotBecomeUsual(t *testing.T) {
	l := newLifetime(Default())
	steady := func(time.Duration) uint32 { return 10_000 }
	l.bring(ClassUDP, day, steady)
	before := l.limitOf(ClassUDP)
	flood := func(time.Duration) uint32 { return 500_000 }
	l.bring(ClassUDP, 10*time.Second, flood) // not known for one yet
	l.target.suspect = &suspect{attack: &episode{}}
	l.bring(ClassUDP, 30*time.Minute, flood)
	l.target.suspect = nil
	l.bring(ClassUDP, day, steady)
	if after := l.limitOf(ClassUDP); after > 1.2*before {
		t.Errorf("the limit was %.0f and a day after the attack is %.0f", before, after)
	}
}

// TestALevelFadesOverWeeks: what no longer comes is no longer expected.
func TestALevelFadesOverWeeks(t *testing.T) {
	l := newLifetime(Default())
	l.bring(ClassTCP, day, backup(3*time.Hour, 90_000, 0))
	quiet := func(time.Duration) uint32 { return 7_000 }
	l.bring(ClassTCP, 6*7*day, quiet)
	l.bring(ClassTCP, 3*time.Hour, quiet)
	if got := l.limitOf(ClassTCP); got > 90_000 {
		t.Errorf("six weeks after the last backup the limit is %.0f", got)
	}
}

// TestSeasonsAreBounded: quiet targets have none, and later ones push none out that
// is in use.
func TestSeasonsAreBounded(t *testing.T) {
	cfg := Default()
	cfg.Seasons = 4
	d := New(cfg, 0)
	var all []*target
	teach := func(i int, from int64, rate uint32) {
		target := all[i]
		for s := range int64(120) {
			d.roll(target, from+s*second)
			target.count(ClassSYN, volume{uint64(rate), uint64(rate) * 60, uint64(rate)})
		}
		d.roll(target, from+120*second)
	}
	for i := range 8 {
		all = append(all, d.admit(downpour.AddressFrom4(uint32(i+1)), monday))
	}
	teach(0, monday, 100)
	if d.Stats().Seasons != 0 {
		t.Errorf("a quiet target has a season: %+v", d.Stats())
	}
	for i := range 8 {
		teach(i, monday+int64(time.Hour), 900)
	}
	if s := d.Stats(); s.Seasons != 4 || s.ShedSeasons == 0 {
		t.Errorf("eight targets, places for four: %+v", s)
	}
	if all[7].season != 0 || all[0].season == 0 {
		t.Error("a later target has taken the place of an earlier one")
	}
	teach(7, monday+int64(49*time.Hour), 900)
	if all[7].season == 0 || all[0].season != 0 {
		t.Error("a season of a single day is kept two days later, although another wants its place")
	}
}

// TestWhatATargetCosts keeps to what is stated in config.go and docs/detection.md.
func TestWhatATargetCosts(t *testing.T) {
	if n := unsafe.Sizeof(target{}); n > 256 {
		t.Errorf("a quiet target costs %d bytes", n)
	}
	if n := unsafe.Sizeof(season{}); n > 416 {
		t.Errorf("a season costs %d bytes", n)
	}
}

func TestLevels(t *testing.T) {
	for _, rate := range []float32{1, 2, 1000, 12_345, 1e6, 3e9, 4e12} {
		if l := levelOf(rate); l.rate() < rate*0.999 || l.rate() > rate*1.13 {
			t.Errorf("%g becomes %g", rate, l.rate())
		}
	}
	for l := level(1); l != 0; l++ {
		if again := levelOf(l.rate()); again != l {
			t.Errorf("level %d becomes %d", l, again)
		}
	}
	if l := levelOf(math.MaxFloat32); l != math.MaxUint8 {
		t.Errorf("the largest rate has level %d", l)
	}
}

// TestSampledSecondsTeachWhatTheyProve: where a second holds a sample or none, what is
// usual is near the true rate all the same, not the busiest second's.
func TestSampledSecondsTeachWhatTheyProve(t *testing.T) {
	for _, c := range []struct {
		rate   float64 // packets/s
		thin   uint32
		lowest float64 // that is expected, in times the rate
		most   float64
	}{{300, 1000, 0.3, 4}, {5000, 1000, 0.7, 2.5}, {100_000, 1000, 0.9, 1.5}, {100_000, 1, 0.99, 1.1}} {
		random := rand.New(rand.NewPCG(9, 9))
		l := newLifetime(Default())
		l.target.thinned(c.thin)
		const hours = 8
		var sum, season float64
		for range hours {
			l.bring(ClassSYN, time.Hour, func(time.Duration) uint32 {
				return poisson(random, c.rate/float64(c.thin)) * c.thin
			})
			sum += float64(l.target.usual[ClassSYN].packets) / hours
			if s := l.seasons.of(l.target, ClassSYN); s != nil {
				season = float64(s.packets.most.rate())
			}
		}
		if season < c.lowest*c.rate || season > c.most*c.rate {
			t.Errorf("of %.0f packets/s seen 1:%d, a season takes %.0f for usual; with what came lately it is %.0f", c.rate, c.thin, season, sum)
		}
	}
}

// poisson draws a count of a mean.
func poisson(random *rand.Rand, mean float64) (n uint32) {
	if mean > 1000 {
		return uint32(mean + math.Sqrt(mean)*random.NormFloat64())
	}
	for sum := random.ExpFloat64(); sum < mean; sum += random.ExpFloat64() {
		n++
	}
	return n
}
