package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"downpour"
	"downpour/internal/observe"
)

// pollFor is how long a reader waits for packets before it looks whether its
// interface is still there, in milliseconds.
const pollFor = 1000

// How long to wait before an interface that is gone is looked for again.
const (
	retryAfter = 250 * time.Millisecond
	retryMost  = 8 * time.Second
)

// ring is one reader's: a socket with its ring, and what is being made of it.
type ring struct {
	of     *Reader
	socket *socket
	isUp   bool
	packet captured
	batch  *observe.Batch // nil if there is none to fill

	packets, flows, outgoing, shed int // since they were told
}

// open makes the socket, in the readers' group if there are several.
func (r *ring) open() error {
	s, err := open(&r.of.config)
	if err != nil {
		return err
	}
	if r.of.config.Readers > 1 {
		group, err := s.join(r.of.group)
		if err != nil {
			s.close()
			return err
		}
		if r.of.group == noGroup {
			r.of.group = group
		}
	}
	r.socket = s
	r.tellUp(s.up(r.of.config.Interface))
	return nil
}

// shut closes the socket.
func (r *ring) shut() {
	if r.socket != nil {
		r.socket.close()
		r.socket = nil
	}
	r.tellUp(false)
}

// tellUp keeps count of the rings whose interface is up.
func (r *ring) tellUp(up bool) {
	switch {
	case up && !r.isUp:
		r.of.counts.up.Add(1)
	case !up && r.isUp:
		r.of.counts.up.Add(-1)
	}
	r.isUp = up
}

// run reads until ctx ends.
func (r *ring) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if block := r.socket.next(); block != nil {
			r.read(block)
			r.socket.release(block)
			r.tell()
			continue
		}
		trouble, err := r.wait()
		if err != nil {
			return err
		}
		r.tell()
		if !trouble && r.isUp {
			continue
		}
		if err := r.heal(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wait waits for a block or the end of Run; trouble means that none came in time,
// or that there is something about the socket.
func (r *ring) wait() (trouble bool, err error) {
	files := [...]unix.PollFd{
		{Fd: int32(r.socket.fd), Events: unix.POLLIN},
		{Fd: int32(r.of.wake), Events: unix.POLLIN},
	}
	n, err := unix.Poll(files[:], pollFor)
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return n == 0 || files[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0, nil
}

// heal looks after an interface that may be down or gone. The kernel goes on by
// itself with one that comes up again, but not with one that was removed.
func (r *ring) heal(ctx context.Context) error {
	if r.socket.failed() {
		r.of.counts.downs.Add(1)
	}
	r.tellUp(r.socket.up(r.of.config.Interface))
	if !r.socket.gone() {
		return nil
	}
	r.shut()
	for after := retryAfter; ; after = min(2*after, retryMost) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(after):
		}
		err := r.open()
		if err == nil {
			r.of.counts.reopens.Add(1)
			return nil
		}
		if errors.Is(err, unix.EPERM) {
			return err // it will not change any more
		}
	}
}

// read puts the packets of a block into batches.
func (r *ring) read(block []byte) {
	at := binary.NativeEndian.Uint32(block[firstAt:])
	for range binary.NativeEndian.Uint32(block[packetsAt:]) {
		head := block[at:]
		r.packet.read(head, r.socket.sized)
		r.take()
		at += binary.NativeEndian.Uint32(head[nextAt:])
	}
}

// take puts the packet at hand into a batch.
func (r *ring) take() {
	r.packets++
	if r.packet.outgoing {
		r.outgoing++
		if r.socket.incoming {
			return // an old kernel, that gives them all the same
		}
	}
	if r.batch == nil {
		if r.batch = r.of.config.Queue.Take(); r.batch == nil {
			r.shed++
			return
		}
	}
	n := len(r.batch.Flows)
	if n == cap(r.batch.Flows) {
		r.batch.Flows = append(make([]downpour.Flow, 0, observe.BatchSize), r.batch.Flows...)
	}
	f := &r.batch.Flows[:n+1][n]
	if !r.packet.decode(r.socket.link, r.of.config.Headers, f) {
		return
	}
	f.Sampling, f.Ingress = r.of.config.sampling(), r.of.config.Ingress
	r.batch.Flows = r.batch.Flows[:n+1]
	r.flows++
	if n+1 == observe.BatchSize {
		r.hand()
	}
}

// hand gives the batch to the queue.
func (r *ring) hand() {
	if len(r.batch.Flows) == 0 {
		r.of.config.Queue.Done(r.batch)
	} else {
		r.of.config.Queue.Put(r.batch)
	}
	r.batch = nil
}

// tell hands over what there is and counts.
func (r *ring) tell() {
	if r.batch != nil {
		r.hand()
	}
	c := &r.of.counts
	c.packets.Add(uint64(r.packets))
	c.flows.Add(uint64(r.flows))
	c.outgoing.Add(uint64(r.outgoing))
	if r.shed > 0 {
		c.shed.Add(uint64(r.shed))
		r.of.config.Queue.Shed(r.shed, 0)
	}
	r.packets, r.flows, r.outgoing, r.shed = 0, 0, 0, 0
	if stats, err := r.socket.statistics(); err == nil {
		c.drops.Add(uint64(stats.Drops))
		c.freezes.Add(uint64(stats.Freeze_q_cnt))
	}
}
