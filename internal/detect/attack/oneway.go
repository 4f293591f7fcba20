package attack

import (
	"math"

	"downpour"
)

// Where only one way is seen nobody can be called unanswered. What follows tells
// what may be a conversation all the same: one keeps its two ends and their ports,
// and few of them carry all of it. Floods have many senders, or ports at random.

// sampled tells whether what came of a kind in the last second was sampled.
func (r *row) sampled() bool { return r.window.packets > r.window.samples }

// exported tells what is known from flow export or samples of packets: no more than
// that shows of each conversation.
func (r *row) exported() bool { return r.sampled() || r.payloads == 0 && r.fields == 0 }

// ownPort tells of traffic from and to one port: gateways of tunnels and exchanges of
// calls talk so with each other, each from the port that it listens at (RFC 3947, 4;
// RFC 3261, 18.1.2). A reflector answers to whatever port was forged.
func (r *row) ownPort() bool { return float64(r.alike) >= conversing*float64(max(r.noted, 1)) }

// few tells whether so many sources at most bring most of a kind. Beside them others may
// have visited: of what was seen whole, all of the target's traffic must come from few.
func (s *suspect) few(k kind, r *row, most int) bool {
	if len(s.sources.entries) <= most && !r.sampled() {
		return true
	}
	if k != kindSYN && !r.exported() {
		return false
	}
	carried, carriers := s.heavy.most(most, func(b *heavyBucket) bool {
		src := s.sources.find(b.Address)
		return src != nil && src.latest == k
	})
	// In a thin sample everybody is met once.
	return float64(carried) >= conversing*float64(r.followed) && (!r.sampled() || carried >= 2*carriers)
}

// meet counts a flow of a source, whose keyed hash is given, among those that tell how
// many converse.
func (r *row) meet(f *downpour.Flow, hash uint64, v volume) {
	r.followed += v.samples
	switch {
	case v.packets == v.samples:
	case f.Duration > 0:
		r.lasting += v.samples
	default:
		r.pairs.add(uint32(hash) ^ (uint32(f.SourcePort)<<16 | uint32(f.DestinationPort)))
	}
}

// steady is the part of what is seen one way that no conversation explains: those
// keep their ports. A sample of some dozens meets each of them seldom, but for the
// records that tell of several packets themselves; how often any is met again tells
// how many there are (the birthday problem), and as long as that may be few, with two
// standard deviations of chance, nothing is said.
func (s *suspect) steady(r *row) float64 {
	const conversations = 128
	part := quiet(r.window.repeats, r.window.tracked, conversing)
	if part == 0 || !r.sampled() {
		return part
	}
	n := float64(r.followed)
	again := max(0, n-float64(r.pairs.distinct()))
	expected := n - conversations*(1-math.Pow(1-1.0/conversations, n))
	if again+2*math.Sqrt(again)+2 >= expected {
		return 0
	}
	return part
}
