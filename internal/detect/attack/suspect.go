package attack

import (
	"downpour"
)

// suspect is the heavy tier: one target followed closely. Its slots by kind run
// as long as it is followed; what is gathered of sources, fields and totals is a
// collection that starts afresh every few seconds until an attack is open, and
// then runs to the attack's end.
type suspect struct {
	cfg      *Config
	wide     *wide // of a prefix; nil of an address
	target   *target
	address  downpour.Address // the target's
	slot     int64            // number of the current slot; -1 before the first flow
	now      int64            // latest event time seen
	since    int64            // when the collection began
	stirred  int64            // when suspicion was last seen
	followed int64            // since when it is followed
	known    int64            // since when all of its flows are
	ripe     int64            // when to judge what was put off (see putOff); 0: nothing was

	rows    [kinds]*row
	spare   []*row // rows of a target followed before
	active  []kind // those with a row, by first appearance
	classes [classes]classState

	clock     clock
	sources   sources
	heavy     heavySources
	records   flowSample
	quoted    [serviceKinds]uint64 // ICMP errors that quote a question to the service
	quotedTCP topPorts             // ports that errors quote as asked over TCP
	outgoing  uint64               // records of the target's own
	asks      uint64               // of which ask for the answers that attack
	answers   uint64               // packets of the target to sampled sources
	attack    *episode
}

// classState is a class's window and what is decided by it.
type classState struct {
	window volume
	limit  Floor
	usual  usualRate // that the limit rests on
	// judged is the slot of the last judgement, judgedAt the packets then in
	// the window.
	judged   int64
	judgedAt uint64
	alarmed  bool  // belongs to the attack
	recorded int64 // when a record of several packets last came
	// run is when the rate last rose, 0 if it fell again (see raised); ran is what
	// came since, the latest of it at latest.
	run    int64
	latest int64
	ran    volume
	uses   uint64 // and of packets beside it that follow once a connection is open, in samples
	peak   volume // busiest window while it was attacked
}

func (s *suspect) open() bool { return s.attack != nil }

// follow prepares the suspect for a target.
func (s *suspect) follow(t *target, now int64) {
	s.wide = nil
	s.target, s.address, s.slot, s.now, s.stirred, s.followed, s.ripe = t, t.address, -1, now, now, now, 0
	for _, k := range s.active {
		r := s.rows[k]
		r.ingress.reset()
		*r = row{arrivals: arrivals{ring: r.arrivals.ring}, gathered: gathered{steps: r.steps[:0], ingress: r.ingress}}
		s.spare = append(s.spare, r)
		s.rows[k] = nil
	}
	s.active = s.active[:0]
	s.classes = [classes]classState{}
	s.attack = nil
	for c := range s.classes {
		s.classes[c].judged = -1
	}
	s.limits()
	s.collect(now)
}

// limits takes over what is usual by now. During an attack they stand still.
func (s *suspect) limits() {
	for c := range s.classes {
		s.classes[c].limit = s.target.limit(Class(c), s.cfg)
		s.classes[c].usual = s.target.usual[c]
	}
}

// acquitted takes what a suspect receives as usual, if that raises no limit, and
// tells whether it did: who is always as busy as this needs no closer look, and
// leaves it to others.
func (s *suspect) acquitted() bool {
	for c := range s.classes {
		packets, bits := s.classes[c].rate()
		if s.classes[c].limit.exceeds(s.cfg.Rise*packets, s.cfg.Rise*bits, 1) {
			return false
		}
	}
	for c := range s.classes {
		packets, bits := s.classes[c].rate()
		u := &s.target.usual[c]
		u.packets, u.bits = max(u.packets, float32(packets)), max(u.bits, float32(bits))
	}
	return true
}

// rate is what the last second held, in packets/s and bits/s.
func (st *classState) rate() (packets, bits float64) {
	return float64(st.window.packets), float64(st.window.bytes) * 8
}

