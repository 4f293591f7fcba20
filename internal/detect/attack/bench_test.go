package attack

import (
	"testing"

	"downpour"
)

// benchmark feeds flows round and round, a microsecond apart, with a tick each
// second, and counts what one costs on both of its sides.
func benchmark(b *testing.B, flows []downpour.Flow) {
	d := New(Default(), 0)
	var events []downpour.Event
	now := morning
	feed := func(i int) {
		f := &flows[i&(len(flows)-1)]
		f.Time = now
		now += 1000
		if now%second == 0 {
			d.Tick(now)
			events = d.Events(events[:0])
		}
		d.Incoming(f)
	}
	for i := range 2 * len(flows) {
		feed(i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		feed(i)
	}
}

const benchFlows = 1 << 17

func BenchmarkIncoming(b *testing.B) {
	b.Run("flood of forged sources", func(b *testing.B) {
		made := newTraffic(1)
		made.send(0, 0, benchFlows, tcp(downpour.SYN))
		benchmark(b, made.flows)
	})
	b.Run("flood of one source", func(b *testing.B) {
		made := newTraffic(1)
		source := made.anyone()
		made.send(0, 0, benchFlows, func(i int, f *downpour.Flow) { tcp(downpour.SYN)(i, f); f.Source = source })
		benchmark(b, made.flows)
	})
	b.Run("2000 quiet targets", func(b *testing.B) {
		made := newTraffic(2)
		targets := made.some(2000)
		made.send(0, 0, benchFlows, func(i int, f *downpour.Flow) {
			tcp(downpour.ACK)(i, f)
			f.Destination = targets[made.random.IntN(len(targets))]
		})
		benchmark(b, made.flows)
	})
	b.Run("random targets", func(b *testing.B) {
		made := newTraffic(3)
		made.send(0, 0, benchFlows, func(i int, f *downpour.Flow) { tcp(downpour.SYN|downpour.ACK)(i, f); f.Destination = f.Source })
		benchmark(b, made.flows)
	})
}

func BenchmarkOutgoing(b *testing.B) {
	made := newTraffic(4)
	made.send(0, 0, benchFlows, tcp(downpour.SYN))
	d := New(Default(), 0)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		d.Outgoing(&made.flows[i&(benchFlows-1)])
	}
}
