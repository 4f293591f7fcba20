package export

import (
	"bytes"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// parse reads a line to the record at hand; false if it is none.
func (c *csvFeed) parse(line []byte) bool {
	c.record = flow.Record{Flow: downpour.Flow{Sampling: 1}}
	c.fields, c.router = c.fields[:0], downpour.Address{}
	p := lineParser{feed: c}
	for i := 0; ; i++ {
		value, rest, more := bytes.Cut(line, []byte(","))
		if i < len(c.header.kinds) {
			if !p.take(c.header.kinds[i], c.header.names[i], string(bytes.TrimSpace(value))) {
				return false
			}
		}
		if !more {
			return i >= c.header.last && p.finish()
		}
		line = rest
	}
}

// lineParser reads the columns of one line.
type lineParser struct {
	feed     *csvFeed
	last     int64
	hasLast  bool
	length   int64 // duration, nanoseconds
	port     string
	icmpSeen bool
}

// take reads one column; false if it can't be what its header says.
func (p *lineParser) take(k column, name, s string) (ok bool) {
	r := &p.feed.record
	switch k {
	case columnFirst:
		r.Time, ok = parseMoment(s, p.feed.zone)
	case columnLast:
		p.last, ok = parseMoment(s, p.feed.zone)
		p.hasLast = ok
	case columnDuration:
		p.length, ok = parseDuration(s)
	case columnSource:
		r.Source, ok = parseAddress(s)
	case columnDestination:
		r.Destination, ok = parseAddress(s)
	case columnSourcePort:
		r.SourcePort, ok = number[uint16](s)
	case columnDestinationPort:
		p.port, ok = s, true
	case columnProtocol:
		r.Protocol, ok = parseProtocol(s)
	case columnFlags:
		r.TCPFlags, ok = parseFlags(s)
	case columnPackets:
		var n uint64
		n, ok = number[uint64](s)
		r.Packets = uint32(min(n, math.MaxUint32))
	case columnBytes:
		r.Bytes, ok = number[uint64](s)
	default:
		return p.takeRare(k, name, s)
	}
	return ok
}

// takeRare reads the columns without which a record is one too: what cannot be
// read of them is as good as not exported.
func (p *lineParser) takeRare(k column, name, s string) bool {
	r := &p.feed.record
	switch k {
	case columnInput:
		r.Input, _ = number[uint32](s)
	case columnOutput:
		r.Output, _ = number[uint32](s)
	case columnSourceAS:
		r.SourceAS, _ = number[uint32](s)
	case columnPreviousAS:
		r.PeerAS, _ = number[uint32](s)
	case columnTTL:
		r.TTL, _ = number[uint8](s)
	case columnICMPType:
		r.ICMPType, p.icmpSeen = number[uint8](s)
	case columnICMPCode:
		r.ICMPCode, _ = number[uint8](s)
	case columnDirection:
		if s == "1" || s == "E" { // 0 is also what was not exported
			r.Direction = flow.Out
		}
	case columnRouter:
		if a, ok := parseAddress(s); ok && !a.Netip().IsUnspecified() {
			p.feed.router = a
		}
	default:
		p.note(k, name, s)
	}
	return true
}

// note keeps what only `decode` prints. What was not exported nfdump prints as
// zeros.
func (p *lineParser) note(k column, name, s string) {
	if strings.Trim(s, "0.:- ") == "" || s == "0/0" {
		return
	}
	field := flow.Field{Name: name, Value: s}
	switch k {
	case columnTOS, columnDestinationAS, columnVLAN:
		n, ok := number[uint64](s)
		if !ok {
			return
		}
		field.Name, field.Value = map[column]string{
			columnTOS: "tos", columnDestinationAS: "destination_as", columnVLAN: "vlan"}[k], n
	case columnNextHop:
		a, err := netip.ParseAddr(s)
		if err != nil {
			return
		}
		field.Name, field.Value = "next_hop", a
	case columnSourceMAC, columnDestinationMAC:
		mac, err := net.ParseMAC(s)
		if err != nil {
			return
		}
		field.Name, field.Value = "source_mac", mac
		if k == columnDestinationMAC {
			field.Name = "destination_mac"
		}
	default:
		if n, ok := number[uint64](s); ok {
			field.Value = n
		}
	}
	p.feed.fields = append(p.feed.fields, field)
}

// finish puts together what more than one column tells.
func (p *lineParser) finish() bool {
	r := &p.feed.record
	if p.hasLast && p.length == 0 && p.last > r.Time {
		p.length = p.last - r.Time
	}
	r.Duration = uint32(min(max(p.length, 0)/int64(time.Millisecond), math.MaxUint32))
	if r.Protocol == downpour.ProtocolICMP || r.Protocol == downpour.ProtocolICMPv6 {
		return p.icmp()
	}
	if p.port == "" {
		return true
	}
	var ok bool
	r.DestinationPort, ok = number[uint16](p.port)
	return ok
}

// icmp reads type and code, which nfdump prints in the destination port's column:
// as 256 times the type plus the code, or as "type.code".
func (p *lineParser) icmp() bool {
	r := &p.feed.record
	if p.icmpSeen || p.port == "" {
		return true
	}
	if kind, code, dotted := strings.Cut(p.port, "."); dotted {
		var first, second bool
		r.ICMPType, first = number[uint8](kind)
		r.ICMPCode, second = number[uint8](code)
		return first && second
	}
	both, ok := number[uint16](p.port)
	r.ICMPType, r.ICMPCode = uint8(both>>8), uint8(both)
	return ok
}

// number reads an unsigned decimal number that fits.
func number[T uint8 | uint16 | uint32 | uint64](s string) (T, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	return T(n), err == nil && uint64(T(n)) == n
}

func parseAddress(s string) (downpour.Address, bool) {
	a, err := netip.ParseAddr(s)
	return downpour.AddressFrom(a), err == nil
}

// latest is the year 2200 in seconds since the epoch: what is later is no time, and
// far from what nanoseconds since the epoch hold.
const latest = 7_258_118_400

// parseMoment reads a time: date and time of day in a zone, with a fraction or
// not; seconds since the epoch with a fraction; or milliseconds since the epoch.
func parseMoment(s string, zone *time.Location) (int64, bool) {
	if len(s) >= 19 && s[4] == '-' {
		t, err := time.ParseInLocation("2006-01-02 15:04:05", strings.Replace(s, "T", " ", 1), zone)
		if err != nil || t.Unix() < 0 || t.Unix() > latest {
			return 0, false
		}
		return t.UnixNano(), true
	}
	whole, fraction, dotted := strings.Cut(s, ".")
	n, ok := number[uint64](whole)
	if !ok {
		return 0, false
	}
	if !dotted {
		return int64(n) * 1_000_000, n <= latest*1000
	}
	part, ok := parseFraction(fraction)
	if !ok || n > latest {
		return 0, false
	}
	return int64(n)*int64(time.Second) + part, true
}

// parseFraction reads the digits behind the point, in nanoseconds.
func parseFraction(s string) (int64, bool) {
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	n, ok := number[uint64](s + "000000000"[len(s):])
	return int64(n), ok
}

// parseDuration reads seconds with a fraction, or [days d] hours:minutes:seconds.
func parseDuration(s string) (int64, bool) {
	var days, hours, minutes uint64
	ok := true
	if before, rest, found := strings.Cut(s, "d"); found {
		days, ok = number[uint64](strings.TrimSpace(before))
		s = strings.TrimSpace(rest)
	}
	if parts := strings.Split(s, ":"); len(parts) == 3 && ok {
		var first, second bool
		hours, first = number[uint64](parts[0])
		minutes, second = number[uint64](parts[1])
		s, ok = parts[2], first && second
	}
	whole, fraction, dotted := strings.Cut(s, ".")
	n, isNumber := number[uint64](whole)
	if !ok || !isNumber || max(days, hours, minutes, n) > maxDurationPart {
		return 0, false
	}
	part := int64(0)
	if dotted {
		part, ok = parseFraction(fraction)
	}
	all := ((days*24+hours)*60+minutes)*60 + n
	return int64(all)*int64(time.Second) + part, ok
}

// maxDurationPart bounds the parts of a duration, so that their sum fits.
const maxDurationPart = 10_000_000

// protocolNamed knows the names that nfdump prints for numbers that matter here
// (nfdump's util.c); most others it prints as numbers.
func protocolNamed(name string) (uint8, bool) {
	switch strings.ToUpper(name) {
	case "ICMP":
		return downpour.ProtocolICMP, true
	case "IGMP":
		return 2, true
	case "IPIP", "IPV4":
		return downpour.ProtocolIPIP, true
	case "TCP":
		return downpour.ProtocolTCP, true
	case "EGP":
		return 8, true
	case "UDP":
		return downpour.ProtocolUDP, true
	case "IPV6":
		return downpour.ProtocolIPv6, true
	case "RSVP":
		return 46, true
	case "GRE":
		return downpour.ProtocolGRE, true
	case "ESP":
		return downpour.ProtocolESP, true
	case "AH":
		return downpour.ProtocolAH, true
	case "ICMP6", "IPV6-ICMP":
		return downpour.ProtocolICMPv6, true
	case "EIGRP":
		return 88, true
	case "OSPF":
		return 89, true
	case "PIM":
		return 103, true
	case "VRRP":
		return 112, true
	case "L2TP":
		return 115, true
	case "SCTP":
		return downpour.ProtocolSCTP, true
	}
	return 0, false
}

func parseProtocol(s string) (uint8, bool) {
	if n, ok := number[uint8](s); ok {
		return n, true
	}
	if n, ok := protocolNamed(s); ok {
		return n, true
	}
	return 0, s != "" // a name that we do not know is no reason to lose the record
}

// parseFlags reads TCP flags as nfdump prints them: a letter or a point for each
// of CWR, ECE, URG, ACK, PSH, RST, SYN, FIN, of which older ones leave the first
// two out; or as a hexadecimal number.
func parseFlags(s string) (uint8, bool) {
	if hex, is := strings.CutPrefix(s, "0x"); is {
		n, err := strconv.ParseUint(hex, 16, 8)
		return uint8(n), err == nil
	}
	const letters = "CEUAPRSF"
	if len(s) > len(letters) {
		return 0, false
	}
	flags := uint8(0)
	for i, c := range []byte(s) {
		place := len(letters) - len(s) + i
		if c == letters[place] {
			flags |= 0x80 >> place
		} else if c != '.' {
			return 0, false
		}
	}
	return flags, true
}
