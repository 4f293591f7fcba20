package export

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"downpour/internal/observe/flow"
)

// Meter is a router's metering process: it samples packets, keeps a flow cache,
// and lets a flow go when it has been active or quiet for too long (RFC 5470,
// 5.1).
type Meter struct {
	Active, Inactive time.Duration // 60 s and 15 s by default
	Sampling         uint32        // N of 1:N, each packet with the same chance; 0 and 1: all
	Seed             uint64        // of the sampling
	// Place, if set, tells where a packet came in and went out.
	Place func(p *Packet) (input, output uint32, direction flow.Direction)
}

// key is what makes packets one flow.
type key struct {
	source, destination         netip.Addr
	sourcePort, destinationPort uint16
	protocol, tos               uint8
	icmpType, icmpCode          uint8
	input, output               uint32
}

// cache is the flows that have not been let go, the oldest first.
type cache struct {
	open  map[key]*Flow
	order []*Flow
	done  []Flow
}

// Flows meters packets, which are in time order, and returns the flows in the
// order in which they were let go; at the end of the packets all are.
func (m *Meter) Flows(packets []Packet) []Flow {
	active, inactive := cmp.Or(m.Active, 60*time.Second), cmp.Or(m.Inactive, 15*time.Second)
	c := cache{open: map[key]*Flow{}}
	var swept, last int64
	m.sample(packets, func(p *Packet, _ uint32) {
		last = p.At
		if p.At-swept >= int64(time.Second) {
			swept = p.At
			c.expire(p.At, int64(active), int64(inactive))
		}
		m.count(&c, p, int64(active))
	})
	c.expire(last, 0, 0)
	slices.SortStableFunc(c.done, func(a, b Flow) int { return cmp.Compare(a.Exported, b.Exported) })
	return c.done
}

// Samples is what an sFlow agent makes of packets: each sampled one as a flow of
// one packet with its frame.
func (m *Meter) Samples(packets []Packet) []Flow {
	var list []Flow
	m.sample(packets, func(p *Packet, pool uint32) {
		f := m.open(p)
		f.Packets, f.Bytes, f.End, f.Exported = 1, p.Bytes, p.At, p.At
		f.Frame, f.FrameLength, f.Pool = p.Frame, p.FrameLength, pool
		list = append(list, *f)
	})
	return list
}

// sample calls take for each sampled packet with how many had been seen.
func (m *Meter) sample(packets []Packet, take func(*Packet, uint32)) {
	r := rand.New(rand.NewPCG(m.Seed, uint64(m.Sampling)))
	for i := range packets {
		if m.Sampling > 1 && r.Uint32N(m.Sampling) != 0 {
			continue
		}
		take(&packets[i], uint32(i+1))
	}
}

func (m *Meter) open(p *Packet) *Flow {
	f := &Flow{
		Source: p.Source, Destination: p.Destination, SourcePort: p.SourcePort, DestinationPort: p.DestinationPort,
		Protocol: p.Protocol, TOS: p.TOS, TTL: p.TTL, ICMPType: p.ICMPType, ICMPCode: p.ICMPCode, Start: p.At,
		Input: 1, Output: 2,
	}
	if m.Place != nil {
		f.Input, f.Output, f.Direction = m.Place(p)
	}
	return f
}

// count adds a packet to its flow. A flow that has been active for long enough
// is let go first.
func (m *Meter) count(c *cache, p *Packet, active int64) {
	fresh := m.open(p)
	k := keyOf(fresh)
	f := c.open[k]
	if f != nil && p.At-f.Start >= active {
		f.Exported = f.Start + active
		c.done = append(c.done, *f)
		*f = Flow{} // its place in the order is left to the next sweep
		f = nil
	}
	if f == nil {
		f = fresh
		c.open[k] = f
		c.order = append(c.order, f)
	}
	f.Packets++
	f.Bytes += p.Bytes
	f.End = p.At
	f.TCPFlags |= p.TCPFlags
	f.TTL = min(f.TTL, p.TTL)
}

// expire lets go what has been active or quiet for too long at a time.
func (c *cache) expire(now, active, inactive int64) {
	c.order = slices.DeleteFunc(c.order, func(f *Flow) bool {
		if f.Packets == 0 {
			return true
		}
		if now-f.Start < active && now-f.End < inactive {
			return false
		}
		f.Exported = now
		c.done = append(c.done, *f)
		return true
	})
	clear(c.open)
	for _, f := range c.order {
		c.open[keyOf(f)] = f
	}
}

func keyOf(f *Flow) key {
	return key{
		f.Source, f.Destination, f.SourcePort, f.DestinationPort, f.Protocol, f.TOS, f.ICMPType, f.ICMPCode,
		f.Input, f.Output,
	}
}

// Batches encodes flows as their exporter would send them: those let go within
// the same interval go together at its end.
func (e *Encoder) Batches(flows []Flow, interval time.Duration) []Datagram {
	var list []Datagram
	for len(flows) > 0 {
		end := flows[0].Exported - flows[0].Exported%int64(interval) + int64(interval)
		n := 1
		for n < len(flows) && flows[n].Exported < end {
			n++
		}
		list = e.Flows(list, end, flows[:n])
		flows = flows[n:]
	}
	return list
}
