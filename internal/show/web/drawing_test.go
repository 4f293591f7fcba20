package web

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"downpour"
)

func TestNiceTicks(t *testing.T) {
	for _, c := range []struct {
		top  float64
		n    int
		want []float64
	}{
		{41143, 5, []float64{0, 10000, 20000, 30000, 40000}},
		{5, 5, []float64{0, 1, 2, 3, 4, 5}},
		{0.7, 4, []float64{0, 0.2, 0.4, 0.6}},
	} {
		got := niceTicks(c.top, c.n)
		if len(got) != len(c.want) {
			t.Fatalf("ticks to %v: %v, want %v", c.top, got, c.want)
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-9 {
				t.Errorf("ticks to %v: %v, want %v", c.top, got, c.want)
			}
		}
	}
}

func TestTimeTicksAreRoundInTheirZone(t *testing.T) {
	india := time.FixedZone("IST", 5*3600+1800)
	from := time.Date(2025, 3, 10, 0, 7, 0, 0, time.UTC)
	s := timeScale{from, from.Add(24 * time.Hour), 0, 960}
	ticks := s.ticks(newClock(india, from), 9)
	if len(ticks) < 4 || len(ticks) > 9 {
		t.Fatalf("%d ticks", len(ticks))
	}
	for _, tick := range ticks {
		if local := tick.t.In(india); local.Minute() != 0 || local.Hour()%3 != 0 {
			t.Errorf("tick at %v", local)
		}
	}
	short := timeScale{from, from.Add(20 * time.Millisecond), 0, 960}
	if ticks := short.ticks(newClock(nil, from), 9); len(ticks) < 2 || ticks[0].form != formMillis {
		t.Errorf("a capture of 20 ms has ticks %v", ticks)
	}
}

// TestStrokesTellHowWellACurveIsKnown: solid only between counts of our own,
// nothing at all across a gap.
func TestStrokesTellHowWellACurveIsKnown(t *testing.T) {
	at := func(minute int, o downpour.CountOrigin) downpour.ExpectedReports {
		return downpour.ExpectedReports{Time: march10(6, minute), Bucket: time.Minute, Count: float64(minute * minute), Origin: o}
	}
	x, y := timeScale{march10(6, 0), march10(7, 0), 0, 960}, linear{0, 3600, 300, 0}
	runs := curve([]downpour.ExpectedReports{
		at(0, downpour.Received), at(1, downpour.Received), at(2, downpour.Received), // solid
		at(10, downpour.Received), at(11, downpour.Received), // a gap, then solid
		at(20, downpour.Published), at(30, downpour.Published), // dashed
		at(31, downpour.Synthetic), at(32, downpour.Synthetic),
	}, x, y)
	var got []string
	for _, r := range runs {
		got = append(got, r.stroke.class())
	}
	if want := "line|line|line dashed|line synthetic"; strings.Join(got, "|") != want {
		t.Errorf("strokes %v, want %s", got, want)
	}
	if runs[0].points[len(runs[0].points)-1].x == runs[1].points[0].x {
		t.Error("a line crosses the gap")
	}
}

// TestThinningKeepsExtremes: whatever the curve, its highest and lowest points,
// its first and its last stay.
func TestThinningKeepsExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 300), 2, 400).Draw(t, "values")
		p := make([]point, len(values))
		low, high := math.Inf(1), math.Inf(-1)
		for i, v := range values {
			p[i] = point{float64(i) * 0.7, v}
			low, high = min(low, v), max(high, v)
		}
		got := simplify(p)
		gotLow, gotHigh := math.Inf(1), math.Inf(-1)
		for i, q := range got {
			gotLow, gotHigh = min(gotLow, q.y), max(gotHigh, q.y)
			if i > 0 && q.x < got[i-1].x {
				t.Fatal("the curve runs back")
			}
		}
		if math.Abs(gotLow-low) > 2*flat || math.Abs(gotHigh-high) > 2*flat || got[0] != p[0] || got[len(got)-1] != p[len(p)-1] {
			t.Fatalf("from [%v, %v] to [%v, %v]", low, high, gotLow, gotHigh)
		}
	})
}

// TestFlagsNeverCollide: no two labels of a lane overlap, however many marks.
func TestFlagsNeverCollide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, mostMarks).Draw(t, "n")
		flags := make([]flag, n)
		x := 144.0
		for i := range flags {
			x = min(x+rapid.Float64Range(0, 120).Draw(t, "step"), 952)
			flags[i] = flag{x: x, width: rapid.Float64Range(10, 330).Draw(t, "width")}
		}
		lanes := layFlags(flags, 144, 960)
		for i, f := range flags {
			if f.lane >= lanes {
				t.Fatalf("lane %d of %d", f.lane, lanes)
			}
			for _, g := range flags[:i] {
				a0, a1 := f.span()
				b0, b1 := g.span()
				if f.lane == g.lane && a0 < b1 && b0 < a1 {
					t.Fatalf("labels [%v, %v] and [%v, %v] meet in lane %d", a0, a1, b0, b1, f.lane)
				}
			}
		}
	})
}

