package collector

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"downpour"
)

// relaySender sends datagrams to one collector, many with one call.
type relaySender struct {
	conn   *net.UDPConn // connected; from our own address
	raw    syscall.RawConn
	forged *forger // nil where datagrams bear our address
	batch  [batchLength]message
	vector [batchLength]unix.Iovec
	at, n  int // what the current call is to send, of batch
	err    syscall.Errno
	put    func(fd uintptr) bool
}

func newRelaySender(to Endpoint, keepSource bool) (*relaySender, error) {
	address, err := to.resolve()
	if err != nil {
		return nil, err
	}
	conn, err := net.DialUDP("udp", nil, address)
	if err != nil {
		return nil, err
	}
	s := &relaySender{conn: conn}
	s.put = s.transmit
	if s.raw, err = conn.SyscallConn(); err == nil && keepSource {
		s.forged, err = newForger(address)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *relaySender) close() {
	s.conn.Close()
	if s.forged != nil {
		s.forged.file.Close()
	}
}

// send sends a batch and tells how many datagrams the kernel took.
func (s *relaySender) send(ctx context.Context, b *relayBatch) (sent int) {
	for from := 0; from < len(b.ends) && ctx.Err() == nil; from += batchLength {
		n := min(len(b.ends)-from, batchLength)
		raw := s.raw
		if s.forged != nil {
			raw = s.forged.raw
			s.forged.prepare(s, b, from, n)
		} else {
			for i := range n {
				s.set(i, b.datagram(from+i), nil, 0)
			}
		}
		sent += s.sendAll(raw, n)
	}
	return sent
}

// set makes the i-th message of the next call.
func (s *relaySender) set(i int, b []byte, name *byte, nameLength uint32) {
	v := &s.vector[i]
	v.Base = nil
	if len(b) > 0 {
		v.Base = &b[0]
	}
	v.SetLen(len(b))
	h := &s.batch[i].header
	h.Name, h.Namelen, h.Iov = name, nameLength, v
	h.SetIovlen(1)
}

// sendAll sends the first n messages; one that fails is left out and the next
// are tried.
func (s *relaySender) sendAll(raw syscall.RawConn, n int) (sent int) {
	for s.at, s.n = 0, n; s.at < n; {
		before := s.at
		if raw.Write(s.put) != nil {
			return sent
		}
		sent += s.at - before
		if s.err != 0 {
			s.at++
		}
	}
	return sent
}

// transmit is called by the runtime's poller when the socket takes something.
func (s *relaySender) transmit(fd uintptr) bool {
	s.err = 0
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&s.batch[s.at])), uintptr(s.n-s.at), unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // the kernel's form of it
	switch errno {
	case 0:
		s.at += int(n)
	case unix.EAGAIN:
		return false
	case unix.EINTR:
	default:
		s.err = errno
	}
	return true
}

// Sizes of the headers that a forger writes.
const (
	headerIPv4 = 20
	headerIPv6 = 40
	headerUDP  = 8
)

// forger sends datagrams under their exporter's address, for collectors that
// tell exporters by it. It writes IP and UDP headers itself, which takes
// CAP_NET_RAW.
type forger struct {
	file  *os.File
	raw   syscall.RawConn
	to    downpour.Address
	port  uint16
	v4    bool
	name4 unix.RawSockaddrInet4
	name6 unix.RawSockaddrInet6
	bytes []byte
	ends  []int
}

func newForger(to *net.UDPAddr) (*forger, error) {
	ip, ok := addrOf(to)
	if !ok {
		return nil, errors.New("the address of the collector is missing")
	}
	f := &forger{to: ip, port: uint16(to.Port), v4: ip.Is4()}
	family := unix.AF_INET6
	if f.v4 {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return nil, os.NewSyscallError("raw socket to keep the exporters' addresses", err)
	}
	f.name4.Family, f.name6.Family = unix.AF_INET, unix.AF_INET6
	binary.BigEndian.PutUint32(f.name4.Addr[:], ip.V4())
	binary.BigEndian.PutUint64(f.name6.Addr[:], ip.Hi)
	binary.BigEndian.PutUint64(f.name6.Addr[8:], ip.Lo)
	f.file = os.NewFile(uintptr(fd), "relay")
	f.raw, err = f.file.SyscallConn()
	return f, err
}