// collect begins a new collection.
func (s *suspect) collect(now int64) {
	s.since = now
	s.clock = clock{start: now}
	for _, k := range s.active {
		s.rows[k].forget(s.oldest() * slotLength)
	}
	s.sources.reset()
	s.heavy.reset()
	s.records.reset()
	s.quoted, s.quotedTCP = [serviceKinds]uint64{}, topPorts{}
	s.outgoing, s.asks, s.answers = 0, 0, 0
}

// rising tells whether a rate rose a moment ago, so that what is gathered may be
// the first of an attack.
func (s *suspect) rising(now int64) bool {
	for c := range s.classes {
		if run := s.classes[c].run; run != 0 && now-run < 2*second {
			return true
		}
	}
	return false
}

// row returns the row of a kind, new if need be.
func (s *suspect) row(k kind) *row {
	if r := s.rows[k]; r != nil {
		return r
	}
	var r *row
	if n := len(s.spare); n > 0 {
		r, s.spare = s.spare[n-1], s.spare[:n-1]
	} else {
		r = new(row)
	}
	s.rows[k] = r
	s.active = append(s.active, k)
	return r
}

func slotOf(t int64) int64 { return max(0, t) / slotLength }

// at returns the current slot of a row.
func (s *suspect) at(r *row) *slot { return &r.slots[s.slot%slotsKept] }

// advance moves to the slot of time t, closing those in between. A late flow
// counts in the current slot: it returns the time that a flow of time t counts at.
func (s *suspect) advance(t int64) int64 {
	n := slotOf(t)
	if s.slot < 0 {
		s.slot, s.now, s.since, s.clock.start, s.known = n, t, t, t, t
		return t
	}
	for moved := 0; s.slot < n; moved++ {
		if moved == slotsKept { // nothing is left in the slots: skip what is empty
			s.slot = n
			break
		}
		s.closeSlot()
		s.slot++
		s.enterSlot()
	}
	s.now = max(s.now, t)
	return max(t, s.slot*slotLength)
}

// enterSlot empties the slot that begins and takes the one that is a second old
// out of the windows.
func (s *suspect) enterSlot() {
	for c := range s.classes {
		s.classes[c].window = volume{}
	}
	for _, k := range s.active {
		r := s.rows[k]
		r.window.subtract(&r.slots[(s.slot-slotsSecond+slotsKept)%slotsKept].tally)
		r.slots[s.slot%slotsKept] = slot{}
		r.scales.fade()
		s.classes[kindClasses[k]].window.add(r.window.volume)
	}
}

// incoming adds a flow to the target and judges its class when the window
// passes the limit.
func (s *suspect) incoming(f *downpour.Flow, k kind, v volume) {
	now := s.advance(f.Time)
	s.records.see(f)
	r := s.row(k)
	r.count(s.at(r), f, k, now, v)
	if k.proves(f.Mark) {
		r.marked += v.samples
	}
	s.draw(r, now, v)
	s.note(f, k, r, v)
	if k == kindICMPError {
		s.quote(f, v)
	}
	c := &s.classes[kindClasses[k]]
	c.window.add(v)
	if f.Packets > 1 {
		c.recorded = now
	}
	if c.run != 0 {
		c.ran.add(v)
		c.latest = now
	}
}

// note follows the source of a flow: what it began, what it completed.
func (s *suspect) note(f *downpour.Flow, k kind, r *row, v volume) {
	h := f.Source.Hash(s.sources.key)
	s.heavy.add(h, f, v)
	src := s.sources.add(f.Source, h)
	if src == nil {
		return
	}
	at := s.at(r)
	noteSource(&src.Source, f, v)
	tracked, repeats, talking := v.samples, v.samples-1, uint64(0)
	if src.repeats(f) {
		repeats = v.samples
	}
	if src.answers > 0 && (k != kindQUIC || src.Packets > quicTalks) {
		talking = v.samples
	}
	r.meet(f, h, v)
	src.latest = k
	src.kinds |= 1 << k
	switch k {
	case kindSYN:
		talking = 0 // told by what the source sends later, see complete
		if src.pending < 255 {
			src.pending++
		}
	case kindSYNACK:
		talking = 0
		if src.asked < 255 {
			src.asked++
		}
	case kindACK, kindFIN, kindMiddlebox:
		s.complete(src)
		if f.TCPFlags&downpour.SYN != 0 && f.Packets > 1 { // all of it in one record
			src.Established = src.Established || src.answers > 0 || s.outgoing == 0
		}
	}
	at.tracked, r.window.tracked = at.tracked+tracked, r.window.tracked+tracked
	at.repeats, r.window.repeats = at.repeats+repeats, r.window.repeats+repeats
	at.talking, r.window.talking = at.talking+talking, r.window.talking+talking
}

