package server

import (
	"net"
	"net/netip"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// connections bounds open connections, in all and of one client. One too many
// is closed at once and counted: to wait for a place would let slow clients
// stop the accepting of others.
type connections struct {
	total, perClient int
	exempt           func(netip.Addr) bool // from perClient
	refused          *prometheus.CounterVec

	mu   sync.Mutex
	open int
	of   map[netip.Prefix]int
}

func newConnections(l Limits, trusted []netip.Prefix, refused *prometheus.CounterVec) *connections {
	return &connections{
		total: l.Connections, perClient: l.ConnectionsPerClient, refused: refused,
		of: make(map[netip.Prefix]int),
		exempt: func(a netip.Addr) bool {
			return !a.IsValid() || a.IsLoopback() || contains(trusted, a)
		},
	}
}

// take reserves a place for a connection and tells how to give it back; the
// reason is set if there is none.
func (c *connections) take(a netip.Addr) (release func(), reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open >= c.total {
		return nil, "total"
	}
	key, limited := clientPrefix(a), !c.exempt(a)
	if limited && c.of[key] >= c.perClient {
		return nil, "client"
	}
	c.open++
	if limited {
		c.of[key]++
	}
	return sync.OnceFunc(func() { c.release(key, limited) }), ""
}

func (c *connections) release(key netip.Prefix, limited bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if !limited {
		return
	}
	if c.of[key]--; c.of[key] == 0 {
		delete(c.of, key)
	}
}

// count is the number of open connections.
func (c *connections) count() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(c.open)
}

// clientPrefix is what one client has: an IPv4 address or an IPv6 /64.
func clientPrefix(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: a unix socket
	}
	return p
}

// boundedListener accepts what connections has a place for.
type boundedListener struct {
	net.Listener
	connections *connections
}

// Accept implements net.Listener.
func (l boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		release, reason := l.connections.take(addressOf(c.RemoteAddr()))
		if reason == "" {
			return &boundedConn{Conn: c, release: release}, nil
		}
		l.connections.refused.WithLabelValues(reason).Inc()
		_ = c.Close() // it was never used
	}
}

type boundedConn struct {
	net.Conn
	release func()
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	c.release()
	return c.Conn.Close()
}
