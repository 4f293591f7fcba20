package downpour

import (
	"encoding/binary"
	"net/netip"
)

// Address is an IP address as the hot path carries it: 16 bytes in two words,
// comparable, hashable and free of pointers. IPv4 is held in its IPv4-mapped
// form (RFC 4291, 2.5.5.2). The zero Address is the IPv6 unspecified address
// and means "none".
type Address struct{ Hi, Lo uint64 }

// mappedPrefix is the ::ffff/96 prefix of IPv4-mapped addresses, low word.
const mappedPrefix = 0xffff_0000_0000

// AddressFrom4 makes an Address of the 32 bits of an IPv4 address.
func AddressFrom4(v uint32) Address { return Address{Lo: mappedPrefix | uint64(v)} }

// AddressFrom16 reads the first 16 bytes of b, which must hold them.
func AddressFrom16(b []byte) Address {
	return Address{Hi: binary.BigEndian.Uint64(b), Lo: binary.BigEndian.Uint64(b[8:])}
}

// AddressFrom converts a netip address; its zone is dropped. An invalid one
// gives the zero Address.
func AddressFrom(a netip.Addr) Address {
	if !a.IsValid() {
		return Address{}
	}
	b := a.As16()
	return AddressFrom16(b[:])
}

// Is4 tells whether the address is an IPv4 one.
func (a Address) Is4() bool { return a.Hi == 0 && a.Lo>>32 == mappedPrefix>>32 }

// V4 returns the 32 bits of an IPv4 address; it is meaningful only if Is4.
func (a Address) V4() uint32 { return uint32(a.Lo) }

// Netip converts to the standard library's form, IPv4 unmapped.
func (a Address) Netip() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// Prefix returns the host prefix of the address, /32 or /128.
func (a Address) Prefix() netip.Prefix {
	ip := a.Netip()
	return netip.PrefixFrom(ip, ip.BitLen())
}

// String formats the address as RFC 5952 and dotted quads do.
func (a Address) String() string { return a.Netip().String() }

// Compare orders addresses numerically, IPv4 (mapped) among IPv6.
func (a Address) Compare(b Address) int {
	switch {
	case a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// Hash mixes the address with a key into 64 well-spread bits. The key makes the
// outcome unpredictable to whoever picks the addresses (a keyed
// multiply-xorshift after murmur3's finaliser; not a cryptographic hash).
func (a Address) Hash(key uint64) uint64 {
	h := (a.Hi ^ key) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	h = (h ^ a.Lo) * 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>29 ^ key>>1
}
