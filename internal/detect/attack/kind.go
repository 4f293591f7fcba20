package attack

import "downpour"

// kind is the finest grain of traffic that is counted: one of the services that
// amplify, or one of the kinds of packets below. There are fewer than 64, so
// that a set of kinds is one word.
type kind uint8

// The kinds after the services.
const (
	kindUDP kind = serviceKinds + iota
	kindQUIC
	kindDNSQuery
	kindUDPFragment
	kindIPFragment
	kindSYN
	kindSYNACK
	kindMiddlebox
	kindACK
	kindRST
	kindFIN
	kindNull
	kindXmas
	kindOddTCP
	kindICMP
	kindICMPError
	kindGRE
	kindESP
	kindProtocol
	kinds
)

const serviceKinds = kind(len(services))

// kindSet is a set of kinds.
type kindSet uint64

func setOf(list ...kind) (s kindSet) {
	for _, k := range list {
		s |= 1 << k
	}
	return s
}

func (s kindSet) has(k kind) bool { return s>>k&1 != 0 }

// allServices holds every amplifying service.
const allServices kindSet = 1<<serviceKinds - 1

// isService tells whether the kind is an amplifying service.
func (k kind) isService() bool { return k < serviceKinds }

// traits say what a kind is called when it is an attack, and how it is counted.
type traits struct {
	vector   string
	protocol string
	class    Class
}

// floodTraits are those of the kinds after the services.
var floodTraits = [kinds - serviceKinds]traits{
	kindUDP - serviceKinds:         {"UDP flood", "udp", ClassUDP},
	kindQUIC - serviceKinds:        {"QUIC flood", "udp", ClassUDP},
	kindDNSQuery - serviceKinds:    {"DNS query flood", "udp", ClassQueries},
	kindUDPFragment - serviceKinds: {"UDP fragment flood", "udp", ClassFragments},
	kindIPFragment - serviceKinds:  {"IP fragment flood", "", ClassFragments},
	kindSYN - serviceKinds:         {"SYN flood", "tcp", ClassSYN},
	kindSYNACK - serviceKinds:      {"SYN-ACK reflection", "tcp", ClassSYNACK},
	kindMiddlebox - serviceKinds:   {"TCP middlebox reflection", "tcp", ClassSYNACK},
	kindACK - serviceKinds:         {"ACK flood", "tcp", ClassTCP},
	kindRST - serviceKinds:         {"RST flood", "tcp", ClassClose},
	kindFIN - serviceKinds:         {"FIN flood", "tcp", ClassClose},
	kindNull - serviceKinds:        {"TCP null flood", "tcp", ClassOdd},
	kindXmas - serviceKinds:        {"TCP Xmas flood", "tcp", ClassOdd},
	kindOddTCP - serviceKinds:      {mixedTCP, "tcp", ClassOdd},
	kindICMP - serviceKinds:        {"ICMP flood", "icmp", ClassICMP},
	kindICMPError - serviceKinds:   {"ICMP unreachable flood", "icmp", ClassErrors},
	kindGRE - serviceKinds:         {"GRE flood", "gre", ClassOther},
	kindESP - serviceKinds:         {"ESP flood", "esp", ClassOther},
	kindProtocol - serviceKinds:    {"IP protocol flood", "", ClassOther},
}

// The two vectors that are not one kind's.
const (
	mixedTCP         = "TCP flood"         // abnormal or mixed flags
	udpAmplification = "UDP amplification" // an amplifying service that is not listed
)

// traits returns the kind's.
func (k kind) traits() traits {
	if k.isService() {
		return traits{services[k].name + " amplification", "udp", ClassAnswers}
	}
	return floodTraits[k-serviceKinds]
}

// kindClasses is the class of each kind, flat for the hot path.
var kindClasses = func() (t [64]Class) {
	for k := kind(0); k < kinds; k++ {
		t[k] = k.traits().class
	}
	return t
}()

