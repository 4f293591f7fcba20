package origin

import (
	"fmt"
	"math"

	"downpour"
	"downpour/internal/assess"
	"downpour/internal/wording"
)

// spoofPrior is even: of the attacks seen at once by a telescope and by
// amplifier honeypots each kind made about half (Jonker et al., "Millions of
// Targets Under Attack", IMC 2017), and direct floods by real hosts come on top.
const spoofPrior = 0.5

// spoofed weighs whether the source addresses are forged.
func spoofed(f *downpour.Footprint, m *marks, reflection downpour.Likelihood) downpour.Finding {
	l := assess.NewLedger(spoofPrior, "assumed before anything is seen (a judgement): a flood's addresses are as likely forged as real")
	switch {
	case f.Requests:
		l.Add("requests", -assess.MaxWeight, "what was counted are requests that a web server answered: each takes a completed handshake, so the addresses are real (where the log names those of proxies' clients, as far as the proxies are believed)")
		return l.Finding(downpour.HighConfidence)
	case m.sources < few:
		l.Add("few sources", 0, "%s: what a population of addresses has in common cannot be told from so few", wording.Count(m.sources, "source", "sources"))
	default:
		weighTTL(l, m)
		weighSingles(l, f, m)
		weighBlocks(l, m)
		weighBogons(l, m)
		weighFields(l, f, m, reflection)
	}
	weighHandshakes(l, f, m)
	if reflection > 0.5 {
		l.Add("reflection", -2*assess.MaxWeight*(float64(reflection)-0.5), "the addresses look like reflectors' (likelihood %.2f), and a reflector's address is real", float64(reflection))
	}
	return l.Finding(confidence(f, m, l))
}

// confidence grades how much was seen: sources, and kinds of evidence that
// tell. Records that stand for many packets show less of each source.
func confidence(f *downpour.Footprint, m *marks, l *assess.Ledger) downpour.Confidence {
	switch telling := l.Telling(); {
	case m.sources >= 200 && telling >= 3 && f.Sampling <= 100:
		return downpour.HighConfidence
	case m.sources >= few && telling >= 2, f.Handshakes > 0 && telling >= 1:
		return downpour.ModerateConfidence
	}
	return downpour.LowConfidence
}

// How many TTLs, by use, each model expects (mean and spread of the logarithm)
// and how often it is right where its claim is the case.
//
// One program's packets all start with one TTL and take one path, or few. Real
// machines start with 64, 128 or 255 and stand 5 to 30 hops away; those of one
// kind in a few data centres differ less. Some forgers draw the TTL, and some
// forge on many machines at once, which look like real ones.
const (
	ttlsForged, ttlsForgedSpread   = 1.6, 0.5
	ttlsDrawn, ttlsDrawnSpread     = 120, 0.5
	ttlsReal, ttlsRealSpread       = 18, 0.45
	ttlsSimilar, ttlsSimilarSpread = 6, 0.5
)

// ttlRatio compares the models of the TTLs; it is positive for forged ones.
func ttlRatio(t *ttlMarks, networks float64) float64 {
	x, far, n := math.Log(t.effective), float64(t.far), float64(t.sources)
	usual, drawn := betaBinomial(far, n, 0.5, 25), betaBinomial(far, n, 3, 4)
	at := func(mean, spread float64) float64 { return normal(x, math.Log(mean), spread, t.noise) }
	alive := 0.85*at(ttlsReal, ttlsRealSpread)*usual + 0.15*at(ttlsSimilar, ttlsSimilarSpread)*usual
	forged := 0.55*at(ttlsForged, ttlsForgedSpread)*usual + 0.25*at(ttlsDrawn, ttlsDrawnSpread)*drawn + 0.2*alive
	// Densities of a count among thousands are tiny for both; their ratio counts.
	scale := max(alive, forged, 1e-300)
	r := ratio(forged/scale, alive/scale)
	if r > 0 && t.far*5 < t.sources {
		// One network's machines may well share a TTL; those of a hundred can't.
		r *= min(math.Log(max(networks, 1))/math.Log(100), 1)
	}
	return r
}

// oneSender is how many TTLs, by use, one machine or two bring about.
const oneSender = 3

// weighTTL is hop-count filtering turned to populations (Jin, Wang, Shin 2003).
func weighTTL(l *assess.Ledger, m *marks) {
	t := &m.ttl
	if t.sources < few {
		l.Add("ttl", 0, "no TTLs were exported")
		return
	}
	w := ttlRatio(t, m.blocks.networks)
	if t.several >= few && t.changing*3 > t.several {
		// Paths change seldom; a program that draws a TTL a packet changes it always.
		w = max(w, 0) + 2
	}
	name := "ttl"
	if w > 0 && t.effective <= oneSender {
		name = assess.FewTTLs
	}
	sentence := "%s over %s sources, spread as evenly as over %.1f TTLs"
	if t.far > 0 {
		l.Add(name, w, sentence+"; %s of them arrived with a TTL that no usual initial TTL leaves", wording.Count(t.values, "TTL", "TTLs"), wording.Thousands(m.distinct), t.effective, percent(float64(t.far)/float64(t.sources)))
		return
	}
	l.Add(name, w, sentence, wording.Count(t.values, "TTL", "TTLs"), wording.Thousands(m.distinct), t.effective)
}

// tcpPatience is how long a real client waits before it repeats a SYN that was
// not answered, twice over (RFC 6298: 1 s, then 2 s). Sources that are seen for
// longer than this and never repeat anything are no usual clients.
const tcpPatience = 3 // seconds

