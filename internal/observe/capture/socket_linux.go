package capture

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"downpour/internal/observe/packet"
)

// The ring of a socket.
const (
	blockSize     = 1 << 20 // bytes; a block is handed over when it is full
	retireAfter   = 50      // milliseconds, or when its first packet is so old
	frameSize     = 1 << 11 // bytes; TPACKET_V3 only checks that blocks hold some
	defaultBuffer = 32 << 20
	smallBuffer   = 4 << 20
)

// allProtocols is ETH_P_ALL in network byte order.
var allProtocols = bits.ReverseBytes16(unix.ETH_P_ALL)

// socket is a packet socket with its ring.
type socket struct {
	fd    int
	ring  []byte
	block int  // the next one to be read
	sized bool // packets have a virtio_net_hdr before them
	// incoming says that what this machine sends is left out.
	incoming bool
	link     packet.LinkType
}

// device is what is known of an interface.
type device struct {
	index    int
	link     packet.LinkType
	loopback bool
}

// findDevice looks an interface up by name, on a socket of its namespace.
func findDevice(fd int, name string) (device, error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return device{}, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return device{}, err
	}
	d := device{index: int(request.Uint32())}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, request); err != nil {
		return device{}, err
	}
	switch request.Uint16() {
	case unix.ARPHRD_ETHER:
		d.link = packet.LinkEthernet
	case unix.ARPHRD_LOOPBACK:
		d.link, d.loopback = packet.LinkEthernet, true
	default:
		d.link = packet.LinkRaw // tunnels, PPP: taken from the IP header on
	}
	return d, nil
}

// lookup is findDevice on a socket made for it.
func lookup(name string) (device, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return device{}, err
	}
	defer func() { _ = unix.Close(fd) }()
	return findDevice(fd, name)
}

// open makes a socket on an interface, with its ring, that is receiving.
func open(config *Config) (*socket, error) {
	d, err := lookup(config.Interface)
	if err != nil {
		return nil, err
	}
	// Cooked sockets (SOCK_DGRAM) give packets without a link header. No protocol:
	// nothing is received before bind, when the filter is in place.
	kind := unix.SOCK_RAW
	if d.link != packet.LinkEthernet {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, explain(err)
	}
	s := &socket{fd: fd, link: d.link, incoming: config.Incoming || d.loopback}
	if err := s.prepare(config, d); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// explain adds what can be done about an error.
func explain(err error) error {
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("%w (capturing needs CAP_NET_RAW: run as root, or setcap cap_net_raw+ep on the program)", err)
	}
	return err
}

// prepare sets a socket up in the order that the kernel wants.
func (s *socket) prepare(config *Config, d device) error {
	program, err := filter(config.sampling())
	if err != nil {
		return fmt.Errorf("make the filter: %w", err)
	}
	if err := s.attach(program); err != nil {
		return fmt.Errorf("attach the filter: %w", err)
	}
	if err := s.set(unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("ask for TPACKET_V3: %w", err)
	}
	// Old kernels lack these two: then what is sent is told apart packet by packet,
	// and what offload put together counts as one.
	if s.incoming {
		_ = s.set(unix.PACKET_IGNORE_OUTGOING, 1)
	}
	s.sized = s.link == packet.LinkEthernet && s.set(unix.PACKET_VNET_HDR, 1) == nil
	if err := s.mapRing(config.Buffer); err != nil {
		return err
	}
	if err := unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: allProtocols, Ifindex: d.index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if config.Promiscuous {
		all := unix.PacketMreq{Ifindex: int32(d.index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(s.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &all); err != nil {
			return fmt.Errorf("make it promiscuous: %w", err)
		}
	}
	return nil
}

// set sets an option of packet sockets.
func (s *socket) set(option, value int) error {
	return unix.SetsockoptInt(s.fd, unix.SOL_PACKET, option, value)
}

// attach makes the kernel run a program on every packet.
func (s *socket) attach(program []bpf.RawInstruction) error {
	code := make([]unix.SockFilter, len(program))
	for i, in := range program {
		code[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
}

// mapRing makes the ring and maps it, smaller if the kernel has no such memory.
func (s *socket) mapRing(size int) error {
	if size <= 0 {
		size = defaultBuffer
	}
	for size = max(size, smallBuffer); ; size /= 2 {
		blocks := size / blockSize
		err := unix.SetsockoptTpacketReq3(s.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{
			Block_size: blockSize, Block_nr: uint32(blocks), Retire_blk_tov: retireAfter,
			Frame_size: frameSize, Frame_nr: uint32(blocks * (blockSize / frameSize)),
		})
		if errors.Is(err, unix.ENOMEM) && size/2 >= smallBuffer {
			continue
		}
		if err != nil {
			return fmt.Errorf("make a ring of %d bytes: %w", blocks*blockSize, err)
		}
		s.ring, err = unix.Mmap(s.fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
		if err != nil {
			return fmt.Errorf("map the ring: %w", err)
		}
		return nil
	}
}

// noGroup stands for a group yet to be made; 0 is a group's number.
const noGroup = -1

// join makes the socket share the packets with the others of a group; a new group
// gets a number that no one else has.
func (s *socket) join(group int) (int, error) {
	argument := max(group, 0) | unix.PACKET_FANOUT_HASH<<16
	if group == noGroup {
		argument |= unix.PACKET_FANOUT_FLAG_UNIQUEID << 16
	}
	if err := s.set(unix.PACKET_FANOUT, argument); err != nil {
		return 0, fmt.Errorf("share the packets: %w", err)
	}
	if group != noGroup {
		return group, nil
	}
	told, err := unix.GetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	if err != nil {
		return 0, fmt.Errorf("ask for the group: %w", err)
	}
	return told & 0xffff, nil
}

// statistics are the kernel's counts since they were last asked for.
func (s *socket) statistics() (unix.TpacketStatsV3, error) {
	stats, err := unix.GetsockoptTpacketStatsV3(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return unix.TpacketStatsV3{}, os.NewSyscallError("getsockopt", err)
	}
	return *stats, nil
}

// failed tells whether the socket met an error since it was last asked: that its
// interface went down.
func (s *socket) failed() bool {
	code, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	return err == nil && code != 0
}

// up tells whether the interface is up and has a carrier.
func (s *socket) up(name string) bool {
	request, err := unix.NewIfreq(name)
	if err != nil || unix.IoctlIfreq(s.fd, unix.SIOCGIFFLAGS, request) != nil {
		return false
	}
	const both = unix.IFF_UP | unix.IFF_RUNNING
	return request.Uint16()&both == both
}

// gone tells whether the interface was removed, for which the kernel unbinds the
// socket for good.
func (s *socket) gone() bool {
	address, err := unix.Getsockname(s.fd)
	if err != nil {
		return true
	}
	bound, ok := address.(*unix.SockaddrLinklayer)
	return !ok || bound.Ifindex <= 0
}

// close gives the ring and the socket back.
func (s *socket) close() {
	if s.ring != nil {
		_ = unix.Munmap(s.ring)
		s.ring = nil
	}
	_ = unix.Close(s.fd)
}

// statusOf is the word by which the kernel and we hand a block to each other.
func (s *socket) statusOf(block []byte) *uint32 {
	return (*uint32)(unsafe.Pointer(&block[statusAt])) //nolint:gosec // a word of shared memory, aligned as the block is
}
