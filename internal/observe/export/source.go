package export

import (
	"io"
	"time"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/overlap"
	capture "downpour/internal/observe/packet"
)

// The patience with exporters that hold flows back, as Batch.Delay has it. No
// latency matters to what stands in files, so it is generous: twice the usual
// active timeout of a minute, and as much as records are seen to need.
const (
	leastPatience = int64(2 * time.Minute)
	mostPatience  = int64(10 * time.Minute)
)

// clockTolerance is how far an exporter's clock may be from the capture's without
// being called wrong: export times have the resolution of a second, and a datagram
// may have been under way for a few. Live it is the operator's to set.
const clockTolerance = 10 * time.Second

// farFrom is how far from its arrival a record may be dated and believed, in
// nanoseconds: beyond the longest active timeouts, and below a broken clock.
const farFrom = int64(24 * time.Hour)

// Source turns the messages of a Reader to flows; it is an observe.Source. All
// methods are for one goroutine.
type Source struct {
	reader    *Reader
	exporters *exporters
	ingresses *flow.Ingresses
	numbers   *flow.IngressNumbers
	overlap   *overlap.Filter
	message   Message
	records   []flow.Record
	given     int // of records
	now       int64
	// replayed tells that the records are dated far from their arrival: somebody
	// exported an old capture. Their own time is then the time.
	replayed bool
	patience int64
	ended    bool
}

// Config says how a Source treats what it reads. The zero value is the usual.
type Config struct {
	// Ingresses numbers where traffic enters; nil for numbers of its own.
	Ingresses *flow.Ingresses
	// Known is what is told of exporters besides what they say, by address.
	Known map[downpour.Address]Known
	// Headers says how tunnels are treated in the packets that are told of.
	Headers capture.Options
	// Doubled leaves in what several exporters, or two directions of one, tell of.
	Doubled bool
}

// Known is what somebody tells of an exporter.
type Known struct {
	Name     string // its address if empty
	Sampling uint32 // 1:N that holds whatever it says; 0 if it is believed
	// Interfaces are names and roles by SNMP index.
	Interfaces map[uint32]KnownInterface
}

// KnownInterface is what somebody tells of an interface.
type KnownInterface struct {
	Name string // its number if empty
	Edge bool   // other networks lie behind it: traffic is best counted there
}

// NewSource makes a source that closes its reader.
func NewSource(r *Reader, config Config) *Source {
	if config.Ingresses == nil {
		config.Ingresses = flow.NewIngresses()
	}
	s := &Source{
		reader: r, exporters: newExporters(config.Known, config.Headers), ingresses: config.Ingresses,
		numbers: config.Ingresses.Numbers(), patience: leastPatience,
	}
	if !config.Doubled {
		s.overlap = overlap.New(overlap.Config{
			Edge: s.exporters.isEdge, Name: s.exporters.nameOf, Seed: overlapSeed,
		})
	}
	return s
}

// overlapSeed is fixed, so that the same input gives the same result.
const overlapSeed = 0x5eed

// Next fills b with the flows of the next messages, up to observe.BatchSize of
// them. Their order is that of the messages; a flow's time is that of its first
// packet, corrected where its exporter's clock is far off from the capture's.
func (s *Source) Next(b *observe.Batch) error {
	b.Reset()
	if cap(b.Flows) < observe.BatchSize {
		b.Flows = make([]downpour.Flow, 0, observe.BatchSize)
	}
	for begun := s.now; len(b.Flows) < observe.BatchSize; {
		if s.given == len(s.records) {
			b.Now = s.now
			if !s.read() {
				break
			}
			if len(b.Flows) == 0 {
				begun = s.now
			} else if s.now-begun > batchSpan {
				b.Delay = s.patience
				return nil
			}
		}
		n := min(len(s.records)-s.given, observe.BatchSize-len(b.Flows))
		for i := range s.records[s.given : s.given+n] {
			b.Flows = append(b.Flows, s.records[s.given+i].Flow)
		}
		s.given += n
	}
	if s.ended && len(b.Flows) == 0 {
		return io.EOF
	}
	b.Now, b.Delay = s.now, s.patience
	return nil
}

// batchSpan is how far apart the messages of a batch arrived at most, so that the
// engine's time goes in small steps where little comes.
const batchSpan = int64(time.Second)

// read decodes the next message; false at the end.
func (s *Source) read() bool {
	m := &s.message
	if s.ended || !s.reader.Next(m) {
		if !s.ended {
			s.exporters.settle()
		}
		s.ended = true
		return false
	}
	s.records, s.given = s.records[:0], 0
	m.from.took(m)
	e := s.exporters.of(m)
	if e == nil {
		m.from.trouble[exporterMany].add(m.offset, 1)
		return true
	}
	offset := int64(0)
	if m.record != nil {
		s.records = append(s.records, *m.record)
	} else {
		s.records = e.decoder(m).decode(s.records, m)
		offset = e.follow(m)
	}
	s.settle(e, offset)
	return true
}

