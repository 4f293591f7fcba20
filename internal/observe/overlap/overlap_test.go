package overlap_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/overlap"
)

const (
	second = int64(time.Second)
	start  = 1_741_600_800 * second
)

// conversation is a true flow: a steady stream of packets of 100 bytes.
type conversation struct {
	number      uint32
	from, until int64
	packets     uint32
}

// traffic makes so many conversations a second for some seconds, most of them
// short and some of minutes.
func traffic(rng *rand.Rand, first uint32, perSecond, seconds int) (out []conversation) {
	for s := range seconds {
		for range perSecond {
			c := conversation{number: first + uint32(len(out)), from: start + int64(s)*second + rng.Int64N(second)}
			length := rng.Int64N(2 * second)
			if rng.IntN(20) == 0 {
				length = rng.Int64N(150 * second)
			}
			c.until = c.from + length
			c.packets = 2 + uint32(length/1e7)
			out = append(out, c)
		}
	}
	return out
}

// router exports what it sees: a record each active timeout, and the rest once
// the flow has been idle.
type router struct {
	number       uint16
	index        uint32
	direction    flow.Direction
	active, idle int64
	offset       int64 // of its clock, what is left of it after correction
	phase        int64 // by which its first record is cut short
	sampling     uint32
	from, until  int64 // it works only then; 0: always
}

type arrival struct {
	at     int64
	router *router
	record flow.Record
}

func (r *router) export(rng *rand.Rand, all []conversation) (out []arrival) {
	for _, c := range all {
		seen := c.from
		for first := true; seen < c.until || first; first = false {
			cut := seen + r.active
			if first {
				cut -= r.phase
			}
			end, at := c.until, c.until+r.idle
			if cut < c.until {
				end, at = cut, cut
			}
			share := 1.0
			if c.until > c.from {
				share = float64(end-seen) / float64(c.until-c.from)
			}
			if a, ok := r.record(rng, &c, seen, end, share); ok && (r.until == 0 || at >= r.from && at < r.until) {
				a.at = at + rng.Int64N(second/2)
				out = append(out, a)
			}
			seen = end
		}
	}
	return out
}

func (r *router) record(rng *rand.Rand, c *conversation, from, until int64, share float64) (arrival, bool) {
	packets := uint32(float64(c.packets)*share + 0.5)
	if r.sampling > 1 {
		n := uint32(0)
		for range packets {
			if rng.Uint32N(r.sampling) == 0 {
				n++
			}
		}
		packets = n
	}
	rec := flow.Record{Direction: r.direction}
	rec.Time, rec.Duration = from+r.offset, uint32((until-from)/1e6)
	rec.Source, rec.Destination = downpour.AddressFrom4(0x0a000000+c.number), downpour.AddressFrom4(0xc6336400+c.number%50)
	rec.Protocol, rec.SourcePort, rec.DestinationPort = 17, uint16(c.number), 443
	rec.Packets, rec.Bytes, rec.Sampling = packets, uint64(packets)*100, max(r.sampling, 1)
	if r.direction == flow.Out {
		rec.Output = r.index
	} else {
		rec.Input = r.index
	}
	return arrival{router: r, record: rec}, packets > 0
}

// played is the packets that count, in all and by the minute of arrival, and how
// the views stood before the traffic began to run out.
type played struct {
	all      float64
	byMinute map[int64]float64
	stood    string
}

// play feeds arrivals in their order.
func play(f *overlap.Filter, streams ...[]arrival) (got played) {
	stream := slices.Concat(streams...)
	slices.SortStableFunc(stream, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	got.byMinute = map[int64]float64{}
	for i := range stream {
		a := &stream[i]
		if i == len(stream)*8/10 {
			got.stood = states(f)
		}
		for _, r := range f.Apply(a.router.number, []flow.Record{a.record}, a.at) {
			n := float64(r.Packets) * float64(max(r.Sampling, 1))
			got.all += n
			got.byMinute[(a.at-start)/(60*second)] += n
		}
	}
	return got
}

func packets(all []conversation) (n float64) {
	for _, c := range all {
		n += float64(c.packets)
	}
	return n
}

// near fails unless a volume is within a share of what it should be.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if got < want*(1-within) || got > want*(1+within) {
		t.Errorf("%s: %.0f packets, want %.0f to %.1f %%", what, got, want, 100*within)
	}
}

