package server

import (
	"net/http"
	"net/netip"
)

// peer is the address of the connection's other end (or of what a trusted proxy
// said by the PROXY protocol), invalid for a unix socket.
func peer(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// trusts tells whether the request came from a trusted proxy.
func (s *Server) trusts(r *http.Request) bool { return contains(s.config.TrustedProxies, peer(r)) }

// client is whom a request is from, as Config.Client told when it came in.
func client(r *http.Request) netip.Addr {
	if x := exchangeOf(r); x != nil {
		return x.client
	}
	return netip.Addr{}
}
