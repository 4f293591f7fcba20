package export

import (
	"path"
	"strconv"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/netflow"
	capture "downpour/internal/observe/packet"
	"downpour/internal/observe/sflow"
)

// The bounds of what exporters in inputs can make us hold.
const (
	maxExporters = 1024 // a decoder's own limits hold for each
	maxDecoders  = 256  // of one exporter: its TCP connections one after another
)

// exporterKey tells exporters apart: by address, or whose payloads they are.
type exporterKey struct {
	address downpour.Address
	group   string
}

// exporter is who sent messages, with all that is known of it.
type exporter struct {
	handle   uint16
	name     string
	known    Known
	headers  capture.Options
	decoders []*decoding
	clock    flow.Clock
	named    uint64 // options records read when interface names were last taken
}

// decoding is a decoder of one exporter with its account.
type decoding struct {
	stream  bool
	port    uint16 // of the exporter, for TCP
	sflow   *sflow.Decoder
	netflow *netflow.Decoder
	before  flow.Stats // when last looked at
	misses  []missed   // data sets without a template, by input
}

// missed is how many data sets of an input had no template when they came.
type missed struct {
	file   *file
	offset int64
	count  uint64
}

// exporters are all exporters of an investigation.
type exporters struct {
	all map[exporterKey]*exporter
	// list is in the order of appearance: a handle is a place in it.
	list    []*exporter
	known   map[downpour.Address]Known
	headers capture.Options
}

func newExporters(known map[downpour.Address]Known, headers capture.Options) *exporters {
	return &exporters{all: map[exporterKey]*exporter{}, known: known, headers: headers}
}

// isEdge tells whether an exporter's interface leads to other networks.
func (x *exporters) isEdge(handle uint16, index uint32) bool {
	return int(handle) < len(x.list) && x.list[handle].known.Interfaces[index].Edge
}

// nameOf is what an exporter is called.
func (x *exporters) nameOf(handle uint16) string {
	if int(handle) >= len(x.list) {
		return ""
	}
	return x.list[handle].name
}

// of finds or makes the exporter of a message; nil if there are too many.
func (x *exporters) of(m *Message) *exporter {
	key := exporterKey{address: m.sender}
	name := ""
	if m.Version == flow.SFlow5 {
		// An agent says who it is; its datagrams may come from elsewhere.
		if agent, _ := sflow.Agent(m.Payload); agent.IsValid() {
			key.address = downpour.AddressFrom(agent)
		}
	}
	if key.address == (downpour.Address{}) {
		key.group = m.from.group
		name = path.Base(m.from.group)
	} else {
		name = key.address.String()
	}
	if e := x.all[key]; e != nil {
		return e
	}
	if len(x.list) == maxExporters {
		return nil
	}
	e := &exporter{handle: uint16(len(x.list)), name: name, known: x.known[key.address], headers: x.headers}
	if e.known.Name != "" {
		e.name = e.known.Name
	}
	x.all[key] = e
	x.list = append(x.list, e)
	return e
}

// decoder finds or makes what decodes a message.
func (e *exporter) decoder(m *Message) *decoding {
	isSFlow := m.Version == flow.SFlow5
	for _, d := range e.decoders {
		if (d.sflow != nil) == isSFlow && d.stream == m.stream && d.port == m.port {
			return d
		}
	}
	if len(e.decoders) == maxDecoders {
		e.decoders = e.decoders[1:]
	}
	d := &decoding{stream: m.stream, port: m.port}
	if isSFlow {
		d.sflow = sflow.New(sflow.Config{Sampling: e.known.Sampling, Headers: e.headers})
	} else {
		d.netflow = netflow.New(netflow.Config{Stream: m.stream, Sampling: e.known.Sampling, Headers: e.headers})
	}
	e.decoders = append(e.decoders, d)
	return d
}

// decode appends the records of a message to dst.
func (d *decoding) decode(dst []flow.Record, m *Message) []flow.Record {
	if d.sflow != nil {
		dst, _ = d.sflow.Decode(dst, m.Payload, m.At)
	} else {
		dst, _ = d.netflow.Decode(dst, m.Payload, m.At)
	}
	d.account(m)
	return dst
}

func (d *decoding) stats() flow.Stats {
	if d.sflow != nil {
		return d.sflow.Stats()
	}
	return d.netflow.Stats()
}

// account books what the decoder has counted since last to the message's input.
func (d *decoding) account(m *Message) {
	now, before, f := d.stats(), &d.before, m.from
	for r := range flow.Reasons {
		f.refused[r].add(m.offset, now.Refused[r]-before.Refused[r])
	}
	f.trouble[cameTwice].add(m.offset, now.Duplicates-before.Duplicates)
	f.trouble[templateChange].add(m.offset, now.Changed-before.Changed)
	if n := now.Misses - before.Misses; n > 0 {
		d.miss(f, m.offset, n)
	}
	if !m.stream {
		d.sequence(m, &now)
	}
	d.before = now
}

// sequence books what sequence numbers tell. A late datagram gives back what it
// was counted for.
func (d *decoding) sequence(m *Message, now *flow.Stats) {
	before, f := &d.before, m.from
	if now.Lost >= before.Lost {
		f.trouble[sequenceLoss].add(m.offset, now.Lost-before.Lost)
	} else {
		f.trouble[sequenceLoss].giveBack(before.Lost - now.Lost)
	}
	f.trouble[reordered].add(m.offset, now.Reordered-before.Reordered)
	f.trouble[restarted].add(m.offset, now.Restarts-before.Restarts)
}

func (d *decoding) miss(f *file, offset int64, n uint64) {
	for i := range d.misses {
		if d.misses[i].file == f {
			d.misses[i].count += n
			return
		}
	}
	d.misses = append(d.misses, missed{f, offset, n})
}

// settle books the data sets whose template never came to the inputs that had
// them. What was released in between is not known by input, so the earliest
// ones are held to be released.
func (d *decoding) settle() {
	s := d.stats()
	left := s.Waiting + s.Dropped
	for i := len(d.misses) - 1; i >= 0 && left > 0; i-- {
		n := min(left, d.misses[i].count)
		d.misses[i].file.trouble[templateNever].add(d.misses[i].offset, n)
		left -= n
	}
}

// settle makes up all accounts at the end.
func (x *exporters) settle() {
	for _, e := range x.list {
		for _, d := range e.decoders {
			d.settle()
		}
	}
}

// wrongBy notes that an exporter's clock is off, and says by how much.
func (f *file) wrongBy(offset, wrong int64, who string) {
	t := &f.trouble[clockOff]
	if t.count == 0 {
		ahead := "behind"
		if wrong < 0 {
			ahead, wrong = "ahead", -wrong
		}
		f.detail[clockOff] = who + " is " + inWords(time.Duration(wrong)) + " " + ahead + "; corrected"
		t.first, t.count = offset, 1
	}
}

// inWords says a length of time as precisely as it matters.
func inWords(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return strconv.FormatInt(int64(d/day), 10) + " days"
	}
	return d.Truncate(time.Second).String()
}
