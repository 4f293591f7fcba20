package export

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
)

// Sender sends telemetry to a collector on this machine. It refuses any address
// that is not loopback: telemetry that was made up must not reach a real
// collector.
type Sender struct {
	conn  *ipv4.PacketConn
	batch []ipv4.Message
	Sent  uint64 // datagrams
}

// sendBatch is how many datagrams one system call takes.
const sendBatch = 64

// NewSender sends to a UDP address of loopback, from another (port 0: a free
// one), which is how a test plays several exporters: 127.0.0.2, 127.0.0.3 ...
func NewSender(ctx context.Context, from, to netip.AddrPort) (*Sender, error) {
	if !to.Addr().IsLoopback() || !from.Addr().IsLoopback() {
		return nil, fmt.Errorf("telemetry that was made up goes from loopback to loopback only, not from %s to %s", from, to)
	}
	dialer := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(from)}
	conn, err := dialer.DialContext(ctx, "udp", to.String())
	if err != nil {
		return nil, err
	}
	s := &Sender{conn: ipv4.NewPacketConn(conn.(*net.UDPConn)), batch: make([]ipv4.Message, sendBatch)}
	for i := range s.batch {
		s.batch[i].Buffers = make([][]byte, 1)
	}
	return s, nil
}

// Send sends messages in order, as fast as the kernel takes them.
func (s *Sender) Send(messages [][]byte) error {
	for len(messages) > 0 {
		n := min(len(messages), len(s.batch))
		for i, m := range messages[:n] {
			s.batch[i].Buffers[0] = m
		}
		sent, err := s.conn.WriteBatch(s.batch[:n], 0)
		if err != nil {
			return fmt.Errorf("sending telemetry: %w", err)
		}
		s.Sent += uint64(sent)
		messages = messages[sent:]
	}
	return nil
}

// Close closes the socket.
func (s *Sender) Close() error { return s.conn.Close() }
