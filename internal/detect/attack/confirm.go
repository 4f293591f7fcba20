package attack

import (
	"time"

	"downpour"
)

// What makes much traffic hostile. Each figure is a ratio or a count that usual
// traffic keeps well away from.
const (
	answersPerQuestion = 4        // an answered question brings one datagram, rarely four
	repliesPerQuestion = 2        // SYN-ACK, RST, ICMP error: one each, once repeated
	conversing         = 0.6      // share of records in conversation from which all is usual
	crowd              = 0.7      // share of SYNs that complete from which it is a crowd
	roundTrip          = 10       // slots, 200 ms, in which a handshake may be under way
	fewSources         = 10       // fewer are a tunnel, a backup, a call
	scanPackets        = 2.5      // packets a port, at most, of a scan
	scanPorts          = 100      // ports, at least, of a scan
	scanRate           = 10       // times the floor above which it floods all the same
	onePeer            = 3        // sources, at most, of a download seen one way
	plainAnswer        = 512 + 28 // bytes of a DNS answer without extensions (RFC 1035, 4.2.1), with its headers
	payloadProof       = 0.5      // share of payloads that prove a service
	openings           = 1.0 / 6  // SYN packets a packet that follows one, at most, of connections that are used
	unusualOpenings    = 1.5      // times what is usual of the target
	busyResolver       = 20       // times the floor above which it is flooded all the same
	packetsPerReply    = 2        // packets of data that one of the target's answers covers (RFC 9293, 3.8.6.3; RFC 9000, 13.2.2)
)

// hostile is the part of a kind's window that is no one's usual business: unasked
// for, unanswered, unfinished. 1 is all of it. It is what turns much traffic into
// an attack; rates alone do not.
func (s *suspect) hostile(k kind) float64 {
	r := s.rows[k]
	switch kindClasses[k] {
	case ClassAnswers:
		return s.hostileAnswers(k, r)
	case ClassSYN:
		return s.hostileSYN(r)
	case ClassSYNACK:
		if k == kindMiddlebox {
			return s.hostileWeb(r)
		}
		return s.unfinished(r, min(unasked(r, repliesPerQuestion), s.unused(r, ClassSYNACK)))
	case ClassOdd, ClassQueries:
		if s.flagless(k) {
			return s.hostileBulk(k, r)
		}
		return 1
	case ClassErrors, ClassICMP:
		return unasked(r, repliesPerQuestion)
	case ClassTCP, ClassUDP:
		return s.hostileBulk(k, r)
	case ClassClose:
		return min(unasked(r, repliesPerQuestion), s.hostileClose(r))
	}
	return s.hostileTunnel(k, r)
}

// visible tells whether anything that the target sends is seen.
func (s *suspect) visible() bool { return s.outgoing > 0 }

// unasked is 1 where the answers are far more than the questions, else 0.
func unasked(r *row, ratio uint64) float64 {
	if r.window.packets > ratio*r.window.asked {
		return 1
	}
	return 0
}

// quiet is the part of the sampled records that is not in the given number; so
// much conversation that the rest is its ragged edge counts as all.
func quiet(talking, tracked uint64, enough float64) float64 {
	if tracked == 0 {
		return 1
	}
	share := min(1, float64(talking)/float64(tracked))
	if share >= enough {
		return 0
	}
	return 1 - share
}

func (s *suspect) hostileAnswers(k kind, r *row) float64 {
	if unasked(r, answersPerQuestion) == 0 || k == markKinds[downpour.DNSAnswer] && s.resolves(r) {
		return 0
	}
	if s.visible() && r.sampled() && r.scales.hostile(answersPerQuestion) == 0 {
		return 0
	}
	proven := r.payloads > 0 && float64(r.marked) >= payloadProof*float64(r.payloads)
	switch {
	case !services[k].talks || proven:
		return 1
	case s.visible():
		if len(s.sources.entries) >= fewSources {
			return 1
		}
		return quiet(r.window.talking, r.window.tracked, conversing)
	case s.few(k, r, fewSources-1):
		return 0 // a tunnel or a game, seen one way
	case r.ownPort():
		return s.steady(r)
	}
	return 1
}

