package traffic

import (
	"encoding/binary"
	"strings"
)

// Class is a coarse kind of traffic toward a target, for which a detector has one
// floor. It is told by the truth and the header, by no detector's code.
type Class string

// The classes.
const (
	Answers   Class = "answers of amplifying services"
	SYNs      Class = "SYN"
	SYNACKs   Class = "SYN-ACK"
	Fragments Class = "fragments"
	OddFlags  Class = "abnormal flags"
	Errors    Class = "ICMP errors"
	TCPData   Class = "TCP data"
	Closes    Class = "RST and FIN"
	UDPData   Class = "UDP"
	Queries   Class = "DNS queries"
	ICMPData  Class = "ICMP"
	Rest      Class = "other protocols"
)

// classOf tells the class of an IP packet that belongs to a stream of a kind.
func classOf(kind string, p []byte) Class {
	protocol, body, fragment := uint8(0), []byte(nil), false
	switch etherType(p) {
	case etherIPv4:
		protocol, body = p[9], p[ipv4Size:]
		fragment = binary.BigEndian.Uint16(p[6:])&0x1fff != 0
	case etherIPv6:
		protocol, body = p[6], p[ipv6Size:]
		if protocol == 44 {
			protocol, fragment, body = body[0], binary.BigEndian.Uint16(body[2:])&0xfff8 != 0, body[8:]
		}
	}
	amplified := strings.HasSuffix(kind, amplification)
	switch {
	case fragment && amplified:
		return Answers // their fragments with them
	case fragment:
		return Fragments
	case protocol == 6:
		return classOfFlags(kind, body[13])
	case protocol == 17 && (amplified || answersFrom(word(body))):
		return Answers
	case protocol == 17 && word(body[2:]) == 53:
		return Queries
	case protocol == 17:
		return UDPData
	case protocol == 1 && (body[0] == 3 || body[0] == 11), protocol == 58 && body[0] < 128:
		return Errors
	case protocol == 1 || protocol == 58:
		return ICMPData
	}
	return Rest
}

func classOfFlags(kind string, flags uint8) Class {
	switch {
	case kind == "TCP middlebox reflection":
		return SYNACKs
	case flags&(syn|ack|rst|fin) == syn:
		return SYNs
	case flags&(syn|ack|rst|fin) == syn|ack:
		return SYNACKs
	case flags == 0 || flags&(fin|psh|urg|ack) == fin|psh|urg || flags&syn != 0 && flags&(rst|fin) != 0:
		return OddFlags
	case flags&(rst|fin) != 0:
		return Closes
	}
	return TCPData
}

func answersFrom(port uint16) bool {
	for _, v := range services {
		if v.port == port && port != 443 {
			return true
		}
	}
	return false
}
