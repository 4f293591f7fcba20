package collector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/overlap"
)

// Collector receives flow export. Its methods may be called concurrently.
type Collector struct {
	cfg      Config
	registry *registry
	share    *share
	overlap  *overlap.Filter
	delay    atomic.Int64 // nanoseconds; see Delay
	began    time.Time

	mu        sync.Mutex
	receivers []*receiver
	streams   []*streams
	bound     []Endpoint // where it listens, ports as given by the kernel
	relays    *relays
	unread    atomic.Uint64 // datagrams too short to be anything, or of no protocol
	templates keeper
}

// New checks the configuration and makes a collector that does nothing yet.
func New(cfg Config) (*Collector, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	c := &Collector{cfg: cfg, share: newShare(), began: cfg.Now()}
	c.registry = newRegistry(&c.cfg)
	c.overlap = overlap.New(overlap.Config{Edge: c.registry.isEdge, Name: c.registry.nameOf, Seed: cfg.Seed})
	if err := c.recallTemplates(); err != nil {
		c.cfg.Log.Warn("templates start anew", "error", err) // they are worth less than being up
	}
	return c, nil
}

// BusyError says that an address can't be listened on.
type BusyError struct {
	Endpoint Endpoint
	Err      error
}

// Error names the endpoint and what the system says.
func (e *BusyError) Error() string {
	return fmt.Sprintf("cannot listen on %s: %v", e.Endpoint, e.Err)
}

// Unwrap gives the cause.
func (e *BusyError) Unwrap() error { return e.Err }

// Open binds all addresses. The error joins a *BusyError for each that could not
// be bound; the others are open and Run serves them.
func (c *Collector) Open(ctx context.Context) error {
	var failed []error
	for _, at := range c.cfg.Listen {
		open := c.openDatagrams
		if at.IsStream() {
			open = c.openStream
		}
		if err := open(ctx, at); err != nil {
			failed = append(failed, &BusyError{at, err})
		}
	}
	if err := c.openRelays(); err != nil {
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// openDatagrams binds the sockets of one UDP address.
func (c *Collector) openDatagrams(ctx context.Context, at Endpoint) error {
	alone := c.cfg
	alone.Sockets = 1
	conn, err := listenPacket(ctx, at, alone) // without SO_REUSEPORT, which would share with a stranger
	if err != nil {
		return err
	}
	bound := Endpoint{at.Scheme, conn.LocalAddr().String()}
	conns := []*net.UDPConn{conn}
	if c.cfg.Sockets > 1 {
		conn.Close()
		conns = conns[:0]
		for range c.cfg.Sockets {
			conn, err := listenPacket(ctx, Endpoint{at.Scheme, bound.Address}, c.cfg)
			if err != nil {
				closeAll(conns)
				return err
			}
			conns = append(conns, conn)
		}
	}
	return c.receiveOn(conns, bound)
}

func listenPacket(ctx context.Context, at Endpoint, cfg Config) (*net.UDPConn, error) {
	listen := net.ListenConfig{Control: control(cfg)}
	conn, err := listen.ListenPacket(ctx, at.network(), at.Address)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func closeAll(conns []*net.UDPConn) {
	for _, c := range conns {
		c.Close()
	}
}

// receiveOn makes a receiver for each socket.
func (c *Collector) receiveOn(conns []*net.UDPConn, bound Endpoint) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		socket, err := newReader(conn)
		if err != nil {
			closeAll(conns)
			return err
		}
		c.receivers = append(c.receivers, &receiver{c: c, socket: socket, out: c.newOutput()})
	}
	c.bound = append(c.bound, bound)
	return nil
}

// Close gives up what Open bound, if Run never comes.
func (c *Collector) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.receivers {
		r.socket.close()
	}
	for _, s := range c.streams {
		s.listener.Close()
	}
	c.relays.close()
}

// Run receives on what Open bound until ctx ends.
func (c *Collector) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, r := range c.receivers {
		g.Go(func() error { return r.run(ctx) })
	}
	for _, s := range c.streams {
		g.Go(func() error { return s.run(ctx) })
	}
	c.relays.run(ctx, g)
	g.Go(func() error { c.tend(ctx); return nil })
	g.Go(func() error {
		<-ctx.Done()
		c.Close()
		return nil
	})
	err := g.Wait()
	c.keepTemplates()
	return err
}

