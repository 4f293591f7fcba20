package listing

import (
	"net/netip"
	"slices"
	"time"

	"downpour"
	"downpour/internal/observe/export"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/netflow"
)

// keyOf is the key that an IANA element has, and its rank among those of that
// key; keys if it has none.
func keyOf(element uint16) (k key, rank int) {
	switch element {
	case 8, 27:
		return source, 0
	case 44, 170:
		return source, 1
	case 12, 28:
		return destination, 0
	case 45, 169:
		return destination, 1
	case 7:
		return sourcePort, 0
	case 180, 182:
		return sourcePort, 1
	case 11:
		return destinationPort, 0
	case 181, 183:
		return destinationPort, 1
	case 4:
		return protocol, 0
	case 6:
		return tcpFlags, 0
	case 5:
		return tos, 0
	case 1, 85, 23, 171, 352, 231:
		return octets, place(element, 1, 85, 23, 171, 352, 231)
	case 2, 86, 24, 172, 298:
		return packets, place(element, 2, 86, 24, 172, 298)
	}
	return rareKeyOf(element)
}

func rareKeyOf(element uint16) (k key, rank int) {
	switch element {
	case 10, 252:
		return inputInterface, place(element, 10, 252)
	case 14, 253:
		return outputInterface, place(element, 14, 253)
	case 16:
		return sourceAS, 0
	case 17:
		return destinationAS, 0
	case 15, 62:
		return nextHop, place(element, 15, 62)
	case 58, 243:
		return vlan, place(element, 58, 243)
	case 56:
		return sourceMAC, 0
	case 80:
		return destinationMAC, 0
	case 176, 178:
		return icmpType, 0
	case 177, 179:
		return icmpCode, 0
	case 192, 52, 53:
		return ttl, place(element, 192, 52, 53)
	case 150, 152, 154, 156, 158, 22:
		return start, place(element, 156, 154, 152, 158, 22, 150)
	case 151, 153, 155, 157, 159, 21:
		return end, place(element, 157, 155, 153, 159, 21, 151)
	}
	return keys, 0
}

// place is where an element stands in an order that it is of.
func place(element uint16, order ...uint16) int { return slices.Index(order, element) }

// candidate is the field that is a key's value so far.
type candidate struct {
	field netflow.Field
	value any
	rank  int
}

// better tells whether a candidate is to be preferred: first what the intake
// took, then what is not 0, then the rank.
func (c *candidate) better(than *candidate) bool {
	switch {
	case c.rank < 0 || than.rank < 0:
		return c.rank < than.rank
	case isZero(c.value) != isZero(than.value):
		return isZero(than.value)
	}
	return c.rank < than.rank
}

// fillFields fills the line of a record with its fields; r is its flow, if it is
// one, and reverse says that it is the second, of the other direction.
func (l *line) fillFields(w *export.Walked, r *flow.Record, reverse bool) {
	var chosen [keys]candidate
	var special specials
	for _, f := range w.Fields {
		if reverse && !ofReverse(f) {
			continue // it tells of the first direction
		}
		k, rank := keys, 0
		if f.Enterprise == 0 || reverse && f.Enterprise == netflow.Reverse {
			k, rank = keyOf(f.Element)
			special.note(f)
		}
		if k == keys {
			l.add(f.Name, f.Value())
			continue
		}
		next := candidate{f, f.Value(), rank}
		if r != nil && agrees(k, next.value, r) {
			next.rank = -1
		}
		l.choose(&chosen[k], next)
	}
	for k := range chosen {
		if c := &chosen[k]; c.value != nil {
			l.values[k] = c.value
		}
	}
	l.times(w, r, &special)
	if r != nil {
		l.fromRecord(r, &special, reverse)
	}
}

// ofReverse tells the fields of a biflow that hold for its other direction: its
// own, and what both have in common.
func ofReverse(f netflow.Field) bool {
	if f.Enterprise == netflow.Reverse {
		return true
	}
	switch k, _ := keyOf(f.Element); k {
	case protocol, tos, start, end, vlan, icmpType, icmpCode:
		return f.Enterprise == 0
	}
	return false
}

// agrees tells whether a field's value is the one that the intake took for a key.
func agrees(k key, v any, r *flow.Record) bool {
	switch v := v.(type) {
	case string:
		return k == source && v == r.Source.String() || k == destination && v == r.Destination.String()
	case uint64:
		taken, ok := number(k, r)
		return ok && taken == v
	}
	return false
}

