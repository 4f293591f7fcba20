package collector

import (
	"context"
	"errors"
	"net"
	"time"
)

// A receiver that has read all there was sleeps, so that the next datagrams gather:
// waking up, here and for whom the flows are handed to, costs more than reading
// many of them. It sleeps as long as the socket's buffer surely holds what comes
// meanwhile, and never so long that it matters beside an exporter's own delay.
const (
	shortestPause = time.Millisecond
	longestPause  = 50 * time.Millisecond
	// floodRate is what may come into a socket at most, in bytes of its buffer a
	// second: a million records a second need a third of it.
	floodRate = 256 << 20
)

// pauseFor is how long to sleep with a buffer of so many bytes.
func pauseFor(buffer int) time.Duration {
	return min(max(time.Duration(buffer)*time.Second/floodRate, shortestPause), longestPause)
}

// receiver reads one socket.
type receiver struct {
	c      *Collector
	socket *reader
	out    output
}

// run reads until the socket is closed.
func (r *receiver) run(ctx context.Context) error {
	pause := pauseFor(r.socket.socketBuffer())
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
		if n < batchLength {
			time.Sleep(pause)
		}
	}
}
