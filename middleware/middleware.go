// Package middleware tells a Downpour server of the requests that a Go program
// answers, so that it needs no access log: wrap the program's handler, and give
// the server a socket to listen on.
//
//	logs: [{listen: "unix:/run/downpour/shop.sock", service: shop}]
//
//	observer := middleware.New(middleware.Options{Address: "unix:/run/downpour/shop.sock"})
//	defer observer.Close()
//	http.ListenAndServe(":8080", observer.Handler(mux))
//
// Nothing that happens to Downpour or on the way to it can hold up or break a
// request: what is to be told waits in a bounded queue, and what finds no room
// there, or no server, is thrown away and counted (Stats).
//
// What is sent is one JSON object a line, without query, headers (save the agent's
// name) or bodies; Format describes it. The package imports the standard library
// only.
package middleware

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say where to and how much.
type Options struct {
	// Address is unix:PATH or tcp://host:port of a log that Downpour listens for.
	Address string
	// Client finds the address of who asks; nil: the request's RemoteAddr. A
	// program behind a proxy gives what it trusts here, or sets Forwarded.
	Client func(*http.Request) string
	// Forwarded sends X-Forwarded-For along, for Downpour to judge by the log's
	// trusted_proxies.
	Forwarded bool
	// Queue is how many requests wait at most; 0: 8192.
	Queue int
}

// Stats count requests.
type Stats struct {
	Sent uint64 // handed to the operating system
	Shed uint64 // thrown away: the queue was full, or no server was there
}

// Observer sends what handlers answered. It is used by many at once.
type Observer struct {
	opt        Options
	queue      chan *bytes.Buffer
	free       sync.Pool
	sent, shed atomic.Uint64
	end        context.CancelFunc
	ended      chan struct{}
}

// defaultQueue is some two megabytes.
const defaultQueue = 8192

// New begins to send. It never fails: a server that is not there yet is tried
// again.
func New(opt Options) *Observer {
	if opt.Queue <= 0 {
		opt.Queue = defaultQueue
	}
	ctx, end := context.WithCancel(context.Background())
	o := &Observer{opt: opt, queue: make(chan *bytes.Buffer, opt.Queue), end: end, ended: make(chan struct{})}
	o.free.New = func() any { return new(bytes.Buffer) }
	go func() {
		defer close(o.ended)
		o.send(ctx)
	}()
	return o
}

// Stats are the counters.
func (o *Observer) Stats() Stats { return Stats{Sent: o.sent.Load(), Shed: o.shed.Load()} }

// Close sends what waits, for a second at most, and ends.
func (o *Observer) Close() error {
	o.end()
	<-o.ended
	return nil
}

// Handler wraps a handler.
func (o *Observer) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &response{ResponseWriter: w}
		began := time.Now()
		// Deferred, so that a handler that panics is told of too; the panic goes on.
		panicked := true
		defer func() { o.tell(r, seen, began, panicked) }()
		next.ServeHTTP(seen, r)
		panicked = false
	})
}

// tell queues a request; never for long, and whatever it holds.
func (o *Observer) tell(r *http.Request, seen *response, began time.Time, panicked bool) {
	client := r.RemoteAddr
	if o.opt.Client != nil {
		client = o.opt.Client(r)
	}
	forwarded := ""
	if o.opt.Forwarded {
		forwarded = lastHops(r.Header.Values("X-Forwarded-For"))
	}
	b := o.free.Get().(*bytes.Buffer)
	b.Reset()
	now := time.Now()
	write(b, entry{
		time: now, client: client, forwarded: forwarded, host: r.Host, method: r.Method, path: r.URL.Path, agent: r.UserAgent(),
		referred: r.Referer() != "", status: seen.code(panicked), bytes: seen.bytes.Load(), duration: now.Sub(began),
	})
	select {
	case o.queue <- b:
	default:
		o.shed.Add(1)
		o.free.Put(b)
	}
}

// How long connecting and writing may take, how long it waits before it tries
// again, and how long Close waits.
const (
	patience = 5 * time.Second
	pause    = time.Second
	lastWait = time.Second
)

// send writes what is queued until ctx ends and the queue is empty.
func (o *Observer) send(ctx context.Context) {
	var c net.Conn
	defer func() {
		if c != nil {
			c.Close() // nobody is there to be told
		}
	}()
	var batch bytes.Buffer
	var tryAgain time.Time
	for {
		n := o.gather(ctx, &batch)
		if n == 0 {
			return
		}
		if c == nil && !time.Now().Before(tryAgain) {
			if c = o.dial(); c == nil {
				tryAgain = time.Now().Add(pause)
			}
		}
		if c == nil {
			o.shed.Add(uint64(n))
			continue
		}
		if err := deliver(ctx, c, batch.Bytes()); err != nil {
			c.Close() // it is broken
			c = nil
			o.shed.Add(uint64(n))
			continue
		}
		o.sent.Add(uint64(n))
	}
}

// deliver writes for as long as patience lasts, and once ctx has ended for a second
// more.
func deliver(ctx context.Context, c net.Conn, b []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.SetWriteDeadline(time.Now().Add(lastWait)) }) //nolint:errcheck // it is closed then
	defer stop()
	_, err := c.Write(b)
	return err
}

// maxBatch is how much is written at a time, in bytes.
const maxBatch = 64 << 10

// gather waits for a line and takes those behind it; 0 if ctx has ended and there
// are none.
func (o *Observer) gather(ctx context.Context, batch *bytes.Buffer) (n int) {
	batch.Reset()
	var b *bytes.Buffer
	select {
	case b = <-o.queue:
	default:
		select {
		case b = <-o.queue:
		case <-ctx.Done():
			return 0
		}
	}
	for {
		batch.Write(b.Bytes())
		o.free.Put(b)
		if n++; batch.Len() >= maxBatch {
			return n
		}
		select {
		case b = <-o.queue:
		default:
			return n
		}
	}
}

func (o *Observer) dial() net.Conn {
	network, address, _ := strings.Cut(o.opt.Address, ":")
	c, err := net.DialTimeout(network, strings.TrimPrefix(address, "//"), patience)
	if err != nil {
		return nil // the requests that are shed tell
	}
	return c
}
