package attack

import (
	"math"
	"slices"

	"downpour"
	"downpour/internal/detect/finding"
)

// footprint gathers the facts that the attack left, of the kinds that its
// vectors are made of.
func (s *suspect) footprint(parts []part) *downpour.Footprint {
	set := kindsOf(parts)
	out := &downpour.Footprint{Sampling: 1, OutgoingVisible: downpour.NotVisible}
	if s.visible() {
		out.OutgoingVisible = downpour.Yes
	}
	var packets, samples uint64
	for _, k := range s.active {
		if !set.has(k) {
			continue
		}
		r := s.rows[k]
		v := r.ofAttack()
		packets, samples = packets+v.packets, samples+v.samples
		out.Packets += v.samples
		if v.packets > 0 {
			out.Bytes += uint64(float64(v.bytes) * float64(v.samples) / float64(v.packets))
		}
		for ttl, n := range r.ttls {
			out.TTLs[ttl] += uint64(n)
		}
		out.Marked += r.marked
		out.Payloads += r.payloads
	}
	if samples > 0 {
		out.Sampling = uint32(min(math.Round(float64(packets)/float64(samples)), math.MaxUint32))
	}
	out.Reflected = reflected(parts)
	out.Ingress = s.ingress(set)
	out.Questions, out.Answers = s.asks, s.answers
	out.ConstantFields = s.constantFields(set)
	s.fillSources(out, set)
	out.Before = s.attack.before
	out.During = s.records.between(s.attack.onset, s.attack.end+slotLength)
	return out
}

func kindsOf(parts []part) (set kindSet) {
	for _, p := range parts {
		set |= p.kinds
	}
	return set
}

// reflected counts the samples of the vectors that only reflectors send.
func reflected(parts []part) (n uint64) {
	for _, p := range parts {
		if p.name == mixedTCP {
			continue // whatever leads it
		}
		if p.lead.isService() || p.lead == kindSYNACK || p.lead == kindMiddlebox || p.name == udpAmplification {
			n += p.volume.samples
		}
	}
	return n
}

// fillSources lists the sampled sources that sent of the attack's kinds between
// its onset and its end, and estimates how many there are of them.
func (s *suspect) fillSources(out *downpour.Footprint, set kindSet) {
	a := s.attack
	slack := slotLength // the end is known to within a slot of what follows
	list := make([]downpour.Source, 0, len(s.sources.entries))
	for i := range s.sources.entries {
		e := &s.sources.entries[i]
		if e.kinds&set == 0 || e.converses(set) || e.Last < a.onset || e.First > a.end+slack {
			continue
		}
		list = append(list, e.Source)
		if e.Established {
			out.Handshakes++
		}
	}
	out.Distinct = atMost(finding.Distinct(len(list), s.sources.threshold), float64(out.Packets))
	out.SampleComplete = s.sources.complete()
	slices.SortFunc(list, func(x, y downpour.Source) int { return x.Address.Compare(y.Address) })
	out.Sample = list
	if out.SampleComplete {
		out.Heavy = heaviest(slices.Clone(list))
		return
	}
	out.Heavy = s.heavy.list()
}

// constantFields tells which header fields hardly vary over the attack: the
// commonest value of the largest kind, with its share of all packets that have
// the field. Of IPv6 only fragments have an id.
func (s *suspect) constantFields(set kindSet) []downpour.FieldShare {
	const constant = 0.5
	fields := []struct {
		name string
		of   func(*row) *vote
		tcp  bool
		all  func(*row) uint64 // samples that have the field
	}{
		{"ip id", func(r *row) *vote { return &r.id }, false, ofFields},
		{"tcp sequence", func(r *row) *vote { return &r.sequence }, true, ofFields},
		{"tcp window", func(r *row) *vote { return &r.window_ }, true, ofFields},
		{"source port", func(r *row) *vote { return &r.sourcePort }, false, ofAll},
		{"length", func(r *row) *vote { return &r.length }, false, ofAll},
	}
	out := []downpour.FieldShare{}
	for _, field := range fields {
		var largest *row
		var total, hits uint64
		for _, k := range s.active {
			if r := s.rows[k]; set.has(k) && (!field.tcp || k.traits().protocol == "tcp") {
				total += field.all(r)
				if largest == nil || field.all(r) > field.all(largest) {
					largest = r
				}
			}
		}
		if largest == nil || total == 0 || !told(field.name, largest) || field.name == "ip id" && !s.address.Is4() {
			continue
		}
		for _, k := range s.active {
			if v := field.of(s.rows[k]); set.has(k) && v.value == field.of(largest).value {
				hits += v.hits
			}
		}
		if share := min(1, float64(hits)/float64(total)); share >= constant {
			out = append(out, downpour.FieldShare{Field: field.name, Share: share})
		}
	}
	return out
}

// told tells whether a field was exported at all. Flow export that lacks one gives
// 0; so 0 is a packet's own only where it bears the two other fields of a header.
func told(field string, r *row) bool {
	id, sequence, window := r.id.value != 0, r.sequence.value != 0, r.window_.value != 0
	switch field {
	case "ip id":
		return id || sequence && window
	case "tcp sequence":
		return sequence || id && window
	case "tcp window":
		return window || id && sequence
	}
	return true
}

func ofFields(r *row) uint64 { return r.fields }

func ofAll(r *row) uint64 { return r.total.samples }

// atMost bounds an estimate: no more sources were seen than records.
func atMost(e downpour.Estimate, most float64) downpour.Estimate {
	return downpour.Estimate{Value: min(e.Value, most), Low: min(e.Low, most), High: min(e.High, most)}
}
