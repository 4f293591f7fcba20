package web

import (
	"strconv"
	"strings"
	"time"

	"downpour"
)

// sampleTable is a sample's records as rows; More are those that are folded away.
type sampleTable struct {
	Says       string
	Rows, More []sampleRow
}

// firstRows is how many rows of a sample show at once.
const firstRows = 12

// sampleRow is a record in words.
type sampleRow struct {
	Time                                   time.Time
	Source, Destination, Protocol, Details string
	Length, TTL, Seen                      string
}

func newSampleTable(s downpour.FlowSample) sampleTable {
	t := sampleTable{Says: "No record was seen."}
	if len(s.Flows) == 0 {
		return t
	}
	t.Says = "All " + grouped(float64(len(s.Flows))) + " records that were seen."
	if uint64(len(s.Flows)) < s.Of {
		t.Says = grouped(float64(len(s.Flows))) + " of " + grouped(float64(s.Of)) + " records, drawn at random."
	}
	for _, f := range s.Flows {
		t.Rows = append(t.Rows, newSampleRow(f))
	}
	if n := len(t.Rows); n > firstRows {
		t.Rows, t.More = t.Rows[:firstRows], t.Rows[firstRows:]
	}
	return t
}

func newSampleRow(f downpour.SampledFlow) sampleRow {
	r := sampleRow{
		Time: f.Start, Source: endText(f.Source.String(), f.SourcePort, f), Destination: endText(f.Destination.String(), f.DestinationPort, f),
		Protocol: protocolText(f.Protocol), Details: detailsText(f), TTL: ttlText(f.TTL, f.TTL), Length: grouped(float64(f.Bytes)),
	}
	if f.Packets > 1 {
		r.Length += " in " + grouped(float64(f.Packets)) + " packets"
	}
	r.Seen = strings.TrimSpace(f.Exporter + " " + f.Interface)
	if f.Sampling > 1 {
		r.Seen = strings.TrimSpace(r.Seen + " 1:" + grouped(float64(f.Sampling)))
	}
	return r
}

// endText is an address with its port, where there is one.
func endText(address string, port uint16, f downpour.SampledFlow) string {
	if !hasPorts(f) {
		return address
	}
	if strings.Contains(address, ":") {
		return "[" + address + "]:" + strconv.Itoa(int(port))
	}
	return address + ":" + strconv.Itoa(int(port))
}

func protocolText(p uint8) string {
	names := map[uint8]string{
		downpour.ProtocolICMP: "ICMP", downpour.ProtocolTCP: "TCP", downpour.ProtocolUDP: "UDP", downpour.ProtocolGRE: "GRE",
		downpour.ProtocolESP: "ESP", downpour.ProtocolICMPv6: "ICMPv6", downpour.ProtocolSCTP: "SCTP", downpour.ProtocolIPIP: "IPv4", downpour.ProtocolIPv6: "IPv6",
	}
	if n := names[p]; n != "" {
		return n
	}
	return "protocol " + strconv.Itoa(int(p))
}

// detailsText is what the header of the record's protocol tells.
func detailsText(f downpour.SampledFlow) string {
	var parts []string
	switch {
	case f.Fragment == downpour.LaterFragment:
		parts = append(parts, "later fragment")
	case f.Protocol == downpour.ProtocolTCP:
		parts = append(parts, flagsText(f.TCPFlags))
	case f.ICMPType != nil && f.ICMPCode != nil:
		parts = append(parts, "type "+strconv.Itoa(int(*f.ICMPType))+" code "+strconv.Itoa(int(*f.ICMPCode)))
	}
	if f.Fragment == downpour.FirstFragment {
		parts = append(parts, "first fragment")
	}
	return strings.Join(parts, ", ")
}

// flagsText names TCP flags, as captures do.
func flagsText(flags uint8) string {
	names := [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"}
	var set []string
	for i, name := range names {
		if flags>>i&1 != 0 {
			set = append(set, name)
		}
	}
	if set == nil {
		return "no flags"
	}
	return strings.Join(set, " ")
}
