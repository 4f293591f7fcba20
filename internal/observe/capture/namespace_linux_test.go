package capture

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"downpour/internal/testenv"
)

// enterNamespace puts the test's thread into a network namespace of its own, which
// ends with it. Whatever shall be in there has to run on the test's goroutine, or
// on one that enters it.
func enterNamespace(t *testing.T) netns.NsHandle {
	t.Helper()
	// Never unlocked: the thread ends with the goroutine.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
			testenv.Lack(t, "needs a network namespace: run as root ("+err.Error()+")")
		}
		t.Fatal(err)
	}
	// Else the kernel sends packets of its own on what is up.
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0o600); err != nil && !os.IsNotExist(err) {
		t.Log(err)
	}
	here, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = here.Close() })
	return here
}

// pair makes two interfaces with a cable between them, both up.
func pair(t *testing.T, one, other string) {
	t.Helper()
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: one}, PeerName: other}
	if err := netlink.LinkAdd(link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{one, other} {
		setUp(t, name)
	}
}

func named(t *testing.T, name string) netlink.Link {
	t.Helper()
	link, err := netlink.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func setUp(t *testing.T, name string) {
	t.Helper()
	if err := netlink.LinkSetUp(named(t, name)); err != nil {
		t.Fatal(err)
	}
}

func setDown(t *testing.T, name string) {
	t.Helper()
	if err := netlink.LinkSetDown(named(t, name)); err != nil {
		t.Fatal(err)
	}
}

// sender sends frames on an interface.
type sender struct {
	t  *testing.T
	fd int
	to unix.SockaddrLinklayer
}

func newSender(t *testing.T, name string) *sender {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	s := &sender{t: t, fd: fd}
	s.to = unix.SockaddrLinklayer{Ifindex: named(t, name).Attrs().Index, Halen: 6}
	return s
}

func (s *sender) send(frame []byte) {
	s.t.Helper()
	for {
		switch err := unix.Sendto(s.fd, frame, 0, &s.to); {
		case err == nil:
			return
		case !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR):
			s.t.Fatal(err)
		}
	}
}
