package attack

// Where sampling leaves a handful of packets a second, an attack is known only
// seconds after it began, when the slots no longer hold its first packets. So the
// latest samples of each kind are kept one by one, and its onset is found in them.

// arrivalsKept is how many samples of a kind are kept: at fewer than 200 a second
// they reach further back than the slots do.
const arrivalsKept = 256

// arrival is a sampled record: when it came, and for what it stands.
type arrival struct {
	at            int64
	bytes         uint64
	samples, rate uint32
}

func (a *arrival) volume() volume {
	return volume{uint64(a.samples) * uint64(a.rate), a.bytes, uint64(a.samples)}
}

// arrivals is a ring of the latest ones, made with the first sampled record.
type arrivals struct {
	ring []arrival
	n    int // that there ever were
}

func (a *arrivals) add(at int64, v volume) {
	if a.ring == nil {
		a.ring = make([]arrival, arrivalsKept)
	}
	a.ring[a.n%arrivalsKept] = arrival{at, v.bytes, saturate(v.samples), saturate(v.packets / max(v.samples, 1))}
	a.n++
}

// kept calls see for those that are kept, oldest first.
func (a *arrivals) kept(see func(*arrival)) {
	for n := max(0, a.n-arrivalsKept); n < a.n; n++ {
		see(&a.ring[n%arrivalsKept])
	}
}

// complete is since when none is missing of those since a time.
func (a *arrivals) complete(since int64) int64 {
	if a.n <= arrivalsKept {
		return since
	}
	return max(since, a.ring[a.n%arrivalsKept].at)
}

// from sums up what came from a time on.
func (a *arrivals) from(t int64) (v volume) {
	a.kept(func(a *arrival) {
		if a.at >= t {
			v.add(a.volume())
		}
	})
	return v
}

// restore gives a row back what came since a time and was let go with an earlier
// collection, and leaves what came before that time out of the attack; of its own
// kinds nothing where it began before the samples that are kept.
func (r *row) restore(onset int64, attacks bool) {
	r.arrivals.kept(func(a *arrival) {
		if v := a.volume(); a.at >= onset && a.at < r.from {
			r.total.add(v)
			r.chance.add(v)
			r.first = min(r.first, a.at)
		}
	})
	r.from = min(r.from, onset)
	r.before = r.total.minus(r.arrivals.from(onset))
	if attacks && r.arrivals.complete(onset) > onset {
		r.before = volume{}
	}
}

// latest calls see for those since a time, latest first.
func (a *arrivals) latest(since int64, see func(*arrival)) {
	for n := a.n - 1; n >= max(0, a.n-arrivalsKept) && a.ring[n%arrivalsKept].at > since; n-- {
		see(&a.ring[n%arrivalsKept])
	}
}