func TestCalloutsMeetNeitherEachOtherNorTheCurve(t *testing.T) {
	v, c := foundingService(t), newClock(nil, march10(14, 0))
	s := series{buckets: v.Buckets, outages: v.Outages, from: v.Start, to: v.End}
	for _, l := range []layout{wideChart(), narrowChart()} {
		x, y := l.scales(s)
		runs := curve(s.buckets, x, y)
		var taken []box
		for _, m := range placeCallouts(callouts(s, c, x, y), runs, box{0, 0, l.width, l.height}, l.text) {
			if !m.placed {
				continue
			}
			w := textWidth(m.text, l.text)
			x0 := m.base.x - map[string]float64{"a-m": w / 2, "a-e": w}[m.anchor]
			b := box{x0, m.base.y - l.text, x0 + w, m.base.y}
			if !free(b, taken) || touches(b, runs) {
				t.Errorf("%s: label %s collides", l.class, m.text)
			}
			taken = append(taken, b)
		}
		if len(taken) < 3 {
			t.Errorf("%s labels only %d peaks", l.class, len(taken))
		}
	}
}

func TestStackAddsUp(t *testing.T) {
	from := march10(10, 0)
	attack := func(vector string, bits ...float64) downpour.Attack {
		return downpour.Attack{Timeline: downpour.Timeline{Start: from, Step: 60, Rates: []downpour.VectorTimeline{{Vector: vector, Bits: bits}}}}
	}
	s := newStack([]downpour.Attack{attack("UDP flood", 1, 5, 1), attack("SYN flood", 10, 10, 10)}, from, from.Add(4*time.Minute))
	if s.top != 15 || s.unit != "bit/s" || s.vectors[0] != "SYN flood" {
		t.Errorf("top %v %s, order %v", s.top, s.unit, s.vectors)
	}
	if s.rates[0][s.cells-1] != 0 {
		t.Error("traffic after the timeline's end")
	}
	many := make([]downpour.Attack, 0, 9)
	for _, name := range strings.Split("abcdefghi", "") {
		many = append(many, attack(name, 1))
	}
	if s := newStack(many, from, from.Add(time.Minute)); len(s.vectors) != mostLayers || s.vectors[mostLayers-1] != otherVectors || s.top != 9 {
		t.Errorf("nine vectors become %v with top %v", s.vectors, s.top)
	}
}

// TestDrawingsAreBounded: a month of minutes, or ten thousand published rows,
// still make a small page.
func TestDrawingsAreBounded(t *testing.T) {
	for _, origin := range []downpour.CountOrigin{downpour.Received, downpour.Published, downpour.Interpolated} {
		v := quietService()
		v.Buckets = nil
		v.Start = v.Now.Add(-10_000 * time.Minute)
		for i := range 10_000 {
			v.Buckets = append(v.Buckets, downpour.ExpectedReports{Time: v.Start.Add(time.Duration(i) * time.Minute), Bucket: time.Minute, Count: float64(i * 7919 % 1009), Expected: downpour.Estimate{Value: 3, Low: 1, High: float64(5 + i%3)}, Origin: origin})
		}
		var b strings.Builder
		if err := newPages(t).Service(&b, v); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 90_000 {
			t.Errorf("10,000 %s rows make a page of %d bytes", origin, b.Len())
		}
	}
}

// TestManyAttacksMakeABoundedPage: carpet bombing has a target an address.
func TestManyAttacksMakeABoundedPage(t *testing.T) {
	v := foundingIncidentView(t)
	v.Operator = true
	one := v.Attacks[1]
	v.Attacks = nil
	for range 2000 {
		v.Attacks = append(v.Attacks, one)
	}
	var b strings.Builder
	if err := newPages(t).Incident(&b, v); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 200_000 {
		t.Errorf("2,000 attacks make a page of %d bytes", b.Len())
	}
	if !strings.Contains(b.String(), "1950 more are in the downloads") {
		t.Error("does not say how many attacks are left out")
	}
}

func BenchmarkServicePage(b *testing.B) {
	p, v := newPages(b), quietService()
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Service(&strings.Builder{}, v); err != nil {
			b.Fatal(err)
		}
	}
}