// tick moves the time on to what the message at hand shows: its arrival, or what
// its records tell of where they are dated far from it. What comes before the
// first records (templates) has no time of its own.
func (s *Source) tick() {
	if s.now == 0 && len(s.records) == 0 {
		return
	}
	at := s.message.At
	if newest := newestEnd(s.records); s.now == 0 {
		s.replayed = isFar(at - newest)
		s.now = newest
	}
	if s.replayed {
		at = newestEnd(s.records)
	}
	s.now = max(s.now, at)
}

// newestEnd is when the last packet of any of the records was seen; 0 without records.
func newestEnd(records []flow.Record) (newest int64) {
	for i := range records {
		newest = max(newest, records[i].Time+int64(records[i].Duration)*int64(time.Millisecond))
	}
	return newest
}

func isFar(d int64) bool { return d > farFrom || d < -farFrom }

// follow compares the exporter's clock with the capture's; it returns what is to
// be added to its times.
func (e *exporter) follow(m *Message) int64 {
	if !m.Timed {
		return 0
	}
	e.clock.Add(exportTime(m.Payload), m.At)
	wrong := e.clock.Wrong(clockTolerance)
	if wrong != 0 {
		m.from.wrongBy(m.offset, wrong, e.name)
	}
	return wrong
}

// settle gives the records at hand their final times and places.
func (s *Source) settle(e *exporter, offset int64) {
	m, f := &s.message, s.message.from
	f.records += uint64(len(s.records))
	for i := range s.records {
		r := &s.records[i]
		if m.Version != flow.SFlow5 { // whose times are the capture's
			r.Time += offset
		}
	}
	s.tick()
	for i := range s.records {
		s.date(&s.records[i])
	}
	if s.overlap != nil {
		before := len(s.records)
		s.records = s.overlap.Apply(e.handle, s.records, m.At)
		f.trouble[doubled].add(m.offset, uint64(before-len(s.records)))
	}
	if len(s.records) == 0 {
		return
	}
	s.name(e)
	for i := range s.records {
		r := &s.records[i]
		r.Ingress = s.numbers.ID(e.handle, r.Input, r.PeerAS)
	}
}

// date takes a record's time into account.
func (s *Source) date(r *flow.Record) {
	m := &s.message
	late := m.At - r.Time
	if isFar(late) {
		m.from.trouble[farDated].add(m.offset, 1)
		if !s.replayed {
			return
		}
		late = 0
	}
	m.from.span(r.Time, r.Time+int64(r.Duration)*int64(time.Millisecond))
	s.patience = min(max(s.patience, late), mostPatience)
}

// name tells the registry of ingresses what an exporter and its interfaces are
// called.
func (s *Source) name(e *exporter) {
	if e.named == 0 {
		s.ingresses.NameExporter(e.handle, e.name)
		for index, i := range e.known.Interfaces {
			if i.Name != "" {
				s.ingresses.NameInterface(e.handle, index, i.Name)
			}
		}
	}
	options := uint64(1)
	for _, d := range e.decoders {
		options += d.before.Options
	}
	if options == e.named {
		return
	}
	e.named = options
	for _, d := range e.decoders {
		if d.netflow == nil {
			continue
		}
		for index, name := range d.netflow.Interfaces() {
			if e.known.Interfaces[index].Name != "" {
				continue // what was told by somebody wins
			}
			s.ingresses.NameInterface(e.handle, index, name)
		}
	}
}

// Inputs accounts for what has been read so far, an entry an input.
func (s *Source) Inputs() []downpour.Input { return s.reader.Inputs() }

// Input accounts for all inputs together, under the name of the first.
func (s *Source) Input() downpour.Input {
	all := s.Inputs()
	if len(all) == 0 {
		return downpour.Input{Kind: Kind, Problems: []downpour.Problem{}}
	}
	sum := all[0]
	for _, in := range all[1:] {
		sum.Packets += in.Packets
		sum.Records += in.Records
		sum.Bytes += in.Bytes
		sum.Start, sum.End = earlier(sum.Start, in.Start), later(sum.End, in.End)
		sum.Problems = append(sum.Problems, in.Problems...)
	}
	return sum
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// Progress tells how many bytes of all inputs have been read, and of how many.
func (s *Source) Progress() (read, total int64) { return s.reader.Progress() }

// Close releases the inputs.
func (s *Source) Close() error {
	return s.reader.Close()
}
