// Package sample writes the records that are kept of an attack (downpour.Exhibit) as
// files that other tools read: CSV, and pcap where packets were seen.
package sample

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"downpour"
)

// stretches are the two samples of an exhibit, by what a file calls them.
func stretches(e *downpour.Exhibit) [2]struct {
	name string
	of   downpour.FlowSample
} {
	return [2]struct {
		name string
		of   downpour.FlowSample
	}{{"before", e.Before}, {"during", e.During}}
}

// CSV writes a header and one record a line, those from before the attack first. Fields
// are named as in the JSON; sample is before or during; what was not told is empty.
func CSV(w io.Writer, e *downpour.Exhibit) error {
	c := csv.NewWriter(w)
	header := []string{
		"sample", "start", "source", "destination", "source_port", "destination_port", "protocol", "tcp_flags", "bytes", "packets", "sampling",
		"ttl", "fragment", "icmp_type", "icmp_code", "source_as", "exporter", "input_interface",
	}
	if err := c.Write(header); err != nil {
		return err
	}
	for _, s := range stretches(e) {
		for i := range s.of.Flows {
			if err := c.Write(line(s.name, &s.of.Flows[i])); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

func line(sample string, f *downpour.SampledFlow) []string {
	whole := func(n uint64) string { return strconv.FormatUint(n, 10) }
	told := func(n uint64) string { // 0 is "not told"
		if n == 0 {
			return ""
		}
		return whole(n)
	}
	icmp := func(n *uint8) string {
		if n == nil {
			return ""
		}
		return whole(uint64(*n))
	}
	from, to, flags := "", "", ""
	if hasPorts(f) {
		from, to = whole(uint64(f.SourcePort)), whole(uint64(f.DestinationPort))
	}
	if f.Protocol == downpour.ProtocolTCP && f.Fragment != downpour.LaterFragment {
		flags = whole(uint64(f.TCPFlags))
	}
	return []string{
		sample, f.Start.UTC().Format(time.RFC3339Nano), f.Source.String(), f.Destination.String(), from, to,
		whole(uint64(f.Protocol)), flags, whole(f.Bytes), whole(uint64(f.Packets)), whole(uint64(f.Sampling)),
		told(uint64(f.TTL)), told(uint64(f.Fragment)), icmp(f.ICMPType), icmp(f.ICMPCode), told(uint64(f.SourceAS)), cell(f.Exporter), cell(f.Interface),
	}
}

// cell keeps a text from being read as a formula by a spreadsheet.
func cell(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@') {
		return "'" + s
	}
	return s
}

// hasPorts tells records whose ports are their own: of TCP and UDP, but for later fragments.
func hasPorts(f *downpour.SampledFlow) bool {
	return (f.Protocol == downpour.ProtocolTCP || f.Protocol == downpour.ProtocolUDP) && f.Fragment != downpour.LaterFragment
}
