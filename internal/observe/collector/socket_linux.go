package collector

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"downpour"
)

// batchLength is how many datagrams one system call fetches at most. The call
// and the wake-up cost more than decoding, so fetching many at once pays.
const batchLength = 128

// bufferStride sets the receive buffers apart by a little more than they hold,
// so that their beginnings don't all fall into the same sets of a cache.
const bufferStride = maxDatagram + 1600

// message is the kernel's struct mmsghdr (recvmmsg(2)).
type message struct {
	header unix.Msghdr
	length uint32
}

// reader fetches datagrams from a socket, many with one call. It is for one
// goroutine; what it gives holds until the next call.
type reader struct {
	conn     *net.UDPConn
	raw      syscall.RawConn
	messages [batchLength]message
	vectors  [batchLength]unix.Iovec
	names    [batchLength]unix.RawSockaddrInet6
	buffers  []byte
	got      int
	err      syscall.Errno
	fetch    func(fd uintptr) bool // made once, since a closure is an allocation
}

func newReader(conn *net.UDPConn) (*reader, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	r := &reader{conn: conn, raw: raw, buffers: make([]byte, batchLength*bufferStride)}
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
	r.fetch = r.receive
	return r, nil
}

// receive is called by the runtime's poller when there may be something.
func (r *reader) receive(fd uintptr) bool {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.messages)), batchLength, unix.MSG_DONTWAIT, 0, 0) //nolint:gosec // the kernel's form of it
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		r.got, r.err = int(n), errno
		return true
	}
}

// read waits for datagrams and fetches up to batchLength of them.
func (r *reader) read() (int, error) {
	if err := r.raw.Read(r.fetch); err != nil {
		return 0, err
	}
	if r.err != 0 {
		// An ICMP error of somebody whom we sent something is none of ours.
		if r.err == unix.ECONNREFUSED {
			return 0, nil
		}
		return 0, fmt.Errorf("receive flow export: %w", r.err)
	}
	return r.got, nil
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
func (r *reader) socketBuffer() (size int) {
	_ = r.raw.Control(func(fd uintptr) {
		size, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
	})
	return size / 2
}

// skMeminfoDrops is the place of the drop counter in what SO_MEMINFO gives
// (linux/sock_diag.h).
const skMeminfoDrops = 8

// drops is how many datagrams the kernel has thrown away at this socket since it
// was opened. Unlike SO_RXQ_OVFL it tells so in silence too.
func (r *reader) drops() (n uint64) {
	_ = r.raw.Control(func(fd uintptr) {
		var info [skMeminfoDrops + 1]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0) //nolint:gosec // the kernel's form of it
		if errno == 0 && size == uint32(unsafe.Sizeof(info)) {
			n = uint64(info[skMeminfoDrops])
		}
	})
	return n
}
