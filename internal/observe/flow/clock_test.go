package flow_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"downpour/internal/observe/flow"
)

// told feeds n datagrams, a second apart, of an exporter whose clock is behind
// by offset, that exports whole seconds and whose datagrams are delayed by up to
// two seconds, most of them hardly.
func told(c *flow.Clock, rng *rand.Rand, from time.Time, n int, offset time.Duration) time.Time {
	for range n {
		exported := from.Add(-offset).Truncate(time.Second)
		delay := time.Duration(rng.ExpFloat64() * float64(50*time.Millisecond))
		c.Add(exported.UnixNano(), from.Add(min(delay, 2*time.Second)).UnixNano())
		from = from.Add(time.Second + time.Duration(rng.IntN(1000))*time.Microsecond)
	}
	return from
}

func near(t *testing.T, c *flow.Clock, want time.Duration, what string) {
	t.Helper()
	if off := time.Duration(c.Offset()) - want; off < -time.Second || off > time.Second {
		t.Errorf("%s: offset is %v, want %v", what, time.Duration(c.Offset()), want)
	}
}

func TestClockFollowsAnExporter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2025, 3, 10, 10, 0, 0, 300_000_000, time.UTC)
	var c flow.Clock
	if c.Offset() != 0 || c.Wrong(10*time.Second) != 0 {
		t.Error("an offset before the first datagram")
	}
	at = told(&c, rng, at, 300, 0)
	near(t, &c, 0, "right clock")
	if c.Wrong(10*time.Second) != 0 {
		t.Errorf("a right clock is called wrong by %v", time.Duration(c.Wrong(10*time.Second)))
	}
	at = told(&c, rng, at, 10, time.Hour)
	near(t, &c, time.Hour, "set back an hour")
	if c.Wrong(10*time.Second) != c.Offset() {
		t.Errorf("a clock an hour off is called wrong by %v", time.Duration(c.Wrong(10*time.Second)))
	}
	told(&c, rng, at, 10, -30*time.Second)
	near(t, &c, -30*time.Second, "set before ours")
	if c.Jumps() != 2 {
		t.Errorf("%d jumps, want 2", c.Jumps())
	}
}

func TestClockBelievesNoOutlier(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	at := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)
	var c flow.Clock
	for i := range 50 {
		at = told(&c, rng, at, 5, 2*time.Second)
		c.Add(at.Add(time.Duration(i+1)*time.Hour).UnixNano(), at.UnixNano())
		c.Add(0, at.UnixNano()) // bears no time
		near(t, &c, 2*time.Second, "with outliers between")
	}
}

func TestClockForgetsALuckyDatagram(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	at := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)
	var c flow.Clock
	at = told(&c, rng, at, 10, 0)
	// The clock drifts by less than a jump; the old minimum must go.
	told(&c, rng, at, 600, 4*time.Second)
	near(t, &c, 4*time.Second, "drifted")
}

func TestClockThatStands(t *testing.T) {
	var c flow.Clock
	exported := int64(1_700_000_000) * int64(time.Second)
	for ms := int64(0); ms <= 60_000; ms += 100 {
		arrived := exported + ms*int64(time.Millisecond)
		c.Add(exported, arrived)
		if late := arrived - c.Offset() - exported; late > int64(1600*time.Millisecond) {
			t.Fatalf("after %d ms of the same export time its records would be %v late", ms, time.Duration(late))
		}
	}
	for s := int64(1); s <= 10; s++ { // it goes on, an hour ahead
		c.Add(exported+3600*int64(time.Second)+s*int64(time.Second), exported+(60+s)*int64(time.Second))
	}
	if got := time.Duration(c.Offset()); got != -(3600-60)*time.Second {
		t.Errorf("a clock that goes on must be followed: offset %v", got)
	}
}