// states is how the views stand, by exporter, direction and interface.
func states(f *overlap.Filter) string {
	var out []string
	for _, v := range f.Views() {
		out = append(out, fmt.Sprintf("%d.%d.%d:%s", v.Exporter, v.Direction, v.Interface,
			[...]string{"measuring", "counted", "partly", "left out"}[v.State]))
	}
	return strings.Join(out, " ")
}

func minuteRouter(number uint16) *router {
	return &router{number: number, index: 1, active: 60 * second, idle: 15 * second}
}

// TestTwoThatTellTheSame give the volume of one: alike, out of step, with clocks
// apart, and with different timeouts.
func TestTwoThatTellTheSame(t *testing.T) {
	for name, change := range map[string]func(*router){
		"alike":          func(*router) {},
		"out of step":    func(r *router) { r.phase = 23 * second },
		"clock apart":    func(r *router) { r.offset = 1500 * 1e6 },
		"active in 10 s": func(r *router) { r.active, r.idle = 10*second, 5*second },
		"active in 5 m":  func(r *router) { r.active = 300 * second },
		"egress export":  func(r *router) { r.direction = flow.Out },
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 1))
			all := traffic(rng, 0, 40, 600)
			one, two := minuteRouter(1), minuteRouter(2)
			change(two)
			f := overlap.New(overlap.Config{})
			first, second := one.export(rng, all), two.export(rng, all)
			busy := play(overlap.Busy(), first, second)
			near(t, "both, busy", busy.all, packets(all), 0.04)
			got := play(f, first, second)
			near(t, "both", got.all, packets(all), 0.01)
			if s := busy.stood; !strings.Contains(s, "2.1.1:left out") && !strings.Contains(s, "2.2.1:left out") {
				t.Errorf("the second is not left out as a whole: %s", s)
			}
			if s := f.Stats(); s.Records.Records == 0 || s.Forgot != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestTheFirstRecords are not doubled either: before anything is measured.
func TestTheFirstRecords(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	all := traffic(rng, 0, 40, 3)
	one, two := minuteRouter(1), minuteRouter(2)
	two.phase = 30 * second
	f := overlap.New(overlap.Config{})
	got := play(f, one.export(rng, all), two.export(rng, all))
	near(t, "both", got.all, packets(all), 0.01)
}

// TestDisjoint flows of two exporters add up, to the packet.
func TestDisjoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	one, two := traffic(rng, 0, 40, 400), traffic(rng, 1<<20, 40, 400)
	f := overlap.New(overlap.Config{})
	first, second := minuteRouter(1).export(rng, one), minuteRouter(2).export(rng, two)
	got := play(f, first, second)
	want := play(overlap.New(overlap.Config{}), first)
	more := play(overlap.New(overlap.Config{}), second)
	if got.all != want.all+more.all {
		t.Errorf("%.0f packets, want %.0f", got.all, want.all+more.all)
	}
	if s := got.stood; s != "1.1.1:counted 2.1.1:counted" {
		t.Error(s)
	}
}

// TestHalfShared: of two exporters that share half of their flows each flow counts
// once.
func TestHalfShared(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	shared, one, two := traffic(rng, 0, 40, 600), traffic(rng, 1<<20, 40, 600), traffic(rng, 1<<21, 40, 600)
	f := overlap.Busy()
	got := play(f, minuteRouter(1).export(rng, append(one, shared...)), minuteRouter(2).export(rng, append(two, shared...)))
	near(t, "both", got.all, packets(one)+packets(two)+packets(shared), 0.01)
	if s := got.stood; s != "1.1.1:counted 2.1.1:partly" {
		t.Error(s)
	}
	if v := f.Views()[1]; v.Covered < 0.4 || v.Covered > 0.6 || !slices.Equal(v.By, []uint16{1}) {
		t.Errorf("%+v", v)
	}
}

