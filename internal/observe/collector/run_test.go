package collector

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"downpour"
	"downpour/internal/golden/export"
	"downpour/internal/observe"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/netflow"
	"downpour/internal/observe/sflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback lets every test's senders in.
var loopback = netip.MustParsePrefix("127.0.0.0/8")

// rig is a collector that runs, and what came out of it.
type rig struct {
	*Collector
	t     testing.TB
	queue *observe.Queue
	stop  func()
	to    []netip.AddrPort // where it listens, in the order of Config.Listen

	mu      sync.Mutex
	total   export.Totals
	newest  observe.Batch // the last batch's Now and Delay
	flows   []downpour.Flow
	waiting bool // the consumer stands still
	wake    *sync.Cond
}

// start runs a collector on loopback with what change says.
func start(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, queue: observe.NewQueue(64)}
	r.wake = sync.NewCond(&r.mu)
	cfg := Config{
		Listen: []Endpoint{{UDP, "127.0.0.1:0"}}, Allow: []netip.Prefix{loopback}, Queue: r.queue, Ingresses: flow.NewIngresses(),
		NetFlow: netflowDecoder, SFlow: sflowDecoder,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if r.Collector, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, b := range r.Bound() {
		r.to = append(r.to, netip.MustParseAddrPort(b.Address))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done, consumed := make(chan error, 1), make(chan struct{})
	go func() { done <- r.Run(ctx) }()
	go func() { defer close(consumed); r.consume(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		r.pause(false)
		if err := <-done; err != nil {
			t.Error(err)
		}
		<-consumed
	})
	t.Cleanup(r.stop)
	return r
}

// consume takes batches in as the pipeline does.
func (r *rig) consume(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-r.queue.Ready():
			r.take(b)
			r.queue.Done(b)
		}
	}
}

func (r *rig) take(b *observe.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.waiting {
		r.wake.Wait()
	}
	for i := range b.Flows {
		f := &b.Flows[i]
		r.total.Flows++
		r.total.Packets += uint64(f.Packets) * uint64(f.Sampling)
		r.total.Bytes += f.Bytes * uint64(f.Sampling)
	}
	if len(r.flows) < 100_000 {
		r.flows = append(r.flows, b.Flows...)
	}
	r.newest.Now, r.newest.Delay = b.Now, b.Delay
}

// pause makes the consumer stand still, or go on.
func (r *rig) pause(still bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = still
	r.wake.Broadcast()
}

func (r *rig) totals() export.Totals {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// exporter is the status of one by address.
func (r *rig) exporter(address string) ExporterStatus {
	for _, e := range r.Status().Exporters {
		if e.Address.String() == address {
			return e
		}
	}
	return ExporterStatus{}
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// send sends datagrams from an address of loopback.
func send(t testing.TB, from string, to netip.AddrPort, datagrams []export.Datagram) {
	t.Helper()
	s, err := export.NewSender(t.Context(), netip.MustParseAddrPort(from+":0"), to)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Send(export.Messages(datagrams)); err != nil {
		t.Fatal(err)
	}
}

// load draws flows let go now.
func load(n int) []export.Flow { return loadOf(1, n) }

// loadOf draws those of a seed: other seeds have other sources.
func loadOf(seed uint64, n int) []export.Flow {
	l := export.Load{Seed: seed << 32, Network: netip.MustParsePrefix("198.51.100.0/24"), Targets: 200, Sources: 1000, Longest: 900 * time.Millisecond, Interfaces: 4}
	return l.Flows(n, time.Now().UnixNano())
}

// datagrams encodes flows as an exporter's, sent now.
func datagrams(s export.Settings, flows []export.Flow) []export.Datagram {
	return export.NewEncoder(s).Flows(nil, time.Now().UnixNano(), flows)
}

func netflowDecoder(stream bool) flow.Decoder { return netflow.New(netflow.Config{Stream: stream}) }

func sflowDecoder() flow.Decoder { return sflow.New(sflow.Config{}) }

func addressOf(s string) downpour.Address { return downpour.AddressFrom(netip.MustParseAddr(s)) }
