package collector

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// The bounds of IPFIX over TCP and TLS (RFC 7011, 10.4). Each connection has a
// goroutine and a buffer of its own, so a slow one delays nobody.
const (
	maxConnections    = 256
	maxConnectionsOf  = 8               // of one sender
	connectionIdle    = 5 * time.Minute // between messages; exporters resend templates or options by then
	messageTime       = 30 * time.Second
	handshakeTime     = 10 * time.Second
	ipfixHeader       = 16
	acceptErrorsPause = 100 * time.Millisecond
)

// streams are the connections of one listener.
type streams struct {
	c        *Collector
	listener net.Listener
	secure   *tls.Config // nil for plain TCP
	running  sync.WaitGroup

	refused, broken atomic.Uint64 // connections closed at once; ended by what they sent

	mu   sync.Mutex
	open map[net.Conn]downpour.Address
}

// openStream binds a TCP or TLS address.
func (c *Collector) openStream(ctx context.Context, at Endpoint) error {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, at.network(), at.Address)
	if err != nil {
		return err
	}
	s := &streams{c: c, listener: l, open: map[net.Conn]downpour.Address{}}
	if at.Scheme == TLS {
		s.secure = c.cfg.TLS
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams = append(c.streams, s)
	c.bound = append(c.bound, Endpoint{at.Scheme, l.Addr().String()})
	return nil
}

// run accepts connections until ctx ends, and waits for theirs to end.
func (s *streams) run(ctx context.Context) error {
	defer s.running.Wait()
	stop := context.AfterFunc(ctx, s.closeAll)
	defer stop()
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil { // no descriptors left, or a connection that is gone already
			s.refused.Add(1)
			time.Sleep(acceptErrorsPause)
			continue
		}
		from, ok := s.admit(conn)
		if !ok {
			s.refused.Add(1)
			conn.Close()
			continue
		}
		s.running.Go(func() {
			defer s.leave(conn)
			s.serve(ctx, conn, from)
		})
	}
}

// admit takes a connection into account, unless its sender is unknown or there
// are too many.
func (s *streams) admit(conn net.Conn) (downpour.Address, bool) {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return downpour.Address{}, false
	}
	from := downpour.AddressFrom(tcp.AddrPort().Addr().WithZone(""))
	if s.c.registry.find(from, nil, flow.IPFIX, s.c.cfg.Now().UnixNano()) == nil {
		return from, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	same := 0
	for _, a := range s.open {
		if a == from {
			same++
		}
	}
	if len(s.open) >= maxConnections || same >= maxConnectionsOf {
		return from, false
	}
	s.open[conn] = from
	return from, true
}

func (s *streams) leave(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

func (s *streams) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		conn.Close()
	}
}

// serve reads a connection's messages until it ends or sends what is none.
func (s *streams) serve(ctx context.Context, conn net.Conn, from downpour.Address) {
	if s.secure != nil {
		secured := tls.Server(conn, s.secure)
		handshake, cancel := context.WithTimeout(ctx, handshakeTime)
		err := secured.HandshakeContext(handshake)
		cancel()
		if err != nil {
			s.broken.Add(1)
			return
		}
		conn = secured
	}
	out := s.c.newOutput()
	out.decoder = s.c.cfg.NetFlow(true)
	e := s.c.registry.find(from, nil, flow.IPFIX, s.c.cfg.Now().UnixNano())
	if e == nil {
		return // not accepted any more
	}
	e.connect(out.decoder)
	defer e.disconnect(out.decoder)
	buffer := make([]byte, maxDatagram)
	for {
		n, err := readMessage(conn, buffer)
		if err != nil {
			if !errors.Is(err, io.EOF) && ctx.Err() == nil {
				s.broken.Add(1)
			}
			return
		}
		arrived := s.c.cfg.Now().UnixNano()
		s.c.handle(&out, source{from: from, stream: true}, buffer[:n], arrived)
		out.flush(arrived)
	}
}

// connect takes a connection's decoder into the exporter's account.
func (e *exporter) connect(d flow.Decoder) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams = append(e.streams, d)
}

// disconnect keeps what a connection's decoder has counted.
func (e *exporter) disconnect(d flow.Decoder) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.past = sum(e.past, d.Stats())
	e.past.Templates, e.past.Waiting = 0, 0
	e.streams = slices.DeleteFunc(e.streams, func(o flow.Decoder) bool { return o == d })
}

// errNotIPFIX ends a connection: without knowing where the next message begins
// nothing after it can be read.
var errNotIPFIX = errors.New("not a message of IPFIX")

// readMessage reads one message (RFC 7011, 3.1: version, length). The deadlines
// end a sender that stalls in the middle of one.
func readMessage(conn net.Conn, buffer []byte) (int, error) {
	if err := conn.SetReadDeadline(time.Now().Add(connectionIdle)); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(conn, buffer[:ipfixHeader]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(buffer[2:]))
	if binary.BigEndian.Uint16(buffer) != uint16(flow.IPFIX) || n < ipfixHeader {
		return 0, errNotIPFIX
	}
	if err := conn.SetReadDeadline(time.Now().Add(messageTime)); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(conn, buffer[ipfixHeader:n]); err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	return n, nil
}
