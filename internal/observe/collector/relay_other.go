//go:build !linux

package collector

import (
	"context"
	"errors"
	"net"
)

// relaySender sends datagrams to one collector, one a call.
type relaySender struct{ conn *net.UDPConn }

func newRelaySender(to Endpoint, keepSource bool) (*relaySender, error) {
	if keepSource {
		return nil, errors.New("keeping the exporters' addresses works on Linux only")
	}
	address, err := to.resolve()
	if err != nil {
		return nil, err
	}
	conn, err := net.DialUDP("udp", nil, address)
	return &relaySender{conn}, err
}

func (s *relaySender) close() { s.conn.Close() }

func (s *relaySender) send(ctx context.Context, b *relayBatch) (sent int) {
	for i := range b.ends {
		if ctx.Err() != nil {
			break
		}
		if _, err := s.conn.Write(b.datagram(i)); err == nil {
			sent++
		}
	}
	return sent
}
