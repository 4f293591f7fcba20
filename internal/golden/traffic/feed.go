package traffic

import (
	"cmp"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// Feed makes what a border sees of a recipe's traffic in the long run: usual
// traffic for a while, and then what the recipe is about, drawn out. It makes
// samples of it without making the rest: a flood is a Poisson process, and such a
// process sampled 1:n is one with an n-th of the rate. The same recipe gives the
// same bytes.
type Feed struct {
	whole   *Recipe
	recipe  Recipe // its streams are those of usual traffic
	attacks []Stream
	loops   []loop
}

// loop is usual traffic of a while that comes again and again.
type loop struct {
	packets []sent
	length  time.Duration
	from    time.Duration // when it begins
}

// FeedBefore is for how long there is usual traffic before anything happens: longer
// than a detector takes to get acquainted.
const FeedBefore = 15 * time.Minute

// The lengths of a feed.
const (
	feedAttack  = 30 * time.Second // attacks last at least so long
	denseAttack = 10 * time.Second // where many packets are sampled
	dense       = 100
	feedAfter   = 5 * time.Second
	loopLength  = 3 * time.Second
	loopHeavy   = 800 * time.Millisecond // where a loop holds many packets
	heavyBits   = 50e6
	// Where all packets are told of, there is less of all.
	wholeBefore = 3 * time.Second
	wholeAttack = 1200 * time.Millisecond
	// Events of each attack at most; stronger ones are weakened.
	wholeEvents, wholeAnswers = 32_000, 6000
)

// quiet is what a target has of which no usual traffic is told.
func quiet() Stream { return Stream{Kind: "web server", Rate: 4} }

// NewFeed makes a feed of a recipe without Fault. Its attacks come after a quarter
// of an hour of its usual traffic, and are drawn out to half a minute. Where it has
// none, its usual traffic comes all of a sudden to a host that had little, or, if it
// is known, comes all the time.
func NewFeed(recipe *Recipe, known bool) *Feed {
	f := &Feed{whole: recipe, recipe: *recipe}
	f.attacks = recipe.Attacks()
	f.recipe.Streams = slices.DeleteFunc(slices.Clone(recipe.Streams), func(s Stream) bool { return !s.usual() })
	f.recipe.Link, f.recipe.Cut, f.recipe.Snap = Ethernet, 0, 0
	usual := f.recipe.Streams
	if len(f.attacks) == 0 && !known {
		f.addLoop(usual, FeedBefore)
		usual = nil
	}
	if len(usual) == 0 {
		usual = []Stream{quiet()}
	}
	f.addLoop(usual, 0)
	return f
}

// drawnOut are the attacks, lasting so long at least in all, the first of them at
// a time from the start; and for how long something comes after that.
func (f *Feed) drawnOut(at, length time.Duration) (list []Stream, lasts time.Duration) {
	from, to := time.Duration(math.MaxInt64), time.Duration(0)
	for _, s := range f.attacks {
		from, to = min(from, s.From), max(to, s.From+s.Lasts)
	}
	factor := max(1, float64(length)/float64(max(to-from, 1)))
	lasts = length
	for _, s := range f.attacks {
		s.From = time.Duration(float64(s.From-from) * factor)
		s.Lasts = time.Duration(float64(s.Lasts) * factor)
		lasts = max(lasts, s.From+s.Lasts)
		s.From += at
		list = append(list, s)
	}
	return list, lasts
}

// addLoop makes a loop of streams that begins at a time.
func (f *Feed) addLoop(streams []Stream, from time.Duration) {
	l := loop{length: loopLength, from: from}
	r := f.recipe
	r.Streams = slices.Clone(streams)
	for i := range r.Streams {
		if r.Streams[i].Rate >= heavyBits {
			l.length = loopHeavy
		}
	}
	for i := range r.Streams {
		r.Streams[i].From, r.Streams[i].Lasts, r.Streams[i].Ramp = 0, l.length, 0
	}
	l.packets = Make(&r).packets
	begin := r.Start.UnixNano()
	for i := range l.packets { // what runs over its end is there when it begins
		p := &l.packets[i]
		p.at = begin + (p.at-begin)%int64(l.length)
		p.attack = false
	}
	slices.SortStableFunc(l.packets, byTime)
	f.loops = append(f.loops, l)
}

func byTime(a, b sent) int { return cmp.Compare(a.at, b.at) }

// IngressOnly has the feed leave out what the host sends.
func (f *Feed) IngressOnly() {
	f.recipe.View = Ingress
	for i := range f.loops {
		l := &f.loops[i]
		l.packets = slices.DeleteFunc(l.packets, func(p sent) bool { return f.whole.ours(p.from) })
	}
}

// oversampling is how many times as many events of an attack are drawn as are
// kept: the packets of one event are sampled each for itself.
const oversampling = 4

// Sample makes what a sampling of 1:n sees, n at least 2, the attacks being so
// many times as strong as the recipe has them.
func (f *Feed) Sample(n uint32, strength float64) *Sampled {
	out := f.sampled()
	length := feedAttack
	if n <= dense {
		length = denseAttack
	}
	attacks, lasts := f.drawnOut(FeedBefore, length)
	out.attacks = attacks
	random := rand.New(rand.NewPCG(f.recipe.Seed, uint64(n)))
	for _, l := range f.loops {
		for at := l.from; at < FeedBefore+lasts+feedAfter; at += l.length {
			for i := skip(random, n); i < len(l.packets); i += 1 + skip(random, n) {
				out.add(l.packets[i], at)
			}
		}
	}
	for i := range attacks {
		s := &attacks[i]
		s.Rate *= strength * oversampling / float64(n)
		s.Burst = 0
		made := f.events(i, s)
		out.note(f, s, made, float64(n)/oversampling)
		for _, p := range made {
			if random.IntN(oversampling) == 0 && !f.hidden(&p) {
				out.add(p, 0)
			}
		}
	}
	slices.SortStableFunc(out.packets, byTime)
	return out
}

// Whole makes all packets, of some seconds.
func (f *Feed) Whole() *Sampled {
	out := f.sampled()
	attacks, lasts := f.drawnOut(wholeBefore, wholeAttack)
	out.attacks = attacks
	for _, l := range f.loops {
		for at := min(l.from, wholeBefore); at < wholeBefore+lasts; at += l.length {
			for _, p := range l.packets {
				out.add(p, at)
			}
		}
	}
	for i := range attacks {
		s := &attacks[i]
		most := float64(wholeEvents)
		if isReflection(s.Kind) {
			most = wholeAnswers
		}
		s.Rate = min(s.Rate, most/s.busy().Seconds())
		made := f.events(i, s)
		out.note(f, s, made, 1)
		for _, p := range made {
			if !f.hidden(&p) {
				out.add(p, 0)
			}
		}
	}
	slices.SortStableFunc(out.packets, byTime)
	return out
}

func (f *Feed) sampled() *Sampled {
	return &Sampled{Capture: Capture{recipe: &f.recipe}, truth: map[netip.Prefix]*FeedTruth{}}
}

func (s *Sampled) add(p sent, later time.Duration) {
	p.at += int64(later)
	s.packets = append(s.packets, p)
}

func (f *Feed) hidden(p *sent) bool { return f.recipe.View == Ingress && f.whole.ours(p.from) }

// events makes a stream's packets, by other hosts than send usual traffic.
func (f *Feed) events(i int, s *Stream) []sent {
	m := &maker{recipe: &f.recipe, stream: i, r: rand.New(rand.NewPCG(f.recipe.Seed, 1<<34+uint64(i)))}
	m.world = newWorld(rand.New(rand.NewPCG(f.recipe.Seed, 1<<33+uint64(i))))
	m.home = host{address: f.recipe.Host, ttl: 64, stack: unix}
	m.attack(s)
	return m.out
}

// SamplingFor is the sampling, 1:n, of which a feed's attack of so many packets a
// second leaves about so many samples.
func SamplingFor(packets float64, samples int) uint32 {
	n := packets * feedAttack.Seconds() / float64(samples)
	if n <= dense {
		n = packets * denseAttack.Seconds() / float64(samples)
	}
	return uint32(max(2, math.Round(n)))
}

// skip draws how many packets are passed over before the next that is sampled.
func skip(r *rand.Rand, n uint32) int {
	return int(math.Log(1-r.Float64()) / math.Log1p(-1/float64(n)))
}

// Attacks is how many streams of attacks there are.
func (f *Feed) Attacks() int { return len(f.attacks) }
