package collector

import (
	"context"
	"errors"
	"net"
	"time"
)

// pause is how long a receiver sleeps after it found fewer datagrams than one
// call can fetch. The wake-up costs more than the datagrams, so letting some
// gather is cheaper, and 2 ms are nothing against an exporter's own delay.
const pause = 2 * time.Millisecond

// receiver reads one socket.
type receiver struct {
	c      *Collector
	socket *reader
	out    output
}

// run reads until the socket is closed.
func (r *receiver) run(ctx context.Context) error {
	for {
		n, err := r.socket.read()
		if errors.Is(err, net.ErrClosed) && ctx.Err() != nil {
			return nil
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
		if n < batchLength && batchLength > 1 {
			time.Sleep(pause)
		}
	}
}
