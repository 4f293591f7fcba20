package sflow

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"downpour/internal/observe/flow"
)

// maxInterfaces bounds the interfaces whose load is kept, of one exporter.
const maxInterfaces = 4096

// maxName bounds the name that is kept of an interface, in bytes.
const maxName = 64

// unknown32 and unknown64 are what agents send for counters that they don't have
// (section "counters").
const (
	unknown32 = 1<<32 - 1
	unknown64 = 1<<64 - 1
)

// interfaces keeps the newest counters of an exporter's interfaces.
type interfaces struct {
	known map[uint32]*counted
}

// counted is an interface's newest counters, and what grew since those before.
type counted struct {
	name   string
	now    counters
	before counters
	uptime uint32 // of the agent with now, milliseconds
	at     int64  // when now arrived
	over   int64  // nanoseconds from before to now; 0 if there is no before
}

// counters are an interface's (section "if_counters").
type counters struct {
	speed   uint64
	status  uint32
	in, out traffic
}

// traffic counts one direction; packets are those to one, many and all.
type traffic struct {
	octets           uint64
	packets          [3]uint32
	discards, errors uint32
}

// note keeps what a counter sample's records say; index is its data source's, if
// that is an interface. It tells whether there was room for the interface, and
// what is wrong with the sample.
func (t *interfaces) note(index, count uint32, list *cursor, uptime uint32, at int64) (room bool, reason flow.Reason) {
	name := ""
	room = true
	for range count {
		format, body, ok := list.next()
		if !ok {
			return room, flow.ShortMessage
		}
		switch format {
		case counterGeneric:
			if len(body) < genericSize {
				return room, flow.BadRecord
			}
			index = binary.BigEndian.Uint32(body)
			kept := t.of(index)
			if room = kept != nil; room {
				kept.take(body, uptime, at)
			}
		case counterPortName:
			if name, ok = readName(body); !ok {
				return room, flow.BadRecord
			}
		}
	}
	if kept := t.known[index]; kept != nil && name != "" && kept.name != name {
		kept.name = strings.Clone(name)
	}
	return room, flow.OK
}

// of finds an interface or adds it; nil if there are too many.
func (t *interfaces) of(index uint32) *counted {
	if kept := t.known[index]; kept != nil {
		return kept
	}
	if len(t.known) == maxInterfaces {
		return nil
	}
	if t.known == nil {
		t.known = map[uint32]*counted{}
	}
	t.known[index] = &counted{}
	return t.known[index]
}

// take reads generic interface counters. Those that arrive out of order are not
// told apart: the agent's uptime is then not after, and no rate is made of them.
func (c *counted) take(b []byte, uptime uint32, at int64) {
	had := c.at != 0 || c.uptime != 0
	c.before = c.now
	c.now = counters{
		speed:  binary.BigEndian.Uint64(b[8:]),
		status: binary.BigEndian.Uint32(b[20:]),
		in:     readTraffic(b[24:], b[32:], b[44:], b[48:]),
		out:    readTraffic(b[56:], b[64:], b[76:], b[80:]),
	}
	passed := int64(int32(uptime-c.uptime)) * int64(time.Millisecond)
	if uptime == c.uptime { // an agent without uptime
		passed = at - c.at
	}
	c.over = 0
	if had && passed > 0 {
		c.over = passed
	}
	c.uptime, c.at = uptime, at
}

// readTraffic reads one direction.
func readTraffic(octets, packets, discards, errors []byte) traffic {
	return traffic{
		octets: binary.BigEndian.Uint64(octets),
		packets: [3]uint32{binary.BigEndian.Uint32(packets),
			binary.BigEndian.Uint32(packets[word:]), binary.BigEndian.Uint32(packets[2*word:])},
		discards: binary.BigEndian.Uint32(discards),
		errors:   binary.BigEndian.Uint32(errors),
	}
}

// readName reads a string (RFC 4506, 4.11), as much of it as is kept.
func readName(b []byte) (string, bool) {
	if len(b) < word {
		return "", false
	}
	length := uint64(binary.BigEndian.Uint32(b))
	if length > uint64(len(b)-word) {
		return "", false
	}
	name := strings.ToValidUTF8(string(b[word:word+min(length, maxName)]), "")
	return strings.TrimRight(name, "\x00 "), true
}

// Interfaces lists the load of the interfaces that the exporter sent counters of,
// by their number.
func (d *Decoder) Interfaces() []flow.InterfaceLoad {
	list := make([]flow.InterfaceLoad, 0, len(d.interfaces.known))
	for index, c := range d.interfaces.known {
		list = append(list, c.load(index))
	}
	slices.SortFunc(list, func(a, b flow.InterfaceLoad) int { return cmp.Compare(a.Index, b.Index) })
	return list
}

// load says what is known of an interface.
func (c *counted) load(index uint32) flow.InterfaceLoad {
	l := flow.InterfaceLoad{Index: index, Name: c.name, Up: c.now.status&3 == 3, At: c.at, Over: c.over,
		In: loadOf(&c.before.in, &c.now.in, c.over), Out: loadOf(&c.before.out, &c.now.out, c.over)}
	if c.now.speed != unknown64 {
		l.Speed = c.now.speed
	}
	return l
}

// loadOf is what grew from before to now, a second.
func loadOf(before, now *traffic, over int64) flow.Load {
	bits := rate64(before.octets, now.octets, over)
	bits.Value *= 8
	var packets flow.Rate
	for i := range now.packets {
		// An agent may count only packets to one receiver.
		if r := rate32(before.packets[i], now.packets[i], over); r.Known {
			packets.Value += r.Value
			packets.Known = true
		}
	}
	return flow.Load{Bits: bits, Packets: packets,
		Discards: rate32(before.discards, now.discards, over), Errors: rate32(before.errors, now.errors, over)}
}

// rate32 is a rate from two values of a counter of 32 bits, which wraps around.
// It is not known if the counter leapt back farther than that explains.
func rate32(before, now uint32, over int64) flow.Rate {
	if over == 0 || before == unknown32 || now == unknown32 || now-before > 1<<31 {
		return flow.Rate{}
	}
	return flow.Rate{Value: float64(now-before) / time.Duration(over).Seconds(), Known: true}
}

// rate64 is the same of 64 bits. Some agents send counters of 32 bits in them,
// which wrap around as such.
func rate64(before, now uint64, over int64) flow.Rate {
	grown := now - before
	if now < before && before < 1<<32 {
		grown = uint64(uint32(now) - uint32(before))
	}
	if over == 0 || before == unknown64 || now == unknown64 || grown > 1<<63 {
		return flow.Rate{}
	}
	return flow.Rate{Value: float64(grown) / time.Duration(over).Seconds(), Known: true}
}
