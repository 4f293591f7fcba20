package collector

import (
	"context"
	"errors"
	"net"
	"time"
)

// A receiver sleeps after it found fewer datagrams than one call can fetch: the
// call and the wake-up cost more than the datagrams, so letting some gather is
// cheaper. It sleeps longer the less it found, as long as the socket's buffer
// surely holds what comes meanwhile, and never so long that it matters beside an
// exporter's own delay.
const (
	shortPause = time.Millisecond
	longPause  = 16 * time.Millisecond
	// roomy is a socket's buffer that holds what a million records a second bring
	// in a long pause, the kernel's own books with it (2.3 KB a datagram).
	roomy = 4 << 20
)

// receiver reads one socket.
type receiver struct {
	c      *Collector
	socket *reader
	out    output
}

// run reads until the socket is closed.
func (r *receiver) run(ctx context.Context) error {
	pause := pacing{longest: shortPause}
	if r.socket.socketBuffer() >= roomy {
		pause.longest = longPause
	}
	for {
		n, err := r.socket.read()
		if errors.Is(err, net.ErrClosed) && ctx.Err() != nil {
			return nil //nolint:nilerr // closed because it is to end
		}
		if err != nil {
			return err
		}
		arrived := r.c.cfg.Now().UnixNano()
		for i := range n {
			b, from := r.socket.datagram(i)
			r.c.handle(&r.out, from, b, arrived)
		}
		r.out.flush(arrived)
		if d := pause.after(n); d > 0 {
			time.Sleep(d)
		}
	}
}

// pacing tells how long to sleep between reads.
type pacing struct{ longest, last time.Duration }

// after is how long to sleep after a read that found n datagrams: such that the
// next one finds about three quarters of a call's worth.
func (p *pacing) after(n int) time.Duration {
	switch {
	case n >= batchLength || batchLength == 1:
		p.last = 0
	case p.last == 0:
		p.last = shortPause
	case n < batchLength/2:
		p.last = min(2*p.last, p.longest)
	case n > batchLength*7/8:
		p.last = max(p.last/2, shortPause)
	}
	return p.last
}