func addrOf(a *net.UDPAddr) (downpour.Address, bool) {
	ip := a.AddrPort().Addr()
	return downpour.AddressFrom(ip), ip.IsValid()
}

// prepare makes n messages of the batch's datagrams. One of the other IP version
// than the collector's can't keep its source; it bears the unspecified address
// and the kernel puts in ours.
func (f *forger) prepare(s *relaySender, b *relayBatch, from, n int) {
	f.bytes, f.ends = f.bytes[:0], f.ends[:0]
	for i := from; i < from+n; i++ {
		source := b.from[i]
		if source.Is4() != f.v4 {
			source = downpour.Address{}
			if f.v4 {
				source = downpour.AddressFrom4(0)
			}
		}
		f.bytes = f.packet(f.bytes, source, b.ports[i], b.datagram(i))
		f.ends = append(f.ends, len(f.bytes))
	}
	at := 0
	for i, end := range f.ends {
		if f.v4 {
			s.set(i, f.bytes[at:end], (*byte)(unsafe.Pointer(&f.name4)), unix.SizeofSockaddrInet4) //nolint:gosec // the kernel's form of it
		} else {
			s.set(i, f.bytes[at:end], (*byte)(unsafe.Pointer(&f.name6)), unix.SizeofSockaddrInet6) //nolint:gosec // the kernel's form of it
		}
		at = end
	}
}

// packet appends an IP packet (RFC 791, RFC 8200) with a UDP datagram (RFC 768).
// The kernel fills in IPv4's length, identification and checksum.
func (f *forger) packet(dst []byte, source downpour.Address, port uint16, payload []byte) []byte {
	length := headerUDP + len(payload)
	if f.v4 {
		dst = append(dst, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, downpour.ProtocolUDP, 0, 0)
		dst = binary.BigEndian.AppendUint32(dst, source.V4())
		dst = binary.BigEndian.AppendUint32(dst, f.to.V4())
	} else {
		dst = append(dst, 0x60, 0, 0, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(length))
		dst = append(dst, downpour.ProtocolUDP, 64)
		for _, a := range []downpour.Address{source, f.to} {
			dst = binary.BigEndian.AppendUint64(dst, a.Hi)
			dst = binary.BigEndian.AppendUint64(dst, a.Lo)
		}
	}
	at := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, port)
	dst = binary.BigEndian.AppendUint16(dst, f.port)
	dst = binary.BigEndian.AppendUint16(dst, uint16(length))
	dst = append(dst, 0, 0)
	dst = append(dst, payload...)
	if !f.v4 { // mandatory there; for IPv4 a zero is "none"
		binary.BigEndian.PutUint16(dst[at+6:], udpChecksum(source, f.to, dst[at:]))
	}
	return dst
}

// udpChecksum is that of a datagram over IPv6 (RFC 8200, 8.1).
func udpChecksum(source, destination downpour.Address, datagram []byte) uint16 {
	sum := uint64(downpour.ProtocolUDP) + uint64(len(datagram))
	for _, w := range []uint64{source.Hi, source.Lo, destination.Hi, destination.Lo} {
		sum += w>>48 + w>>32&0xffff + w>>16&0xffff + w&0xffff
	}
	for ; len(datagram) > 1; datagram = datagram[2:] {
		sum += uint64(binary.BigEndian.Uint16(datagram))
	}
	if len(datagram) == 1 {
		sum += uint64(datagram[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	if sum == 0xffff {
		return 0xffff // zero would be "none"
	}
	return ^uint16(sum)
}