// namesEvery is how often names of interfaces are asked of the decoders.
const namesEvery = 10 * time.Second

func (c *Collector) nameInterfaces() {
	for _, e := range c.registry.list() {
		e.mu.Lock()
		e.nameInterfaces(c.cfg.Ingresses)
		e.mu.Unlock()
	}
}

// tend shares room out, learns delays and keeps templates until ctx ends.
func (c *Collector) tend(ctx context.Context) {
	tick := time.NewTicker(shareInterval)
	defer tick.Stop()
	var slow, named, kept int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := c.cfg.Now().UnixNano()
		c.share.turn(c.registry.list(), c.cfg.Queue.Counts().Flows.Load(), c.kernelDrops())
		if now-slow >= int64(time.Second) {
			slow = now
			c.learn(now)
		}
		if now-named >= int64(namesEvery) {
			named = now
			c.nameInterfaces()
		}
		if now-kept >= int64(time.Minute) {
			kept = now
			c.keepTemplates()
		}
	}
}

// source is where a datagram or message came from.
type source struct {
	from   downpour.Address
	port   uint16
	stream bool // by TCP: it is not relayed
}

// handle takes one datagram or message, from whomever it came.
func (c *Collector) handle(out *output, by source, b []byte, arrived int64) {
	v, ok := flow.VersionOf(b)
	if !by.stream {
		c.relays.send(b, by.from, by.port, v)
	}
	if !ok && v == 0 {
		c.unread.Add(1)
	}
	e := c.registry.find(by.from, b, v, arrived)
	if e == nil || !ok {
		return // a stranger's, or of no protocol that we know
	}
	if c.share.skip(e) {
		e.mu.Lock()
		e.count.shedDatagrams++
		e.mu.Unlock()
		return
	}
	e.mu.Lock()
	if by.from == e.address {
		e.sender = by.from // who spoke for it does so no longer
	}
	records := e.take(&c.cfg, out, b, v, arrived)
	if e.beyond > freaks {
		c.raiseDelay(e.bound(arrived, &c.cfg))
	}
	e.mu.Unlock()
	records = c.overlap.Apply(e.handle, records, arrived)
	out.add(e, records, arrived)
}

// raiseDelay makes the delay at least d at once; learn lowers it.
func (c *Collector) raiseDelay(d time.Duration) {
	for {
		old := c.delay.Load()
		if int64(d) <= old || c.delay.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

// liveFor is how long an exporter may be silent and still be waited for.
const liveFor = 5 * time.Minute

// learn brings the delay up to date: that of the slowest exporter that still
// sends.
func (c *Collector) learn(now int64) {
	var most time.Duration
	for _, e := range c.registry.list() {
		e.mu.Lock()
		d := e.bound(now, &c.cfg)
		e.rate.turn(now, e.count.flows)
		if now-e.lastSeen < int64(liveFor) {
			most = max(most, d)
		}
		e.mu.Unlock()
	}
	c.delay.Store(int64(most))
}

// bound is how long after a moment the exporter's records of it still come. The
// lock is held.
func (e *exporter) bound(now int64, c *Config) time.Duration {
	d := min(max(e.delay.bound(now), e.told.ActiveTimeout), c.Patience)
	e.believed, e.beyond = int64(d), 0
	return d
}

// Delay is how long after a moment flows of that moment may still come.
func (c *Collector) Delay() time.Duration { return time.Duration(c.delay.Load()) }

// kernelDrops adds up what the kernel dropped at all sockets.
func (c *Collector) kernelDrops() (n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.receivers {
		n += r.socket.drops()
	}
	return n
}

// Allow accepts an exporter from now on.
func (c *Collector) Allow(a netip.Addr) { c.registry.accept(downpour.AddressFrom(a)) }

// Configure takes new exporters and prefixes; what is listened on stays.
func (c *Collector) Configure(list []Exporter, allow []netip.Prefix) {
	c.registry.configure(list, allow)
}

// Bound are the addresses that are listened on, with the ports that the kernel
// gave where port 0 was asked for.
func (c *Collector) Bound() []Endpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Endpoint(nil), c.bound...)
}

// String names where the collector listens.
func (c *Collector) String() string {
	var words []string
	for _, e := range c.Bound() {
		words = append(words, e.String())
	}
	return strings.Join(words, ", ")
}