// number is what the intake's record has for a key.
func number(k key, r *flow.Record) (v uint64, ok bool) {
	switch k {
	case sourcePort:
		return uint64(r.SourcePort), true
	case destinationPort:
		return uint64(r.DestinationPort), true
	case protocol:
		return uint64(r.Protocol), true
	case octets:
		return r.Bytes, true
	case packets:
		return uint64(r.Packets), true
	case inputInterface:
		return uint64(r.Input), true
	case outputInterface:
		return uint64(r.Output), true
	case ttl:
		return uint64(r.TTL), true
	}
	return 0, false
}

// choose keeps the better of two candidates for a key; the other goes to `other`.
func (l *line) choose(have *candidate, next candidate) {
	worse := next
	if have.value == nil || next.better(have) {
		worse, *have = *have, next
	}
	if worse.value != nil {
		l.add(worse.field.Name, worse.field.Value())
	}
}

// add puts a field under `other`. A template may hold an element several times:
// then its values are a list.
func (l *line) add(name string, value any) {
	for i := range l.other {
		if l.other[i].name != name {
			continue
		}
		if list, ok := l.other[i].value.([]any); ok {
			list = append(list, value)
			l.other[i].value = list
		} else {
			l.other[i].value = []any{l.other[i].value, value}
		}
		return
	}
	l.other = append(l.other, pair{name, value})
}

// specials are what a record holds of fields that need more than a table.
type specials struct {
	uptime, dated bool // has a start or end by the exporter's uptime, or another
	duration      bool
	icmp          bool // 32 or 139
	section       bool // a packet
	fragment      bool
}

func (s *specials) note(f netflow.Field) {
	switch f.Element {
	case 21, 22:
		s.uptime = true
	case 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 322, 323, 324, 325:
		s.dated = true
	case 161, 162:
		s.duration = true
	case 32, 139:
		s.icmp = true
	case 104, 313, 315:
		s.section = true
	case 88, 197:
		s.fragment = true
	}
}

// times fills start and end, where fields do not say them as they are.
func (l *line) times(w *export.Walked, r *flow.Record, s *specials) {
	if r != nil {
		// The intake has worked it out: uptimes, deltas, durations.
		begins, ends := r.Time, r.Time+int64(r.Duration)*int64(time.Millisecond)
		if l.values[start] == nil && (s.dated || s.duration) || !isMoment(l.values[start]) {
			l.momentOr(start, begins)
		}
		if l.values[end] == nil && (s.dated || s.duration) || !isMoment(l.values[end]) {
			l.momentOr(end, ends)
		}
		return
	}
	boot := w.Datagram.Exported - w.Datagram.Uptime*int64(time.Millisecond)
	for _, k := range []key{start, end} {
		if up, ok := l.values[k].(uint64); ok && s.uptime && w.Datagram.Uptime != 0 {
			l.values[k] = moment(boot + int64(uint32(up))*int64(time.Millisecond))
		}
	}
}

func (l *line) momentOr(k key, ns int64) { l.values[k] = moment(ns) }

// isMoment tells a time from what only leads to one, and from nothing.
func isMoment(v any) bool {
	_, is := v.(string)
	return is || v == nil
}

// fromRecord fills what the intake found out, from fields that are not values
// themselves: packets in a record, types and codes in one number.
func (l *line) fromRecord(r *flow.Record, s *specials, reverse bool) {
	if s.section || reverse {
		l.addressesElse(r)
		l.elseValue(protocol, uint64(r.Protocol))
		l.elseValue(octets, r.Bytes)
		l.elseValue(packets, uint64(r.Packets))
		l.elseTransport(r)
	}
	if s.section {
		l.elseValue(ttl, uint64(r.TTL))
	}
	if s.icmp {
		l.elseValue(icmpType, uint64(r.ICMPType))
		l.elseValue(icmpCode, uint64(r.ICMPCode))
	}
	if s.fragment || s.section && r.Fragment != downpour.NotFragment {
		l.values[fragment] = fragmentName(r.Fragment)
	}
}

func (l *line) elseValue(k key, v any) {
	if l.values[k] == nil {
		l.values[k] = v
	}
}

func (l *line) addressesElse(r *flow.Record) {
	if a := r.Source.Netip(); a != (netip.Addr{}) {
		l.elseValue(source, a)
	}
	if a := r.Destination.Netip(); a != (netip.Addr{}) {
		l.elseValue(destination, a)
	}
}

func (l *line) elseTransport(r *flow.Record) {
	var t line
	t.transport(r)
	for _, k := range []key{sourcePort, destinationPort, tcpFlags, icmpType, icmpCode} {
		if l.values[k] == nil && t.values[k] != nil {
			l.values[k] = t.values[k]
		}
	}
}