// TestInAndOutOfOneRouter: what comes in at one interface and goes out at another
// counts once; what comes in and goes out at one interface is two things.
func TestInAndOutOfOneRouter(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	forth, back := traffic(rng, 0, 40, 400), traffic(rng, 1<<20, 40, 400)
	outside, inside := *minuteRouter(1), *minuteRouter(1)
	outside.direction, inside.direction, inside.index = flow.In, flow.In, 2
	outsideOut, insideOut := outside, inside
	outsideOut.direction, insideOut.direction = flow.Out, flow.Out

	f := overlap.New(overlap.Config{})
	got := play(f, outside.export(rng, forth), insideOut.export(rng, forth), inside.export(rng, back), outsideOut.export(rng, back))
	near(t, "both directions everywhere", got.all, packets(forth)+packets(back), 0.01)

	f = overlap.New(overlap.Config{})
	got = play(f, outside.export(rng, forth), outsideOut.export(rng, back))
	near(t, "both directions at one interface", got.all, packets(forth)+packets(back), 0.005)

	f = overlap.New(overlap.Config{Edge: func(_ uint16, index uint32) bool { return index == 1 }})
	got = play(f, outside.export(rng, forth), insideOut.export(rng, forth), inside.export(rng, back), outsideOut.export(rng, back))
	if s := got.stood; s != "1.1.1:counted 1.1.2:left out 1.2.1:counted 1.2.2:left out" {
		t.Errorf("with an edge interface: %s", s)
	}
}

// TestTwoBorders: what enters at one router's border and crosses another's core
// counts at the border, whichever number the routers have.
func TestTwoBorders(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	one, two := traffic(rng, 0, 40, 400), traffic(rng, 1<<20, 40, 400)
	border := func(number uint16) *router { return minuteRouter(number) }
	core := func(number uint16) *router { r := minuteRouter(number); r.index = 9; return r }
	f := overlap.New(overlap.Config{Edge: func(_ uint16, index uint32) bool { return index == 1 }})
	got := play(overlap.Busy(), border(1).export(rng, one), core(2).export(rng, one), border(2).export(rng, two), core(1).export(rng, two))
	near(t, "both, busy", got.all, packets(one)+packets(two), 0.04)
	got = play(f, border(1).export(rng, one), core(2).export(rng, one), border(2).export(rng, two), core(1).export(rng, two))
	near(t, "both", got.all, packets(one)+packets(two), 0.01)
	if s := got.stood; s != "1.1.1:counted 1.1.9:left out 2.1.1:counted 2.1.9:left out" {
		t.Error(s)
	}
}

// TestFailover: when the exporter that counts fails, its twin takes over within
// seconds; when it comes back, nothing doubles.
func TestFailover(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	all := traffic(rng, 0, 60, 1200)
	stop, again := start+400*second, start+800*second
	before, after := *minuteRouter(1), *minuteRouter(1)
	before.from, before.until = start, stop
	after.from, after.until = again, start+2000*second
	f := overlap.New(overlap.Config{})
	one, two, back := before.export(rng, all), minuteRouter(2).export(rng, all), after.export(rng, all)
	before400 := func(as []arrival) (out []arrival) {
		for _, a := range as {
			if a.at < stop {
				out = append(out, a)
			}
		}
		return out
	}
	if s := play(f, before400(one), before400(two)).stood; s != "1.1.1:counted 2.1.1:left out" {
		t.Errorf("before: %s", s)
	}
	f = overlap.New(overlap.Config{})
	got := play(f, one, two, back)
	near(t, "all", got.all, packets(all), 0.03)
	twin := play(overlap.New(overlap.Config{}), two)
	for m := int64(1); m < 20; m++ {
		within := 0.05
		if m == 6 {
			within = 0.15 // the seconds until the failure shows
		}
		near(t, fmt.Sprintf("minute %d", m), got.byMinute[m], twin.byMinute[m], within)
	}
	if s := got.stood; s != "1.1.1:counted 2.1.1:left out" {
		t.Errorf("at the end: %s", s)
	}
}

