package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// port is where the tests' datagrams go; the first 16 bits of their payload, and
// the source port, number them.
const port = 4242

// frameOf is an Ethernet frame with a UDP datagram, of payload bytes, with what
// stands between the addresses and the EtherType of IPv4.
func frameOf(number, payload int, tags ...byte) []byte {
	be := binary.BigEndian
	udp := be.AppendUint16(nil, uint16(number))
	udp = be.AppendUint16(udp, port)
	udp = be.AppendUint16(udp, uint16(8+payload))
	udp = append(udp, 0, 0)
	udp = append(udp, make([]byte, payload)...)
	ip := be.AppendUint16([]byte{0x45, 0}, uint16(20+len(udp)))
	ip = append(ip, 0, 0, 0, 0, 64, downpour.ProtocolUDP, 0, 0, 192, 0, 2, byte(1+number%200), 198, 51, 100, 2)
	frame := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, tags...)
	return slices.Concat(frame, []byte{8, 0}, ip, udp)
}

// running is a capture that runs, and what it gave.
type running struct {
	t      *testing.T
	reader *Reader
	stop   func()
	mu     sync.Mutex
	flows  []downpour.Flow // those to port, without errors that quote them
}

// start captures by a config, in a namespace.
func start(t *testing.T, in netns.NsHandle, config Config) *running {
	t.Helper()
	return startAfter(t, in, config, func() {})
}

// startAfter does something between opening the interface and reading from it.
func startAfter(t *testing.T, in netns.NsHandle, config Config, do func()) *running {
	t.Helper()
	config.Queue = observe.NewQueue(64)
	reader, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, reader: reader}
	do()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread() // not unlocked: the namespace stays the thread's
		if err := netns.Set(in); err != nil {
			t.Error(err)
		}
		if err := reader.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	taking := make(chan struct{})
	go func() {
		defer close(taking)
		for {
			select {
			case b := <-config.Queue.Ready():
				r.keep(b)
				config.Queue.Done(b)
			case <-ctx.Done():
				return
			}
		}
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
		<-taking
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *running) keep(b *observe.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(b.Flows) == 0 || len(b.Flows) > observe.BatchSize {
		r.t.Errorf("a batch of %d flows", len(b.Flows))
	}
	for _, f := range b.Flows {
		if f.DestinationPort == port && f.Quoted == 0 {
			r.flows = append(r.flows, f)
		}
	}
}

// got is what has come so far.
func (r *running) got() []downpour.Flow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.flows)
}

// eventually waits until something holds, and fails if it never does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 6000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("in vain waited for: %s", what)
}

// all waits for n flows.
func (r *running) all(n int) []downpour.Flow {
	r.t.Helper()
	eventually(r.t, "all packets", func() bool { return len(r.got()) >= n })
	return r.got()
}

func TestEveryPacketIsCounted(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	r := start(t, in, Config{Interface: "dp0", Ingress: 7})
	const packets, payload = 20000, 100
	from := newSender(t, "dp1")
	before := time.Now().UnixNano()
	for i := range packets {
		from.send(frameOf(i, payload))
	}
	flows := r.all(packets)
	r.stop()
	seen := map[uint16]bool{}
	for _, f := range flows {
		seen[f.SourcePort] = true
		if f.Bytes != 14+20+8+payload || f.Packets != 1 || f.Sampling != 1 || f.Ingress != 7 || f.TTL != 64 {
			t.Fatalf("a packet became %+v", f)
		}
		if f.Time < before-int64(time.Second) || f.Time > time.Now().UnixNano()+int64(time.Second) {
			t.Fatalf("a packet has the time %v", time.Unix(0, f.Time))
		}
	}
	stats := r.reader.Stats()
	if len(flows) != packets || len(seen) != packets || stats.Drops != 0 || stats.Shed != 0 || stats.Flows < packets {
		t.Errorf("of %d packets came %d, %d distinct; %+v", packets, len(flows), len(seen), stats)
	}
}

// What the ring had no room for is counted: what was sent is what came and what
// was dropped.
func TestDropsAreCounted(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	const packets = 30000
	r := startAfter(t, in, Config{Interface: "dp0", Buffer: smallBuffer}, func() {
		from := newSender(t, "dp1")
		for i := range packets {
			from.send(frameOf(i, 300))
		}
	})
	eventually(t, "an account of all packets", func() bool {
		s := r.reader.Stats()
		return s.Packets+s.Drops == packets && s.Flows == s.Packets
	})
	if s := r.reader.Stats(); s.Drops == 0 || s.Packets == 0 || len(r.all(int(s.Flows))) != int(s.Flows) {
		t.Errorf("of %d packets: %+v", packets, s)
	}
}

// Five standard deviations: a right sampler fails once in 1.7 million runs.
func TestTheKernelSamples(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	r := start(t, in, Config{Interface: "dp0", Sampling: 10})
	const packets = 40000
	from := newSender(t, "dp1")
	for i := range packets {
		from.send(frameOf(i, 20))
	}
	r.settle()
	flows := r.got()
	r.stop()
	estimate := 0
	for _, f := range flows {
		if f.Sampling != 10 {
			t.Fatalf("a sampled packet became %+v", f)
		}
		estimate += int(f.Packets) * int(f.Sampling)
	}
	const deviation = 600 // 10 √(40000 × 0.1 × 0.9)
	if estimate < packets-5*deviation || estimate > packets+5*deviation {
		t.Errorf("%d packets estimated, of %d", estimate, packets)
	}
	if read := r.reader.Stats().Packets; read > packets/5 {
		t.Errorf("the kernel handed over %d packets of %d", read, packets)
	}
}

