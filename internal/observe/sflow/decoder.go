package sflow

import (
	"encoding/binary"

	"downpour/internal/observe/flow"
	"downpour/internal/observe/packet"
)

// Config says how an exporter's datagrams are decoded. Its zero value is the usual.
type Config struct {
	// Sampling, if not 0, is the rate 1:N that holds whatever the exporter says.
	Sampling uint32
	// Headers says how tunnels are treated in the packets that it samples.
	Headers packet.Options
}

// Decoder decodes the datagrams of one exporter, of all its sub-agents. It is a
// flow.Decoder, for one goroutine.
type Decoder struct {
	config     Config
	stats      flow.Stats
	agents     agents
	sources    sources
	interfaces interfaces
	sample     sample  // the one at hand; here so that it is not made anew
	raw        raw     // likewise
	walker     *walker // while a message is walked
}

var _ flow.Decoder = (*Decoder)(nil)

// New makes a decoder of one exporter.
func New(config Config) *Decoder { return &Decoder{config: config} }

// Decode appends the packets that a datagram samples to dst, as records of one
// packet with the sampling that their sample tells, at the time of arrival (in
// nanoseconds since the epoch). A datagram that came twice gives none. It
// allocates nothing but room for an agent's sub-agents, sources and interfaces
// when it first hears of them.
func (d *Decoder) Decode(dst []flow.Record, message []byte, at int64) ([]flow.Record, flow.Datagram) {
	h, reason := readHeader(message)
	told := flow.Datagram{Version: flow.SFlow5, Domain: h.subAgent, Uptime: int64(h.uptime), Refused: reason}
	d.stats.Datagrams++
	if reason != flow.OK {
		d.stats.Refused[reason]++
		return dst, told
	}
	if d.follow(&h, at) {
		return dst, told
	}
	list := cursor{message[h.size:]}
	for range h.samples {
		format, body, ok := list.next()
		if !ok {
			d.stats.Refused[flow.ShortMessage]++
			told.Refused = flow.ShortMessage
			break
		}
		switch format {
		case sampleFlow, sampleFlowExpanded:
			dst = d.decodeFlow(dst, &h, body, format == sampleFlowExpanded, at)
		case sampleCounters, sampleCountersExpanded:
			d.decodeCounters(&h, body, format == sampleCountersExpanded, at)
		case sampleDiscarded:
			d.stats.Discards++
		default:
			d.stats.Skipped++
		}
	}
	return dst, told
}

// follow compares a datagram with those before of its sub-agent; it tells whether
// it came before.
func (d *Decoder) follow(h *header, at int64) (twice bool) {
	a := d.agents.of(h.subAgent)
	if a == nil {
		d.stats.Unfollowed++
		return false
	}
	switch event, missing := a.next(h.sequence, h.uptime, at); event {
	case duplicate:
		d.stats.Duplicates++
		return true
	case late:
		d.stats.Reordered++
		if missing < 0 && d.stats.Lost > 0 {
			d.stats.Lost--
		}
	case restart:
		d.stats.Restarts++
	case ahead:
		d.stats.Lost += uint64(missing)
	case inOrder:
	}
	return false
}

// decodeFlow appends the record of a flow sample to dst, if it has one.
func (d *Decoder) decodeFlow(dst []flow.Record, h *header, body []byte, expanded bool, at int64) []flow.Record {
	s := &d.sample
	if expanded && !s.readExpanded(body) || !expanded && !s.read(body) {
		d.stats.Refused[flow.ShortMessage]++
		return dst
	}
	drops, room := d.sources.note(h.subAgent, s)
	d.stats.Drops += drops
	if !room {
		d.stats.Unfollowed++
	}
	d.stats.Sampling = s.rate
	n := len(dst)
	if n < cap(dst) {
		dst = dst[:n+1]
	} else {
		dst = append(dst, flow.Record{})
	}
	r := &dst[n]
	if !d.decodeRecords(s, r) {
		return dst[:n]
	}
	d.stats.Records++
	r.Time = at
	r.Ingress = 0
	r.Sampling = max(s.rate, 1) // some agents tell 0 for all packets
	if d.config.Sampling != 0 {
		r.Sampling = d.config.Sampling
	}
	r.Input = interfaceNumber(s.inputFormat, s.input)
	r.Output = interfaceNumber(s.outputFormat, s.output)
	r.Direction = s.direction(r.Input, r.Output)
	r.Domain = h.subAgent
	if d.walker != nil {
		d.walker.tell(s, r)
	}
	return dst
}

// decodeCounters keeps what a counter sample (sections "counters_sample" and
// "counters_sample_expanded") says of an interface.
func (d *Decoder) decodeCounters(h *header, body []byte, expanded bool, at int64) {
	size := countersSize
	if expanded {
		size = countersExpanded
	}
	if len(body) < size {
		d.stats.Refused[flow.ShortMessage]++
		return
	}
	class, index := uint32(0), uint32(0)
	if source := binary.BigEndian.Uint32(body[word:]); expanded {
		class, index = source, binary.BigEndian.Uint32(body[2*word:])
	} else {
		class, index = source>>sourceShift, source&(1<<sourceShift-1)
	}
	if class != sourceInterface {
		index = 0
	}
	d.stats.Counters++
	list := cursor{body[size:]}
	known, reason := d.interfaces.note(index, binary.BigEndian.Uint32(body[size-word:]), &list, h.uptime, at)
	if !known {
		d.stats.Unfollowed++
	}
	if reason != flow.OK {
		d.stats.Refused[reason]++
	}
}

// Stats is what the decoder has counted since it was made; losses are counted in
// datagrams.
func (d *Decoder) Stats() flow.Stats {
	s := d.stats
	for i := range d.sources.known {
		if d.sources.known[i].tell().Apart {
			s.Apart++
		}
	}
	return s
}