// TestSurge: what comes only where the view was left out shows within seconds.
func TestSurge(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	all := traffic(rng, 0, 40, 600)
	var flood []conversation
	for i := range 200 * 60 {
		at := start + 400*second + int64(i)*second/200
		flood = append(flood, conversation{number: 1<<22 + uint32(i), from: at, until: at, packets: 100})
	}
	f := overlap.New(overlap.Config{})
	got := play(f, minuteRouter(1).export(rng, all), minuteRouter(2).export(rng, append(flood, all...)))
	near(t, "all", got.all, packets(all)+packets(flood), 0.1)
	if got.byMinute[7] < 0.8*60*200*100*0.75 {
		t.Errorf("minute 7 holds %.0f packets", got.byMinute[7])
	}
}

// TestOverlapThatBegins: exporters that had nothing in common and then tell the
// same are noticed at the first few flows.
func TestOverlapThatBegins(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	one, two := traffic(rng, 0, 40, 400), traffic(rng, 1<<20, 40, 400)
	var both []conversation
	for _, c := range traffic(rng, 1<<21, 80, 300) {
		c.from, c.until = c.from+400*second, c.until+400*second
		both = append(both, c)
	}
	f := overlap.New(overlap.Config{})
	got := play(f, minuteRouter(1).export(rng, append(one, both...)), minuteRouter(2).export(rng, append(two, both...)))
	near(t, "all", got.all, packets(one)+packets(two)+packets(both), 0.03)
}

// TestSampled: two that sample the same traffic see different packets of it, and
// are told to be the same by their large flows.
func TestSampled(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 1))
	var large []conversation
	for i := range 3000 {
		from := start + int64(i)*second/5
		large = append(large, conversation{uint32(i), from, from + 20*second, 20_000})
	}
	one, two := minuteRouter(1), minuteRouter(2)
	one.sampling, two.sampling = 100, 200
	f := overlap.New(overlap.Config{})
	got := play(f, one.export(rng, large), two.export(rng, large))
	near(t, "the same", got.all, packets(large), 0.05)
	if s := got.stood; s != "1.1.1:counted 2.1.1:left out" {
		t.Error(s)
	}
	f = overlap.New(overlap.Config{})
	got = play(f, one.export(rng, large[:1500]), two.export(rng, large[1500:]))
	near(t, "disjoint", got.all, packets(large), 0.05)
}

// TestOneViewIsLeftAlone: with one exporter and direction every record comes
// through as it was.
func TestOneViewIsLeftAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	f := overlap.New(overlap.Config{})
	for i := range 100_000 {
		r := flow.Record{Input: rng.Uint32N(40)}
		r.Packets, r.Bytes, r.SourcePort, r.Time = 1+rng.Uint32N(9), 99, uint16(rng.Uint32N(100)), start-rng.Int64N(60*second)
		want := r
		if got := f.Apply(3, []flow.Record{r}, start+int64(i)*1e5); len(got) != 1 || got[0] != want {
			t.Fatalf("%+v became %+v", want, got)
		}
	}
	for _, v := range f.Views() {
		if v.State != overlap.Counted || v.Omitted.Records != 0 || v.Says == "" {
			t.Fatalf("%+v", v)
		}
	}
}

