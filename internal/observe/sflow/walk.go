package sflow

import (
	"encoding/binary"
	"net/netip"

	"downpour/internal/observe/flow"
)

// Walked is a flow sample with all of it that we can name.
type Walked struct {
	// Record is what Decode gives for it.
	Record flow.Record
	// Datagram is what its datagram tells of the exporter.
	Datagram flow.Datagram
	// Fields are what the record doesn't hold: those that all protocols share
	// under their names in `decode` (see flow.Field), what a tunnel carries with
	// `inner` before IANA's name, others by the names of sFlow's structures.
	Fields []flow.Field
}

// Walk decodes a message as Decode does, and yields each flow sample that gives a
// record. What is yielded holds until yield returns.
func (d *Decoder) Walk(message []byte, at int64, yield func(*Walked)) flow.Datagram {
	h, _ := readHeader(message)
	d.walker = &walker{yield: yield}
	d.walker.walked.Datagram = flow.Datagram{Version: flow.SFlow5, Domain: h.subAgent, Uptime: int64(h.uptime)}
	_, told := d.Decode(nil, message, at)
	d.walker = nil
	return told
}

// walker takes samples apart for Walk.
type walker struct {
	walked Walked
	yield  func(*Walked)
}

// tell yields a sample that gave a record.
func (w *walker) tell(s *sample, r *flow.Record) {
	w.walked.Record = *r
	w.walked.Fields = w.walked.Fields[:0]
	w.sampleFields(s)
	list := cursor{s.records}
	for range s.count {
		format, body, ok := list.next()
		if !ok {
			break
		}
		switch format {
		case recordHeader:
			w.headerFields(body)
		case recordEthernet:
			w.ethernetFields(body)
		case recordIPv4, recordIPv6:
			w.ipFields(format, body)
		case recordSwitch:
			w.switchFields(body)
		case recordRouter:
			w.routerFields(body)
		case recordGateway:
			w.gatewayFields(body)
		case recordNAT:
			w.natFields(body)
		case recordEgress:
			w.words(body, "vni_egress")
		case recordIngress:
			w.words(body, "vni_ingress")
		}
	}
	w.yield(&w.walked)
}

// add adds a field. The first to tell of something is believed, as in a sample
// with both a header and the IPv4 record made of it.
func (w *walker) add(name string, value any) {
	for i := range w.walked.Fields {
		if w.walked.Fields[i].Name == name {
			return
		}
	}
	w.walked.Fields = append(w.walked.Fields, flow.Field{Name: name, Value: value})
}

// number adds a field unless it is 0, which sFlow has for "unknown".
func (w *walker) number(name string, value uint32) {
	if value != 0 {
		w.add(name, uint64(value))
	}
}

// words adds the words that body begins with, as far as it has them.
func (w *walker) words(body []byte, names ...string) {
	for i, name := range names {
		if len(body) < (i+1)*word {
			return
		}
		w.number(name, binary.BigEndian.Uint32(body[i*word:]))
	}
}

// sampleFields adds what stands before the records.
func (w *walker) sampleFields(s *sample) {
	w.add("sequence_number", uint64(s.sequence))
	w.add("source_id_class", uint64(s.class))
	w.add("source_id_index", uint64(s.index))
	w.add("sample_pool", uint64(s.pool))
	w.add("drops", uint64(s.drops))
	switch s.outputFormat {
	case interfaceDiscarded:
		w.add("discarded", uint64(s.output))
	case interfaceMultiple:
		w.add("output_interfaces", uint64(s.output))
	}
}

// switchFields adds an extended switch record.
func (w *walker) switchFields(body []byte) {
	if len(body) < 4*word {
		return
	}
	w.number("vlan", binary.BigEndian.Uint32(body))
	w.number("dot1qPriority", binary.BigEndian.Uint32(body[word:]))
	w.number("postVlanId", binary.BigEndian.Uint32(body[2*word:]))
	w.number("postDot1qPriority", binary.BigEndian.Uint32(body[3*word:]))
}

// address reads an address that begins with its type; n is how many bytes it took.
func address(b []byte) (a netip.Addr, n int, ok bool) {
	if len(b) < word {
		return netip.Addr{}, 0, false
	}
	size := addressSize(binary.BigEndian.Uint32(b))
	if size < 0 || len(b) < word+size {
		return netip.Addr{}, 0, false
	}
	a, _ = netip.AddrFromSlice(b[word : word+size])
	return a, word + size, true
}

// nextHop adds the address that body begins with, and returns what follows.
func (w *walker) nextHop(name string, body []byte) []byte {
	hop, n, ok := address(body)
	if !ok {
		return nil
	}
	if hop.IsValid() {
		w.add(name, hop)
	}
	return body[n:]
}

// routerFields adds an extended router record.
func (w *walker) routerFields(body []byte) {
	names := [...]string{"sourceIPv4PrefixLength", "destinationIPv4PrefixLength"}
	if !w.walked.Record.Source.Is4() {
		names = [...]string{"sourceIPv6PrefixLength", "destinationIPv6PrefixLength"}
	}
	w.words(w.nextHop("next_hop", body), names[:]...)
}

// gatewayFields adds an extended gateway record. The source's numbers are in the
// flow record.
func (w *walker) gatewayFields(body []byte) {
	body = w.nextHop("bgp_next_hop", body)
	if len(body) < 4*word {
		return
	}
	w.number("router_as", binary.BigEndian.Uint32(body))
	if path, ok := pathOf(body[3*word:]); ok && len(path) > 0 {
		w.number("destination_as", path[len(path)-1])
		w.number("bgpNextAdjacentAsNumber", path[0])
	}
}

// pathOf reads the AS path to the destination: segments (section "as_path_type"),
// each a type, a number of ASes, and these.
func pathOf(b []byte) (path []uint32, ok bool) {
	segments := binary.BigEndian.Uint32(b)
	b = b[word:]
	for range segments {
		if len(b) < 2*word {
			return nil, false
		}
		count := uint64(binary.BigEndian.Uint32(b[word:]))
		b = b[2*word:]
		if count*word > uint64(len(b)) {
			return nil, false
		}
		for range count {
			path = append(path, binary.BigEndian.Uint32(b))
			b = b[word:]
		}
	}
	return path, true
}

// natFields adds an extended NAT record: what the addresses were turned into.
func (w *walker) natFields(body []byte) {
	w.nextHop("postNATDestinationAddress", w.nextHop("postNATSourceAddress", body))
}
