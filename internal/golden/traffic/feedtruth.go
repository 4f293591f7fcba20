package traffic

import (
	"net/netip"
	"slices"
	"time"
)

// Sampled is a capture of the packets that were sampled, with the truth about all
// of them.
type Sampled struct {
	Capture
	attacks []Stream // by number, as sent.stream has it
	truth   map[netip.Prefix]*FeedTruth
}

// FeedTruth is what a feed really holds of one attack.
type FeedTruth struct {
	Target     netip.Addr
	Over       netip.Prefix       // in the place of Target, where a prefix is attacked
	Vectors    map[string]float64 // shares of packets
	Shape      []string           // as downpour.Attack.Shape
	Onset, End time.Time
	// Rates are the attack's by class while it is on, before sampling; Usual those
	// of the target's usual traffic.
	Rates, Usual map[Class]Rate
	// Sampled is how many of its packets were, Senders who sent those.
	Sampled int
	Senders map[netip.Addr]bool
}

// Rate is how much a second holds.
type Rate struct{ Packets, Bits float64 }

func (r Rate) plus(n float64, p []byte) Rate {
	return Rate{r.Packets + n, r.Bits + n*8*float64(len(p))}
}

// note enters the packets of an attack's stream into the truth, each of which
// stands for so many.
func (s *Sampled) note(f *Feed, stream *Stream, made []sent, each float64) {
	begin := f.recipe.Start.Add(stream.From)
	end := begin.Add(stream.Lasts)
	share := each / stream.busy().Seconds()
	for i := range made {
		p := &made[i]
		if !p.attack {
			continue
		}
		victim := stream.victim(p)
		t := s.truth[victim]
		if t == nil {
			t = &FeedTruth{
				Target: victim.Addr(), Vectors: map[string]float64{}, Onset: begin, End: end,
				Rates: map[Class]Rate{}, Usual: f.usualRates(victim), Senders: map[netip.Addr]bool{},
			}
			if !victim.IsSingleIP() {
				t.Over = victim
			}
			s.truth[victim] = t
		}
		if begin.Before(t.Onset) {
			t.Onset = begin
		}
		if end.After(t.End) {
			t.End = end
		}
		t.Vectors[stream.Kind] += each
		c := classOf(stream.Kind, p.bytes)
		t.Rates[c] = t.Rates[c].plus(share, p.bytes)
	}
}

// busy is for how long a stream would have to come at its full rate to bring what
// it brings.
func (s *Stream) busy() time.Duration {
	d := s.Lasts - min(s.Ramp, s.Lasts)/2
	if s.On > 0 {
		d = time.Duration(float64(d) * float64(s.On) / float64(s.On+s.Off))
	}
	return d
}

// usualRates are those of a target's usual traffic, by class.
func (f *Feed) usualRates(target netip.Prefix) map[Class]Rate {
	rates := map[Class]Rate{}
	for _, l := range f.loops {
		for i := range l.packets {
			if p := &l.packets[i]; target.Contains(p.to) {
				c := classOf("", p.bytes)
				rates[c] = rates[c].plus(1/l.length.Seconds(), p.bytes)
			}
		}
	}
	return rates
}

// Truth is what the feed holds of its attacks, by target.
func (s *Sampled) Truth() []FeedTruth {
	list := make([]FeedTruth, 0, len(s.truth))
	for i := range s.packets {
		if p := &s.packets[i]; p.attack {
			t := s.truth[s.attacks[p.stream].victim(p)]
			t.Sampled++
			t.Senders[p.from] = true
		}
	}
	for victim, t := range s.truth {
		total := 0.0
		for _, n := range t.Vectors {
			total += n
		}
		for name := range t.Vectors {
			t.Vectors[name] /= total
		}
		t.Shape = shapesOf(victim, s.onto(victim), t.Vectors)
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b FeedTruth) int { return a.Target.Compare(b.Target) })
	return list
}

// onto are the streams of attacks on a victim.
func (s *Sampled) onto(victim netip.Prefix) (list []*Stream) {
	for i := range s.attacks {
		a := &s.attacks[i]
		if a.Over.IsValid() && a.Over.Masked() == victim || !a.Over.IsValid() && victim.IsSingleIP() {
			list = append(list, a)
		}
	}
	return list
}

// Has tells whether an address is the target, or one of those of the prefix.
func (t *FeedTruth) Has(a netip.Addr) bool {
	return a == t.Target || t.Over.IsValid() && t.Over.Contains(a)
}