// weighSingles weighs how many sources sent one packet only.
func weighSingles(l *assess.Ledger, f *downpour.Footprint, m *marks) {
	once := beta(m.single, 30, 1)
	usually := 0.15 // share of real populations that look so in a short capture
	switch {
	case f.Sampling > 1:
		usually = 0.5 // a sample shows one packet of many
	case m.seconds >= tcpPatience:
		usually = 0.08
	}
	w := ratio(0.75*once+0.25, usually*once+1-usually)
	l.Add("packets per source", w, "%s of the sources sent one packet only, in %s s; %s packets by about %s sources%s",
		percent(m.single), thousandsOrDigits(m.seconds), wording.Thousands(float64(f.Packets)), wording.Thousands(m.distinct), sampled(f))
}

// thousandsOrDigits writes seconds to three digits, and long ones whole.
func thousandsOrDigits(seconds float64) string {
	if seconds >= 100 {
		return wording.Thousands(seconds)
	}
	return fmt.Sprintf("%.3g", seconds)
}

func sampled(f *downpour.Footprint) string {
	if f.Sampling > 1 {
		return ", seen by a sample of one packet in " + wording.Thousands(float64(f.Sampling))
	}
	return ""
}

// blockRatio compares how often two sources share a block with what draws from
// the whole routable space and what real populations give; positive is forged.
//
// N uniform draws meet in one of 2^b blocks once in 2^b pairs, a little more
// often where unused blocks are left out. Clients and servers clump: in /8s
// about three times, in /16s some fifty times as often.
func blockRatio(b *blockMarks) float64 {
	x := math.Log((b.collisions + 0.5) / b.pairs)
	noise := 1 / math.Sqrt(b.collisions+0.5)
	uniform := normal(x, -float64(b.bits)*math.Ln2+0.25, 0.2, noise)
	alive := normal(x, -math.Log(70), 0.45, noise)
	if b.bits == 16 {
		alive = normal(x, -math.Log(1200), 1, noise)
	}
	return ratio(0.7*uniform+0.3*alive, alive)
}

// enoughForBlocks is the number of sources from which pairs in /8s tell.
const enoughForBlocks = 40

// weighBlocks compares the occupancy of blocks with uniform draws (the
// uniformity that Moore, Voelker and Savage 2001 rest backscatter analysis on,
// by counting collisions).
func weighBlocks(l *assess.Ledger, m *marks) {
	b := &m.blocks
	if b.sources < enoughForBlocks {
		return
	}
	l.Add("address spread", blockRatio(b), "two sources share a /%d in one of %s pairs, where even draws from all of IPv4 would in one of %s; %s /%d blocks hold a source of the %s looked at",
		b.bits, wording.Thousands(b.pairs/max(b.collisions, 1)), wording.Thousands(math.Exp2(float64(b.bits))), wording.Thousands(float64(b.occupied)), b.bits, wording.Thousands(float64(b.sources)))
}

// bogonRatio compares the number of sources that cannot be; positive is forged.
// Draws from all of 2^32 hit special space in one of seven; some forgers leave
// most of it out, some all.
func bogonRatio(b *bogonMarks) float64 {
	k, n := float64(b.impossible+b.unallocated), float64(b.sources)
	alive := betaBinomial(k, n, 0.3, 150)
	return ratio((0.35*betaBinomial(k, n, 2, 12)+0.25*betaBinomial(k, n, 0.5, 50)+0.4*alive)/max(alive, 1e-300), 1)
}

func weighBogons(l *assess.Ledger, m *marks) {
	b := &m.bogons
	if b.sources < few {
		return
	}
	l.Add("impossible sources", bogonRatio(b), "of %s sources %d bear addresses that cannot send (multicast, reserved, loopback) and %d such as no registry has given out",
		wording.Thousands(float64(b.sources)), b.impossible, b.unallocated)
}

// weighFields weighs header fields that do not vary over many sources: one
// program wrote them. Reflectors' source port and a Linux answer's IP ID of
// zero are constant too, so nothing is made of them where reflection is likely.
func weighFields(l *assess.Ledger, f *downpour.Footprint, m *marks, reflection downpour.Likelihood) {
	if reflection > 0.5 || m.sources < 20 {
		return
	}
	// What a constant field weighs: a sequence number is drawn by every TCP
	// stack (RFC 6528), windows and lengths are alike in one tool's bots too.
	weights := map[string]float64{"tcp sequence": 2, "ip id": 0.7, "tcp window": 0.4, "source port": 0.7}
	best, name, share := 0.0, "", 0.0
	for _, c := range f.ConstantFields {
		if w := weights[c.Field] * (c.Share - 0.5) * 2; w > best {
			best, name, share = w, c.Field, c.Share
		}
	}
	if best > 0 {
		l.Add("constant field", best, "%s of the packets of %s sources bear the same %s", percent(share), wording.Thousands(m.distinct), name)
	}
}

// weighHandshakes weighs completed handshakes: whoever completes one receives
// what is sent to the address (RFC 9293, 3.5).
func weighHandshakes(l *assess.Ledger, f *downpour.Footprint, m *marks) {
	if m.distinct == 0 {
		return
	}
	share := float64(f.Handshakes) / m.distinct
	switch {
	case f.Handshakes > 0:
		l.Add("handshakes", -assess.MaxWeight*min(share/0.1, 1), "%s of the sources completed a TCP handshake, so their addresses are real", percent(min(share, 1)))
	case f.OutgoingVisible == downpour.Yes && f.Answers > 0 && m.sources >= few:
		l.Add("handshakes", 0.7, "the target answered %s packets, and no source completed a handshake", wording.Thousands(float64(f.Answers)))
	}
}
