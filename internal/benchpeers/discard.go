//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// discard is the floor: a socket, recvmmsg, and nothing else. It prints where it
// listens, and at SIGTERM how many datagrams came.
func discard(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("discard", flag.ContinueOnError)
	batch := flags.Int("batch", 128, "datagrams a system call takes at most")
	pace := flags.Duration("pace", 0, "sleep so long after a batch that was not full")
	gro := flags.Bool("gro", false, "have the kernel join datagrams (UDP_GRO)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	fd, port, err := socket(*gro)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening 127.0.0.1:%d\n", port)
	// The loop blocks in the kernel; what ends it is the socket being shut down.
	runtime.GOMAXPROCS(2) // one stays in the kernel
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = unix.Shutdown(fd, unix.SHUT_RD)
	}()
	n, err := drain(ctx, fd, *batch, *pace, *gro)
	fmt.Fprintf(out, "datagrams %d\n", n)
	return err
}

// receiveBuffer is what every party asks of the kernel, in bytes.
const receiveBuffer = 64 << 20

func socket(gro bool) (fd, port int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, fmt.Errorf("making a socket: %w", err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer) // then what is allowed
	}
	if gro {
		if err := unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_GRO, 1); err != nil {
			return 0, 0, fmt.Errorf("asking for UDP_GRO: %w", err)
		}
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte(net.IPv4(127, 0, 0, 1).To4())}); err != nil {
		return 0, 0, fmt.Errorf("binding: %w", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, 0, fmt.Errorf("asking for the port: %w", err)
	}
	return fd, name.(*unix.SockaddrInet4).Port, nil
}

// mmsghdr is the kernel's struct of that name.
type mmsghdr struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

// drain receives until the context ends, and counts datagrams.
func drain(ctx context.Context, fd, batch int, pace time.Duration, gro bool) (n uint64, err error) {
	const bytes = 65536
	runtime.LockOSThread()
	messages, vectors, controls := make([]mmsghdr, batch), make([]unix.Iovec, batch), make([][64]byte, batch)
	for i := range messages {
		buffer := make([]byte, bytes)
		vectors[i] = unix.Iovec{Base: &buffer[0], Len: bytes}
		messages[i].header.Iov, messages[i].header.Iovlen = &vectors[i], 1
	}
	for {
		for i := range messages {
			if gro {
				messages[i].header.Control, messages[i].header.Controllen = &controls[i][0], uint64(len(controls[i]))
			}
		}
		// Raw: the goroutine sleeps in the kernel with its thread, and Go's scheduler
		// has no part in the floor.
		got, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages[0])), uintptr(batch), unix.MSG_WAITFORONE, 0, 0) //nolint:gosec // there is no wrapper
		if ctx.Err() != nil {
			return n, nil //nolint:nilerr // that is the end
		}
		if errno != 0 {
			if errors.Is(errno, unix.EINTR) {
				continue
			}
			return n, fmt.Errorf("receiving: %w", errno)
		}
		for i := range messages[:got] {
			n += datagrams(&messages[i], controls[i][:], gro)
		}
		if pace > 0 && int(got) < batch {
			time.Sleep(pace)
		}
	}
}

// datagrams is how many a message holds: one, or what the kernel joined.
func datagrams(m *mmsghdr, control []byte, gro bool) uint64 {
	if !gro || m.header.Controllen < 20 || m.length == 0 {
		return 1
	}
	size := uint32(control[16]) | uint32(control[17])<<8 // of each but the last, in a cmsg of UDP_GRO
	return uint64((m.length + size - 1) / max(size, 1))
}
