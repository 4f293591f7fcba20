package capture

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// give puts an address on an interface of the namespace that the thread is in.
func give(t *testing.T, name, address string) {
	t.Helper()
	a, err := netlink.ParseAddr(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrAdd(named(t, name), a); err != nil {
		t.Fatal(err)
	}
	setUp(t, name)
}

// listen makes a second namespace with the other end of the cable in it, and a
// listener there whose connections are read to their end.
func listen(t *testing.T, back netns.NsHandle) string {
	t.Helper()
	link := named(t, "dp1")
	there, err := netns.New() // which enters it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close() })
	if err := netns.Set(back); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetNsFd(link, int(there)); err != nil {
		t.Fatal(err)
	}
	if err := netns.Set(there); err != nil {
		t.Fatal(err)
	}
	give(t, "dp1", "10.9.0.2/24")
	l, err := net.Listen("tcp4", "10.9.0.2:4242")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if err := netns.Set(back); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// What TCP hands to the interface in pieces of up to 64 KiB counts as the packets
// that it will be cut into, with the headers of each.
func TestOffloadedSegmentsCount(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	give(t, "dp0", "10.9.0.1/24")
	address := listen(t, in)
	r := start(t, in, Config{Interface: "dp0"})
	eventually(t, "an interface that is up", func() bool { return r.reader.Stats().Up })
	const sent = 8 << 20
	info := transfer(t, address, sent)
	// Sent are a SYN, the data, acknowledgements and a FIN; the last may come later.
	packets, bytes := 0, 0
	count := func() bool {
		packets, bytes = 0, 0
		for _, f := range r.got() {
			packets += int(f.Packets)
			bytes += int(f.Bytes)
		}
		return packets >= int(info.Segs_out)
	}
	eventually(t, fmt.Sprintf("%d segments", info.Segs_out), count)
	if packets > int(info.Segs_out)+2 {
		t.Errorf("%d packets counted, %d segments sent", packets, info.Segs_out)
	}
	frames := len(r.got())
	if frames*4 > packets {
		t.Errorf("%d frames for %d packets: nothing was offloaded, so nothing is tested", frames, packets)
	}
	// Ethernet, IPv4, TCP with time stamps; SYN's options are longer by eight bytes.
	want := int(info.Bytes_sent) + packets*(14+20+32) + 8
	if bytes < want-200 || bytes > want+200 {
		t.Errorf("%d bytes counted in %d packets, want %d", bytes, packets, want)
	}
}

// transfer sends so many bytes over TCP and tells what that took.
func transfer(t *testing.T, address string, size int) *unix.TCPInfo {
	t.Helper()
	c, err := net.Dial("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	eventually(t, "everything acknowledged", func() bool {
		if err := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); err != nil {
			t.Fatal(err)
		}
		return err == nil && info.Unacked == 0 && info.Notsent_bytes == 0
	})
	return info
}