// TestManyViews: beyond the bound records count, and are counted as such.
func TestManyViews(t *testing.T) {
	f := overlap.New(overlap.Config{Flows: 1000})
	n := 0
	for i := range 3000 {
		r := flow.Record{Input: uint32(i)}
		r.Time, r.Packets, r.SourcePort = start, 1, uint16(i)
		n += len(f.Apply(uint16(i%7), []flow.Record{r}, start))
	}
	if s := f.Stats(); s.Views != 768 || s.Crowded != 3000-768 || s.Records.Records != 3000 || n != 3000 {
		t.Errorf("%+v, %d records", s, n)
	}
	// Others still find room.
	for i := range 10_000 {
		f.Apply(uint16(7+i/100), []flow.Record{{Input: uint32(i)}}, start)
	}
	if s := f.Stats(); s.Views != 1024 {
		t.Errorf("%+v", s)
	}
}

// TestRatesThatRise: an exporter that tells another rate with each record has the
// views ranked once a second, not once a record.
func TestRatesThatRise(t *testing.T) {
	f := overlap.New(overlap.Config{Flows: 1000})
	for i := range 900 {
		f.Apply(uint16(i), []flow.Record{{Input: 1}}, start)
	}
	records := make([]flow.Record, 20_000)
	for i := range records {
		records[i].Input, records[i].Sampling = 1, uint32(2+i)
	}
	was := f.Ranked()
	f.Apply(0, records, start+1)
	f.Apply(0, records[:1], start+2*second)
	if got := f.Ranked() - was; got != 1 {
		t.Errorf("ranked %d times", got)
	}
}

// TestAnyTimes: whatever times and sizes records bear, no more comes out than went
// in, and what is left out is counted.
func TestAnyTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	f := overlap.New(overlap.Config{Flows: 64})
	wild := []int64{0, -1 << 63, 1<<63 - 1, start, start + 1, start - 3600*second, start + 1e6*second}
	var in, out overlap.Volume
	at := start
	for range 200_000 {
		r := flow.Record{Input: rng.Uint32N(3), Output: rng.Uint32N(3), Direction: flow.Direction(rng.IntN(3))}
		r.Time, r.Duration = wild[rng.IntN(len(wild))], rng.Uint32()>>rng.UintN(32)
		if rng.IntN(2) == 0 {
			r.Time, r.Duration = at-rng.Int64N(100*second), rng.Uint32N(60_000)
		}
		r.Packets, r.Bytes, r.Sampling = rng.Uint32()>>rng.UintN(32), rng.Uint64()>>(8+rng.UintN(56)), rng.Uint32()>>rng.UintN(32)
		r.SourcePort, r.Protocol = uint16(rng.Uint32N(100)), uint8(rng.Uint32N(2))
		in.Records, in.Packets = in.Records+1, in.Packets+uint64(r.Packets)
		at += rng.Int64N(1<<rng.UintN(36)) - 1000
		for _, k := range f.Apply(uint16(rng.IntN(4)), []flow.Record{r}, at) {
			out.Records, out.Packets = out.Records+1, out.Packets+uint64(k.Packets)
		}
	}
	s := f.Stats()
	if s.Records.Records != in.Records || s.Records.Packets != in.Packets || out.Packets+s.Omitted.Packets != in.Packets || out.Packets == in.Packets {
		t.Errorf("in %+v, out %+v, %+v", in, out, s)
	}
	if len(f.Views()) != s.Views || s.Views == 0 {
		t.Errorf("%d views, %d told", s.Views, len(f.Views()))
	}
}

// TestTheSameTwice: the same records give the same outcome.
func TestTheSameTwice(t *testing.T) {
	run := func() string {
		rng := rand.New(rand.NewPCG(13, 1))
		all := traffic(rng, 0, 40, 200)
		f := overlap.New(overlap.Config{})
		got := play(f, minuteRouter(2).export(rng, all[:5000]), minuteRouter(1).export(rng, all))
		return fmt.Sprint(got.all, got.stood, f.Views())
	}
	if a, b := run(), run(); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}