// quicTalks is the record from which on a QUIC client is past the handshake; a
// forged one never is (RFC 9000, 8.1).
const quicTalks = 4

// complete counts a handshake as completed: the source sent a SYN (or SYN-ACK)
// and goes on to acknowledge.
func (s *suspect) complete(src *source) {
	if src.pending > 0 && (src.answers > 0 || s.outgoing == 0) {
		src.pending--
		src.Established = true
		s.talks(kindSYN)
	}
	if src.asked > 0 {
		src.asked--
		src.Established = src.Established || src.answers > 0
		s.talks(kindSYNACK)
	}
}

func (s *suspect) talks(k kind) {
	if r := s.rows[k]; r != nil && r.window.talking < r.window.tracked {
		s.at(r).talking++
		r.window.talking++
	}
}

// quote notes what an ICMP error says was asked, of which service.
func (s *suspect) quote(f *downpour.Flow, v volume) {
	switch f.Quoted {
	case downpour.ProtocolUDP:
		if k := portKinds[f.DestinationPort]; k != noService {
			s.quoted[k] += v.packets
		}
	case downpour.ProtocolTCP:
		s.quotedTCP.add(f.DestinationPort, v.packets)
	}
}

// outgoingFlow sees what the target itself sends: questions make answers
// solicited, and whom it talks to is in conversation.
func (s *suspect) outgoingFlow(f *downpour.Flow) {
	s.advance(f.Time)
	v := volumeOf(f)
	s.outgoing += v.samples
	k := classify(f)
	s.ask(f, k, v)
	src := s.sources.find(f.Destination)
	if src == nil {
		return
	}
	s.answers += v.packets
	if k == kindRST || k == kindICMPError {
		return
	}
	if r := s.rows[src.latest]; src.answers == 0 && r != nil {
		n := src.Packets
		s.at(r).replied += n
		r.window.replied += n
		if f.Packets > 1 && src.latest != kindSYN && src.latest != kindSYNACK {
			// A record is told of when it is over: what came before was part of it.
			s.at(r).talking += n
			r.window.talking += n
		}
	}
	src.answers = min(src.answers, 254) + 1
}

// ask credits a packet of the target to the kinds of answers that it asks for.
func (s *suspect) ask(f *downpour.Flow, k kind, v volume) {
	if k != kindICMPError { // every packet may meet an error, but an error (RFC 1122, 3.2.2)
		s.credit(v, kindICMPError)
	}
	switch k {
	case kindSYN:
		s.credit(v, kindSYNACK, kindRST)
	case kindSYNACK, kindFIN:
		s.credit(v, kindRST, kindFIN)
	case kindICMP:
		if icmpQuestion(f) {
			s.credit(v, kindICMP)
		}
	case kindACK:
		s.credit(v, kindACK)
	default:
		if f.Protocol != downpour.ProtocolUDP {
			return
		}
		s.credit(v, kindUDP, kindQUIC)
		if to := portKinds[f.DestinationPort]; to != noService {
			s.asks += v.packets
			s.credit(v, to)
		}
	}
	if k == kindSYN {
		s.asks += v.packets
	}
}

func (s *suspect) credit(v volume, to ...kind) {
	for _, k := range to {
		r := s.row(k)
		s.at(r).asked += v.packets
		r.window.asked += v.packets
		r.scales.out += float64(v.samples)
	}
}
