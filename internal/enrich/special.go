package enrich

import (
	"net/netip"
	"slices"

	"downpour"
)

// Unallocated is the Special name of an address that no registry has given to
// a country: it is absent from the registries' own lists, as the embedded table
// holds them. It does not tell whether an address is announced in BGP.
const Unallocated = "Unallocated"

// registry lists the special-purpose addresses by the names of the IANA IPv4
// and IPv6 Special-Purpose Address Registries (RFC 6890 with its updates), and
// multicast (RFC 5771, RFC 4291), which those registries leave to others.
// IPv4-mapped addresses are IPv4 here and have no entry.
var registry = [...]struct{ prefix, name string }{
	{"0.0.0.0/32", "This host on this network"},
	{"0.0.0.0/8", "This network"},
	{"10.0.0.0/8", "Private-Use"},
	{"100.64.0.0/10", "Shared Address Space"},
	{"127.0.0.0/8", "Loopback"},
	{"169.254.0.0/16", "Link Local"},
	{"172.16.0.0/12", "Private-Use"},
	{"192.0.0.0/24", "IETF Protocol Assignments"},
	{"192.0.0.0/29", "IPv4 Service Continuity Prefix"},
	{"192.0.0.8/32", "IPv4 dummy address"},
	{"192.0.0.9/32", "Port Control Protocol Anycast"},
	{"192.0.0.10/32", "Traversal Using Relays around NAT Anycast"},
	{"192.0.0.170/31", "NAT64/DNS64 Discovery"},
	{"192.0.2.0/24", "Documentation (TEST-NET-1)"},
	{"192.31.196.0/24", "AS112-v4"},
	{"192.52.193.0/24", "AMT"},
	{"192.88.99.0/24", "Deprecated (6to4 Relay Anycast)"},
	{"192.168.0.0/16", "Private-Use"},
	{"192.175.48.0/24", "Direct Delegation AS112 Service"},
	{"198.18.0.0/15", "Benchmarking"},
	{"198.51.100.0/24", "Documentation (TEST-NET-2)"},
	{"203.0.113.0/24", "Documentation (TEST-NET-3)"},
	{"224.0.0.0/4", "Multicast"},
	{"240.0.0.0/4", "Reserved"},
	{"255.255.255.255/32", "Limited Broadcast"},

	{"::/128", "Unspecified Address"},
	{"::1/128", "Loopback Address"},
	{"64:ff9b::/96", "IPv4-IPv6 Translat."},
	{"64:ff9b:1::/48", "IPv4-IPv6 Translat."},
	{"100::/64", "Discard-Only Address Block"},
	{"100:0:0:1::/64", "Dummy IPv6 Prefix"},
	{"2001::/23", "IETF Protocol Assignments"},
	{"2001::/32", "TEREDO"},
	{"2001:1::1/128", "Port Control Protocol Anycast"},
	{"2001:1::2/128", "Traversal Using Relays around NAT Anycast"},
	{"2001:1::3/128", "DNS-SD Service Registration Protocol Anycast"},
	{"2001:2::/48", "Benchmarking"},
	{"2001:3::/32", "AMT"},
	{"2001:4:112::/48", "AS112-v6"},
	{"2001:10::/28", "Deprecated (previously ORCHID)"},
	{"2001:20::/28", "ORCHIDv2"},
	{"2001:30::/28", "Drone Remote ID Protocol Entity Tags (DETs) Prefix"},
	{"2001:db8::/32", "Documentation"},
	{"2002::/16", "6to4"},
	{"2620:4f:8000::/48", "Direct Delegation AS112 Service"},
	{"3fff::/20", "Documentation"},
	{"5f00::/16", "Segment Routing (SRv6) SIDs"},
	{"fc00::/7", "Unique-Local"},
	{"fe80::/10", "Link-Local Unicast"},
	{"ff00::/8", "Multicast"},
}

// special is one registry entry in the form a look-up compares.
type special struct {
	value, mask downpour.Address
	name        string
}

// specials holds the entries of each family, the most specific first.
type specials struct{ v4, v6 []special }

func newSpecials() specials {
	entries := registry
	prefixes := make([]netip.Prefix, len(entries))
	order := make([]int, len(entries))
	for i, e := range entries {
		prefixes[i], order[i] = netip.MustParsePrefix(e.prefix), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return prefixes[b].Bits() - prefixes[a].Bits() })
	var s specials
	for _, i := range order {
		p := prefixes[i]
		entry := special{value: downpour.AddressFrom(p.Addr()), name: entries[i].name}
		if p.Addr().Is4() {
			entry.mask = mask(p.Bits() + 96)
			s.v4 = append(s.v4, entry)
		} else {
			entry.mask = mask(p.Bits())
			s.v6 = append(s.v6, entry)
		}
	}
	return s
}

// mask is the address whose first bits are ones.
func mask(bits int) downpour.Address {
	if bits <= 64 {
		return downpour.Address{Hi: ^uint64(0) << (64 - bits)}
	}
	return downpour.Address{Hi: ^uint64(0), Lo: ^uint64(0) << (128 - bits)}
}

// name returns the registry entry of an address, or "".
func (s *specials) name(a downpour.Address) string {
	entries := s.v6
	if a.Is4() {
		entries = s.v4
	}
	for i := range entries {
		e := &entries[i]
		if a.Hi&e.mask.Hi == e.value.Hi && a.Lo&e.mask.Lo == e.value.Lo {
			return e.name
		}
	}
	return ""
}
