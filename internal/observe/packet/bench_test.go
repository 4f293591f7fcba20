//go:build unix

package packet

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"downpour/internal/observe"
)

// benchFrames are frames of 64 bytes on the wire, as in a flood: changing
// sources and ports, a SYN or, by datagrams, a UDP payload of so many bytes.
func benchFrames(datagrams bool, payload int) [][]byte {
	frames := make([][]byte, 4096)
	x := uint32(7)
	for i := range frames {
		x = x*1664525 + 1013904223
		var packet []byte
		if datagrams {
			body := bytes.Repeat([]byte{byte(x >> 16)}, payload)
			packet = ip4(17, 0, udp(uint16(x>>8), 443, body))
		} else {
			packet = ip4(6, 0x4000, tcp(uint16(x>>8), 443, 2, nil))
		}
		binary.BigEndian.PutUint32(packet[12:], x)
		frame := ether(etherIPv4, packet)
		frames[i] = append(frame, make([]byte, max(0, 60-len(frame)))...)
	}
	return frames
}

// repeated writes the frames over and over until there are n.
func repeated(n int, frames [][]byte, write func(i int, frame []byte)) {
	for i := range n {
		write(i, frames[i%len(frames)])
	}
}

const benchPackets = 1 << 19

func benchPcap(b *testing.B, frames [][]byte) []byte {
	b.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, LinkEthernet, false)
	if err != nil {
		b.Fatal(err)
	}
	repeated(benchPackets, frames, func(i int, frame []byte) {
		if err := w.WritePacket(1_600_000_000_000_000_000+int64(i)*1000, frame, 0); err != nil {
			b.Fatal(err)
		}
	})
	return file.Bytes()
}

func benchPcapng(frames [][]byte) []byte {
	var s sections
	s.section(binary.LittleEndian)
	s.describe(LinkEthernet, 65535)
	repeated(benchPackets, frames, func(i int, frame []byte) {
		s.enhanced(0, 1_600_000_000_000_000+uint64(i), frame, len(frame))
	})
	return s.file
}

// cpuTime is what the process has used of processors, in itself and the kernel:
// on a busy machine the only measure that says something.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var use unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// benchmarkNext reads a file of benchPackets from its beginning each time.
func benchmarkNext(b *testing.B, file []byte, open func(b *testing.B) *Capture) {
	b.Helper()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	var batch observe.Batch
	before := cpuTime(b)
	for b.Loop() {
		c := open(b)
		for c.Next(&batch) == nil {
		}
		if f := c.Figures(); f.Flows != benchPackets {
			b.Fatalf("read %+v", f)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
	packets := float64(b.N) * benchPackets / 1e6
	b.ReportMetric(packets/b.Elapsed().Seconds(), "Mpackets/s")
	b.ReportMetric(packets/(cpuTime(b)-before).Seconds(), "Mpackets/cpu-s")
}

// Reading costs no allocation a packet nor a batch.
func TestNextDoesNotAllocate(t *testing.T) {
	for name, file := range map[string][]byte{"pcap": manyFrames(t), "pcapng": benchPcapng(benchFrames(true, 18))} {
		c, err := Open(name, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		var batch observe.Batch
		if err := c.Next(&batch); err != nil { // which makes the batch's room
			t.Fatal(err)
		}
		// The window may still grow to its bound; there are fewer steps than runs.
		if n := testing.AllocsPerRun(100, func() { _ = c.Next(&batch) }); n != 0 {
			t.Errorf("%s: %v allocations a batch", name, n)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	syn, datagrams := benchFrames(false, 0), benchFrames(true, 18)
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"pcap/SYN", benchPcap(b, syn)}, {"pcap/UDP", benchPcap(b, datagrams)},
		{"pcap/UDP500", benchPcap(b, benchFrames(true, 500))},
		{"pcapng/SYN", benchPcapng(syn)}, {"pcapng/UDP", benchPcapng(datagrams)},
	} {
		b.Run("mapped/"+c.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "bench")
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				b.Fatal(err)
			}
			benchmarkNext(b, c.file, func(b *testing.B) *Capture {
				capture, err := OpenFile(path)
				if err != nil {
					b.Fatal(err)
				}
				return capture
			})
		})
		b.Run("stream/"+c.name, func(b *testing.B) {
			benchmarkNext(b, c.file, func(b *testing.B) *Capture {
				capture, err := Open("bench", bytes.NewReader(c.file))
				if err != nil {
					b.Fatal(err)
				}
				return capture
			})
		})
	}
}
