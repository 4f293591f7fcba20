package collector

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"downpour"
	"downpour/internal/observe/flow"
)

// What waits to be relayed to one collector is bounded: a collector that is slow
// or gone costs its own copies, never our intake.
const (
	relayDatagrams = 8192
	relayBytes     = 8 << 20
)

// relays are the collectors that get datagrams unchanged.
type relays struct{ list []*relay }

// relay sends to one other collector.
type relay struct {
	to     Endpoint
	sender *relaySender
	wake   chan struct{}

	mu      sync.Mutex
	filling *relayBatch // the other one is being sent

	sent, shed, failed atomic.Uint64
}

// relayBatch holds datagrams end to end.
type relayBatch struct {
	bytes []byte
	ends  []int              // where each datagram ends in bytes
	from  []downpour.Address // and who sent it
	ports []uint16           // and from which port; 0 if it is not known
}

func (b *relayBatch) reset() {
	b.bytes, b.ends, b.from, b.ports = b.bytes[:0], b.ends[:0], b.from[:0], b.ports[:0]
}

// datagram is the i-th of the batch.
func (b *relayBatch) datagram(i int) []byte {
	from := 0
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.bytes[from:b.ends[i]]
}

// openRelays makes the senders.
func (c *Collector) openRelays() error {
	c.relays = &relays{}
	for _, to := range c.cfg.Relay {
		if to.IsStream() {
			return fmt.Errorf("relay to %s: datagrams are relayed by UDP only", to)
		}
		if c.listensAt(to) {
			return fmt.Errorf("relay to %s: this collector listens there itself, and would relay for ever", to)
		}
		sender, err := newRelaySender(to, c.cfg.RelaySource)
		if err != nil {
			return fmt.Errorf("relay to %s: %w", to, err)
		}
		c.relays.list = append(c.relays.list, &relay{to: to, sender: sender, wake: make(chan struct{}, 1), filling: &relayBatch{}})
	}
	return nil
}

// listensAt tells whether datagrams to an address come back to us. An address that
// can't be resolved is told of when it is to be sent to.
func (c *Collector) listensAt(to Endpoint) bool {
	there, err := to.resolve()
	if err != nil {
		return false
	}
	ip := there.AddrPort().Addr().Unmap()
	for _, b := range c.bound {
		at, err := b.resolve()
		if err != nil || b.IsStream() || at.Port != there.Port {
			continue
		}
		here := at.AddrPort().Addr().Unmap()
		switch {
		case here == ip, !ip.IsValid(), ip.IsUnspecified() && here.IsLoopback():
			return true
		case here.IsUnspecified() && isOurs(ip):
			return true
		}
	}
	return false
}

// isOurs tells whether an address is this machine's.
func isOurs(ip netip.Addr) bool {
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	ours, _ := net.InterfaceAddrs() // none where the system does not tell
	return slices.ContainsFunc(ours, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Unmap() == ip.WithZone("")
	})
}

func (r *relays) close() {
	if r == nil {
		return
	}
	for _, to := range r.list {
		to.sender.close()
	}
}

func (r *relays) run(ctx context.Context, g *errgroup.Group) {
	if r == nil {
		return
	}
	for _, to := range r.list {
		g.Go(func() error { to.run(ctx); return nil })
	}
}

// send hands a datagram to all relays of its kind. It never waits.
func (r *relays) send(b []byte, from downpour.Address, port uint16, v flow.Version) {
	if r == nil {
		return
	}
	for _, to := range r.list {
		if to.to.Scheme == UDP || (to.to.Scheme == SFlow) == (v == flow.SFlow5) {
			to.offer(b, from, port)
		}
	}
}

func (r *relay) offer(b []byte, from downpour.Address, port uint16) {
	r.mu.Lock()
	f := r.filling
	if len(f.ends) == relayDatagrams || len(f.bytes)+len(b) > relayBytes {
		r.mu.Unlock()
		r.shed.Add(1)
		return
	}
	f.bytes = append(f.bytes, b...)
	f.ends, f.from, f.ports = append(f.ends, len(f.bytes)), append(f.from, from), append(f.ports, port)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run sends what waits until ctx ends.
func (r *relay) run(ctx context.Context) {
	sending := &relayBatch{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		r.mu.Lock()
		r.filling, sending = sending, r.filling
		r.mu.Unlock()
		sent := r.sender.send(ctx, sending)
		r.sent.Add(uint64(sent))
		r.failed.Add(uint64(len(sending.ends) - sent))
		sending.reset()
	}
}

// resolve finds a relay's address once; names are looked up at the start only.
func (e Endpoint) resolve() (*net.UDPAddr, error) { return net.ResolveUDPAddr("udp", e.Address) }
