package attack

import "downpour"

// A record of flow export stands for many packets and bears the flags of all of
// them. What follows tells what such a record was, where its flags alone would
// be those of no packet that a stack sends.

// smallPacket is the mean size in bytes up to which a record's packets carry no
// data: a TCP header with its options at most.
const smallPacket = 100

// synAckRepeats is how often a SYN-ACK is sent at most, the repetitions among it: once
// and five times again by default on Linux (tcp_synack_retries), less often elsewhere.
const synAckRepeats = 6

// classifyTCPRecord tells the kind of a TCP record of several packets. One whose
// flags hold ACK beside others was a conversation, or a part of it.
func classifyTCPRecord(f *downpour.Flow) kind {
	const (
		push  = downpour.PSH | downpour.URG
		ends  = downpour.FIN | downpour.RST
		whole = downpour.FIN | downpour.SYN | downpour.RST | downpour.ACK | push
	)
	flags := f.TCPFlags &^ (downpour.ECE | downpour.CWR)
	small := f.Bytes <= smallPacket*uint64(f.Packets)
	switch {
	case flags == whole && small:
		return kindXmas // every flag lit
	case flags&downpour.ACK == 0:
		if flags&downpour.SYN != 0 && flags&(push|downpour.FIN) == 0 {
			return kindSYN // what reset it was the scanner's own stack
		}
		return tcpKinds[flags]
	case flags&push != 0 || !small:
		return kindACK
	case flags == downpour.SYN|downpour.ACK:
		// A server repeats its SYN-ACK a few times; a client sends SYN, then ACK, and a
		// server that is sent much acknowledges it for as long.
		if f.SourcePort < f.DestinationPort && uint64(f.Packets)*uint64(max(f.Sampling, 1)) <= synAckRepeats {
			return kindSYNACK
		}
		return kindACK
	case flags&downpour.SYN != 0:
		return kindACK // opened and closed, without data
	case flags&ends != 0:
		if flags&downpour.RST != 0 {
			return kindRST
		}
		return kindFIN
	}
	return kindACK
}

// A record stands for packets of a whole second, and so does that of what the target
// answered: it begins up to a round trip later. So of records of several packets
// nothing is said before that time has passed. Single packets need no such wait: each
// begins to be answered before the next hundreds come.
const replyWait = roundTrip * slotLength

// putOff puts the judgement of a class off where records of several packets came a
// moment ago, and tells whether it did.
func (s *suspect) putOff(c Class) bool {
	if s.classes[c].recorded == 0 || s.now-s.classes[c].recorded >= replyWait {
		return false
	}
	if s.ripe == 0 {
		s.ripe = s.now + replyWait
	}
	return true
}

// ripen judges what was put off until some time before the one that it is now.
func (d *Detector) ripen(s *suspect, now int64) {
	if s.ripe == 0 || now < s.ripe {
		return
	}
	s.advance(s.ripe)
	s.ripe = 0
	d.judge(s)
}

// judge decides on all classes of a suspect.
func (d *Detector) judge(s *suspect) {
	for c := range Class(classes) {
		if s.due(c) && s.judge(c) || s.judgeRun(c) {
			d.alarm(s, c, nil)
		}
	}
}

// portless tells a record of later fragments: they bear no ports, and few exporters
// say that they are fragments. A flow cache enters them under port 0 both ways (Cisco
// and Juniper document it so), which no socket can have (RFC 6335, 6). A packet that
// was seen itself says whether it is one.
func portless(f *downpour.Flow) bool {
	return f.SourcePort|f.DestinationPort == 0 && f.TCPFlags == 0 && f.Mark == downpour.NoPayload &&
		f.IPID|f.Window == 0 && f.Sequence == 0
}

// headed tells whether a flow bears the fields of a packet's header. Of a record
// of several packets they are nobody's in particular, and few exporters tell any.
func headed(f *downpour.Flow) bool { return f.TTL != 0 && f.Packets <= 1 }

// flagless tells an exporter that does not export TCP flags from a flood of
// packets without any: of a target whose records have some, those without are
// what they seem.
func (s *suspect) flagless(k kind) bool {
	const some = 0.01
	r := s.rows[k]
	if k != kindNull || r.headers > 0 {
		return false
	}
	var flagged uint64
	for _, other := range s.active {
		if other != kindNull && other.traits().protocol == "tcp" {
			flagged += s.rows[other].total.samples
		}
	}
	return float64(flagged) < some*float64(r.total.samples)
}
