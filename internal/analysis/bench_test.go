//go:build unix

package analysis_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"downpour/internal/analysis"
	"downpour/internal/observe/packet"
)

// smallPackets writes a capture of n frames of 60 bytes towards as many
// targets, from as many sources, 400,000 a second.
func smallPackets(b *testing.B, n, targets, sources int, flags byte) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "small.pcap")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buffered := bufio.NewWriterSize(f, 1<<20)
	w, err := packet.NewWriter(buffered, packet.LinkEthernet, true)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	frame := make([]byte, 60)
	copy(frame[12:], []byte{8, 0, 0x45, 0, 0, 40})
	frame[22], frame[23] = 57, 6
	at := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC).UnixNano()
	for range n {
		binary.BigEndian.PutUint32(frame[26:], 0x18000000+uint32(rng.IntN(sources)))
		binary.BigEndian.PutUint32(frame[30:], 0xc6336400+uint32(rng.IntN(targets)))
		binary.BigEndian.PutUint32(frame[34:], rng.Uint32())
		frame[46], frame[47] = 0x50, flags
		if err := w.WritePacket(at, frame, 60); err != nil {
			b.Fatal(err)
		}
		at += 2500
	}
	if err := buffered.Flush(); err != nil {
		b.Fatal(err)
	}
	return path
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

// BenchmarkRun is the whole way from a cached file to a verdict on one core:
// read, decode, detect, assess.
func BenchmarkRun(b *testing.B) {
	const n = 4_000_000
	const syn, ack = 0x02, 0x10
	for _, c := range []struct {
		name             string
		targets, sources int
		flags            byte
	}{
		{"quiet", 2000, 100_000, ack},
		{"flood from 100,000 sources", 1, 100_000, syn},
		{"flood from 10,000,000 sources", 1, 10_000_000, syn},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := smallPackets(b, n, c.targets, c.sources, c.flags)
			attacks, before := 0, cpuTime(b)
			for b.Loop() {
				a, err := analysis.Run(context.Background(), analysis.Options{Inputs: []string{path}, Shards: 1})
				if err != nil {
					b.Fatal(err)
				}
				attacks = len(a.Attacks)
			}
			packets := float64(n) * float64(b.N)
			b.ReportMetric(packets/b.Elapsed().Seconds()/1e6, "Mpackets/s")
			b.ReportMetric(float64(cpuTime(b)-before)/packets, "cpu-ns/packet")
			b.Logf("%d attacks", attacks)
		})
	}
}
