package overlap_test

import (
	"fmt"
	"testing"

	"downpour"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/overlap"
)

// BenchmarkApply filters a million records a second in datagrams of 24, of 100,000
// flows that last: of one exporter, of two that tell the same (one is soon left
// out), and of two that share half (every flow is held against the table).
func BenchmarkApply(b *testing.B) {
	const flows = 100_000
	record := func(i int) (r flow.Record) {
		r.Source, r.Destination = downpour.AddressFrom4(0x0a000000+uint32(i)), downpour.AddressFrom4(0xc6336400+uint32(i%2000))
		r.Input, r.Packets, r.Bytes, r.Sampling, r.Duration = uint32(i%8), 10, 1000, 1, 500
		return r
	}
	for _, c := range []struct {
		name      string
		exporters int
		apart     int // flows by which the second's differ
	}{{"one", 1, 0}, {"same", 2, 0}, {"half", 2, flows / 2}, {"disjoint", 2, flows}} {
		b.Run(c.name, func(b *testing.B) {
			f := overlap.New(overlap.Config{})
			var datagrams [][]flow.Record
			for from := 0; from+24 <= flows; from += 24 {
				var rs []flow.Record
				for i := range 24 {
					rs = append(rs, record(from+i))
				}
				datagrams = append(datagrams, rs)
			}
			buffer := make([]flow.Record, 24)
			at, n := start, 0
			step := func() {
				exporter := n % c.exporters
				copy(buffer, datagrams[n/c.exporters%len(datagrams)])
				for i := range buffer {
					buffer[i].Time = at - second
					if exporter == 1 {
						buffer[i].Source.Lo += uint64(c.apart)
					}
				}
				f.Apply(uint16(exporter), buffer, at)
				n++
				at += 24_000
			}
			for range 20_000 {
				step() // at a hundredth of the pace, until it is measured
				at += 99 * 24_000
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*24), "ns/record")
			if testing.Verbose() {
				fmt.Println(states(f))
			}
		})
	}
}
