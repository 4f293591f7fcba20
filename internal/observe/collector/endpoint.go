package collector

import "net"

// Scheme is how an endpoint is spoken to.
type Scheme string

// The schemes. What a UDP datagram holds is told from its content, so that UDP
// and SFlow receive alike; for a relay they differ: UDP gets all datagrams, SFlow
// and NetFlow those of their kind.
const (
	UDP     Scheme = "udp"
	SFlow   Scheme = "sflow"
	NetFlow Scheme = "netflow"
	TCP     Scheme = "tcp"
	TLS     Scheme = "tls"
)

// Endpoint is an address to receive on or to relay to.
type Endpoint struct {
	Scheme  Scheme
	Address string // host:port
}

// String writes the endpoint as a URL.
func (e Endpoint) String() string { return string(e.Scheme) + "://" + e.Address }

// IsStream tells of TCP, where there are connections.
func (e Endpoint) IsStream() bool { return e.Scheme == TCP || e.Scheme == TLS }

// network is the endpoint's in the sense of package net. An IPv4 address is not
// to be widened to IPv6.
func (e Endpoint) network() string {
	base := "udp"
	if e.IsStream() {
		base = "tcp"
	}
	host, _, _ := net.SplitHostPort(e.Address)
	if ip := net.ParseIP(host); ip != nil && ip.To4() != nil {
		return base + "4"
	}
	return base
}
