package web

import "sort"

// Text is measured by a mean glyph width, since the reader's font is not known
// here; it errs to the wide side.
const glyphWidth = 0.58

func textWidth(s string, size float64) float64 {
	n := 0
	for range s {
		n++
	}
	return float64(n) * size * glyphWidth
}

// box is a rectangle that a label takes up.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) overlaps(o box) bool {
	return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1
}

func (b box) within(o box) bool {
	return b.x0 >= o.x0 && b.x1 <= o.x1 && b.y0 >= o.y0 && b.y1 <= o.y1
}

// crossed tells whether a line from p to q passes through the box
// (Liang-Barsky clipping).
func (b box) crossed(p, q point) bool {
	t0, t1 := 0.0, 1.0
	dx, dy := q.x-p.x, q.y-p.y
	for _, edge := range [...][2]float64{{-dx, p.x - b.x0}, {dx, b.x1 - p.x}, {-dy, p.y - b.y0}, {dy, b.y1 - p.y}} {
		switch r := edge[1] / edge[0]; {
		case edge[0] == 0:
			if edge[1] < 0 {
				return false
			}
		case edge[0] < 0:
			t0 = max(t0, r)
		default:
			t1 = min(t1, r)
		}
	}
	return t0 <= t1
}

// callout is a value worth writing beside its dot.
type callout struct {
	at   point
	text string
	// title is what a pointer on the dot shows.
	title string
	rank  float64 // higher is placed first
	// anchor and base are set when it is placed: the text's anchor class and position.
	anchor string
	base   point
	placed bool
}

// placeCallouts finds room for each callout above, right or left of its dot,
// the highest rank first, so that no label meets another, the curve or the
// frame's edge. What finds no room stays unlabelled; the table has it.
func placeCallouts(c []callout, runs []run, frame box, size float64) []callout {
	sort.SliceStable(c, func(i, j int) bool { return c[i].rank > c[j].rank })
	var taken []box
	for i := range c {
		if c[i].text == "" {
			continue
		}
		w := textWidth(c[i].text, size)
		for _, try := range [...]struct {
			anchor string
			base   point
			x0     float64
		}{
			{"a-m", point{c[i].at.x, c[i].at.y - 9}, c[i].at.x - w/2},
			{"a-s", point{c[i].at.x + 9, c[i].at.y + size*0.2}, c[i].at.x + 9},
			{"a-e", point{c[i].at.x - 9, c[i].at.y + size*0.2}, c[i].at.x - 9 - w},
		} {
			b := box{try.x0, try.base.y - size, try.x0 + w, try.base.y + size*0.25}
			if b.within(frame) && free(b, taken) && !touches(b, runs) {
				c[i].anchor, c[i].base, c[i].placed = try.anchor, try.base, true
				taken = append(taken, b)
				break
			}
		}
	}
	return c
}

func free(b box, taken []box) bool {
	for _, t := range taken {
		if b.overlaps(t) {
			return false
		}
	}
	return true
}

func touches(b box, runs []run) bool {
	for _, r := range runs {
		for i := 1; i < len(r.points); i++ {
			if b.crossed(r.points[i-1], r.points[i]) {
				return true
			}
		}
	}
	return false
}

// flag is a label on a stem that hangs from the time axis.
type flag struct {
	x     float64
	width float64
	// lane and left are set by layFlags: how many lanes down, and whether the
	// text stands left of its stem.
	lane int
	left bool
}

// flagGap is the least room between two labels of a lane, and between a label
// and another's stem.
const flagGap = 10.0

func (f flag) span() (from, to float64) {
	if f.left {
		return f.x - f.width, f.x
	}
	return f.x, f.x + f.width
}

// layFlags gives each flag, which must be sorted by x, a side and the highest
// lane in which its label meets no other label and no stem. It tries the few
// orders that can do without crossings (labels to the right laid from the right,
// labels to the left laid from the left, and mixtures), keeps the best and
// returns the number of its lanes.
func layFlags(flags []flag, from, to float64) int {
	var best []flag
	bestCost, lanes := 0.0, 0
	for _, fromLeft := range [...]bool{false, true} {
		for _, side := range [...]string{"right", "left", "mixed"} {
			tried := append([]flag(nil), flags...)
			for i := range tried {
				f := &tried[i]
				f.left = side == "left" || side == "mixed" && f.x+f.width > to
			}
			n := stackFlags(tried, fromLeft)
			cost := faults(tried, from, to)*100 + float64(n)
			if best == nil || cost < bestCost {
				best, bestCost, lanes = tried, cost, n
			}
		}
	}
	copy(flags, best)
	return lanes
}

// stackFlags gives each flag the highest lane that fits, one after the other.
func stackFlags(flags []flag, fromLeft bool) (lanes int) {
	order := make([]int, len(flags))
	for i := range order {
		order[i] = i
		if !fromLeft {
			order[i] = len(flags) - 1 - i
		}
	}
	var placed []flag
	for _, i := range order {
		for flags[i].lane = 0; !fits(flags[i], placed); flags[i].lane++ {
		}
		placed = append(placed, flags[i])
		lanes = max(lanes, flags[i].lane+1)
	}
	return lanes
}

// faults counts stems that pass through labels, and labels outside of the frame.
func faults(flags []flag, from, to float64) (n float64) {
	for _, f := range flags {
		left, right := f.span()
		if left < from || right > to {
			n++
		}
		for _, p := range flags {
			if p.lane > f.lane && p.x > left && p.x < right {
				n++
			}
		}
	}
	return n
}

// fits tells whether f meets none of the placed flags, whose stems reach down
// to their lanes as its own does. A lane below all others always fits unless a
// stem would pass through a label, which the next lane cannot cure, so stems
// may then pass.
func fits(f flag, placed []flag) bool {
	from, to := f.span()
	deepest := 0
	for _, p := range placed {
		deepest = max(deepest, p.lane)
		pFrom, pTo := p.span()
		if p.lane == f.lane && from < pTo+flagGap && pFrom < to+flagGap {
			return false
		}
		if p.lane > f.lane && p.x > from-flagGap && p.x < to+flagGap {
			return false
		}
		if p.lane < f.lane && f.x > pFrom-flagGap && f.x < pTo+flagGap && f.lane <= deepest {
			return false
		}
	}
	return true
}
