package origin

import (
	"strings"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/wording"
)

// reflectionPrior: about a third of attacks are reflected (see spoofPrior's
// source; direct floods by real hosts are in neither of its two views).
const reflectionPrior = 0.3

// reflected weighs whether the sources are reflectors: machines that answer
// requests which bore the target's address.
func reflected(f *downpour.Footprint, vectors []downpour.Vector, m *marks) downpour.Finding {
	l := assess.NewLedger(reflectionPrior, "assumed before anything is seen (a judgement): one attack in three is reflected")
	if f.Requests {
		l.Add("requests", -assess.MaxWeight, "what was counted are requests, and reflectors send none")
		return l.Finding(downpour.HighConfidence)
	}
	share, names := answers(f, vectors)
	if f.Packets == 0 && len(vectors) == 0 {
		return l.Finding(downpour.LowConfidence)
	}
	w := ratio(beta(share, 6, 1), 0.9*beta(share, 0.3, 12)+0.1)
	l.Add("answers", w, "%s of the packets are such as only an answering machine sends%s", percent(share), names)
	if share > 0.2 {
		weighMarked(l, f)
		weighQuestions(l, f)
		weighRealness(l, m)
	}
	return l.Finding(reflectionConfidence(f, m))
}

// answers is the share of packets that look like answers, and their vectors.
func answers(f *downpour.Footprint, vectors []downpour.Vector) (float64, string) {
	var named float64
	var names []string
	for _, v := range vectors {
		if strings.HasSuffix(v.Name, "amplification") || strings.HasSuffix(v.Name, "reflection") {
			named += v.Share
			names = append(names, v.Name)
		}
	}
	share := named
	if f.Packets > 0 {
		share = max(named, float64(f.Reflected)/float64(f.Packets))
	}
	if len(names) == 0 {
		return min(share, 1), ""
	}
	return min(share, 1), " (" + strings.Join(names, ", ") + ")"
}

// payloadShare is one over the share of packets that must show a payload: a
// SYN-ACK has none, and the odd packet that has is not what the attack is.
const payloadShare = 5

// weighMarked weighs payloads: an answer of the service, or just anything sent
// from its port.
func weighMarked(l *assess.Ledger, f *downpour.Footprint) {
	if f.Payloads < few || f.Payloads*payloadShare < f.Packets {
		l.Add("payload", 0, "%s of %s packets showed a payload: too few to judge by", wording.Thousands(float64(f.Payloads)), wording.Thousands(float64(f.Packets)))
		return
	}
	share := float64(f.Marked) / float64(f.Payloads)
	w := ratio(0.85*beta(share, 5, 1)+0.15, 0.7*beta(share, 0.5, 4)+0.3)
	l.Add("payload", w, "%s of %s payloads are answers of the service by their content", percent(share), wording.Thousands(float64(f.Payloads)))
}

// weighQuestions weighs whether the target had asked for the answers.
func weighQuestions(l *assess.Ledger, f *downpour.Footprint) {
	if f.OutgoingVisible != downpour.Yes {
		l.Add("questions", 0, "whether the target had asked is not visible: its own traffic was not seen")
		return
	}
	w := 1.5
	if asked := float64(f.Questions) / float64(max(f.Packets, 1)); asked > 0.01 {
		w = -3 * min(asked/0.3, 1)
	}
	l.Add("questions", w, "the target asked %s times for %s answers", wording.Thousands(float64(f.Questions)), wording.Thousands(float64(f.Packets)))
}

// weighRealness weighs whether the addresses are those of real machines:
// answers can be forged too, and then nobody reflected them.
func weighRealness(l *assess.Ledger, m *marks) {
	if m.sources < few {
		l.Add("real machines", 0, "%s: too few to tell real machines from forged addresses by what they have in common", wording.Count(m.sources, "source", "sources"))
		return
	}
	var forged float64
	if m.ttl.sources >= few {
		forged += ttlRatio(&m.ttl, m.blocks.networks)
	}
	if m.blocks.sources >= enoughForBlocks {
		forged += blockRatio(&m.blocks)
	}
	if m.bogons.sources >= few {
		forged += bogonRatio(&m.bogons)
	}
	l.Add("real machines", min(-forged, 2), "%s over %s sources, %d of which cannot be or are unallocated",
		wording.Count(m.ttl.values, "TTL", "TTLs"), wording.Thousands(float64(m.sources)), m.bogons.impossible+m.bogons.unallocated)
}

// reflectionConfidence grades how much was seen of packets, payloads and the
// target's own traffic.
func reflectionConfidence(f *downpour.Footprint, m *marks) downpour.Confidence {
	means := 0
	for _, seen := range [...]bool{f.Payloads >= 100, f.OutgoingVisible == downpour.Yes, m.ttl.sources >= 50} {
		if seen {
			means++
		}
	}
	switch {
	case f.Packets < 50 || means == 0:
		return downpour.LowConfidence
	case means == 1:
		return downpour.ModerateConfidence
	}
	return downpour.HighConfidence
}
