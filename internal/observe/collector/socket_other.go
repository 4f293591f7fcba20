//go:build !linux

package collector

import (
	"net"
	"syscall"

	"downpour"
)

// batchLength is one where the system fetches one datagram a call.
const batchLength = 1

// reader fetches datagrams from a socket, one a call.
type reader struct {
	conn   *net.UDPConn
	local  net.Addr
	buffer [maxDatagram]byte
	length int
	from   source
}

func newReader(conn *net.UDPConn) (*reader, error) {
	return &reader{conn: conn, local: conn.LocalAddr()}, nil
}

func (r *reader) close() { r.conn.Close() }

func (r *reader) read() (int, error) {
	n, from, err := r.conn.ReadFromUDPAddrPort(r.buffer[:])
	r.length, r.from = n, source{from: downpour.AddressFrom(from.Addr()), port: from.Port()}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

func (r *reader) datagram(int) ([]byte, source) { return r.buffer[:r.length], r.from }

// control sets nothing: one socket an address, with the system's buffer.
func control(Config) func(network, address string, raw syscall.RawConn) error { return nil }

// socketBuffer is not known here.
func (r *reader) socketBuffer() int { return 0 }

// drops are not told here.
func (r *reader) drops() uint64 { return 0 }
