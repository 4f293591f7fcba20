package traffic

import (
	"cmp"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"

	"downpour/internal/observe/packet"
)

// sent is one packet with what is known of it.
type sent struct {
	at     int64  // nanoseconds since the epoch
	bytes  []byte // from the IP header on, or an ARP packet
	from   netip.Addr
	to     netip.Addr
	stream int  // which of the recipe's
	attack bool // belongs to the attack, toward its target
}

// maker makes the packets of a recipe's streams.
type maker struct {
	recipe *Recipe
	r      *rand.Rand // the stream's own
	world  *world
	stream int
	out    []sent
	// Where the capture is: the target's TTL and stack.
	home host
}

// Capture is a recipe made into packets.
type Capture struct {
	recipe  *Recipe
	packets []sent
}

// Make makes the packets. The recipe must have no Fault.
func Make(recipe *Recipe) *Capture {
	c := &Capture{recipe: recipe}
	for i := range recipe.Streams {
		// A stream has its own randomness: adding another leaves it as it is.
		m := &maker{recipe: recipe, stream: i, r: rand.New(rand.NewPCG(recipe.Seed, uint64(i)))}
		m.world = newWorld(rand.New(rand.NewPCG(recipe.Seed, 1<<32+uint64(i))))
		m.home = host{address: recipe.Host, ttl: 64, stack: unix}
		s := &recipe.Streams[i]
		switch usual, ok := usualKinds[s.Kind]; {
		case s.File != "":
			m.splice(s)
		case ok:
			usual(m, s)
		default:
			m.attack(s)
		}
		c.packets = append(c.packets, m.out...)
	}
	from := recipe.Start.Add(recipe.Cut).UnixNano()
	c.packets = slices.DeleteFunc(c.packets, func(p sent) bool {
		return p.at < from || recipe.View == Ingress && recipe.ours(p.from)
	})
	slices.SortStableFunc(c.packets, func(a, b sent) int { return cmp.Compare(a.at, b.at) })
	return c
}

// send adds a datagram at a time.
func (m *maker) send(at int64, d datagram, attack bool) {
	id := uint16(m.r.Uint32())
	for i, p := range d.packets(id) {
		m.out = append(m.out, sent{
			at:    at + int64(i)*12_000, // back to back at 1 Gbit/s
			bytes: p, from: d.from.address, to: d.to.address, stream: m.stream, attack: attack,
		})
	}
}

// Write writes the capture as a pcap file with nanoseconds.
func (c *Capture) Write(w io.Writer) error {
	out, err := packet.NewWriter(w, c.linkType(), true)
	if err != nil {
		return err
	}
	var frame []byte
	for i := range c.packets {
		p := &c.packets[i]
		frame = c.frame(frame[:0], p)
		whole := len(frame)
		if c.recipe.Snap > 0 {
			frame = frame[:min(whole, c.recipe.Snap)]
		}
		if err := out.WritePacket(p.at, frame, whole); err != nil {
			return err
		}
	}
	return nil
}

func (c *Capture) linkType() packet.LinkType {
	switch c.recipe.Link {
	case Cooked:
		return packet.LinkCooked
	case RawIP:
		return packet.LinkRaw
	}
	return packet.LinkEthernet
}

// The EtherTypes that occur (IEEE 802 numbers).
const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherVLAN = 0x8100
	etherIPv6 = 0x86dd
)

func etherType(p []byte) uint16 {
	switch p[0] >> 4 {
	case 4:
		return etherIPv4
	case 6:
		return etherIPv6
	}
	return etherARP
}

// frame wraps a packet for its link.
func (c *Capture) frame(dst []byte, p *sent) []byte {
	be, kind := binary.BigEndian, etherType(p.bytes)
	switch c.recipe.Link {
	case RawIP:
	case Cooked: // LINKTYPE_LINUX_SLL: to us or from us, Ethernet, 6 bytes of address
		direction := uint16(0)
		if p.from == c.recipe.Host {
			direction = 4
		}
		dst = be.AppendUint16(dst, direction)
		dst = append(dst, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0)
		dst = be.AppendUint16(dst, kind)
	default:
		dst = append(dst, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1)
		if c.recipe.Link == VLAN {
			dst = be.AppendUint16(dst, etherVLAN)
			dst = be.AppendUint16(dst, 42)
		}
		dst = be.AppendUint16(dst, kind)
	}
	dst = append(dst, p.bytes...)
	if c.recipe.Link == "" || c.recipe.Link == Ethernet {
		for len(dst) < 60 { // the least that Ethernet carries
			dst = append(dst, 0)
		}
	}
	return dst
}
