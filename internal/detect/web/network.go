package web

import (
	"net/netip"

	"downpour"
)

// networkOf is the network of a client: /24 of IPv4, /48 of IPv6.
func networkOf(a downpour.Address) downpour.Address {
	if a.Is4() {
		return downpour.Address{Lo: a.Lo &^ 0xff}
	}
	return downpour.Address{Hi: a.Hi &^ 0xffff}
}

func prefixOf(network downpour.Address) string {
	if network.Is4() {
		return netip.PrefixFrom(network.Netip(), 24).String()
	}
	return netip.PrefixFrom(network.Netip(), 48).String()
}

// wideNetwork is the /16 of IPv4, the /32 of IPv6.
func wideNetwork(a downpour.Address) downpour.Address {
	if a.Is4() {
		return downpour.Address{Lo: a.Lo &^ 0xffff}
	}
	return downpour.Address{Hi: a.Hi &^ 0xffff_ffff}
}
