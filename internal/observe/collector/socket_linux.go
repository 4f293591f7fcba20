package collector

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"downpour"
)

// batchLength is how many datagrams one system call fetches at most. The call
// and the wake-up cost more than decoding, so fetching many at once pays.
const batchLength = 256

// bufferStride sets the receive buffers apart by a little more than they hold,
// so that their beginnings don't all fall into the same sets of a cache.
const bufferStride = maxDatagram + 1600

// message is the kernel's struct mmsghdr (recvmmsg(2)).
type message struct {
	header unix.Msghdr
	length uint32
}

// reader fetches datagrams from a socket, many with one call. read and datagram
// are for one goroutine; what they give holds until the next call.
//
// The socket is not one of the runtime's: its poller is told of each datagram
// that arrives, also while nobody waits for one, and waking up for that costs
// more than all else together.
type reader struct {
	local    net.Addr
	messages [batchLength]message
	vectors  [batchLength]unix.Iovec
	names    [batchLength]unix.RawSockaddrInet6
	buffers  []byte

	mu      sync.RWMutex // held to read while the descriptors are in use, to write when they are closed
	waiting [2]unix.PollFd
	closed  atomic.Bool
}

// What waiting is for: a datagram, or that the socket is closed.
const (
	waitSocket = iota
	waitWake
)

// newReader takes a socket over from the runtime, also if it fails.
func newReader(conn *net.UDPConn) (*reader, error) {
	socket, err := takeOver(conn)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(socket)
		return nil, fmt.Errorf("make a descriptor to wake a receiver by: %w", err)
	}
	r := &reader{local: conn.LocalAddr(), buffers: make([]byte, batchLength*bufferStride)}
	r.waiting[waitSocket] = unix.PollFd{Fd: int32(socket), Events: unix.POLLIN}
	r.waiting[waitWake] = unix.PollFd{Fd: int32(wake), Events: unix.POLLIN}
	for i := range r.messages {
		r.vectors[i].Base = &r.buffers[i*bufferStride]
		r.vectors[i].SetLen(maxDatagram)
		h := &r.messages[i].header
		// The kernel writes the length back: 16 on a socket of IPv4, 28 on one of
		// IPv6, the same each time, so it is set once.
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&r.names[i])), unix.SizeofSockaddrInet6 //nolint:gosec // the kernel's form of it
		h.Iov = &r.vectors[i]
		h.SetIovlen(1)
	}
	return r, nil
}

// takeOver gives a descriptor of the socket that the runtime does not poll.
func takeOver(conn *net.UDPConn) (socket int, err error) {
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		socket, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	return socket, errors.Join(err, failed)
}

// read waits for datagrams and fetches up to batchLength of them; net.ErrClosed
// once the reader is closed.
func (r *reader) read() (int, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for !r.closed.Load() {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, r.fd(), uintptr(unsafe.Pointer(&r.messages)), batchLength, unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // the kernel's form of it
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			if _, err := unix.Poll(r.waiting[:], -1); err != nil && !errors.Is(err, unix.EINTR) {
				return 0, fmt.Errorf("wait for flow export: %w", err)
			}
		case unix.EINTR, unix.ECONNREFUSED: // an ICMP error of somebody whom we sent something is none of ours
		default:
			return 0, fmt.Errorf("receive flow export: %w", errno)
		}
	}
	return 0, net.ErrClosed
}

func (r *reader) fd() uintptr { return uintptr(r.waiting[waitSocket].Fd) }

// close wakes who reads and closes the socket.
func (r *reader) close() {
	if r.closed.Swap(true) {
		return
	}
	_, _ = unix.Write(int(r.waiting[waitWake].Fd), []byte{1, 0, 0, 0, 0, 0, 0, 0}) // an event counter takes it
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = unix.Close(int(r.fd())) // nothing was written to it
	_ = unix.Close(int(r.waiting[waitWake].Fd))
}

// datagram is the i-th of those that were read, and who sent it.
func (r *reader) datagram(i int) ([]byte, source) {
	at := i * bufferStride
	return r.buffers[at : at+int(r.messages[i].length)], sourceOf(&r.names[i])
}

// sourceOf reads the kernel's struct sockaddr without allocating.
func sourceOf(name *unix.RawSockaddrInet6) source {
	port := (*[2]byte)(unsafe.Pointer(&name.Port)) //nolint:gosec // the kernel's form of it
	s := source{port: binary.BigEndian.Uint16(port[:])}
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name)) //nolint:gosec // the kernel's form of it
		s.from = downpour.AddressFrom4(binary.BigEndian.Uint32(v4.Addr[:]))
	} else {
		s.from = downpour.AddressFrom16(name.Addr[:])
	}
	return s
}

// control sets a socket up before it is bound.
func control(c Config) func(network, address string, raw syscall.RawConn) error {
	return func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			if c.Sockets > 1 {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}
			// Past rmem_max if we may, else up to it: the outcome is read back and told.
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, c.Buffer) != nil {
				failed = errors.Join(failed, unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, c.Buffer))
			}
		})
		return errors.Join(err, failed)
	}
}

// socketBuffer is what the kernel granted, in bytes of datagrams with their
// overhead: it doubles what was asked (socket(7)).
func (r *reader) socketBuffer() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed.Load() {
		return 0
	}
	size, err := unix.GetsockoptInt(int(r.fd()), unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0
	}
	return size / 2
}

// skMeminfoDrops is the place of the drop counter in what SO_MEMINFO gives
// (linux/sock_diag.h).
const skMeminfoDrops = 8

// drops is how many datagrams the kernel has thrown away at this socket since it
// was opened. Unlike SO_RXQ_OVFL it tells so in silence too.
func (r *reader) drops() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed.Load() {
		return 0
	}
	var info [skMeminfoDrops + 1]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, r.fd(), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0) //nolint:gosec // the kernel's form of it
	if errno != 0 || size != uint32(unsafe.Sizeof(info)) {
		return 0
	}
	return uint64(info[skMeminfoDrops])
}
