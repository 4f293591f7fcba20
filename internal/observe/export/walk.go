package export

import (
	"downpour/internal/observe/flow"
	"downpour/internal/observe/netflow"
	capture "downpour/internal/observe/packet"
	"downpour/internal/observe/sflow"
)

// Walked is a record with all that its exporter sent of it, for people. Its times
// are the exporter's own: nothing is corrected or left out as told twice.
type Walked struct {
	Exporter string
	Version  flow.Version // 0 for records that nfdump printed
	Domain   uint32
	// Records are the flows that it stands for: one; two for a biflow whose
	// other direction had traffic; none without addresses.
	Records []flow.Record
	// Datagram is the message that it came in.
	Datagram flow.Datagram
	// Fields are those of its template (NetFlow, IPFIX); Named are those of
	// other protocols beyond Records.
	Fields []netflow.Field
	Named  []flow.Field
	// Timed says that Records are dated by the protocol or by a capture's
	// arrival, and not for lack of both by a running time.
	Timed bool
}

// Walk reads all messages to their end and yields each record of traffic in the
// order of arrival; options records are read, not yielded. What is yielded holds
// until yield returns; its error ends the reading and is returned.
func Walk(r *Reader, yield func(*Walked) error) error {
	w := &walker{exporters: newExporters(nil, capture.Options{}), yield: yield}
	var m Message
	for w.err == nil && r.Next(&m) {
		w.message(&m)
	}
	w.exporters.settle()
	for _, p := range r.parts {
		for _, f := range p.files { // they were yielded
			f.refused[flow.NoAddress] = tally{}
		}
	}
	return w.err
}

// walker yields the records of messages.
type walker struct {
	exporters *exporters
	walked    Walked
	yield     func(*Walked) error
	err       error
}

func (w *walker) message(m *Message) {
	m.from.took(m)
	e := w.exporters.of(m)
	if e == nil {
		m.from.trouble[exporterMany].add(m.offset, 1)
		return
	}
	w.walked = Walked{Exporter: e.name, Version: m.Version, Timed: true}
	if m.record != nil {
		w.walked.Records, w.walked.Named = []flow.Record{*m.record}, m.fields
		w.tell(m)
		return
	}
	d := e.decoder(m)
	if d.sflow != nil {
		w.walked.Timed = m.Timed
		d.sflow.Walk(m.Payload, m.At, func(s *sflow.Walked) {
			w.walked.Domain, w.walked.Datagram = s.Datagram.Domain, s.Datagram
			w.walked.Records, w.walked.Named = append(w.walked.Records[:0], s.Record), s.Fields
			w.tell(m)
		})
	} else {
		d.netflow.Walk(m.Payload, m.At, func(n *netflow.Walked) {
			if n.Options {
				return
			}
			w.walked.Domain, w.walked.Datagram, w.walked.Version = n.Datagram.Domain, n.Datagram, n.Datagram.Version
			w.walked.Records, w.walked.Fields = n.Records, n.Fields
			w.tell(m)
		})
	}
	d.account(m)
}

// tell yields a record unless yielding has failed before.
func (w *walker) tell(m *Message) {
	m.from.records += uint64(max(len(w.walked.Records), 1))
	if w.err == nil {
		w.err = w.yield(&w.walked)
	}
}
