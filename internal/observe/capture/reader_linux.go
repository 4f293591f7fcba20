package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Reader captures from an interface.
type Reader struct {
	config Config
	group  int // of the sockets that share the packets; 0 if there is one
	rings  []*ring
	wake   int // an eventfd that is readable once Run shall end
	counts counts
}

// counts are what Stats tells, as they count.
type counts struct {
	packets, flows, outgoing, shed atomic.Uint64
	drops, freezes, downs, reopens atomic.Uint64
	up                             atomic.Int32 // rings whose interface is up
}

// New opens an interface; packets are kept in the ring from then on. It fails if
// there is no such interface, or if the process may not capture (CAP_NET_RAW).
func New(config Config) (*Reader, error) {
	r := &Reader{config: config, group: noGroup, wake: -1}
	if err := r.openAll(); err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("capture from %s: %w", config.Interface, err)
	}
	return r, nil
}

func (r *Reader) openAll() (err error) {
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return err
	}
	for range max(r.config.Readers, 1) {
		one := &ring{of: r}
		if err := one.open(); err != nil {
			return err
		}
		r.rings = append(r.rings, one)
	}
	return nil
}

// Run puts flows into the queue until ctx ends, which is no error; what is in the
// ring then is left. Where the queue has no empty batch, packets are shed and
// counted there. An interface that goes away is waited for.
func (r *Reader) Run(ctx context.Context) error {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		_, _ = unix.Write(r.wake, binary.NativeEndian.AppendUint64(nil, 1))
	})
	defer func() {
		if !stop() {
			<-woken // Close may follow, and give the file away
		}
	}()
	// The first one runs here, and so in the namespace of whoever called.
	var others sync.WaitGroup
	failed := make([]error, len(r.rings))
	for i, one := range r.rings[1:] {
		others.Go(func() { failed[i+1] = one.run(ctx) })
	}
	failed[0] = r.rings[0].run(ctx)
	others.Wait()
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("capture from %s: %w", r.config.Interface, err)
	}
	return nil
}

// Stats is what has been counted so far. It may be called while Run runs.
func (r *Reader) Stats() Stats {
	c := &r.counts
	return Stats{
		Packets: c.packets.Load(), Flows: c.flows.Load(), Outgoing: c.outgoing.Load(), Shed: c.shed.Load(),
		Drops: c.drops.Load(), Freezes: c.freezes.Load(), Downs: c.downs.Load(), Reopens: c.reopens.Load(),
		Up: c.up.Load() > 0,
	}
}

// Close gives the rings back, after Run has ended.
func (r *Reader) Close() error {
	for _, one := range r.rings {
		one.shut()
	}
	if r.wake >= 0 {
		_ = unix.Close(r.wake)
		r.wake = -1
	}
	return nil
}
