package collector

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"downpour/internal/golden/export"
	"downpour/internal/observe"
	"downpour/internal/observe/flow"
)

// arrived makes an output that discards, and datagrams as they come in.
func arrived(t testing.TB, v flow.Version) (*Collector, *output, *export.Encoder, []export.Datagram) {
	t.Helper()
	r := start(t, nil)
	l := export.Load{Seed: 5, Network: netip.MustParsePrefix("198.51.0.0/16"), Targets: 2000, Sources: 100_000, Longest: time.Second, Interfaces: 4}
	encoder := export.NewEncoder(export.Settings{Version: v, From: netip.MustParseAddrPort("127.0.0.2:9"), TemplatesEvery: 1 << 30})
	now := time.Now().UnixNano()
	list := encoder.Flows(nil, now, l.Flows(24_000, now))
	out := r.newOutput()
	return r.Collector, &out, encoder, list
}

// TestNothingIsAllocated from a datagram to a full batch.
func TestNothingIsAllocated(t *testing.T) {
	for _, v := range versionsKnown {
		t.Run(v.String(), func(t *testing.T) {
			c, out, encoder, list := arrived(t, v)
			by := source{from: addressOf("127.0.0.2")}
			now := list[0].At
			pass := func() {
				for i := range list {
					if list[i].Records > 0 {
						c.handle(out, by, list[i].Message, now)
					}
				}
				out.flush(now)
			}
			for i := range list { // the templates
				c.handle(out, by, list[i].Message, now)
			}
			again := func() {
				now += int64(time.Second)
				for i := range list {
					if list[i].Records > 0 {
						encoder.Again(&list[i], now)
					}
				}
			}
			for range 3 {
				again()
				pass()
			}
			again()
			// AllocsPerRun would repeat the same sequence numbers, which are duplicates:
			// so one run over many datagrams, and some stray allocations of the runtime.
			if n := testing.AllocsPerRun(1, func() { again(); pass() }); n > float64(len(list))/20 {
				t.Errorf("%v allocations for %d datagrams", n, len(list))
			}
		})
	}
}

// BenchmarkHandle is decoding and all that the collector does, without sockets.
func BenchmarkHandle(b *testing.B) {
	for _, v := range versionsKnown {
		b.Run(v.String(), func(b *testing.B) {
			c, out, encoder, list := arrived(b, v)
			by := source{from: addressOf("127.0.0.2")}
			now := list[0].At
			records := 0
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				for i := range list {
					c.handle(out, by, list[i].Message, now)
					records += list[i].Records
				}
				b.StopTimer()
				now += int64(time.Second)
				for i := range list {
					if list[i].Records > 0 {
						encoder.Again(&list[i], now)
					}
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
		})
	}
}

// BenchmarkSocket is a flood over loopback from its socket to batches, against a
// loop that reads and discards: CPU of the reading thread alone, a record.
func BenchmarkSocket(b *testing.B) {
	for _, v := range versionsKnown {
		_, _, encoder, list := arrived(b, v)
		b.Run(v.String()+"/discard", func(b *testing.B) { flood(b, encoder, list, true) })
		b.Run(v.String()+"/collect", func(b *testing.B) { flood(b, encoder, list, false) })
	}
}

// flood sends the datagrams b.N times in portions, while one goroutine reads.
func flood(b *testing.B, encoder *export.Encoder, list []export.Datagram, discard bool) {
	queue := observe.NewQueue(256)
	c, err := New(Config{
		Listen: []Endpoint{{UDP, "127.0.0.1:0"}}, Allow: []netip.Prefix{loopback}, Queue: queue, Ingresses: flow.NewIngresses(),
		NetFlow: netflowDecoder, SFlow: sflowDecoder, Sockets: 1,
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := c.receivers[0]
	sender, err := export.NewSender(b.Context(), netip.MustParseAddrPort("127.0.0.2:0"), netip.MustParseAddrPort(c.Bound()[0].Address))
	if err != nil {
		b.Fatal(err)
	}
	defer sender.Close()
	records, got := 0, 0
	var cpu time.Duration
	const portion = 4000 // datagrams that wait in the socket's buffer
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ResetTimer()
	for range b.N {
		at := list[0].At + int64(time.Second)
		for i := range list {
			if list[i].Records > 0 {
				encoder.Again(&list[i], at)
			}
		}
		for from := 0; from < len(list); from += portion {
			part := list[from:min(from+portion, len(list))]
			if err := sender.Send(export.Messages(part)); err != nil {
				b.Fatal(err)
			}
			cpu += spent(func() {
				for left := len(part); left > 0; {
					n, err := r.socket.read()
					if err != nil {
						b.Fatal(err)
					}
					left -= n
					if discard {
						continue
					}
					for i := range n {
						message, by := r.socket.datagram(i)
						c.handle(&r.out, by, message, at)
					}
					r.out.flush(at)
					for range len(queue.Ready()) {
						batch := <-queue.Ready()
						got += len(batch.Flows)
						queue.Done(batch)
					}
				}
			})
			for i := range part {
				records += part[i].Records
			}
		}
	}
	if !discard && got != records {
		b.Fatalf("%d records came of %d", got, records)
	}
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(records), "cpu-ns/record")
	b.ReportMetric(0, "ns/op")
}

// spent is the CPU time that this thread takes for something.
func spent(do func()) time.Duration {
	var before, after unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_THREAD, &before)
	do()
	_ = unix.Getrusage(unix.RUSAGE_THREAD, &after)
	return time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
}
