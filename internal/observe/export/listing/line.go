package listing

import (
	"net/netip"
	"time"

	"downpour"
	"downpour/internal/observe/export"
	"downpour/internal/observe/flow"
)

// key is a place of a line.
type key uint8

// The keys of a line, in their order (contract).
const (
	exporter key = iota
	domain
	version
	start
	end
	source
	destination
	sourcePort
	destinationPort
	protocol
	tcpFlags
	tos
	octets
	packets
	sampling
	octetsEstimated
	packetsEstimated
	inputInterface
	outputInterface
	sourceAS
	destinationAS
	nextHop
	vlan
	sourceMAC
	destinationMAC
	icmpType
	icmpCode
	ttl
	fragment
	keys
)

// names are the keys as they are printed.
func names() [keys]string {
	return [keys]string{
		"exporter", "domain", "version", "start", "end", "source", "destination",
		"source_port", "destination_port", "protocol", "tcp_flags", "tos", "bytes", "packets",
		"sampling", "bytes_estimated", "packets_estimated", "input_interface", "output_interface",
		"source_as", "destination_as", "next_hop", "vlan", "source_mac", "destination_mac",
		"icmp_type", "icmp_code", "ttl", "fragment",
	}
}

// Keys are the names of a line's keys in their order, without "other".
func Keys() []string {
	n := names()
	return n[:]
}

// line is a record as it is printed. A value is a uint64, a string, an address
// or what a field's Value gives; nil is absent.
type line struct {
	values [keys]any
	other  []pair
}

// pair is a field that has no key.
type pair struct {
	name  string
	value any
}

// fill makes the line of a record's i-th flow; without flows i is 0.
func (l *line) fill(w *export.Walked, i int) {
	*l = line{other: l.other[:0]}
	l.values[exporter] = w.Exporter
	if w.Version != 0 {
		l.values[domain], l.values[version] = uint64(w.Domain), w.Version.String()
	}
	var r *flow.Record
	if len(w.Records) > 0 {
		r = &w.Records[i]
	}
	if w.Fields != nil {
		l.fillFields(w, r, i > 0)
	} else if r != nil {
		l.fillRecord(r, w.Timed)
	}
	for _, f := range w.Named {
		l.named(f)
	}
	l.estimate(r)
}

// estimate fills what sampling makes of the counts.
func (l *line) estimate(r *flow.Record) {
	rate := uint64(1)
	if r != nil {
		rate = uint64(max(r.Sampling, 1))
	}
	l.values[sampling] = rate
	if n, ok := l.values[octets].(uint64); ok {
		l.values[octetsEstimated] = times(n, rate)
	}
	if n, ok := l.values[packets].(uint64); ok {
		l.values[packetsEstimated] = times(n, rate)
	}
}

// times multiplies without running over: counts that large are damage.
func times(a, b uint64) uint64 {
	if a != 0 && a*b/a != b {
		return 1<<64 - 1
	}
	return a * b
}

// fillRecord fills the line of a record whose protocol has no templates: what is
// 0 was not sent, where 0 says nothing.
func (l *line) fillRecord(r *flow.Record, timed bool) {
	if timed {
		l.span(r)
	}
	l.addresses(r)
	l.values[octets], l.values[packets] = r.Bytes, uint64(r.Packets)
	l.values[protocol] = uint64(r.Protocol)
	l.transport(r)
	l.nonZero(inputInterface, uint64(r.Input))
	l.nonZero(outputInterface, uint64(r.Output))
	l.nonZero(sourceAS, uint64(r.SourceAS))
	l.nonZero(ttl, uint64(r.TTL))
	if r.Fragment != downpour.NotFragment {
		l.values[fragment] = fragmentName(r.Fragment)
	}
	if r.PeerAS != 0 {
		l.other = append(l.other, pair{"bgpPrevAdjacentAsNumber", uint64(r.PeerAS)})
	}
	if r.Direction != flow.Untold {
		l.other = append(l.other, pair{"flowDirection", uint64(r.Direction - flow.In)})
	}
}

func (l *line) nonZero(k key, v uint64) {
	if v != 0 {
		l.values[k] = v
	}
}

// transport fills what only some protocols have.
func (l *line) transport(r *flow.Record) {
	if r.Fragment == downpour.LaterFragment {
		return
	}
	switch r.Protocol {
	case downpour.ProtocolICMP, downpour.ProtocolICMPv6:
		l.values[icmpType], l.values[icmpCode] = uint64(r.ICMPType), uint64(r.ICMPCode)
	case downpour.ProtocolTCP:
		l.values[tcpFlags] = uint64(r.TCPFlags)
		fallthrough
	case downpour.ProtocolUDP, downpour.ProtocolSCTP:
		l.values[sourcePort], l.values[destinationPort] = uint64(r.SourcePort), uint64(r.DestinationPort)
	}
}

// span fills the times of a record.
func (l *line) span(r *flow.Record) {
	l.values[start] = moment(r.Time)
	l.values[end] = moment(r.Time + int64(r.Duration)*int64(time.Millisecond))
}

func moment(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

func (l *line) addresses(r *flow.Record) {
	l.values[source], l.values[destination] = r.Source.Netip(), r.Destination.Netip()
}

func fragmentName(f downpour.Fragment) string {
	switch f {
	case downpour.FirstFragment:
		return "first"
	case downpour.LaterFragment:
		return "later"
	}
	return "none"
}

// named puts a field that bears its key's or its own name into its place.
func (l *line) named(f flow.Field) {
	for k, name := range names() {
		if name == f.Name {
			if l.values[k] == nil {
				l.values[k] = f.Value
			}
			return
		}
	}
	l.other = append(l.other, pair{f.Name, f.Value})
}

// isZero tells the values that some exporters send where they know none.
func isZero(v any) bool {
	switch v := v.(type) {
	case uint64:
		return v == 0
	case string:
		a, err := netip.ParseAddr(v)
		return v == "" || err == nil && a.IsUnspecified()
	}
	return v == nil
}
