package capture

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/packet"
)

// blockOf is a block as the kernel fills it, of frames with what describes their
// offload.
func blockOf(offload []byte, frames ...[]byte) []byte {
	order := binary.NativeEndian
	block := make([]byte, blockSize)
	order.PutUint32(block[packetsAt:], uint32(len(frames)))
	order.PutUint32(block[firstAt:], 48)
	at := 48
	for i, frame := range frames {
		head := block[at:]
		begins := (headSize + offloadSize + 15) &^ 15
		size := (begins + len(frame) + 15) &^ 15
		order.PutUint32(head[nextAt:], uint32(size))
		order.PutUint32(head[secondsAt:], 1_700_000_000)
		order.PutUint32(head[nanosAt:], uint32(i))
		order.PutUint32(head[capturedAt:], uint32(len(frame)))
		order.PutUint32(head[lengthAt:], uint32(len(frame)))
		order.PutUint16(head[frameAt:], uint16(begins))
		copy(head[begins-offloadSize:], offload)
		copy(head[begins:], frame)
		at += size
	}
	return block
}

func TestPacketsOfABlock(t *testing.T) {
	order := binary.NativeEndian
	offload := make([]byte, offloadSize)
	offload[offloadKind] = 1          // TCP over IPv4
	order.PutUint16(offload[2:], 200) // of the headers' length only a hint
	order.PutUint16(offload[offloadSegment:], 100)
	frame := frameOf(1, 250)
	for name, c := range map[string]struct {
		offload []byte
		status  uint32
		packets uint32
		bytes   int
	}{
		"alone":               {make([]byte, offloadSize), 0, 1, len(frame)},
		"three in one":        {offload, 0, 3, len(frame) + 2*42},
		"with a tag":          {make([]byte, offloadSize), unix.TP_STATUS_VLAN_VALID, 1, len(frame) + 4},
		"three in one, a tag": {offload, unix.TP_STATUS_VLAN_VALID, 3, len(frame) + 4 + 2*46},
		"not of offload":      {append([]byte{0, 0}, offload[2:]...), 0, 1, len(frame)},
		"segments of nothing": {[]byte{0, 1, 42, 0, 0, 0, 0, 0, 0, 0}, 0, 1, len(frame)},
	} {
		block := blockOf(c.offload, frame)
		order.PutUint32(block[48+packetStatus:], c.status)
		var p captured
		var f downpour.Flow
		p.read(block[48:], true)
		if !p.decode(packet.LinkEthernet, packet.Options{}, &f) || f.Packets != c.packets || f.Bytes != uint64(c.bytes) || f.Time != 1_700_000_000_000_000_000 {
			t.Errorf("%s: %+v, want %d packets of %d bytes", name, f, c.packets, c.bytes)
		}
	}
}

// reading is a ring that reads blocks which the test makes.
func reading(config Config) *ring {
	return &ring{of: &Reader{config: config}, socket: &socket{fd: -1, sized: true, link: packet.LinkEthernet}}
}

// With no batch to be had, packets are shed and counted; none is kept back.
func TestWithoutABatchPacketsAreShed(t *testing.T) {
	queue := observe.NewQueue(2)
	r := reading(Config{Queue: queue})
	frames := make([][]byte, 3000)
	for i := range frames {
		frames[i] = frameOf(i, 0)
	}
	r.read(blockOf(make([]byte, offloadSize), frames...))
	r.tell()
	s := r.of.Stats()
	if s.Packets != 3000 || s.Flows != 2*observe.BatchSize || s.Shed != 3000-2*observe.BatchSize {
		t.Errorf("%+v", s)
	}
	if c := queue.Counts(); c.Flows.Load() != s.Flows || c.ShedFlows.Load() != s.Shed {
		t.Errorf("the queue counts %d and %d shed", c.Flows.Load(), c.ShedFlows.Load())
	}
}

// cpuTime is what the process has used of processors, in nanoseconds: on a busy
// machine the only measure that says something.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var use unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return use.Utime.Nano() + use.Stime.Nano()
}

func BenchmarkBlock(b *testing.B) {
	queue := observe.NewQueue(8)
	r := reading(Config{Queue: queue, Sampling: 10})
	frames := make([][]byte, 4096)
	for i := range frames {
		frames[i] = frameOf(i, 18)
	}
	block := blockOf(make([]byte, offloadSize), frames...)
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		r.read(block)
		for waiting, _ := queue.Waiting(); waiting > 0; waiting-- {
			queue.Done(<-queue.Ready())
		}
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(r.packets), "cpu-ns/packet")
}