// classify tells what kind of traffic a flow is, by its header and, where a
// payload was seen, by that: where port and payload disagree the payload decides.
func classify(f *downpour.Flow) kind {
	if f.Fragment == downpour.LaterFragment {
		if f.Protocol == downpour.ProtocolUDP {
			return kindUDPFragment
		}
		return kindIPFragment
	}
	switch f.Protocol {
	case downpour.ProtocolTCP:
		if f.Mark == downpour.HTTPAnswer {
			return kindMiddlebox
		}
		if portless(f) {
			return kindIPFragment
		}
		if f.Packets > 1 {
			return classifyTCPRecord(f)
		}
		return tcpKinds[f.TCPFlags]
	case downpour.ProtocolUDP:
		return classifyUDP(f)
	case downpour.ProtocolICMP, downpour.ProtocolICMPv6:
		if icmpError(f) {
			return kindICMPError
		}
		return kindICMP
	case downpour.ProtocolGRE:
		return kindGRE
	case downpour.ProtocolESP:
		return kindESP
	}
	return kindProtocol
}

func classifyUDP(f *downpour.Flow) kind {
	if portless(f) {
		return kindUDPFragment
	}
	switch f.Mark {
	case downpour.DNSQuery:
		return kindDNSQuery
	case downpour.QUICInitial:
		return kindQUIC
	}
	if k := markKinds[f.Mark]; k != noService {
		return k
	}
	// A question between two servers, or by a client that binds the service's
	// own port as NTP's do, comes from that port too: the payload tells.
	// Where none was seen, its size does.
	question := f.SourcePort == f.DestinationPort &&
		(f.Mark == downpour.Unmarked || f.Mark == downpour.NoPayload && f.Bytes <= smallPacket*uint64(max(f.Packets, 1)))
	if k := portKinds[f.SourcePort]; k != noService && !question {
		return k
	}
	switch f.DestinationPort {
	case 53:
		return kindDNSQuery
	case 443:
		return kindQUIC
	}
	return kindUDP
}

// icmpError tells ICMP errors (RFC 792: unreachable, source quench, redirect,
// time exceeded, parameter problem; RFC 4443, 3: types below 128) from the rest.
func icmpError(f *downpour.Flow) bool {
	if f.Protocol == downpour.ProtocolICMPv6 {
		return f.ICMPType >= 1 && f.ICMPType <= 4
	}
	switch f.ICMPType {
	case 3, 4, 5, 11, 12:
		return true
	}
	return false
}

// icmpQuestion tells ICMP messages that ask for an answer: echo, timestamp,
// information, address mask (RFC 792, RFC 950) and ICMPv6 echo (RFC 4443, 4.1).
func icmpQuestion(f *downpour.Flow) bool {
	if f.Protocol == downpour.ProtocolICMPv6 {
		return f.ICMPType == 128
	}
	switch f.ICMPType {
	case 8, 13, 15, 17:
		return true
	}
	return false
}

// tcpKinds tells each combination of TCP flags. ECE and CWR are left aside (a
// SYN with both asks for ECN, RFC 3168, 6.1.1), as are PSH and URG beside ACK.
var tcpKinds = func() (t [256]kind) {
	for flags := range t {
		t[flags] = tcpKind(uint8(flags))
	}
	return t
}()

func tcpKind(flags uint8) kind {
	const push = downpour.PSH | downpour.URG
	flags &^= downpour.ECE | downpour.CWR
	if flags&downpour.ACK != 0 {
		switch flags &^ (push | downpour.ACK) {
		case 0:
			return kindACK
		case downpour.SYN:
			if flags&push == 0 {
				return kindSYNACK
			}
		case downpour.FIN:
			return kindFIN
		case downpour.RST:
			return kindRST
		case downpour.FIN | downpour.SYN | downpour.RST:
			if flags&push == push {
				return kindXmas // every flag lit
			}
		}
		return kindOddTCP
	}
	switch flags {
	case 0:
		return kindNull
	case downpour.SYN:
		return kindSYN
	case downpour.RST:
		return kindRST
	case downpour.FIN:
		return kindFIN
	case downpour.FIN | push:
		return kindXmas
	}
	return kindOddTCP
}
