package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"downpour/internal/observe/weblog/syslog"
)

const (
	// maxConnections bounds who may be connected to one socket at a time.
	maxConnections = 256
	// maxConnectionsOf is how many of them one address may have, so that one sender
	// leaves room for others. A unix socket's folder says who may.
	maxConnectionsOf = maxConnections / 4
	// flushEvery is how long a line waits for others to fill its batch.
	flushEvery = 100 * time.Millisecond
	// maxDatagram is the longest that UDP carries.
	maxDatagram = 64 << 10
	// acceptErrorsPause is how long nothing is accepted after that failed.
	acceptErrorsPause = 100 * time.Millisecond
)

// socket receives lines.
type socket struct {
	*feed
	packets *net.UDPConn // either
	streams net.Listener // or
	mu      sync.Mutex
	open    map[net.Conn]netip.Addr // and whose it is; none of a unix socket
}

// listen binds a log's socket.
func listen(ctx context.Context, f *feed) (*socket, error) {
	s := &socket{feed: f, open: map[net.Conn]netip.Addr{}}
	var lc net.ListenConfig
	network, address, _ := strings.Cut(f.Listen, ":")
	address = strings.TrimPrefix(address, "//")
	switch network {
	case "udp":
		c, err := lc.ListenPacket(ctx, "udp", address)
		if err != nil {
			return nil, err
		}
		s.packets = c.(*net.UDPConn)
		_ = s.packets.SetReadBuffer(4 << 20) // as much as the kernel gives
		return s, nil
	case "tcp", "unix":
		if network == "unix" {
			if err := removeStale(address); err != nil {
				return nil, err
			}
		}
		l, err := lc.Listen(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if network == "unix" {
			err = os.Chmod(address, 0o660) //nolint:gosec // its group may write: programs of other users send
		}
		s.streams = l
		return s, err
	}
	return nil, fmt.Errorf("%q is none of udp://, tcp:// and unix:PATH", f.Listen)
}

// removeStale removes the socket of a run that is over; anything else stays.
func removeStale(path string) error {
	about, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if about.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is no socket", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("%s is in use", path)
	}
	return os.Remove(path)
}

// Address is where it listens.
func (s *socket) Address() net.Addr {
	if s.packets != nil {
		return s.packets.LocalAddr()
	}
	return s.streams.Addr()
}

func (s *socket) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.Close() // it is given up
	}
	if s.packets != nil {
		return s.packets.Close()
	}
	return s.streams.Close()
}

// run receives until ctx ends.
func (s *socket) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { s.close() }) //nolint:errcheck // it ends anyway
	defer stop()
	var flushing sync.WaitGroup
	flushing.Go(func() { s.flushing(ctx) })
	defer flushing.Wait()
	defer cancel()
	if s.packets != nil {
		return ended(ctx, s.datagrams(ctx))
	}
	return ended(ctx, s.accept(ctx))
}

// ended is the error of a socket that was not closed on purpose.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// flushing hands over what waits for a batch to fill.
func (s *socket) flushing(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.feed.mu.Lock()
			s.flush(ctx, s.packets == nil)
			s.feed.mu.Unlock()
		}
	}
}

func (s *socket) datagrams(ctx context.Context) error {
	buffer := make([]byte, maxDatagram)
	for {
		n, from, err := s.packets.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return err
		}
		if !s.hears(from.Addr()) {
			s.refuse()
			continue
		}
		// A request's strings point into the line, so each has memory of its own.
		s.message(ctx, slices.Clone(buffer[:n]), false)
	}
}

func (s *socket) accept(ctx context.Context) error {
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		c, err := s.streams.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // no descriptors left, say: that must not end the server
			s.refuse()
			time.Sleep(acceptErrorsPause)
			continue
		}
		if !s.hearsConnection(c) || !s.admit(c) {
			s.refuse()
			c.Close() // it is refused
			continue
		}
		serving.Go(func() { s.serve(ctx, c) })
	}
}

func (s *socket) admit(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var of netip.Addr
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		of = a.AddrPort().Addr()
	}
	same := 0
	for _, a := range s.open {
		if a == of && of.IsValid() {
			same++
		}
	}
	if len(s.open) >= maxConnections || same >= maxConnectionsOf {
		return false
	}
	s.open[c] = of
	return true
}

// serve reads a connection to its end.
func (s *socket) serve(ctx context.Context, c net.Conn) {
	defer func() {
		c.Close() // it was only read
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	}()
	messages := syslog.NewMessages(c)
	for ctx.Err() == nil {
		m, err := messages.Next()
		if err != nil {
			return
		}
		s.message(ctx, m, true)
	}
}

func (s *socket) message(ctx context.Context, m []byte, wait bool) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if s.line(syslog.Content(m)) {
		s.flush(ctx, wait)
	}
}

func (s *socket) refuse() {
	s.feed.mu.Lock()
	s.refused++
	s.feed.mu.Unlock()
}

func (s *socket) hearsConnection(c net.Conn) bool {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	return !ok || s.hears(a.AddrPort().Addr()) // a unix socket's folder says who may
}

// hears tells whether a sender is one that may send.
func (s *socket) hears(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if len(s.From) == 0 {
		return a.IsLoopback()
	}
	return slices.ContainsFunc(s.From, func(p netip.Prefix) bool { return p.Contains(a) })
}
