package web

import "time"

// Config holds every figure that the detector decides by. The zero value is of
// no use; begin with Default.
type Config struct {
	// Service tells of which service a host is, where its log doesn't say; nil:
	// of downpour.DefaultService.
	Service func(host string) string
	// Seed keys the hashes of tables and samples, so that nobody can craft names
	// and addresses that collide. Fixed in offline runs, random in a daemon.
	Seed uint64

	// Sites bounds the hosts that are counted, at a kilobyte each; further ones
	// count for their service as a whole. Watches bounds those that are watched,
	// at 1.7 MB each at most: 5 MB and 54 MB.
	Sites, Watches int
	// Clients is how many clients a watch keeps at most (bottom-k).
	Clients int

	// Floors are those of services that have none of their own.
	Floors Floors
	// FloorsOf tells those of a service; nil: all have Floors.
	FloorsOf func(service string) Floors
	// Rise is by how much the usual must be exceeded for an alarm.
	Rise float64
	// PartOfSite is the share of its host's usual rate that a path, a network or
	// an agent must at least have to raise an alarm by itself: what comes on top
	// of less can't be told from the host's noise.
	PartOfSite float64
	// MinRequests is how many requests of clients that have shown their behaviour
	// an alarm needs.
	MinRequests float64
	// Certainty is the log-odds from which it is an attack: 2 is 88 %.
	Certainty float64
	// BeyondDoubt is the log-odds from which that is said at once; below, it must
	// stay so for Doubt: a crowd that begins with one page goes on to others.
	BeyondDoubt float64
	Doubt       time.Duration

	// LearnRate is the share by which, each second, the usual rises toward a
	// higher rate: some minutes of a new level make it usual.
	LearnRate float64
	// UsualHalfLife is how fast a usual maximum is forgotten.
	UsualHalfLife time.Duration
	// MeanTime is over how long the mean rate and the usual mix are taken.
	MeanTime time.Duration
	// Acquaintance is how long before a rise a client must have come to be known.
	Acquaintance time.Duration
	// Patience is how long a client has time to ask for more than one thing, where it is
	// not known how soon the site's visitors do (see showing.go).
	Patience time.Duration

	// Hold is the pause over which an attack is held together.
	Hold time.Duration
	// Blind is for how long nobody may have watched for an attack to go on as the
	// same.
	Blind time.Duration
	// Idle is how long a host without requests is still watched.
	Idle time.Duration
}

// Floors are what is never an attack.
type Floors struct {
	Requests float64 // requests/s
	// Slow is how many slow requests that are open at once are nothing yet: a small
	// server has some 150 places.
	Slow float64
}

// Default returns the figures that we stand by.
func Default() Config {
	return Config{
		Sites: 4096, Watches: 32, Clients: 8192,
		Floors: Floors{Requests: 25, Slow: 50}, Rise: 3, PartOfSite: 0.1, MinRequests: 40, Certainty: 2, BeyondDoubt: 3, Doubt: 10 * time.Second,
		LearnRate: 0.005, UsualHalfLife: 12 * time.Hour, MeanTime: 5 * time.Minute,
		Acquaintance: time.Minute, Patience: 2 * time.Second,
		Hold: time.Minute, Blind: 15 * time.Minute, Idle: 30 * time.Minute,
	}
}
