package attack

import (
	"time"

	"downpour"
)

// Config holds every figure that the detector decides by. The zero value is of
// no use; begin with Default.
type Config struct {
	// Service tells of which service an address is and whether it is ours. nil:
	// every address may be a target, of downpour.DefaultService.
	Service func(downpour.Address) (service string, ours bool)
	// Seed keys the hashes of tables and samples, so that nobody can craft
	// addresses that collide. Fixed in offline runs, random in a daemon.
	Seed uint64

	// Targets and Suspects bound the tables of one partition (there are 64):
	// 2,048 targets of 256 bytes are 32 MiB in all (all of detection's memory, the
	// engine's ring among it, is at most 160 MiB, see TestMemoryIsBounded), for 131,072 addresses; eight
	// suspects a partition follow 512 attacks at once, at some 60 KiB each
	// beside their sources, and 6 KiB for each kind that is sampled.
	Targets, Suspects int
	// Recent is how many ends of the latest flows of a partition are looked at to
	// back-fill a new suspect, at most: more than the largest class needs for
	// suspicion (an eighth of 20,000). The engine keeps them.
	Recent int
	// Sample is how many sources a suspect keeps at most (bottom-k; standard
	// error of the distinct count 1/sqrt(k), 1.1 % at 8,192); Sources is the
	// budget of all suspects of one partition, at 80 bytes each: 40 MiB in all, and a
	// quarter more before a sample is cut.
	Sample, Sources int

	// Floors are the static lower limits by class, Groups those of parts of our
	// networks, at most 255. GroupOf tells in which group an address lies: its number
	// in Groups + 1, 0 for none. nil: there are no groups.
	Floors  Floors
	Groups  []Floors
	GroupOf func(downpour.Address) int
	// Capacity tells what the link of a service carries, in bits/s; 0 is not known.
	// nil: of none it is.
	Capacity func(service string) float64
	// Rise is by how much the usual must be exceeded for an alarm.
	Rise float64
	// Suspicion is the share of the floor from which the heavy tier watches.
	Suspicion float64
	// LearnRate is the share by which, each second, the usual rises toward a
	// higher rate: a minute of a new level makes it usual, a burst does not.
	LearnRate float64
	// UsualHalfLife is how fast a usual maximum is forgotten; SeasonHalfLife how
	// fast where the season tells what this hour usually brings.
	UsualHalfLife, SeasonHalfLife time.Duration
	// Seasons bounds the seasons of one partition, some 400 bytes each: 7 MiB in all
	// for 16,384 busy classes of targets.
	Seasons int
	// History tells whether minutes are told of (see Prefixes.Minutes): somebody must
	// take them.
	History bool
	// Acquaintance is how long a target must have been seen before much sampled
	// data toward it, seen one way only, can be called unusual: by then the usual
	// has risen to nearly all of its level.
	Acquaintance time.Duration

	// MinSamples is how many sampled packets an alarm needs: one at 1:4000 is
	// 4,000/s and means nothing.
	MinSamples uint64
	// ShortPackets and ShortSpan judge an input that ends before a second is
	// over: so many packets, at the rate over the span seen, never less than
	// ShortSpan (a single burst of a sender's queue is no rate).
	ShortPackets uint64
	ShortSpan    time.Duration
	// ShortShare is the share of the limit that does for such a capture if it
	// holds hardly anything but this traffic, from ShortSources sources or more:
	// who cuts 20 ms out of a flood often thins it too.
	ShortShare   float64
	ShortSources int

	// Hold is the pause over which an attack is held together; with longer
	// pulses ten times the longest one, up to HoldMost.
	Hold, HoldMost time.Duration
	// Blind is for how long nobody may have watched for an attack to go on as the
	// same: the time of a reboot, not of a night.
	Blind time.Duration
	// Prefixes and WatchedPrefixes bound what is counted for carpet bombing: 8,192
	// prefixes are 2 MiB, eight that are followed as much as as many suspects.
	Prefixes, WatchedPrefixes int
	// PrefixFloor is by how much the floors of a prefix are above those of an address.
	PrefixFloor float64
	// Idle is how long a suspect below suspicion is still followed, and how
	// often what was gathered about one without an attack starts afresh.
	Idle time.Duration
}

// Default returns the figures that we stand by: floors 500 packets/s or 1 Mbit/s for
// answers of amplifying services, 1 kpps or 5 Mbit/s for what hardly occurs in
// bulk (SYN, SYN-ACK, fragments, odd flags), 200 ICMP errors/s, and 20 kpps or
// 100 Mbit/s for all other traffic.
func Default() Config {
	answers, rare := Floor{500, 1e6}, Floor{1_000, 5e6}
	bulk := Floor{20_000, 100e6}
	return Config{
		Targets: 2048, Suspects: 8, Recent: 1 << 15,
		Sample: 8192, Sources: 8192,
		Floors: Floors{
			ClassAnswers: answers,
			ClassSYN:     rare, ClassSYNACK: rare, ClassFragments: rare, ClassOdd: rare,
			ClassErrors: {Packets: 200},
			ClassTCP:    bulk, ClassClose: bulk, ClassUDP: bulk,
			ClassQueries: bulk, ClassICMP: bulk, ClassOther: bulk,
		},
		Rise: 3, Suspicion: 1.0 / 8,
		LearnRate: 0.02, UsualHalfLife: 12 * time.Hour, SeasonHalfLife: time.Hour, Seasons: 256, Acquaintance: 10 * time.Minute,
		MinSamples:   20,
		ShortPackets: 100, ShortSpan: 10 * time.Millisecond, ShortShare: 0.25, ShortSources: 50,
		Hold: time.Minute, HoldMost: 5 * time.Minute, Blind: 15 * time.Minute,
		Prefixes: 8192, WatchedPrefixes: 8, PrefixFloor: 2,
		Idle: 10 * time.Second,
	}
}

// floorsOf are the floors of a group, or of what is in none.
func (c *Config) floorsOf(group uint8) *Floors {
	if group == 0 || int(group) > len(c.Groups) {
		return &c.Floors
	}
	return &c.Groups[group-1]
}

// thresholds are what follows from the floors of a group.
type thresholds struct {
	stirring [classes]stirring
	worth    [classes]usualRate // from which on what is usual has a season
}

func (c *Config) thresholds() []thresholds {
	list := make([]thresholds, 1+len(c.Groups))
	for g := range list {
		for i, floor := range c.floorsOf(uint8(g)) {
			list[g].stirring[i] = stirringOf(floor, c.Suspicion)
			list[g].worth[i] = worthOf(floor, c.Rise)
		}
	}
	return list
}