// resolves tells a resolver, or a server of names, that is seen one way, by answers
// short enough to have amplified nothing. It is asked itself, more often than it is
// answered (what it asks others is for those who ask it). A border's flow export
// may show neither its users, who are inside, nor its questions, which go out: then
// nothing is said before its usual traffic is known, unless answers are very many or
// go to one port (RFC 5452, 9.2: a resolver draws them).
func (s *suspect) resolves(r *row) bool {
	if s.visible() {
		return false
	}
	if q := s.rows[kindDNSQuery]; q != nil && r.window.packets <= q.window.packets {
		return r.window.bytes <= plainAnswer*r.window.packets
	}
	return r.exported() && s.unacquainted() && r.total.bytes <= plainAnswer*r.total.packets &&
		r.destinationPort.share(r.total.samples) < portReported &&
		float64(r.window.packets) < busyResolver*s.cfg.Floors[ClassAnswers].Packets
}

// unacquainted tells a target whose usual traffic isn't known yet.
func (s *suspect) unacquainted() bool { return s.now-s.target.first < int64(s.cfg.Acquaintance) }

// unused is the part of the packets which open connections (SYN) or accept them
// (SYN-ACK) that no use of a connection explains. Under sampling of each connection
// one packet is seen or none, but one of each kind is as likely seen as another: so
// what else comes over TCP tells how many are used. Of a used connection there are
// four packets or more, and how many is learned. The last second is looked at, some
// seconds, and all since the rate rose, since one of them holds enough to tell first.
// What is itself an attack explains nothing.
func (s *suspect) unused(r *row, c Class) float64 {
	if r.window.packets == r.window.samples || r.scales.in == 0 || s.classes[ClassTCP].alarmed {
		return 1
	}
	part, perUse, run := 0.0, s.openings(c), &s.classes[c]
	if r.window.samples >= s.cfg.MinSamples {
		part = s.unusedNow(r, c)
	}
	lately := scales{in: r.scales.in}
	for _, k := range uses {
		if o := s.rows[k]; o != nil {
			lately.out += o.scales.in
		}
	}
	risen := scales{float64(run.ran.samples), float64(run.uses)}
	return max(part, lately.hostile(perUse), risen.hostile(perUse))
}

// uses are the kinds that follow once a connection is open.
var uses = [...]kind{kindACK, kindFIN}

// openings is how many packets of a class that opens connections a packet that
// follows one explains.
func (s *suspect) openings(c Class) float64 {
	const enough = int64(time.Minute) // both are learned at one pace, so their ratio is known before they are
	usual := &s.target.usual
	if s.now-s.target.first < enough || usual[ClassTCP].packets == 0 || usual[c].packets == 0 {
		return openings
	}
	return min(openings, unusualOpenings*float64(usual[c].packets/usual[ClassTCP].packets))
}

// used sums up what is counted of the kinds that follow once a connection is open.
func (s *suspect) used(count func(*row) uint64) (n uint64) {
	for _, k := range uses {
		if r := s.rows[k]; r != nil {
			n += count(r)
		}
	}
	return n
}

// unusedNow is the same of the last second alone: an attack that is over must not
// be drawn out by what comes usually.
func (s *suspect) unusedNow(r *row, c Class) float64 {
	others := s.used(func(r *row) uint64 { return r.window.samples })
	if others == 0 || s.classes[ClassTCP].alarmed {
		return 1
	}
	opens := scales{float64(r.window.samples), float64(others)}
	return opens.hostile(s.openings(c))
}

func (s *suspect) hostileSYN(r *row) float64 {
	if s.scanned(r) {
		return 0
	}
	part := s.unused(r, ClassSYN)
	if part == 0 || r.window.talking == 0 {
		return part
	}
	young := uint64(0) // SYNs that had no time to be finished yet
	for n := s.slot; n > s.slot-roundTrip && n >= 0; n-- {
		young += r.slots[n%slotsKept].tracked
	}
	return min(part, quiet(r.window.talking, max(r.window.tracked-young, r.window.talking), crowd))
}

