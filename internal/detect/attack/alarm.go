package attack

import (
	"fmt"
	"math"
)

// lowerLimit is the lower end of the 95 % interval of the packets that a sampled
// volume stands for: Garwood's (1936) exact Poisson limit in Wilson and
// Hilferty's approximation, narrowed by the binomial's finite population, scaled
// by the sampling rate. Where every packet was seen it has no width.
func lowerLimit(v volume) float64 {
	if v.samples >= v.packets {
		return float64(v.packets)
	}
	n, rate := float64(v.samples), float64(v.packets)/float64(v.samples)
	return rate * n * (1 - (1-garwood(n, 1.96))*math.Sqrt(1-1/rate))
}

// garwood is the part of a Poisson count that is its exact lower limit, at so many
// standard deviations of the normal distribution (Wilson and Hilferty 1931).
func garwood(n, deviations float64) float64 {
	root := max(0, 1-1/(9*n)-deviations/(3*math.Sqrt(n)))
	return root * root * root
}

// hostileVolume is what in the window of a class is hostile.
func (s *suspect) hostileVolume(c Class) (v volume) {
	for _, k := range s.active {
		if kindClasses[k] != c || s.rows[k].window.samples == 0 {
			continue
		}
		w := s.rows[k].window.volume
		part := s.hostile(k)
		v.packets += uint64(float64(w.packets) * part)
		v.bytes += uint64(float64(w.bytes) * part)
		v.samples += uint64(math.Ceil(float64(w.samples) * part))
	}
	return v
}

// passes tells whether a volume seen in a span of seconds is above a share of the
// limit for certain, and holds enough samples to say so.
func (s *suspect) passes(c Class, v volume, seconds, share float64) bool {
	if v.packets == 0 || v.packets > v.samples && v.samples < s.cfg.MinSamples {
		return false
	}
	lower := lowerLimit(v)
	bits := float64(v.bytes) * 8 * lower / float64(v.packets)
	return s.classes[c].limit.exceeds(lower/seconds, bits/seconds, share)
}

// due tells whether a class's window has passed its limit and is worth judging:
// in a new slot, or an eighth larger than when it was judged.
func (s *suspect) due(c Class) bool {
	st := &s.classes[c]
	if st.alarmed || !st.limit.exceeds(float64(st.window.packets), float64(st.window.bytes)*8, 1) {
		return false
	}
	return st.judged != s.slot || st.window.packets-st.judgedAt >= st.judgedAt/8
}

// judge decides on the class's last second.
func (s *suspect) judge(c Class) bool {
	st := &s.classes[c]
	st.judged, st.judgedAt = s.slot, st.window.packets
	return s.passes(c, s.hostileVolume(c), 1, 1)
}

// judgeRun decides on a longer stretch, where sampling leaves too few packets in
// one second: the window grows until it holds enough.
func (s *suspect) judgeRun(c Class) bool {
	st := &s.classes[c]
	if st.alarmed || st.run == 0 || st.ran.packets == st.ran.samples || s.now-st.run < second {
		return false
	}
	part := float64(s.hostileVolume(c).packets) / float64(max(st.window.packets, 1))
	v := st.ran
	v.packets = uint64(float64(v.packets) * min(1, part))
	v.bytes = uint64(float64(v.bytes) * min(1, part))
	return s.passes(c, v, float64(s.now-st.run)/float64(second), 1)
}

// shortVerdict is how an input that ended within a second was judged.
type shortVerdict struct {
	class   Class
	target  string
	rate    volume  // a second
	seconds float64 // seen
	limit   Floor
	share   float64 // of the limit that was enough
}

// String is the rule that fired in a sentence.
func (v *shortVerdict) String() string {
	limit := packetRate(v.limit.Packets * v.share)
	if v.limit.Bits > 0 {
		limit += " or " + bitRate(v.limit.Bits*v.share)
	}
	why := ""
	if v.share < 1 {
		why = fmt.Sprintf(", %g of the usual limit since hardly anything else came", v.share)
	}
	return fmt.Sprintf("%s to %s came at %s and %s over the %.3g ms seen; expected at most %s%s",
		v.class, v.target, packetRate(float64(v.rate.packets)), bitRate(float64(v.rate.bytes)*8), v.seconds*1e3, limit, why)
}

// judgeShort decides where the input ends before the target was seen for a
// second: on the rate over the span of what was seen. nil: no attack.
func (s *suspect) judgeShort(c Class) *shortVerdict {
	const (
		hardlyElse = 0.9
		ofOneClass = 4 // a mixed flood's packets are spread over so many classes
	)
	v := s.hostileVolume(c)
	var all, hostile uint64
	for c := range Class(classes) {
		all += s.classes[c].window.samples
		hostile += s.hostileVolume(c).samples
	}
	if hostile < s.cfg.ShortPackets || v.samples < s.cfg.ShortPackets/ofOneClass {
		return nil
	}
	share := 1.0
	if float64(hostile) >= hardlyElse*float64(all) && len(s.sources.entries) >= s.cfg.ShortSources {
		share = s.cfg.ShortShare
	}
	seconds := s.span(c)
	if !s.passes(c, v, seconds, share) {
		return nil
	}
	rate := volume{packets: uint64(float64(v.packets) / seconds), bytes: uint64(float64(v.bytes) / seconds)}
	return &shortVerdict{c, s.subject(), rate, seconds, s.classes[c].limit, share}
}

// span is for how many seconds a class was seen in the collection.
func (s *suspect) span(c Class) float64 {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, k := range s.active {
		if r := s.rows[k]; kindClasses[k] == c && r.total.samples > 0 {
			first, last = min(first, r.first), max(last, r.last)
		}
	}
	return float64(max(last-first, int64(s.cfg.ShortSpan))) / float64(second)
}
