//go:build unix

package sflow

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"downpour/internal/observe/flow"
)

// benchDatagrams are as many datagrams as one system call may receive, of 7 samples
// each, which is what fits 1,400
// bytes: headers of 128 bytes with changing addresses, switch and gateway records.
func benchDatagrams(full bool) [][]byte {
	list := make([][]byte, 128)
	x := uint32(7)
	for i := range list {
		var samples [][]byte
		for j := range 7 {
			x = x*1664525 + 1013904223
			frame := append(ethernet(), make([]byte, 74)...)
			binary.BigEndian.PutUint32(frame[26:], x)
			records := [][]byte{rawRecord(headerEthernet, 1518, 4, frame)}
			if full {
				records = append(records, tagged(recordSwitch, words(5, 0, 6, 0)), gateway())
			}
			samples = append(samples, sampledBy(uint32(7*i+j), uint32(7*i+j)*1000, 0, records...))
		}
		list[i] = numbered(1, uint32(i), uint32(i), samples...)
	}
	return list
}

// replay decodes the datagrams in turn, each with a number of its own.
type replay struct {
	list    [][]byte
	decoder *Decoder
	records []flow.Record
	done    int
}

func (r *replay) next() {
	datagram := r.list[r.done%len(r.list)]
	binary.BigEndian.PutUint32(datagram[16:], uint32(r.done))
	r.records, _ = r.decoder.Decode(r.records[:0], datagram, 1)
	r.done++
}

// check sees to it that everything was decoded.
func (r *replay) check(t testing.TB) {
	t.Helper()
	if s := r.decoder.Stats(); s.Records != 7*uint64(r.done) || s.Duplicates != 0 || s.Lost != 0 {
		t.Errorf("of %d datagrams: %+v", r.done, s)
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

func BenchmarkDecode(b *testing.B) {
	for name, full := range map[string]bool{"header": false, "header, switch, gateway": true} {
		b.Run(name, func(b *testing.B) {
			r := replay{list: benchDatagrams(full), decoder: New(Config{})}
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				r.next()
			}
			used := float64(cpuTime(b) - before)
			r.check(b)
			records := float64(r.decoder.Stats().Records)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/records, "ns/record")
			b.ReportMetric(used/records, "cpu-ns/record")
		})
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	r := replay{list: benchDatagrams(true), decoder: New(Config{})}
	r.next() // makes room for the sub-agent and the data source
	if n := testing.AllocsPerRun(1000, r.next); n != 0 {
		t.Errorf("%v allocations a datagram", n)
	}
	r.check(t)
}
