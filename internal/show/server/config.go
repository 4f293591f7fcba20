package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Limits bound what clients can take. The zero value of a field is replaced by
// that of DefaultLimits.
type Limits struct {
	Connections          int           // open connections on all listeners together
	ConnectionsPerClient int           // of one address (IPv4) or /64 (IPv6); loopback and trusted proxies are exempt
	Subscribers          int           // open event streams
	SubscribersPerClient int           // of one client address
	ReportBody           int64         // bytes of a report's body (contract: 8 KB)
	OperatorBody         int64         // bytes of an operator's form
	Header               int           // bytes of a request's header
	ReadHeader           time.Duration // to read a request's header, or a PROXY protocol header
	Read                 time.Duration // to read a whole request
	Write                time.Duration // to write an answer, or one event of a stream
	Idle                 time.Duration // between two requests of a connection
	Handle               time.Duration // of work for one request
	Shutdown             time.Duration // for requests under way when the server ends
	Session              time.Duration // an operator's session, from sign-in
	Sessions             int           // sessions at once; the oldest goes
	LogLines             int           // request log lines per second; more are counted, not written
}

// DefaultLimits suit one small machine: 2048 connections are some 40 MB at
// worst, and 5 s for a header is ten times what a bad mobile network needs. One
// client may be a carrier's NAT with hundreds of anxious people behind it: it
// gets an eighth of the connections, and those beyond 64 readers the page
// without live updates.
func DefaultLimits() Limits {
	return Limits{
		Connections: 2048, ConnectionsPerClient: 256,
		Subscribers: 1024, SubscribersPerClient: 64,
		ReportBody: 8 << 10, OperatorBody: 16 << 10, Header: 16 << 10,
		ReadHeader: 5 * time.Second, Read: 10 * time.Second, Write: 15 * time.Second,
		Idle: 60 * time.Second, Handle: 10 * time.Second, Shutdown: 5 * time.Second,
		Session: 12 * time.Hour, Sessions: 64, LogLines: 20,
	}
}

// Config says where to listen and whom to believe.
type Config struct {
	// Listen is the public listener, host:port or unix:PATH.
	Listen string
	// OperatorListen, if not empty, is the only listener that has the operator's
	// routes; host:port or unix:PATH. The public routes are there too.
	OperatorListen string
	// TrustedProxies may say who their client is, by the PROXY protocol here and
	// by header in Client. None by default.
	TrustedProxies []netip.Prefix
	// Client tells whom a request is from: its peer, or whom a trusted proxy
	// names in the headers. It sees every request, so that it can also tell when
	// a proxy that should be trusted is not. Nil: the peer.
	Client func(peer netip.Addr, h http.Header) netip.Addr
	// OperatorToken signs the operator in by the start-up link and is the bearer
	// token of the API; at least 32 characters, as NewToken makes them.
	OperatorToken string
	// PublicURL is the site's own address as users see it ("https://status.example"),
	// without a trailing slash. Empty: taken from the request.
	PublicURL string
	Limits    Limits
	Log       *slog.Logger
	// Now is the clock of sessions, log lines and headers; time.Now if nil.
	Now func() time.Time
	// Collectors are registered on the server's own metrics registry.
	Collectors []prometheus.Collector
}

// complete checks the configuration and fills in defaults.
func (c Config) complete() (Config, error) {
	if c.Listen == "" {
		return c, errors.New("no address to listen on: give one with --listen")
	}
	if len(c.OperatorToken) < minTokenLength {
		return c, fmt.Errorf("the operator's token has %d characters: %d are needed", len(c.OperatorToken), minTokenLength)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Client == nil {
		c.Client = func(peer netip.Addr, _ http.Header) netip.Addr { return peer }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Limits = c.Limits.complete()
	return c, nil
}

func (l Limits) complete() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ at, otherwise *int }{
		{&l.Connections, &d.Connections}, {&l.ConnectionsPerClient, &d.ConnectionsPerClient},
		{&l.Subscribers, &d.Subscribers}, {&l.SubscribersPerClient, &d.SubscribersPerClient},
		{&l.Header, &d.Header}, {&l.Sessions, &d.Sessions}, {&l.LogLines, &d.LogLines},
	} {
		if *f.at == 0 {
			*f.at = *f.otherwise
		}
	}
	for _, f := range []struct{ at, otherwise *time.Duration }{
		{&l.ReadHeader, &d.ReadHeader}, {&l.Read, &d.Read}, {&l.Write, &d.Write}, {&l.Idle, &d.Idle},
		{&l.Handle, &d.Handle}, {&l.Shutdown, &d.Shutdown}, {&l.Session, &d.Session},
	} {
		if *f.at == 0 {
			*f.at = *f.otherwise
		}
	}
	for _, f := range []struct{ at, otherwise *int64 }{{&l.ReportBody, &d.ReportBody}, {&l.OperatorBody, &d.OperatorBody}} {
		if *f.at == 0 {
			*f.at = *f.otherwise
		}
	}
	return l
}
