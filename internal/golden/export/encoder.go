package export

import (
	"net/netip"
	"time"

	"downpour/internal/observe/flow"
)

// Settings say what an exporter is and how it tells its flows. The zero value of
// a field is what its comment calls the default.
type Settings struct {
	Version flow.Version
	// From is the exporter's address and port; 192.0.2.1:50000 by default.
	From netip.AddrPort
	// Domain is the observation domain, the source id, or the sub-agent; of v5
	// the low byte is the engine id.
	Domain uint32
	// Boot is when the exporter started, by the true clock; an hour before its
	// first datagram by default.
	Boot int64
	// ClockOff is how far its clock is ahead of the true one.
	ClockOff time.Duration
	// Sampling is N of 1:N, as announced by Announce; 0 and 1 are the same.
	Sampling uint32
	Announce Announce
	// Interfaces are announced with their names in options records.
	Interfaces []Interface
	// TemplatesEvery is how many datagrams of records lie between two
	// announcements of templates and options; 100 by default.
	TemplatesEvery int
	// PerDatagram is how many records a datagram holds; by default 30 of v5, 28
	// of v9, 24 of IPFIX, 6 of sFlow. A full one stays below 1,472 bytes.
	PerDatagram int
	// Fields are the template's for IPv4 and IPv6; Fields4 and Fields6 by default.
	Fields, Fields6 []Field
	// TemplateID is that of Fields; 256 by default. The ones above it serve
	// Fields6 and options.
	TemplateID uint16
	// Expanded has sFlow use the expanded form of its samples; Gateway and Switch
	// have it add those extended records.
	Expanded, Gateway, Switch bool
}

// Interface is one by number with its name.
type Interface struct {
	Number uint32
	Name   string
}

// Announce is how an exporter tells its sampling.
type Announce uint8

// The ways to tell the sampling. sFlow tells it with each sample, whatever is
// set here.
const (
	Unannounced   Announce = iota
	ByHeader               // v5: the header's interval
	ByInterval             // options with elements 34 and 35
	BySampler              // options with elements 48, 49 and 50; records name their sampler if Fields has 48
	ByPacketSpace          // IPFIX options with elements 305 and 306 (RFC 5477)
)

// Encoder is one exporter: it counts its sequence numbers and knows when its
// templates are due.
type Encoder struct {
	s         Settings
	sequence  uint32 // of the next datagram, in the version's own unit
	sinceTold int    // datagrams of records since templates were told
	told      bool
	pools     map[uint32]*pool // of sFlow, by data source
}

// NewEncoder makes an exporter that has sent nothing yet.
func NewEncoder(s Settings) *Encoder {
	if !s.From.IsValid() {
		s.From = netip.MustParseAddrPort("192.0.2.1:50000")
	}
	if s.TemplatesEvery == 0 {
		s.TemplatesEvery = 100
	}
	if s.PerDatagram == 0 {
		s.PerDatagram = map[flow.Version]int{flow.NetFlow5: 30, flow.NetFlow9: 28, flow.IPFIX: 24, flow.SFlow5: 6}[s.Version]
	}
	if s.TemplateID == 0 {
		s.TemplateID = 256
	}
	if s.Fields == nil {
		s.Fields = Fields4(s.Version)
	}
	if s.Fields6 == nil {
		s.Fields6 = Fields6(s.Version)
	}
	return &Encoder{s: s, pools: map[uint32]*pool{}}
}

// Restart is what a reboot does: sequence numbers and uptime begin anew, and
// templates are told again.
func (e *Encoder) Restart(at int64) {
	e.sequence, e.sinceTold, e.told, e.s.Boot = 0, 0, false, at
	e.pools = map[uint32]*pool{}
}

// SetFields gives the template of the same id another meaning. It is told with
// the next datagram.
func (e *Encoder) SetFields(fields []Field) { e.s.Fields, e.told = fields, false }

// SetSampling changes the rate, and has it announced with the next datagram.
func (e *Encoder) SetSampling(n uint32) { e.s.Sampling, e.told = n, false }

// Flows encodes flows, all let go at a time, in as many datagrams as they need,
// and appends these to dst. Templates come before the first and whenever they
// are due. NetFlow v5 knows IPv4 only; other flows are left out there. For sFlow
// each flow is one sample, of the frame it bears or of one made from its fields.
func (e *Encoder) Flows(dst []Datagram, at int64, flows []Flow) []Datagram {
	if e.s.Boot == 0 {
		e.s.Boot = at - int64(time.Hour)
	}
	for len(flows) > 0 {
		n := min(e.s.PerDatagram, len(flows))
		if e.templatesDue() {
			dst = append(dst, e.datagram(at, 0, func() []byte { return e.templates(at) }))
		}
		dst = append(dst, e.datagram(at, n, func() []byte { return e.message(at, flows[:n]) }))
		flows = flows[n:]
		e.sinceTold++
		if last := &dst[len(dst)-1]; last.Message == nil { // nothing in it that the version can tell
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// message encodes flows as one message.
func (e *Encoder) message(at int64, flows []Flow) []byte {
	switch e.s.Version {
	case flow.NetFlow5:
		return e.netflow5(at, flows)
	case flow.NetFlow9:
		return e.netflow9(at, e.sets(flows), len(flows))
	case flow.IPFIX:
		return e.ipfix(at, e.sets(flows), len(flows))
	case flow.SFlow5:
		return e.sflow(at, flows)
	}
	return nil
}

// datagram makes one, and notes what it does to the sequence.
func (e *Encoder) datagram(at int64, records int, message func() []byte) Datagram {
	before := e.sequence
	d := Datagram{At: at, From: e.s.From, Message: message(), Records: records}
	d.Advance = e.sequence - before
	if e.s.Version == flow.NetFlow5 {
		d.Records = int(d.Advance) // those of IPv6 were left out
	}
	return d
}

// templatesDue tells whether templates must be told before more records.
func (e *Encoder) templatesDue() bool {
	if e.s.Version != flow.NetFlow9 && e.s.Version != flow.IPFIX {
		return false
	}
	return !e.told || e.sinceTold >= e.s.TemplatesEvery
}

// clock is what the exporter's clock shows at a time.
func (e *Encoder) clock(at int64) int64 { return at + int64(e.s.ClockOff) }

// uptime is how long the exporter runs at a time, in milliseconds; it wraps
// after 49.7 days as the field does.
func (e *Encoder) uptime(at int64) uint32 { return uint32((at - e.s.Boot) / int64(time.Millisecond)) }
