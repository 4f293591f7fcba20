package attack

import (
	"testing"

	"downpour"
	"downpour/internal/observe"
)

// benchmark shows one detector flows to its targets round and round, a
// microsecond apart, with a tick each second.
func benchmark(b *testing.B, flows []downpour.Flow) {
	d := New(Default(), 0)
	var events []downpour.Event
	var ends []downpour.FlowEnd
	for i := range observe.BatchSize {
		ends = append(ends, downpour.DestinationOf(i))
	}
	now := morning
	feed := func(i int) {
		some := flows[i&(len(flows)-1):][:observe.BatchSize]
		for i := range some {
			some[i].Time = now + int64(i)*1000
		}
		if now%second > (now+1000*observe.BatchSize)%second {
			d.Tick(now)
			events = d.Events(events[:0])
		}
		now += 1000 * observe.BatchSize
		d.Flows(some, ends)
	}
	for i := 0; i < 2*len(flows); i += observe.BatchSize {
		feed(i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += observe.BatchSize {
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