// settle waits until no more packets come.
func (r *running) settle() {
	for last, same := -1, 0; same < 100; time.Sleep(10 * time.Millisecond) {
		if now := len(r.got()); now == last && now > 0 {
			same++
		} else {
			last, same = now, 0
		}
	}
}

// The kernel takes a tag off before it hands a frame over; its bytes count.
func TestTagsCount(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	r := start(t, in, Config{Interface: "dp0"})
	frame := frameOf(1, 40, 0x81, 0x00, 0x00, 0x05)
	newSender(t, "dp1").send(frame)
	if f := r.all(1)[0]; f.Bytes != uint64(len(frame)) || f.SourcePort != 1 {
		t.Errorf("a frame of %d bytes became %+v", len(frame), f)
	}
}

func TestOutgoing(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	both := start(t, in, Config{Interface: "dp1"})
	incoming := start(t, in, Config{Interface: "dp1", Incoming: true})
	out, back := newSender(t, "dp1"), newSender(t, "dp0")
	for i := range 10 {
		out.send(frameOf(i, 20))
	}
	back.send(frameOf(99, 20))
	both.all(11)
	incoming.all(1)
	both.stop()
	incoming.stop()
	if s := both.reader.Stats(); s.Outgoing != 10 || len(both.got()) != 11 {
		t.Errorf("of both directions came %d; %+v", len(both.got()), s)
	}
	if s := incoming.reader.Stats(); s.Outgoing != 0 || len(incoming.got()) != 1 || incoming.got()[0].SourcePort != 99 {
		t.Errorf("of what comes in came %d; %+v", len(incoming.got()), s)
	}
}

// On a loopback interface every packet passes twice, out and in.
func TestLoopbackCountsOnce(t *testing.T) {
	in := enterNamespace(t)
	setUp(t, "lo")
	r := start(t, in, Config{Interface: "lo"})
	eventually(t, "an interface that is up", func() bool { return r.reader.Stats().Up })
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for range 20 { // each is refused by an ICMP error, since nobody listens
		if _, err := c.WriteTo([]byte("hello"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "as many refusals", func() bool { return r.reader.Stats().Packets >= 40 })
	r.stop()
	if n := len(r.got()); n != 20 {
		t.Errorf("of 20 packets came %d; %+v", n, r.reader.Stats())
	}
}

// A tunnel's interface has no link headers.
func TestInterfaceWithoutLinkHeaders(t *testing.T) {
	in := enterNamespace(t)
	link := &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: "dp0"}, Mode: netlink.TUNTAP_MODE_TUN,
		Flags: netlink.TUNTAP_NO_PI | netlink.TUNTAP_ONE_QUEUE, Queues: 1}
	if err := netlink.LinkAdd(link); err != nil {
		testenv.Lack(t, "needs /dev/net/tun: "+err.Error())
	}
	t.Cleanup(func() { _ = link.Fds[0].Close() })
	setUp(t, "dp0")
	r := start(t, in, Config{Interface: "dp0"})
	eventually(t, "an interface that is up", func() bool { return r.reader.Stats().Up })
	packet := frameOf(1, 40)[14:]
	if _, err := link.Fds[0].Write(packet); err != nil {
		t.Fatal(err)
	}
	if f := r.all(1)[0]; f.Bytes != uint64(len(packet)) || f.SourcePort != 1 {
		t.Errorf("a packet of %d bytes became %+v", len(packet), f)
	}
}

func TestReadersShareThePackets(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	r := start(t, in, Config{Interface: "dp0", Readers: 2, Promiscuous: true})
	const packets = 5000
	from := newSender(t, "dp1")
	for i := range packets {
		from.send(frameOf(i, 20))
	}
	r.all(packets)
	r.stop()
	if s := r.reader.Stats(); len(r.got()) != packets || s.Drops != 0 {
		t.Errorf("of %d packets came %d; %+v", packets, len(r.got()), s)
	}
}

func TestAnInterfaceThatGoesDownAndUp(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	r := start(t, in, Config{Interface: "dp0"})
	eventually(t, "an interface that is up", func() bool { return r.reader.Stats().Up })
	setDown(t, "dp0")
	eventually(t, "an interface that is down", func() bool { s := r.reader.Stats(); return !s.Up && s.Downs == 1 })
	setUp(t, "dp0")
	eventually(t, "an interface that is up again", func() bool { return r.reader.Stats().Up })
	newSender(t, "dp1").send(frameOf(1, 20))
	r.all(1)
	if s := r.reader.Stats(); s.Reopens != 0 {
		t.Errorf("reopened for nothing: %+v", s)
	}
}

func TestAnInterfaceThatIsGoneAndComesBack(t *testing.T) {
	in := enterNamespace(t)
	pair(t, "dp0", "dp1")
	r := start(t, in, Config{Interface: "dp0", Readers: 1})
	newSender(t, "dp1").send(frameOf(1, 20))
	r.all(1)
	if err := netlink.LinkDel(named(t, "dp0")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an interface that is gone", func() bool { return !r.reader.Stats().Up })
	pair(t, "dp0", "dp1")
	eventually(t, "a new interface", func() bool { s := r.reader.Stats(); return s.Reopens == 1 && s.Up })
	newSender(t, "dp1").send(frameOf(2, 20))
	r.all(2)
}

func TestErrorsSayWhatToDo(t *testing.T) {
	if err := explain(unix.EPERM); !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "CAP_NET_RAW") {
		t.Errorf("got %v", err)
	}
}

func TestNoSuchInterface(t *testing.T) {
	enterNamespace(t)
	if _, err := New(Config{Interface: "dp9", Queue: observe.NewQueue(2)}); err == nil || err.Error() != "capture from dp9: no such device" {
		t.Errorf("got %v", err)
	}
}
