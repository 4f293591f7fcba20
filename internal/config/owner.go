package config

import (
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"

	"downpour"
)

// ServiceOf tells to which service an address belongs and whether it is ours at
// all. It is nil where the configuration names no address: then every address
// may be a target, and all belong to the first service. It is asked of both ends
// of every flow, so it costs a few nanoseconds for IPv4.
func (c *Config) ServiceOf() func(downpour.Address) (service string, ours bool) {
	o := newOwners(c.Services[0].Name)
	for _, s := range c.Services[1:] {
		o.names = append(o.names, s.Name)
	}
	var all []owned
	for _, p := range c.Networks.Own {
		all = append(all, owned{p.Masked(), 0})
	}
	for i, s := range c.Services {
		for _, p := range s.Targets {
			all = append(all, owned{p.Masked(), i})
		}
	}
	if len(all) == 0 {
		first := c.Services[0].Name
		if first == downpour.DefaultService {
			return nil
		}
		return func(downpour.Address) (string, bool) { return first, true }
	}
	// From the shortest prefix on, so that each longer one overwrites its part;
	// of equals the later one counts.
	slices.SortStableFunc(all, func(a, b owned) int { return a.prefix.Bits() - b.prefix.Bits() })
	for _, p := range all {
		o.insert(p)
	}
	return o.serviceOf
}

// owned is a prefix of ours and the number of the service that it is of.
type owned struct {
	prefix  netip.Prefix
	service int
}

// owners finds the longest prefix of ours that an address lies in. For IPv4 it is
// a trie of three levels, of 16, 8 and 8 bits (Gupta, Lin, McKeown 1998): most
// addresses are answered by the first.
type owners struct {
	names  []string
	first  []entry      // by the upper 16 bits
	blocks [][256]entry // by the next 8 bits each
	v6     bart.Table[int]
}

// entry is nobody (0), the number of a service + 1, or, where deeper is set, the
// number of a block.
type entry uint32

const deeper entry = 1 << 31

func newOwners(first string) *owners {
	return &owners{names: []string{first}, first: make([]entry, 1<<16)}
}

func (o *owners) insert(p owned) {
	if !p.prefix.Addr().Is4() {
		o.v6.Insert(p.prefix, p.service)
		return
	}
	b := p.prefix.Addr().As4()
	bits, leaf := p.prefix.Bits(), entry(p.service+1)
	at := int(b[0])<<8 | int(b[1])
	if bits <= 16 {
		fill(o.first[at:at+1<<(16-bits)], leaf)
		return
	}
	second := o.below(&o.first[at])
	if bits <= 24 {
		fill(o.blocks[second][int(b[2]):int(b[2])+1<<(24-bits)], leaf)
		return
	}
	third := o.below(&o.blocks[second][b[2]])
	fill(o.blocks[third][int(b[3]):int(b[3])+1<<(32-bits)], leaf)
}

// below returns the block that an entry leads to, and makes it if need be.
func (o *owners) below(e *entry) int {
	if *e&deeper == 0 {
		var block [256]entry
		fill(block[:], *e)
		n := len(o.blocks)
		*e = deeper | entry(n) // before blocks may move
		o.blocks = append(o.blocks, block)
	}
	return int(*e &^ deeper)
}

func fill(list []entry, e entry) {
	for i := range list {
		list[i] = e
	}
}

func (o *owners) serviceOf(a downpour.Address) (service string, ours bool) {
	if !a.Is4() {
		if n, found := o.v6.Lookup(a.Netip()); found {
			return o.names[n], true
		}
		return o.names[0], false
	}
	ip := a.V4()
	e := o.first[ip>>16]
	if e&deeper != 0 {
		if e = o.blocks[e&^deeper][ip>>8&0xff]; e&deeper != 0 {
			e = o.blocks[e&^deeper][ip&0xff]
		}
	}
	if e == 0 {
		return o.names[0], false
	}
	return o.names[e-1], true
}
