package attack

import (
	"time"

	"downpour"
)

// chance is how far sampling may have moved what was counted of a kind: see
// downpour.Sampled.
type chance struct{ packets, bytes float64 }

// add takes in a flow that was sampled.
func (c *chance) add(v volume) {
	rate := float64(v.packets) / float64(v.samples)
	seen := float64(v.bytes) / rate
	c.packets += float64(v.packets) * (rate - 1)
	c.bytes += seen * seen / float64(v.samples) * rate * (rate - 1)
}

// edges is how far the dating of onset and end may have moved a total: a sample each.
func edges(v volume) chance {
	const samples = 2
	n := float64(max(v.samples, 1))
	packets, bytes := float64(v.packets)/n, float64(v.bytes)/n
	return chance{samples * packets * packets, samples * bytes * bytes}
}

func (c chance) plus(d chance) chance { return chance{c.packets + d.packets, c.bytes + d.bytes} }

// times is the part of it that belongs to a part of the volume.
func (c chance) times(part float64) chance { return chance{c.packets * part, c.bytes * part} }

// intervals gives the totals and the peak of an attack their intervals, where
// records were sampled.
func (s *suspect) intervals(out *downpour.Attack, parts []part) {
	var whole, told volume
	var moved chance
	for _, k := range s.active {
		if r := s.rows[k]; kindsOf(parts).has(k) && r.total.packets > 0 {
			v := r.ofAttack()
			whole.add(v)
			moved = moved.plus(r.chance.times(float64(v.packets) / float64(r.total.packets)))
		}
	}
	for _, p := range parts {
		told.add(p.volume)
	}
	if moved.packets == 0 || told.packets == 0 {
		return
	}
	moved = moved.times(float64(told.packets) / float64(whole.packets))
	moved = moved.plus(edges(told))
	total := downpour.Sampled{
		Packets: float64(told.packets), Bytes: float64(told.bytes), PacketsVariance: moved.packets, BytesVariance: moved.bytes,
	}
	packets, bytes := total.PacketsEstimate(), total.BytesEstimate()
	out.Total.PacketsEstimate, out.Total.BytesEstimate = &packets, &bytes
	s.peakIntervals(out, &total)
}

// peakIntervals gives the peak its intervals. It is the largest of many seconds,
// so chance has helped it: its lower limit is that of as many seconds at once as
// the attack lasted, some of each of which overlap (Šidák 1967).
func (s *suspect) peakIntervals(out *downpour.Attack, total *downpour.Sampled) {
	const windows, most = 3, 1000 // that are as good as independent, a second
	peak := s.attack.peak
	if peak.packets == 0 || peak.packets <= peak.samples {
		return
	}
	share := float64(peak.packets) / total.Packets
	rate := float64(peak.packets) / float64(max(peak.samples, 1))
	bits := float64(s.attack.peakBytes) * 8
	p := downpour.Sampled{
		Packets: float64(peak.packets), PacketsVariance: float64(peak.packets) * (rate - 1),
		Bytes: float64(s.attack.peakBytes), BytesVariance: total.BytesVariance * share,
	}
	seconds := time.Duration(s.attack.end - s.attack.onset).Seconds()
	level := 1 - 0.05/min(max(windows*seconds, 1), most)
	packets, bytes := p.PacketsEstimate(), p.BytesEstimate()
	packets.Low, bytes.Low = p.PacketsWithin(level).Low, p.BytesWithin(level).Low
	out.Peak.PacketsEstimate = &packets
	out.Peak.BitsEstimate = &downpour.Estimate{Value: bits, Low: bytes.Low * 8, High: bytes.High * 8}
}