// scanned tells a port scan: one or few sources that knock once or twice at each
// of many ports, at a rate that harms nobody.
func (s *suspect) scanned(r *row) bool {
	floor := s.cfg.Floors[ClassSYN].Packets
	seconds := float64(min(max(s.now-s.since, int64(s.cfg.ShortSpan)), second)) / float64(second)
	ports := float64(r.ports.distinct())
	return s.few(kindSYN, r, onePeer) && ports >= scanPorts &&
		float64(r.total.samples) <= scanPackets*ports &&
		float64(r.window.packets)/seconds < scanRate*floor
}

func (s *suspect) unfinished(r *row, hostile float64) float64 {
	return hostile * quiet(r.window.talking, r.window.tracked, conversing)
}

func (s *suspect) hostileWeb(r *row) float64 {
	if s.visible() {
		return quiet(r.window.talking, r.window.tracked, conversing)
	}
	if len(s.sources.entries) >= fewSources {
		return 1
	}
	return 0
}

// hostileBulk judges data. Where both ways are seen, whom the target answers is
// in conversation. Where only one is, a conversation keeps its ports; for UDP
// that is no excuse unless it comes from few, or from the web's port (video).
//
// Sampling hides who talks with whom: of a connection one packet is seen, or
// none. Then the two ways are held against each other in bulk, and of a TCP
// target seen one way nothing is said before its usual traffic is known.
func (s *suspect) hostileBulk(k kind, r *row) float64 {
	sampled := r.sampled()
	if s.visible() {
		hostile := quiet(r.window.talking, r.window.tracked, conversing)
		if sampled {
			hostile = min(hostile, r.scales.hostile(packetsPerReply))
		}
		return hostile
	}
	if sampled && kindClasses[k] == ClassTCP && s.unacquainted() {
		return 0
	}
	steady := s.steady(r)
	// Few send to a whole network at once what it usually gets, as television.
	few := s.few(k, r, onePeer) && (s.wide == nil || s.unacquainted())
	if kindClasses[k] == ClassTCP || k == kindNull || few || s.wide == nil && r.exported() && r.ownPort() {
		return steady
	}
	if r.sourcePort.value == 443 && r.sourcePort.share(r.total.samples) >= conversing {
		return steady
	}
	if s.wide != nil && k == kindQUIC && s.unacquainted() { // a network of web servers
		if sampled {
			return 0
		}
		return steady
	}
	return 1
}

// hostileClose judges RST and FIN: every connection that closes has opened.
func (s *suspect) hostileClose(r *row) float64 {
	if s.visible() {
		return quiet(r.window.talking, r.window.tracked, conversing)
	}
	var opened uint64
	for _, k := range [...]kind{kindSYN, kindSYNACK} {
		if o := s.rows[k]; o != nil {
			opened += o.window.packets
		}
	}
	if r.window.packets <= repliesPerQuestion*opened {
		return 0
	}
	return quiet(r.window.repeats, r.window.tracked, conversing)
}

// hostileTunnel judges fragments, GRE, ESP and other protocols, which few peers
// exchange in bulk.
func (s *suspect) hostileTunnel(k kind, r *row) float64 {
	if s.visible() {
		return quiet(r.window.talking, r.window.tracked, conversing)
	}
	if len(s.sources.entries) >= fewSources || k == kindProtocol && !tunnels(uint8(r.proto.value)) {
		return 1
	}
	if kindClasses[k] == ClassFragments && !s.continues() {
		return 1
	}
	return 0
}

// continues tells whether first fragments are seen that later ones can continue.
func (s *suspect) continues() bool {
	for _, k := range s.active {
		if s.rows[k].firstFragments > 0 {
			return true
		}
	}
	return false
}

// tunnels lists the protocols that carry others' traffic between few peers.
func tunnels(protocol uint8) bool {
	switch protocol {
	case downpour.ProtocolIPIP, downpour.ProtocolIPv6, downpour.ProtocolAH, downpour.ProtocolSCTP:
		return true
	}
	return false
}
