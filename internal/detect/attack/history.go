package attack

import (
	"cmp"
	"slices"
	"time"

	"downpour"
)

// What busier classes of targets bring is told minute by minute, so that thresholds
// can be tried on the past. A class is told of from an eighth of its floor on (as of
// suspicion), and of a partition the busiest ones, measured by their floors.

// minutesKept is how many classes of targets one partition tells of in a minute: of all
// of them together 4,160, some 30 bytes each where they are kept.
const minutesKept = 64

// history is the minute at hand.
type history struct {
	minute int64 // since the epoch; those before it are told
	list   []minute
	done   []downpour.TrafficMinute
	shed   uint64
}

// minute is one class of one target in it.
type minute struct {
	owner    *target
	next     uint8 // of the same target, number + 1; 0: none
	class    Class
	attacked bool
	share    float64 // of its floor, the busiest second
	peak     usualRate
	expected usualRate // in the busiest second
}

const oneMinute = int64(time.Minute)

// note takes the second of a target that ended at a time into its minute.
func (d *Detector) note(t *target, end int64) {
	const fewest = 8 // packets, of the smallest eighth of a floor in bits
	h := &d.history
	if t.load < fewest || !d.cfg.History || end <= h.minute*oneMinute {
		return // that minute has been told
	}
	level := &d.levels[t.group]
	for c := range Class(classes) {
		n := &t.current[c]
		if !level.stirring[c].reached(n.packets, n.bytes) {
			continue
		}
		if rate := t.seen(c); t.thin == 0 || level.stirring[c].reached(uint32(rate.packets), uint32(rate.bits/8)) {
			h.add(t, c, rate, d.cfg.floorsOf(t.group)[c])
		}
	}
}

// add takes a second of a class into its entry, new if need be.
func (h *history) add(t *target, c Class, rate usualRate, floor Floor) {
	share := 0.0
	if floor.Packets > 0 {
		share = float64(rate.packets) / floor.Packets
	}
	if floor.Bits > 0 {
		share = max(share, float64(rate.bits)/floor.Bits)
	}
	m := h.of(t, c)
	if m == nil {
		if m = h.admit(t, c, share); m == nil {
			h.shed++
			return
		}
	}
	m.peak = usualRate{max(m.peak.packets, rate.packets), max(m.peak.bits, rate.bits)}
	m.attacked = m.attacked || t.suspect != nil && t.suspect.open() && t.suspect.classes[c].alarmed
	if share >= m.share {
		m.share, m.expected = share, t.usual[c]
	}
}

func (h *history) of(t *target, c Class) *minute {
	for n := t.minutes; n != 0; n = h.list[n-1].next {
		if m := &h.list[n-1]; m.class == c {
			return m
		}
	}
	return nil
}

// admit makes an entry. Where all places are taken the least gives way to a busier one.
func (h *history) admit(t *target, c Class, share float64) *minute {
	n := len(h.list)
	if n < minutesKept {
		h.list = append(h.list, minute{})
	} else {
		n = 0
		for i := range h.list {
			if h.list[i].share < h.list[n].share {
				n = i
			}
		}
		if h.list[n].share >= share {
			return nil
		}
		h.shed++
		h.unlink(n)
	}
	h.list[n] = minute{owner: t, class: c, next: t.minutes}
	t.minutes = uint8(n + 1)
	return &h.list[n]
}

// unlink takes an entry out of its target's list.
func (h *history) unlink(i int) {
	at := &h.list[i].owner.minutes
	for *at != uint8(i+1) {
		at = &h.list[*at-1].next
	}
	*at = h.list[i].next
}

// closeMinute tells of the minute at hand if another has begun at time now. Seconds
// that have passed and that no later flow has closed yet are among it.
func (d *Detector) closeMinute(now int64) {
	h := &d.history
	next := now / oneMinute
	if next <= h.minute || !d.cfg.History {
		return
	}
	if h.minute != 0 {
		for i := range d.targets.used {
			if t := d.targets.entry(i); t.start+second <= now {
				d.note(t, t.start+second)
			}
		}
		h.tell(d.wide)
	}
	h.minute = next
}

func (h *history) tell(wide bool) {
	for i := range h.list {
		m := &h.list[i]
		at := m.owner.address
		whom := downpour.TargetOf(at).Prefix
		if wide {
			of := spanOfKey(at)
			whom = of.prefix()
		}
		h.done = append(h.done, downpour.TrafficMinute{
			Time: instant(h.minute * oneMinute), Target: whom, Class: m.class.Word(), Attacked: m.attacked,
			Peak:     downpour.TrafficRate{Packets: float64(m.peak.packets), Bits: float64(m.peak.bits)},
			Expected: downpour.TrafficRate{Packets: float64(m.expected.packets), Bits: float64(m.expected.bits)},
		})
		m.owner.minutes = 0
	}
	clear(h.list)
	h.list = h.list[:0]
}

// Minutes appends what was told of minutes since it was last called, by target and
// class, and forgets it. No detector may be at work.
func (p *Prefixes) Minutes(dst []downpour.TrafficMinute) []downpour.TrafficMinute {
	from := len(dst)
	for _, d := range p.parts {
		dst = d.history.take(dst)
	}
	dst = p.base.history.take(dst)
	slices.SortFunc(dst[from:], func(a, b downpour.TrafficMinute) int {
		return cmp.Or(a.Time.Compare(b.Time), a.Target.Addr().Compare(b.Target.Addr()),
			cmp.Compare(a.Target.Bits(), b.Target.Bits()), cmp.Compare(a.Class, b.Class))
	})
	return dst
}

func (h *history) take(dst []downpour.TrafficMinute) []downpour.TrafficMinute {
	dst = append(dst, h.done...)
	clear(h.done)
	h.done = h.done[:0]
	return dst
}
